// SPDX-License-Identifier: GPL-2.0-only

//! What all modules of one kernel need: built once, and locked while modules are built with it.

use crate::building::crates::{Crates, Helpers};
use crate::building::kbuild::Cc;
use crate::building::kdir::Kdir;
use crate::building::stamp;
use crate::building::sysroot;
use crate::machine::toolchain::Toolchain;
use anyhow::{bail, Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

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
    _locks: [stamp::Lock; 2],
}

impl<'a> Prepared<'a> {
    /// For modules beside a kernel; `vars` are Kbuild's variables that change how code is compiled.
    pub fn external(
        root: &'a Path,
        build: &Path,
        kdir: &'a Kdir,
        toolchain: &'a Toolchain,
        helpers: Option<Helpers>,
        vars: &[String],
    ) -> Result<Self> {
        let helpers = choose(helpers, toolchain)?;
        let suffix = if helpers == Helpers::Inline {
            ""
        } else {
            "-object"
        };
        let crates = Crates {
            root,
            dir: build.join(format!("{}{suffix}", kdir.release)),
            kdir,
            toolchain,
            helpers,
            goal: Use::External,
        };
        Self::new(crates, build, vars, &|dir| Cc::ask(kdir, dir, vars))
    }

    /// For code of a kernel that is being built; its Kbuild has written the compiler's flags to `cflags`.
    pub fn in_tree(
        root: &'a Path,
        dir: PathBuf,
        kdir: &'a Kdir,
        toolchain: &'a Toolchain,
        goal: Use,
        cflags: &Path,
    ) -> Result<Self> {
        let crates = Crates {
            root,
            dir,
            kdir,
            toolchain,
            helpers: choose(None, toolchain)?,
            goal,
        };
        let build = root.join("build");
        let text = fs::read_to_string(cflags)
            .with_context(|| format!("cannot read {}", cflags.display()))?;
        Self::new(crates, &build, &text, &|_| Cc::read(kdir, &text))
    }

    fn new(
        crates: Crates<'a>,
        build: &Path,
        vars: impl std::hash::Hash,
        cc: &dyn Fn(&Path) -> Result<Cc>,
    ) -> Result<Self> {
        let (ready, key) = (crates.dir.join("ready"), crates.key()?.and(vars));
        let mut lock = stamp::Lock::shared(&crates.dir)?;
        let mut sysroot = crates.lock_sysroot()?;
        // Changing a lock is not atomic: another build may come in between, for other variables.
        let sysroot = loop {
            match sysroot {
                Some(sysroot) if stamp::is_fresh(&ready, &key) && !crates.headers_changed() => {
                    break sysroot
                }
                _ => {}
            }
            drop(lock);
            lock = stamp::Lock::exclusive(&crates.dir)?;
            sysroot = crates.lock_sysroot()?;
            if (crates.headers_changed() || sysroot.is_none()) && ready.exists() {
                fs::remove_file(&ready)
                    .with_context(|| format!("cannot remove {}", ready.display()))?;
            }
            // Another build may have done it while this one waited: then no step runs.
            stamp::step(&ready, &key, || {
                crates.prepare(build, &cc(&crates.dir)?)?;
                sysroot::remove_unused(build)
            })?;
            sysroot = crates.lock_sysroot()?;
            lock = lock.share()?;
        };
        Ok(Self {
            crates,
            _locks: [lock, sysroot],
        })
    }
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
