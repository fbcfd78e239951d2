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
    // A changed interface has another field.
    #[allow(clippy::field_reassign_with_default)]
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let mut pair = rust_export_api::Pair::default();
        pair.first = 40;
        pair.second = 2;
        pr_info!("{}\n", rust_export_api::rust_export_sum(&pair));
        Ok(Self)
    }
}
