// SPDX-License-Identifier: GPL-2.0-only

//! The crates `ffi`, `bindings` and `kernel` of one kernel, without helpers.

use super::rust::{config_cfg, link};
use super::{facts, Crates, Headers, C, TOOL};
use crate::building::module::dependencies;
use crate::building::stamp::Key;
use crate::building::store::{result, Entry, Hashes, Input, Manifest, Store, Variant};
use crate::building::sysroot::{self, Plan, Sysroot};
use crate::command;
use anyhow::{ensure, Context, Result};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Their entry of the store.
const KIND: &str = "libraries";

/// Files in it.
pub(super) const BINDINGS: &str = "bindings.rs";
pub(super) const CFG: &str = "rustc_cfg";
const CRATES: [&str; 3] = ["ffi", "bindings", "kernel"];
pub(super) const FILES: [&str; 9] = [
    facts::FILE,
    BINDINGS,
    CFG,
    "libffi.rlib",
    "libbindings.rlib",
    "libkernel.rlib",
    "libffi.rmeta",
    "libbindings.rmeta",
    "libkernel.rmeta",
];

/// The crates `ffi`, `bindings` and `kernel`, and the sources that they were compiled from.
pub(super) struct Libraries {
    pub(super) entry: Entry,
    pub(super) files: Vec<Input>,
}

impl Libraries {
    pub(super) fn key(&self) -> String {
        let name = self.entry.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

impl Crates<'_> {
    /// The key of what is known of the libraries before rustc has read their sources.
    pub(super) fn libraries_base(&self, plan: &Plan<'_>, headers: &Headers) -> Result<Key> {
        Ok(Key::new(TOOL)
            .and(&plan.key)
            .and(&headers.key)
            .and(facts::Facts(Vec::new()).cfgs(self.root)?)
            .and(config_cfg(&self.kdir.config))
            .and(self.goal))
    }

    /// The manifest's variant for the current sources.
    pub(super) fn known_libraries(
        &self,
        store: &Store,
        base: &Key,
        hashes: &mut Hashes<'_>,
    ) -> Option<Variant> {
        let manifest = Manifest::open(store, base);
        let found = manifest.find(None, |path| hashes.of(&self.root.join(path)).ok());
        found.cloned()
    }

    /// The crates `ffi`, `bindings` and `kernel`, without helpers. `is_still` looks at what `base` was made from.
    pub(super) fn libraries(
        &self,
        store: &Store,
        base: &Key,
        is_still: &dyn Fn() -> Result<bool>,
        sysroot: &Sysroot,
        c: &C,
        hashes: &mut Hashes<'_>,
    ) -> Result<Libraries> {
        let compile = |dir: &Path| -> Result<()> {
            fs::write(dir.join(CFG), config_cfg(&self.kdir.config))
                .with_context(|| format!("cannot write to {}", dir.display()))?;
            for name in [facts::FILE, BINDINGS] {
                link(&c.file(name), &dir.join(name))?;
            }
            self.rustc(sysroot, c, dir, "ffi", "rust/ffi.rs")?;
            self.rustc(sysroot, c, dir, "bindings", "rust/bindings/lib.rs")?;
            self.rustc(sysroot, c, dir, "kernel", "rust/kernel/lib.rs")?;
            ensure!(
                is_still()?,
                "a file of rust/compat has changed while crates were compiled; build again"
            );
            Ok(())
        };
        // Another build may have compiled them while this one waited.
        let _one = store.lock(KIND, &base.hex())?;
        if let Some(variant) = self.known_libraries(store, base, hashes) {
            let again = |dir: &Path| {
                compile(dir)?;
                self.are_still(&variant.files, hashes)
            };
            return Ok(Libraries {
                entry: store.entry(KIND, &variant.result, again)?,
                files: variant.files,
            });
        }
        // The sources are known only after rustc has read them.
        let started = SystemTime::now();
        let scratch = store.scratch(KIND)?;
        compile(scratch.path())?;
        let files = self.sources(scratch.path(), c, started, hashes)?;
        let key = result(base, &files);
        let entry = store.entry(KIND, &key, |dir| {
            for name in FILES {
                link(&scratch.path().join(name), &dir.join(name))?;
            }
            Ok(())
        })?;
        Manifest::open(store, base).add(Variant {
            files: files.clone(),
            variables: Vec::new(),
            other: None,
            result: key,
        })?;
        Ok(Libraries { entry, files })
    }

    /// The sources that rustc has read for what is in `dir`.
    fn sources(
        &self,
        dir: &Path,
        c: &C,
        started: SystemTime,
        hashes: &mut Hashes<'_>,
    ) -> Result<Vec<Input>> {
        let mut paths = BTreeSet::new();
        for name in CRATES {
            let file = dir.join(format!("{name}.d"));
            let text = fs::read_to_string(&file)
                .with_context(|| format!("rustc wrote no {}", file.display()))?;
            let files = dependencies(&text).into_iter().map(PathBuf::from);
            paths.extend(files.filter(|path| *path != c.file(BINDINGS)));
        }
        let inputs = paths.iter().map(|path| {
            let absolute = self.root.join(path);
            ensure!(
                !changed_since(&absolute, started)?,
                "{} has changed while it was compiled; build again",
                path.display()
            );
            Ok(Input {
                path: self.relative(path),
                hash: hashes.of(&absolute)?,
            })
        });
        inputs.collect()
    }

    fn rustc(&self, sysroot: &Sysroot, c: &C, dir: &Path, name: &str, source: &str) -> Result<()> {
        eprintln!("  RUSTC   {name}");
        let rustc = &self.toolchain.rustc;
        let mut rustc = self.crate_command(rustc, sysroot, dir, name, source)?;
        rustc
            .env("FERRULE_BINDINGS", c.file(BINDINGS))
            .args(["--crate-type=rlib", "--emit=link,metadata,dep-info"])
            .arg(format!("--remap-path-prefix={}=", self.root.display()))
            .arg(sysroot::LIBRARY);
        rustc.arg("--out-dir").arg(dir);
        command::run(&mut rustc).with_context(|| format!("cannot compile the {name} crate"))
    }
}

/// The resolution of file times, which is that of the kernel's ticks.
const TICK: Duration = Duration::from_millis(10);

/// Whether the file at `path` was perhaps written to at `time` or later.
pub fn changed_since(path: &Path, time: SystemTime) -> Result<bool> {
    let metadata = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    let since = time
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .saturating_sub(TICK);
    let modified = (metadata.mtime(), metadata.mtime_nsec());
    let changed = modified.max((metadata.ctime(), metadata.ctime_nsec()));
    let since = (since.as_secs(), i64::from(since.subsec_nanos()));
    Ok(u64::try_from(changed.0).is_ok_and(|seconds| (seconds, changed.1) >= since))
}
