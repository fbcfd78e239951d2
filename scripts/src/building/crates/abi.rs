// SPDX-License-Identifier: GPL-2.0-only

//! What two modules must have in common to share Rust's types.

use super::Crates;
use crate::building::prepared::Use;
use crate::building::sysroot::Sysroot;
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

impl Crates<'_> {
    /// What all interfaces between modules depend on: the compiler, its flags, and the crates below.
    ///
    /// Directories do not count: modules that are built on two machines can be stacked.
    pub(super) fn abi(&self, sysroot: &Sysroot) -> Result<String> {
        let mut hash = Sha256::new();
        hash.update(format!("{:?}{:?}", self.toolchain.version, sysroot.flags()));
        hash_files(&mut hash, &sysroot.target)?;
        let own = ["rustc_cfg", "facts"].map(|name| self.file(name));
        match self.goal {
            Use::External => hash_files(&mut hash, &self.file("bindings.rs"))?,
            // What is built in and what is loaded see other parts of the headers, but types are the same in
            // all of one kernel; its own make rebuilds them together.
            Use::Module | Use::BuiltIn => hash.update(&self.kdir.release),
        }
        let crates = [
            "rust/kernel",
            "rust/macros/src",
            "rust/bindings",
            "rust/pin-init",
            "rust/ffi.rs",
            "Cargo.lock",
        ];
        let crates = crates.map(|name| self.root.join(name));
        // Distributions may patch it under one version.
        let core = [self.toolchain.library.join("core/src")];
        for path in own.iter().chain(&crates).chain(&core) {
            hash_files(&mut hash, path)?;
        }
        Ok(hash
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect())
    }
}

/// Adds the text of a file, or the names and texts of those below a directory, without its place.
fn hash_files(hash: &mut Sha256, path: &Path) -> Result<()> {
    let context = || format!("cannot read {}", path.display());
    if !path.is_dir() {
        let text = fs::read(path).with_context(context)?;
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
        return Ok(());
    }
    let entries = fs::read_dir(path).with_context(context)?;
    let mut entries: Vec<PathBuf> = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()
        .with_context(context)?;
    entries.sort();
    entries.iter().try_for_each(|entry| {
        hash.update(entry.file_name().unwrap_or_default().as_encoded_bytes());
        hash_files(hash, entry)
    })
}
