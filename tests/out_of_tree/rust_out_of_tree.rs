// SPDX-License-Identifier: GPL-2.0-only

//! A module in the shape of upstream's template for modules out of tree: it must build as it is.

use kernel::prelude::*;

module! {
    type: RustOutOfTree,
    name: "rust_out_of_tree",
    authors: ["The Ferrule developers"],
    description: "Module in the shape of the out-of-tree template",
    license: "GPL",
}

struct RustOutOfTree {
    numbers: KVec<i32>,
}

impl kernel::Module for RustOutOfTree {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        pr_info!("out-of-tree module (init)\n");

        let mut numbers = KVec::new();
        numbers.push(72, GFP_KERNEL)?;
        numbers.push(108, GFP_KERNEL)?;
        numbers.push(200, GFP_KERNEL)?;

        Ok(RustOutOfTree { numbers })
    }
}

impl Drop for RustOutOfTree {
    fn drop(&mut self) {
        pr_info!("numbers: {:?}\n", self.numbers);
        pr_info!("out-of-tree module (exit)\n");
    }
}
