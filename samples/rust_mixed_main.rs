// SPDX-License-Identifier: GPL-2.0-only

//! Mixed sample: one module of a Rust and a C file.
//!
//! The C file, `rust_mixed_param.c`, has a parameter and calls a function of this one;
//! `samples/Kbuild` lists both objects.
//!
//! ```sh
//! insmod rust_mixed.ko pair=2,3
//! rmmod rust_mixed
//! ```
//!
//! ```text
//! rust_mixed: C reads 2 and 3; Rust says the larger is 3
//! rust_mixed: hello from Rust
//! rust_mixed: goodbye from Rust
//! ```

#![deny(unsafe_code)]

use kernel::ffi::c_int;
use kernel::prelude::*;

module! {
    type: RustMixed,
    name: "rust_mixed",
    authors: ["The Ferrule developers"],
    description: "Sample of a module of Rust and C",
    license: "GPL",
}

/// The larger of two numbers; the C file declares it as `int rust_mixed_larger(int a, int b)`.
#[expect(
    unsafe_code,
    reason = "C calls it by its symbol, and nothing compares C's declaration with it"
)]
#[unsafe(no_mangle)]
extern "C" fn rust_mixed_larger(a: c_int, b: c_int) -> c_int {
    a.max(b)
}

struct RustMixed;

impl kernel::Module for RustMixed {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        pr_info!("hello from Rust\n");
        Ok(Self)
    }
}

impl Drop for RustMixed {
    fn drop(&mut self) {
        pr_info!("goodbye from Rust\n");
    }
}
