// SPDX-License-Identifier: GPL-2.0-only

//! What two modules must have in common to share Rust's types.

use super::libraries::{Libraries, BINDINGS};
use super::{Crates, C};
use crate::building::prepared::Use;
use crate::building::stamp::{self, Key};
use crate::building::sysroot::Sysroot;
use anyhow::Result;

impl Crates<'_> {
    /// What all interfaces between modules depend on: the compiler, its flags, and the crates below.
    ///
    /// Directories do not count: modules that are built on two machines can be stacked.
    pub(super) fn abi(&self, sysroot: &Sysroot, c: &C, libraries: &Libraries) -> Result<String> {
        let mut key = Key::new(&self.toolchain.version)
            .and(sysroot.flags())
            .and(stamp::of_file(&sysroot.target)?)
            .and(&self.kdir.config)
            .and(&c.facts.0);
        key = match self.goal {
            Use::External => key.and(stamp::of_file(&c.file(BINDINGS))?),
            // What is built in and what is loaded see other parts of the headers, but types are the same in
            // all of one kernel; its own make rebuilds them together.
            Use::Module | Use::BuiltIn => key.and(&self.kdir.release),
        };
        for crates in ["rust/macros/src", "rust/pin-init", "Cargo.lock"] {
            key = key.and_files(&self.root.join(crates))?;
        }
        // Distributions may patch it under one version.
        let core = self.toolchain.library.join("core/src");
        Ok(key.and(&libraries.files).and_files(&core)?.hex())
    }
}
