// SPDX-License-Identifier: GPL-2.0-only

//! Locks between builds.

use crate::building::stamp::Key;
use anyhow::{Context, Result};
use rustix::fs::{flock, FlockOperation};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A lock, held until it is dropped. Taking it sets the time of its file.
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Locks `file` for one that writes to `what`, which messages name.
    pub fn exclusive(file: &Path, what: &Path) -> Result<Self> {
        Self::wait(file, FlockOperation::LockExclusive, what)
    }

    /// Locks `file` for one that reads `what`; others may read too.
    pub fn shared(file: &Path, what: &Path) -> Result<Self> {
        Self::wait(file, FlockOperation::LockShared, what)
    }

    /// Locks `file` for one that writes, if nobody else has locked it.
    ///
    /// Does not set the time of the file.
    pub fn try_exclusive(path: &Path) -> Result<Option<Self>> {
        let options = File::options().read(true).open(path);
        let file = match options {
            Err(error) if error.kind() == ErrorKind::NotFound => open(path),
            opened => opened,
        };
        let file = file.with_context(|| format!("cannot open {}", path.display()))?;
        let free = flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok();
        Ok((free && is_at(&file, path)).then_some(Self { _file: file }))
    }

    /// Locks `dir` and what lies below it for one that writes there, with lock files in `locks`.
    ///
    /// Who works in a directory above or below waits; who works in another does not.
    pub fn tree(dir: &Path, locks: &Path) -> Result<Vec<Self>> {
        fs::create_dir_all(locks).with_context(|| format!("cannot create {}", locks.display()))?;
        // From the root down, for all the same: so no two wait for each other.
        let mut dirs: Vec<&Path> = dir.ancestors().collect();
        dirs.reverse();
        let locked = dirs.into_iter().map(|part| {
            let how = if part == dir {
                FlockOperation::LockExclusive
            } else {
                FlockOperation::LockShared
            };
            Self::wait(&locks.join(Key::new(part).hex()), how, part)
        });
        locked.collect()
    }

    fn wait(path: &Path, how: FlockOperation, what: &Path) -> Result<Self> {
        loop {
            let file = open(path).with_context(|| format!("cannot create {}", path.display()))?;
            let try_now = match how {
                FlockOperation::LockShared => FlockOperation::NonBlockingLockShared,
                _ => FlockOperation::NonBlockingLockExclusive,
            };
            if flock(&file, try_now).is_err() {
                eprintln!(
                    "ferrule: waiting for another build that uses {}",
                    what.display()
                );
                flock(&file, how).with_context(|| format!("cannot lock {}", path.display()))?;
            }
            // It may have been removed meanwhile: then another build locks another file.
            if is_at(&file, path) {
                return Ok(Self { _file: file });
            }
        }
    }

    /// Removes the lock's file, which must be locked for writing.
    pub fn remove(self, path: &Path) -> Result<()> {
        fs::remove_file(path).with_context(|| format!("cannot remove {}", path.display()))
    }
}

fn open(path: &Path) -> io::Result<File> {
    match File::create(path) {
        // Who may not write can read what is there.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
            ) =>
        {
            File::open(path).map_err(|_| error)
        }
        opened => opened,
    }
}

/// Whether `file` is still what `path` names.
fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(opened), Ok(named)) => opened.ino() == named.ino() && opened.dev() == named.dev(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_lock_what_is_below_them() {
        let locks = tempfile::tempdir().unwrap();
        let free = |dir: &str| {
            let path = locks.path().join(Key::new(Path::new(dir)).hex());
            Lock::try_exclusive(&path).unwrap().is_some()
        };
        let held = Lock::tree(Path::new("/m/a"), locks.path()).unwrap();
        // One for `/m` would wait, and so would one for `/m/a/b`, which asks for `/m/a` too.
        assert!(!free("/m") && !free("/m/a"));
        drop(Lock::tree(Path::new("/m/b"), locks.path()).unwrap());
        drop(held);
        assert!(free("/m") && free("/m/a"));
    }

    #[test]
    fn a_removed_lock_locks_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let first = Lock::exclusive(&path, dir.path()).unwrap();
        let waiting = {
            let path = path.clone();
            std::thread::spawn(move || Lock::exclusive(&path, Path::new("it")).unwrap())
        };
        std::thread::sleep(std::time::Duration::from_millis(50));
        first.remove(&path).unwrap();
        let second = waiting.join().unwrap();
        assert!(path.exists() && Lock::try_exclusive(&path).unwrap().is_none());
        drop(second);
    }
}
