// SPDX-License-Identifier: GPL-2.0-only

//! A module that starts early, whose file's name is not its own and has a dash.

use kernel::fmt;
use kernel::module_param::ModuleParam;
use kernel::prelude::*;
use kernel::str::{BStr, ParseInt};

module! {
    type: Early,
    name: "early",
    authors: ["The Ferrule developers"],
    description: "Tests an early module that is built in",
    version: "1.2-early",
    license: "GPL",
    initcall: subsys,
    params: {
        sum: Sum { default: Sum(0), description: "Numbers to add", permissions: 0o444, },
        wide: u64 { default: 1, description: "What a wide number is divided by", level: core, },
        text: charp { default: None, description: "A string", permissions: 0o444, },
    },
}

/// The sum of numbers with commas between them. Reading it allocates, which no safe code may do
/// before the kernel has memory.
#[derive(Clone, Copy)]
struct Sum(u64);

impl ModuleParam for Sum {
    fn try_from_param_arg(arg: &BStr) -> Result<Self> {
        let mut numbers = KVec::new();
        for number in arg.split(|&byte| byte == b',') {
            numbers.push(u64::from_str(BStr::from_bytes(number))?, GFP_KERNEL)?;
        }
        Ok(Self(numbers.iter().sum()))
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

struct Early;

impl kernel::Module for Early {
    fn init(module: &'static ThisModule) -> Result<Self> {
        use module_parameters::*;

        // Division of 128 bits is a routine that each module brings along.
        let quotient = (u128::from(u64::MAX) * 10)
            .checked_div(wide.value().into())
            .ok_or(EINVAL)?;
        let string = text.value_ref().as_c_str().unwrap_or(c"none");
        pr_info!("sum {}, wide {quotient}, text {string:?}\n", sum.value());
        pr_info!("no module of its own: {}\n", module.as_ptr().is_null());
        Ok(Self)
    }
}
