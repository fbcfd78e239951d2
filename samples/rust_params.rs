// SPDX-License-Identifier: GPL-2.0-only

//! Parameters sample: every kind that a module can have, given at load time, shown and changed
//! through sysfs.
//!
//! ```sh
//! insmod rust_params.ko io=0x3f8,0x2f8 name='"first port"' speed=full size=132x43 verbose level=7 trim=-8
//! cat /sys/module/rust_params/parameters/io | grep 1016,760
//! cat /sys/module/rust_params/parameters/mask | grep 1f
//! echo low > /sys/module/rust_params/parameters/speed
//! ! echo 10 > /sys/module/rust_params/parameters/level
//! ! echo 5 > /sys/module/rust_params/parameters/retries
//! echo 6 > /sys/module/rust_params/parameters/retries
//! echo -n second port > /sys/module/rust_params/parameters/title
//! echo Y > /sys/module/rust_params/parameters/sealed
//! ! echo N > /sys/module/rust_params/parameters/sealed
//! rmmod rust_params
//! ```
//!
//! ```text
//! rust_params: ports [1016, 760], mask 0x1f, verbose true, loud true, count 1
//! rust_params: name "first port", label unnamed, size 132x43
//! rust_params: trim -8, offset -5000000000, limit 18446744073709551615, step -1, depth 64
//! rust_params: speed full, level 7, retries 4
//! rust_params: title "untitled", sealed false
//! rust_params: retries would be 5: odd numbers are not liked
//! rust_params: retries would be 6
//! rust_params: speed low, level 7, retries 6
//! rust_params: title "second port", sealed true
//! ```

#![forbid(unsafe_code)]

use kernel::fmt;
use kernel::module_param::ModuleParam;
use kernel::prelude::*;
use kernel::str::{BStr, ParseInt};

module! {
    type: RustParams,
    name: "rust_params",
    authors: ["The Ferrule developers"],
    description: "Sample of all kinds of module parameters",
    license: "GPL",
    params: {
        io: [u16; 4] {
            default: [],
            description: "I/O ports, up to four",
            permissions: 0o444,
            hardware: ioport,
        },
        mask: hexint {
            default: 0x1f,
            description: "A mask, shown in hexadecimal",
            permissions: 0o444,
        },
        verbose: bool { default: false, description: "Says more", },
        loud: invbool { default: true, description: "The opposite of what is written", name: "quiet", },
        count: bint { default: 1, description: "A number that is written as yes or no", },
        name: charp { default: None, description: "A name of up to 1024 bytes", permissions: 0o444, },
        label: string<16> { default: "unnamed", description: "A name of at most 15 bytes", },
        trim: i8 { default: 0, description: "A byte with a sign", },
        offset: i64 { default: -5_000_000_000, description: "64 bits with a sign", },
        limit: u64 { default: 0xffff_ffff_ffff_ffff, description: "64 bits without", },
        step: isize { default: -1, description: "As long as a pointer, with a sign", },
        depth: usize { default: 64, description: "As long as a pointer", },
        size: Size { default: Size(80, 25), description: "Columns and rows, as in 80x25", },
        speed: Speed { default: Speed::Low, description: "low or full", permissions: 0o644, },
        level: u8 {
            default: 3,
            description: "How much to say, 1 to 9",
            permissions: 0o644,
            min: 1,
            max: 9,
        },
        retries: u32 {
            default: 4,
            description: "How often to try again, an even number",
            permissions: 0o644,
            set: check_retries,
        },
        title: charp { default: "untitled", description: "A name that can change", permissions: 0o644, },
        sealed: bool_enable_only {
            default: false,
            description: "Once it is true, it stays so",
            permissions: 0o644,
        },
    },
}

/// Written by name.
#[derive(Clone, Copy, ModuleParam)]
enum Speed {
    Low,
    Full,
}

/// A type that reads and prints itself.
#[derive(Clone, Copy)]
struct Size(u16, u16);

impl ModuleParam for Size {
    fn try_from_param_arg(arg: &BStr) -> Result<Self> {
        let x = arg.iter().position(|&byte| byte == b'x').ok_or(EINVAL)?;
        let number = |text| u16::from_str(BStr::from_bytes(text));
        Ok(Self(number(&arg[..x])?, number(&arg[x + 1..])?))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.0, self.1)
    }
}

/// Runs before a new value counts, and may refuse it.
fn check_retries(value: &u32) -> Result {
    if value % 2 == 1 {
        pr_info!("retries would be {value}: odd numbers are not liked\n");
        return Err(EDOM);
    }
    pr_info!("retries would be {value}\n");
    Ok(())
}

struct RustParams;

/// Prints what can change at run time: a number is read at once, all else under a lock.
fn print_changing() -> Result {
    let speed = *module_parameters::speed.lock()?;
    let level = module_parameters::level.value();
    let retries = module_parameters::retries.value();
    pr_info!("speed {speed}, level {level}, retries {retries}\n");
    let title = module_parameters::title.lock()?;
    let text = title.as_c_str().unwrap_or(c"none");
    pr_info!(
        "title {text:?}, sealed {}\n",
        module_parameters::sealed.value()
    );
    Ok(())
}

impl kernel::Module for RustParams {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        use module_parameters::*;

        pr_info!(
            "ports {:?}, mask {:#x}, verbose {}, loud {}, count {}\n",
            io.value_ref(),
            mask.value(),
            verbose.value(),
            loud.value(),
            count.value()
        );
        let text = name.value_ref().as_c_str().unwrap_or(c"none");
        pr_info!(
            "name {text:?}, label {}, size {}\n",
            label.value_ref(),
            size.value()
        );
        pr_info!(
            "trim {}, offset {}, limit {}, step {}, depth {}\n",
            trim.value(),
            offset.value(),
            limit.value(),
            step.value(),
            depth.value()
        );
        print_changing()?;
        Ok(Self)
    }
}

impl Drop for RustParams {
    fn drop(&mut self) {
        if print_changing().is_err() {
            pr_err!("the parameters are locked\n");
        }
    }
}
