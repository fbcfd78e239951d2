// SPDX-License-Identifier: GPL-2.0-only

//! Records the output of each step of a test run, with a key of all its inputs: while the key is the same, the recorded
//! output is checked again, and the step is not run.
//!
//! `FRESH=1` runs every step.

use anyhow::{Context, Result};
use ferrule::dirs;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

/// A hash of a step's inputs, by content.
#[derive(Clone, Default)]
pub struct Key(Sha256);

impl Key {
    pub fn and(mut self, what: impl AsRef<[u8]>) -> Self {
        let what = what.as_ref();
        self.0.update((what.len() as u64).to_le_bytes());
        self.0.update(what);
        self
    }

    /// Adds the content of a file, or the names and contents of the files below a directory, without those that editors
    /// and builds leave there.
    pub fn and_files(mut self, path: &Path) -> Result<Self> {
        let context = || format!("cannot read {}", path.display());
        if !path.is_dir() {
            return Ok(self.and(fs::read(path).with_context(context)?));
        }
        let entries = fs::read_dir(path).with_context(context)?;
        let mut entries: Vec<PathBuf> = entries
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<_>>()
            .with_context(context)?;
        entries.sort();
        for entry in entries.iter().filter(|entry| is_source(entry)) {
            let name = entry.file_name().unwrap_or_default();
            self = self.and(name.as_encoded_bytes()).and_files(entry)?;
        }
        Ok(self)
    }

    pub fn hex(&self) -> String {
        let hash = self.0.clone().finalize();
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Whether git would track the file: whether .gitignore does not name it.
fn is_source(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let made = [".o", ".ko", ".mod", ".mod.c", ".cmd", ".a", "~", ".swp"];
    !name.starts_with('.')
        && !made.iter().any(|end| name.ends_with(end))
        && !["build", "target", "Module.symvers", "modules.order"].contains(&&*name)
}

#[derive(Serialize, Deserialize)]
struct Record<T> {
    key: String,
    left: T,
}

/// Whether every step is to run.
pub fn is_fresh_wanted() -> bool {
    std::env::var_os("FRESH").is_some_and(|value| !value.is_empty())
}

/// Returns the recorded output of the step `name` of the job `job` if its key is `key`, else that of `run`; and whether
/// it was the recorded one.
pub fn kept<T: Serialize + DeserializeOwned>(
    job: &str,
    name: &str,
    key: &Key,
    run: impl FnOnce() -> Result<T>,
) -> Result<(T, bool)> {
    kept_unless(is_fresh_wanted(), job, name, key, run)
}

/// [`kept`], which runs the step in any case if `is_fresh`.
pub fn kept_unless<T: Serialize + DeserializeOwned>(
    is_fresh: bool,
    job: &str,
    name: &str,
    key: &Key,
    run: impl FnOnce() -> Result<T>,
) -> Result<(T, bool)> {
    let key = key.hex();
    let path = path(job)?.join(format!("{name}.{}.json", &key[..16]));
    if !is_fresh {
        if let Some(left) = read(&path, &key) {
            return Ok((left, true));
        }
    }
    let left = run()?;
    let record = Record { key, left };
    let parent = path.parent().context("a record has a directory")?;
    let written = fs::create_dir_all(parent).and_then(|()| {
        // Renamed when complete: a full disk or a signal must not leave a truncated record.
        let file = tempfile::NamedTempFile::new_in(parent)?;
        serde_json::to_writer(&file, &record)?;
        file.persist(&path)?;
        remove_old(parent, name)
    });
    written.with_context(|| format!("cannot write {}", path.display()))?;
    Ok((record.left, false))
}

/// How many records of a step stay: another branch and back should find its own.
const KEPT: usize = 4;

/// Removes all but the newest records of the step `name` in `dir`.
fn remove_old(dir: &Path, name: &str) -> std::io::Result<()> {
    let mut records = Vec::new();
    for entry in fs::read_dir(dir)? {
        let (path, metadata) = {
            let entry = entry?;
            (entry.path(), entry.metadata()?)
        };
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let key = file
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix('.')?.strip_suffix(".json"));
        if key.is_some_and(|key| key.len() == 16) {
            records.push((metadata.modified()?, path));
        }
    }
    records.sort();
    let old = records.len().saturating_sub(KEPT);
    records[..old]
        .iter()
        .try_for_each(|(_, path)| fs::remove_file(path))
}

fn read<T: DeserializeOwned>(path: &Path, key: &str) -> Option<T> {
    let record: Record<T> = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    (record.key == key).then_some(record.left)
}

/// Removes the records of the job `job`.
pub fn forget(job: &str) {
    if let Ok(path) = path(job) {
        // Without records there is nothing to forget.
        let _ = fs::remove_dir_all(path);
    }
}

fn path(job: &str) -> Result<PathBuf> {
    Ok(dir()?.join("records").join(file_name(job)))
}

/// The directory for the files of test runs: build/test.
pub fn dir() -> Result<PathBuf> {
    Ok(dirs::root()?.join("build/test"))
}

/// A test's name as a file name.
pub fn file_name(name: &str) -> String {
    name.replace("::", ".")
}
