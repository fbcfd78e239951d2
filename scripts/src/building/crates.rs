// SPDX-License-Identifier: GPL-2.0-only

//! Builds what belongs to one kernel: its facts, bindings and helpers, and the `kernel` crate.

use crate::building::kbuild::Cc;
use crate::building::kdir::Kdir;
use crate::building::prepared::Use;
use crate::building::profile::{kasan, Profile};
use crate::building::stamp;
use crate::building::sysroot::{self, Sysroot};
use crate::machine::toolchain::Toolchain;
use anyhow::{Context, Result};
use facts::Facts;
use std::fs;
use std::path::{Path, PathBuf};

mod abi;
mod bindings;
mod facts;
mod helpers;
mod lint;
mod rust;

pub use facts::{config_symbols, known_facts};
pub use helpers::Helpers;
pub use lint::Lint;
pub use rust::ModuleSettings;

/// What one kernel's modules are compiled with; all of it lies in `dir`.
pub struct Crates<'a> {
    pub root: &'a Path,
    pub dir: PathBuf,
    pub kdir: &'a Kdir,
    pub toolchain: &'a Toolchain,
    pub helpers: Helpers,
    pub goal: Use,
}

impl Crates<'_> {
    /// What all of it depends on.
    pub fn key(&self) -> Result<stamp::Key> {
        let tool = crate::dirs::tool()?;
        let mut key = stamp::Key::new(&self.kdir.config)
            .and(&self.kdir.path)
            .and(self.toolchain)
            .and(self.helpers)
            .and(self.goal);
        if self.goal == Use::External {
            key = key.and_files(&self.kdir.path.join("Module.symvers"))?;
        }
        key.and_files(&self.root.join("rust"))?
            .and_files(&self.root.join("Cargo.toml"))?
            .and_files(&self.root.join("Cargo.lock"))?
            .and_files(&tool)
    }

    /// Builds everything that is missing or out of date.
    pub fn prepare(&self, build: &Path, cc: &Cc) -> Result<()> {
        let profile = self.profile(cc)?;
        // core takes a core of the machine for half a minute; the C side needs the other meanwhile.
        let (sysroot, facts) = std::thread::scope(|scope| {
            let sysroot =
                scope.spawn(|| Sysroot::prepare(self.root, build, self.toolchain, &profile));
            let facts = self.c_side(cc);
            (
                sysroot.join().expect("no panic in the sysroot's build"),
                facts,
            )
        });
        let (sysroot, facts) = (sysroot?, facts?);
        fs::write(
            self.file(sysroot::RECORD),
            sysroot.path.as_os_str().as_encoded_bytes(),
        )
        .context("cannot write which sysroot is used")?;
        self.rust_side(&sysroot, &facts)
    }

    /// Keeps the sysroot that the crates were compiled against as it is, if it is there.
    pub fn lock_sysroot(&self) -> Result<Option<stamp::Lock>> {
        match fs::read_to_string(self.file(sysroot::RECORD)) {
            Ok(path) => sysroot::lock(Path::new(&path)),
            Err(_) => Ok(None),
        }
    }

    fn profile(&self, cc: &Cc) -> Result<Profile> {
        let profile = Profile::new(&self.kdir.config, &cc.flags)
            .with_context(|| format!("cannot build for {}", self.kdir.release))?;
        Ok(profile.spelled_for(&self.toolchain.flags_help()?))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn c_side(&self, cc: &Cc) -> Result<Facts> {
        self.drop_stale()?;
        let facts = Facts::probe(self, cc)?;
        let key = stamp::Key::new(&cc.flags)
            .and(&self.kdir.path)
            .and(self.prefix_map())
            .and(&cc.program)
            .and(&facts.0)
            .and(self.helpers)
            .and(&self.toolchain.clang)
            .and(&self.toolchain.libclang)
            .and(&self.kdir.config)
            .and(kasan::clang(&self.kdir.config))
            .and_files(&self.root.join("rust/helpers"))?
            .and_files(&self.root.join("rust/bindings"))?;
        stamp::step(&self.file("c.stamp"), &key, || {
            self.bindings(cc, &facts)?;
            match self.helpers {
                Helpers::Inline => self.helpers_inline(cc, &facts),
                Helpers::Object => self.helpers_object(cc, &facts),
            }
        })?;
        Ok(facts)
    }

    /// Keeps the project's directory out of the file names that BUG() and its like report.
    fn prefix_map(&self) -> String {
        format!("-fmacro-prefix-map={}/=", self.root.display())
    }
}

fn clang_flags(cc: &Cc) -> Vec<String> {
    bindings_generator::clang_flags(cc.flags.iter().map(String::as_str))
}
