// SPDX-License-Identifier: GPL-2.0-only

//! The crates that all modules of one kernel need: built once, and locked while modules are built with them.

use crate::building::crates::{Crates, Helpers};
use crate::building::kbuild::Cc;
use crate::building::kdir::Kdir;
use crate::building::store::{Entry, Store};
use crate::building::sysroot::Sysroot;
use crate::machine::toolchain::Toolchain;
use anyhow::{bail, Context, Result};
use std::fs;
use std::path::Path;

/// What code for a kernel becomes part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Use {
    /// A module beside a kernel that has been built.
    External,
    /// A module of a kernel that is being built: nothing is known yet of what that exports.
    Module,
    /// The image of a kernel that is being built.
    BuiltIn,
}

impl Use {
    /// Whether the code is loaded, rather than part of the kernel's image.
    pub fn is_module(self) -> bool {
        self != Self::BuiltIn
    }
}

/// What the modules of one kernel need, built, and locked so that it stays as it is.
pub struct Prepared<'a> {
    pub crates: Crates<'a>,
    /// How Kbuild compiles C for the kernel.
    pub cc: Cc,
    pub sysroot: Sysroot,
    _crates: Entry,
}

impl<'a> Prepared<'a> {
    /// For modules beside a kernel; `vars` are Kbuild's variables that change how code is compiled.
    ///
    /// A link in `build`, named after the kernel's release, leads to what was prepared last.
    pub fn external(
        root: &'a Path,
        build: &Path,
        kdir: &'a Kdir,
        toolchain: &'a Toolchain,
        helpers: Option<Helpers>,
        vars: &[String],
    ) -> Result<Self> {
        let helpers = choose(helpers, toolchain)?;
        let crates = Crates::new(root, kdir, toolchain, helpers, Use::External);
        let store = Store::open(build)?;
        let cc = Cc::ask(kdir, &store, vars)?;
        let prepared = Self::new(crates, &store, cc)?;
        let suffix = if helpers == Helpers::Inline {
            ""
        } else {
            "-object"
        };
        let link = build.join(format!("{}{suffix}", kdir.release));
        lead(&link, &prepared.crates.dir)?;
        Ok(prepared)
    }

    /// For code of a kernel that is being built; its Kbuild has written the compiler's flags to `cflags`.
    pub fn in_tree(
        root: &'a Path,
        build: &Path,
        kdir: &'a Kdir,
        toolchain: &'a Toolchain,
        goal: Use,
        cflags: &Path,
    ) -> Result<Self> {
        let crates = Crates::new(root, kdir, toolchain, choose(None, toolchain)?, goal);
        let text = fs::read_to_string(cflags)
            .with_context(|| format!("cannot read {}", cflags.display()))?;
        Self::new(crates, &Store::open(build)?, Cc::read(kdir, &text)?)
    }

    fn new(mut crates: Crates<'a>, store: &Store, cc: Cc) -> Result<Self> {
        let (sysroot, entry) = crates.prepare(store, &cc)?;
        if let Err(error) = store.sweep() {
            eprintln!("ferrule: cannot limit the size of the store: {error:#}");
        }
        Ok(Self {
            crates,
            cc,
            sysroot,
            _crates: entry,
        })
    }
}

/// Makes `link` a symbolic link to `to`. Replaces the directory that an older Ferrule had there.
///
/// Concurrent builds for the same kernel may do so at once: each renames its own link.
fn lead(link: &Path, to: &Path) -> Result<()> {
    if fs::read_link(link).is_ok_and(|old| old == to) {
        return Ok(());
    }
    let context = || format!("cannot write {}", link.display());
    let parent = link.parent().context("the link has a directory")?;
    fs::create_dir_all(parent).with_context(context)?;
    if link.symlink_metadata().is_ok_and(|old| old.is_dir()) {
        fs::remove_dir_all(link).with_context(context)?;
    }
    let scratch = tempfile::tempdir_in(parent).with_context(context)?;
    let new = scratch.path().join("link");
    std::os::unix::fs::symlink(to, &new).with_context(context)?;
    fs::rename(&new, link).with_context(context)
}

/// How helpers reach modules: as asked for, else inlined where that can be.
fn choose(helpers: Option<Helpers>, toolchain: &Toolchain) -> Result<Helpers> {
    if helpers == Some(Helpers::Inline) && toolchain.clang.is_none() {
        let llvm = toolchain.llvm;
        bail!("HELPERS=inline needs clang {llvm} (rustc's LLVM is {llvm}): apt install clang-{llvm}, or HELPERS=object");
    }
    Ok(helpers.unwrap_or(match toolchain.clang {
        Some(_) => Helpers::Inline,
        None => Helpers::Object,
    }))
}
