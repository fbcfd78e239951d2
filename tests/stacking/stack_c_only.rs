// SPDX-License-Identifier: GPL-2.0-only

//! Uses nothing of the sample's interface but a C function, which is versioned by the kernel or not.

use kernel::prelude::*;

module! {
    type: User,
    name: "stack_c_only",
    description: "Test: imports of a C function",
    license: "GPL",
}

struct User;

impl kernel::Module for User {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let pair = rust_export_api::Pair {
            first: 40,
            second: 2,
            ..Default::default()
        };
        pr_info!("{}\n", rust_export_api::rust_export_sum(&pair));
        Ok(Self)
    }
}
