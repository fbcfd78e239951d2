// SPDX-License-Identifier: GPL-2.0-only

//! Twin of `../c/params_cb.c`: parameters with ranges, names and functions of their own.

use kernel::fmt;
use kernel::fmt::Write;
use kernel::module_param::{ModuleParam, Writer};
use kernel::prelude::*;
use kernel::str::BStr;

module! {
    type: Params,
    name: "params_cb",
    description: "Test: parameters of a Rust module with functions of their own",
    license: "GPL",
    params: {
        percent: u32 { default: 50, description: "", permissions: 0o444, min: 1, max: 100, },
        percent_rw: u32 { default: 50, description: "", permissions: 0o644, min: 1, max: 100, },
        smalls_rw: [i32; 3] {
            default: [-1],
            description: "",
            permissions: 0o644,
            min: -5,
            max: 5,
        },
        speed: Speed { default: Speed::Low, description: "", permissions: 0o444, },
        speed_rw: Speed { default: Speed::Low, description: "", permissions: 0o644, },
        even: i64 { default: 0, description: "", permissions: 0o444, set: be_even, get: say_even, },
        even_rw: i64 {
            default: 0,
            description: "",
            permissions: 0o644,
            set: be_even,
            get: say_even,
        },
        size: Size { default: Size(1, 1), description: "", permissions: 0o444, },
        size_rw: Size { default: Size(1, 1), description: "", permissions: 0o644, },
    },
}

#[derive(Clone, Copy, ModuleParam)]
enum Speed {
    Low,
    Full,
    #[param(name = "very-high")]
    VeryHigh,
}

/// Refuses what is odd, with an errno of its own.
fn be_even(value: &i64) -> Result {
    if value & 1 == 1 {
        return Err(EDOM);
    }
    Ok(())
}

fn say_even(value: &i64, out: &mut Writer<'_>) -> Result {
    writeln!(out, "{value} is even").map_err(|_| EINVAL)
}

#[derive(Clone, Copy)]
struct Size(u16, u16);

impl ModuleParam for Size {
    const NO_ARG: Option<Self> = Some(Size(80, 25));

    fn try_from_param_arg(arg: &BStr) -> Result<Self> {
        let at = arg.iter().position(|&byte| byte == b'x').ok_or(ERANGE)?;
        let (x, y) = (&arg[..at], &arg[at + 1..]);
        if x.is_empty() || x.len() > 7 || y.len() > 7 {
            return Err(ERANGE);
        }
        let number = |text: &[u8]| -> Result<u16> {
            let text = core::str::from_utf8(text).map_err(|_| EINVAL)?;
            text.parse().map_err(|_| EINVAL)
        };
        Ok(Size(number(x)?, number(y)?))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.0, self.1)
    }
}

struct Params;

impl kernel::Module for Params {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        use module_parameters::*;

        pr_info!("percent {} {}\n", percent.value(), percent_rw.value());
        for (at, value) in smalls_rw.lock()?.iter().enumerate() {
            pr_info!("smalls {at} {value}\n");
        }
        pr_info!("speed {} {}\n", speed.value(), *speed_rw.lock()?);
        pr_info!("even {} {}\n", even.value(), even_rw.value());
        pr_info!("size {} {}\n", size.value(), *size_rw.lock()?);
        Ok(Self)
    }
}

impl Drop for Params {
    fn drop(&mut self) {
        use module_parameters::*;

        pr_info!("percent {} even {}\n", percent_rw.value(), even_rw.value());
    }
}
