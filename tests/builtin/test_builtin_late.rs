// SPDX-License-Identifier: GPL-2.0-only

//! A module that starts last, with the same names within as the other.

use kernel::prelude::*;

mod sum;
use sum::Sum;

module! {
    type: Late,
    name: "late",
    authors: ["The Ferrule developers"],
    description: "Tests a late module that is built in",
    version: "3-late",
    license: "GPL",
    initcall: late,
    params: {
        sum: Sum { default: Sum(0), description: "Numbers to add", permissions: 0o444, },
        wide: u64 { default: 1, description: "What a wide number is divided by", level: core, },
        text: charp { default: None, description: "A string", permissions: 0o444, },
    },
}

struct Late;

impl kernel::Module for Late {
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
