// SPDX-License-Identifier: GPL-2.0-only

//! Minimal sample: what a module is made of. It takes a parameter, allocates, and logs.
//!
//! ```sh
//! insmod rust_minimal.ko count=4
//! rmmod rust_minimal
//! ```
//!
//! ```text
//! rust_minimal: Rust minimal sample (init)
//! rust_minimal: squares of the first 4 numbers: [0, 1, 4, 9]
//! rust_minimal: Rust minimal sample (exit): 4 numbers, 14 in all
//! ```

#![forbid(unsafe_code)]

use kernel::prelude::*;

module! {
    type: RustMinimal,
    name: "rust_minimal",
    authors: ["The Ferrule developers"],
    description: "Minimal sample of a Rust module",
    license: "GPL",
    params: {
        count: u32 {
            default: 3,
            description: "How many numbers to square",
        },
    },
}

struct RustMinimal {
    squares: KVec<u32>,
}

impl kernel::Module for RustMinimal {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        pr_info!("Rust minimal sample (init)\n");

        let count = module_parameters::count.value();
        let mut squares = KVec::with_capacity(count as usize, GFP_KERNEL)?;
        for n in 0..count {
            squares.push(n.checked_mul(n).ok_or(EOVERFLOW)?, GFP_KERNEL)?;
        }
        pr_info!("squares of the first {count} numbers: {squares:?}\n");

        Ok(Self { squares })
    }
}

impl Drop for RustMinimal {
    fn drop(&mut self) {
        let sum: u64 = self.squares.iter().map(|&square| u64::from(square)).sum();
        pr_info!(
            "Rust minimal sample (exit): {} numbers, {sum} in all\n",
            self.squares.len()
        );
    }
}
