// SPDX-License-Identifier: GPL-2.0-only

//! Builds what belongs to one kernel: its facts, bindings and helpers, and the `kernel` crate.

use crate::building::kbuild::Cc;
use crate::building::kdir::Kdir;
use crate::building::prepared::Use;
use crate::building::profile::Profile;
use crate::building::stamp::Key;
use crate::building::store::{Entry, Hashes, Input, Store};
use crate::building::sysroot::{Plan, Sysroot};
use crate::machine::toolchain::Toolchain;
use anyhow::{Context, Result};
use facts::Facts;
use std::path::{Path, PathBuf};

mod abi;
mod bindings;
mod facts;
mod helpers;
mod libraries;
mod lint;
mod rust;

pub use facts::{config_symbols, known_facts};
pub use helpers::Helpers;
pub use libraries::changed_since;
pub use lint::Lint;
pub use rust::{ModuleSettings, SETTINGS};

/// The sources of the tool that decide what is built here.
const TOOL: &str = env!("FERRULE_CRATES");

/// What one kernel's modules are compiled with.
pub struct Crates<'a> {
    pub root: &'a Path,
    /// The entry of the store with all crates; empty until they have been prepared.
    pub dir: PathBuf,
    pub kdir: &'a Kdir,
    pub toolchain: &'a Toolchain,
    pub helpers: Helpers,
    pub goal: Use,
}

impl<'a> Crates<'a> {
    pub fn new(
        root: &'a Path,
        kdir: &'a Kdir,
        toolchain: &'a Toolchain,
        helpers: Helpers,
        goal: Use,
    ) -> Self {
        Self {
            root,
            dir: PathBuf::new(),
            kdir,
            toolchain,
            helpers,
            goal,
        }
    }

    /// The key of all that a module's code depends on besides its own sources and flags: of content alone,
    /// so that it is the same in another clone.
    pub fn id(&self) -> String {
        let name = self.dir.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// Builds everything that is not in the store yet.
    pub fn prepare(&mut self, store: &Store, cc: &Cc) -> Result<(Sysroot, Entry)> {
        let profile = self.profile(store, cc)?;
        let plan = Plan::new(self.root, self.toolchain, &profile)?;
        let mut hashes = Hashes::open(store, &Key::new(self.root).and(&self.kdir.path));
        let headers = self.headers(store, cc, &mut hashes)?;
        let made = match self.find(store, &plan, &headers, &mut hashes)? {
            Some(found) => found,
            None => self.make(store, cc, &plan, &headers, &mut hashes)?,
        };
        hashes.keep()?;
        self.dir.clone_from(&made.1.path);
        Ok(made)
    }

    /// The entries of the store for the current sources, if all are there.
    fn find(
        &self,
        store: &Store,
        plan: &Plan<'_>,
        headers: &Headers,
        hashes: &mut Hashes<'_>,
    ) -> Result<Option<(Sysroot, Entry)>> {
        let base = self.libraries_base(plan, headers)?;
        let Some(libraries) = self.known_libraries(store, &base, hashes) else {
            return Ok(None);
        };
        let key = self.crates_key(plan, headers, &libraries.result, hashes)?;
        let sysroot = Sysroot::find(store, plan)?;
        Ok(sysroot.zip(store.find(rust::MODULES, &key)?))
    }

    fn make(
        &self,
        store: &Store,
        cc: &Cc,
        plan: &Plan<'_>,
        headers: &Headers,
        hashes: &mut Hashes<'_>,
    ) -> Result<(Sysroot, Entry)> {
        // Building core keeps one processor busy for half a minute; the C side runs at the same time.
        let (sysroot, c) = std::thread::scope(|scope| {
            let sysroot = scope.spawn(|| Sysroot::prepare(self.root, store, self.toolchain, plan));
            let c = self.c_side(store, cc, headers, hashes);
            (sysroot.join().expect("no panic in the sysroot's build"), c)
        });
        let (sysroot, c) = (sysroot?, c?);
        let base = self.libraries_base(plan, headers)?;
        let same = || Ok(self.libraries_base(plan, headers)?.hex() == base.hex());
        let libraries = self.libraries(store, &base, &same, &sysroot, &c, hashes)?;
        let key = self.crates_key(plan, headers, &libraries.key(), hashes)?;
        let entry = self.crates(store, &key, &sysroot, &c, &libraries)?;
        Ok((sysroot, entry))
    }

    fn profile(&self, store: &Store, cc: &Cc) -> Result<Profile> {
        let profile = Profile::new(&self.kdir.config, &cc.flags)
            .with_context(|| format!("cannot build for {}", self.kdir.release))?;
        let key = Key::new(&self.toolchain.rustc)
            .and(&self.toolchain.version)
            .and(self.toolchain.rustc_files());
        let help = store.text("flags", &key, || self.toolchain.flags_help())?;
        Ok(profile.spelled_for(&help))
    }

    /// The path of an input, relative to the project's directory, so that it is the same in each clone.
    fn relative(&self, path: &Path) -> String {
        let path = path.strip_prefix(self.root).unwrap_or(path);
        path.to_string_lossy().into_owned()
    }

    /// Keeps the project's directory out of the file names that BUG() and its like report.
    fn prefix_map(&self) -> String {
        format!("-fmacro-prefix-map={}/=", self.root.display())
    }
}

/// The headers of a kernel, and the C that is read with them.
struct Headers {
    files: Vec<Input>,
    /// The key of what is made from them, and of that and the helpers.
    key: String,
    helpers: String,
}

/// What the kernel's headers are made into: entries of the store.
struct C {
    entry: Entry,
    facts: Facts,
    /// The helpers of the kind that is wanted.
    helpers: Entry,
}

impl C {
    fn file(&self, name: &str) -> PathBuf {
        self.entry.path.join(name)
    }
}

fn clang_flags(cc: &Cc) -> Vec<String> {
    bindings_generator::clang_flags(cc.flags.iter().map(String::as_str))
}
