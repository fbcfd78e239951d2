// SPDX-License-Identifier: GPL-2.0

//! Finds the Rust toolchain and the LLVM tools that modules are built with.

use anyhow::Result;
use std::path::PathBuf;

/// A rustc that comes with the standard library's source, and the tools that match its LLVM.
#[derive(Debug, Clone)]
#[allow(dead_code)]
pub struct Toolchain {
    /// `$RUSTC` if set; else the first of `rustc` in `PATH`, `/usr/bin/rustc` that has rust-src.
    pub rustc: PathBuf,
    /// The cargo beside `rustc` if there is one, else that of `PATH`.
    pub cargo: PathBuf,
    /// `lib/rustlib/src/rust/library` of `rustc`'s sysroot.
    pub library: PathBuf,
    /// The line `rustc 1.96.0 (...)`.
    pub version: String,
    /// The major version of rustc's LLVM.
    pub llvm: u32,
    /// A clang of the same LLVM major: helpers can be inlined.
    pub clang: Option<PathBuf>,
    /// The newest libclang at hand, for bindgen.
    pub libclang: Option<PathBuf>,
}

impl Toolchain {
    /// Looks for a usable toolchain.
    ///
    /// # Errors
    ///
    /// When there is no rustc with rust-src; the message names the command that installs one.
    pub fn find() -> Result<Self> {
        anyhow::bail!("not written yet")
    }
}
