// SPDX-License-Identifier: GPL-2.0-only

//! Objects in the store: one that was compiled before from the same inputs is taken from there.

use super::interface::FLAG;
use super::{as_written, cwd, versions_file, Args, Made};
use crate::building::crates::{changed_since, ModuleSettings};
use crate::building::programs::Files;
use crate::building::stamp::{self, Key};
use crate::building::store::{result, Input, Manifest, Store, Variant};
use anyhow::{Context, Result};
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::SystemTime;

const KIND: &str = "objects";

/// Where an object of this source, with these flags, may be in the store.
pub struct Kept<'a> {
    store: Store,
    base: Key,
    cc: String,
    args: &'a Args,
}

impl<'a> Kept<'a> {
    pub fn new(args: &'a Args, settings: &ModuleSettings) -> Result<Self> {
        let here = std::env::current_dir().context("no current directory")?;
        let mut words = args.rustflags.split(|word| word == super::CC_FOLLOWS);
        let rustflags = words.next().unwrap_or_default().iter();
        let rustflags = rustflags.map(|flag| match flag.strip_prefix(FLAG) {
            Some(file) => format!("{FLAG}{}", as_written(&here.join(file)).display()),
            None => flag.clone(),
        });
        let crates = args.kernel.canonicalize().context("no crates")?;
        let mut base = Key::new(super::TOOL)
            .and(crates.file_name())
            .and(rustflags.collect::<Vec<_>>())
            .and(["ld", "objcopy"].map(Files::of))
            // Panics name it.
            .and(as_written(&here.join(&args.source)));
        if !settings.args.iter().any(|arg| arg == "--cfg=MODULE") {
            // What is built in names its parameters after it.
            base = base.and(&args.modfile);
        }
        let words = words.next().unwrap_or_default();
        // First is genksyms, then the compiler with its flags.
        let cc = Key::new(words)
            .and(words.first().map(Files::of))
            .and(Files::of_command(words.iter().skip(1).map(String::as_str)));
        Ok(Self {
            store: Store::of_entry(&args.kernel)?,
            base,
            cc: cc.hex(),
            args,
        })
    }

    /// Takes the object from the store, with all that belongs to it, if it is there.
    pub fn take(&self) -> Result<bool> {
        let cwd = cwd()?;
        let manifest = Manifest::open(&self.store, &self.base);
        let hash = |path: &Path| stamp::of_file(&cwd.join(path)).ok();
        let Some(variant) = manifest.find(Some(&self.cc), hash) else {
            return Ok(false);
        };
        let Some(made) = self.read(variant) else {
            return Ok(false);
        };
        made.write(self.args)?;
        if std::env::var("KBUILD_VERBOSE").is_ok_and(|level| !level.is_empty() && level != "0") {
            eprintln!("ferrule: {} was in the store", self.args.object.display());
        }
        Ok(true)
    }

    fn read(&self, variant: &Variant) -> Option<Made> {
        let bytes = self.store.read(KIND, &variant.result)?;
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        Some(Made {
            files: variant
                .files
                .iter()
                .map(|input| input.path.clone())
                .collect(),
            versions: serde_json::from_slice(&bytes[..end]).ok()?,
            object: bytes[end + 1..].to_vec(),
        })
    }

    /// Puts an object into the store, unless an input was written to since `started`: it may be of the old or the new file.
    pub fn keep(
        &self,
        made: &Made,
        variables: Vec<String>,
        uses_cc: bool,
        started: SystemTime,
    ) -> Result<()> {
        let cwd = cwd()?;
        let mut files = Vec::new();
        for path in &made.files {
            let absolute = cwd.join(path);
            if changed_since(&absolute, started)? {
                return Ok(());
            }
            files.push(Input {
                path: path.clone(),
                hash: stamp::of_file(&absolute)?,
            });
        }
        let variables: Vec<_> = variables
            .into_iter()
            .map(|name| (std::env::var(&name).ok(), name))
            .map(|(value, name)| (name, value))
            .collect();
        let other = uses_cc.then(|| self.cc.clone());
        let base = self.base.clone().and(&variables).and(&other);
        let key = result(&base, &files);
        let mut bytes = serde_json::to_vec(&made.versions)?;
        bytes.push(b'\n');
        bytes.extend(&made.object);
        self.store.write(KIND, &key, &bytes)?;
        Manifest::open(&self.store, &self.base).add(Variant {
            files,
            variables,
            other,
            result: key,
        })
    }
}

impl Made {
    /// Writes the object, its dependencies and the versions of what it exports to where Kbuild wants them.
    pub fn write(&self, args: &Args) -> Result<()> {
        let versions = versions_file(&args.object);
        match &self.versions {
            Some(text) => fs::write(&versions, text)
                .with_context(|| format!("cannot write {}", versions.display()))?,
            None if versions.exists() => fs::remove_file(&versions)
                .with_context(|| format!("cannot remove {}", versions.display()))?,
            None => {}
        }
        let cwd = cwd()?;
        let rule = super::depfile(&args.object, &self.files, &cwd);
        fs::write(&args.depfile, rule)
            .with_context(|| format!("cannot write {}", args.depfile.display()))?;
        if !self.is_there(args, &cwd) {
            let context = || format!("cannot write {}", args.object.display());
            let mut file = tempfile::Builder::new();
            let file = file
                .prefix(super::SCRATCH)
                .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
            let mut file = file
                .tempfile_in(super::parent(&args.object))
                .with_context(context)?;
            file.write_all(&self.object).with_context(context)?;
            file.persist(&args.object).with_context(context)?;
        }
        Ok(())
    }

    /// Whether the same object is there already and newer than its sources.
    ///
    /// Then its modification time stays, and make links nothing.
    fn is_there(&self, args: &Args, cwd: &Path) -> bool {
        let time = |path: &Path| {
            fs::metadata(path)
                .and_then(|metadata| metadata.modified())
                .ok()
        };
        let Some(made) = time(&args.object) else {
            return false;
        };
        let is_older = |file: &String| time(&cwd.join(file)).is_some_and(|time| time <= made);
        self.files.iter().all(is_older)
            && fs::read(&args.object).is_ok_and(|object| object == self.object)
    }
}
