// SPDX-License-Identifier: GPL-2.0

//! Steps that run only when what they depend on has changed, and locks between builds.

use anyhow::{Context, Result};
use std::collections::hash_map::DefaultHasher;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

/// What a step depends on, gathered into one number.
#[derive(Clone, Default)]
pub struct Key(DefaultHasher);

impl Key {
    pub fn new(what: impl Hash) -> Self {
        Self::default().and(what)
    }

    pub fn and(mut self, what: impl Hash) -> Self {
        what.hash(&mut self.0);
        self
    }

    /// Adds the names and contents of the files below `path`, or of that file.
    pub fn and_files(mut self, path: &Path) -> Result<Self> {
        let context = || format!("cannot read {}", path.display());
        if path.is_dir() {
            let mut entries: Vec<PathBuf> = fs::read_dir(path)
                .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
                .with_context(context)?;
            entries.sort();
            for entry in entries {
                self = self.and_files(&entry)?;
            }
            return Ok(self);
        }
        Ok(self.and(path).and(fs::read(path).with_context(context)?))
    }

    pub fn hex(&self) -> String {
        format!("{:016x}", self.0.finish())
    }
}

/// Runs `work` unless it has run for the same `key`; `stamp` remembers for which key it has.
///
/// A failed or interrupted run leaves no stamp, so that the next one starts over.
pub fn step(stamp: &Path, key: &Key, work: impl FnOnce() -> Result<()>) -> Result<()> {
    let key = key.hex();
    if fs::read_to_string(stamp).is_ok_and(|done| done == key) {
        return Ok(());
    }
    if stamp.exists() {
        fs::remove_file(stamp).with_context(|| format!("cannot remove {}", stamp.display()))?;
    }
    work()?;
    fs::write(stamp, key).with_context(|| format!("cannot write {}", stamp.display()))
}

/// Creates `dir` and locks it against other builds until the returned file is dropped.
pub fn lock(dir: &Path) -> Result<File> {
    fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let path = dir.join(".lock");
    let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    if rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive).is_err() {
        eprintln!("ferrule: waiting for another build that uses {}", dir.display());
        rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive)
            .with_context(|| format!("cannot lock {}", path.display()))?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_runs_when_its_key_changes_or_it_failed() {
        let dir = tempfile::tempdir().unwrap();
        let stamp = dir.path().join("stamp");
        let mut runs = 0;
        for key in [1, 1, 2] {
            step(&stamp, &Key::new(key), || {
                runs += 1;
                Ok(())
            })
            .unwrap();
        }
        assert_eq!(runs, 2);
        assert!(step(&stamp, &Key::new(3), || anyhow::bail!("no")).is_err());
        step(&stamp, &Key::new(2), || {
            runs += 1;
            Ok(())
        })
        .unwrap();
        assert_eq!(runs, 3, "the failed step left a stamp");
    }

    #[test]
    fn files_count_by_content() {
        let dir = tempfile::tempdir().unwrap();
        let key = || Key::new(()).and_files(dir.path()).unwrap().hex();
        fs::write(dir.path().join("a"), "1").unwrap();
        let before = key();
        fs::write(dir.path().join("a"), "1").unwrap();
        assert_eq!(before, key());
        fs::write(dir.path().join("a"), "2").unwrap();
        assert_ne!(before, key());
    }
}
