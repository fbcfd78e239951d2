// SPDX-License-Identifier: GPL-2.0

//! Mixed sample: one module of a Rust and a C file, each calling the other.
//!
//! The C file is `rust_mixed_sum.c`; `samples/Kbuild` lists both objects.
//!
//! ```sh
//! insmod rust_mixed.ko
//! rmmod rust_mixed
//! ```
//!
//! ```text
//! rust_mixed: C says that 2 + 3 is 5
//! rust_mixed: C asked Rust for the larger of 2 and 3: 3
//! rust_mixed: goodbye from Rust
//! ```

use kernel::prelude::*;

module! {
    type: RustMixed,
    name: "rust_mixed",
    authors: ["The Ferrule developers"],
    description: "Sample of a module of Rust and C",
    license: "GPL",
}

extern "C" {
    safe fn rust_mixed_sum(a: i32, b: i32) -> i32;
    safe fn rust_mixed_ask(a: i32, b: i32) -> i32;
}

/// The larger of two numbers; C calls it.
#[no_mangle]
extern "C" fn rust_mixed_max(a: i32, b: i32) -> i32 {
    a.max(b)
}

struct RustMixed;

impl kernel::Module for RustMixed {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        pr_info!("C says that 2 + 3 is {}\n", rust_mixed_sum(2, 3));
        pr_info!("C asked Rust for the larger of 2 and 3: {}\n", rust_mixed_ask(2, 3));
        Ok(Self)
    }
}

impl Drop for RustMixed {
    fn drop(&mut self) {
        pr_info!("goodbye from Rust\n");
    }
}
