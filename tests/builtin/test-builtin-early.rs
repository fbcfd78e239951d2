// SPDX-License-Identifier: GPL-2.0-only

//! A module that starts early, whose file's name is not its own and has a dash.

use kernel::prelude::*;

mod sum;
use sum::Sum;

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
        soon: u32 { default: 0, description: "Read twice", permissions: 0o444, early: true, },
        text: charp { default: None, description: "A string", permissions: 0o444, },
    },
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
