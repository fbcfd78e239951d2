// SPDX-License-Identifier: GPL-2.0-only

//! Steps that run only when what they depend on has changed, and locks between builds.

use anyhow::{Context, Result};
use rustix::fs::{flock, FlockOperation};
use std::collections::hash_map::DefaultHasher;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
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

    /// Adds the names, sizes and times of the files below `path`, or of that file: a touched file counts
    /// as changed, as it does for make.
    pub fn and_files(mut self, path: &Path) -> Result<Self> {
        let context = || format!("cannot read {}", path.display());
        if path.is_dir() {
            let mut entries: Vec<PathBuf> = fs::read_dir(path)
                .and_then(|entries| {
                    entries
                        .map(|entry| entry.map(|entry| entry.path()))
                        .collect()
                })
                .with_context(context)?;
            entries.sort();
            for entry in entries {
                self = self.and_files(&entry)?;
            }
            return Ok(self);
        }
        let metadata = fs::metadata(path).with_context(context)?;
        Ok(self
            .and(path)
            .and(metadata.len())
            .and(metadata.modified().with_context(context)?))
    }

    pub fn hex(&self) -> String {
        format!("{:016x}", self.0.finish())
    }
}

/// Runs `work` unless it has run for the same `key`; `stamp` remembers for which key it has.
///
/// A failed or interrupted run leaves no stamp, so that the next one starts over.
pub fn step(stamp: &Path, key: &Key, work: impl FnOnce() -> Result<()>) -> Result<()> {
    if is_fresh(stamp, key) {
        return Ok(());
    }
    if stamp.exists() {
        fs::remove_file(stamp).with_context(|| format!("cannot remove {}", stamp.display()))?;
    }
    work()?;
    fs::write(stamp, key.hex()).with_context(|| format!("cannot write {}", stamp.display()))
}

/// Whether the step of `stamp` has run for `key`.
pub fn is_fresh(stamp: &Path, key: &Key) -> bool {
    fs::read_to_string(stamp).is_ok_and(|done| done == key.hex())
}

/// A lock on a directory, until it is dropped.
pub struct Lock(File);

impl Lock {
    /// Creates `dir` and locks it for one that writes to it.
    pub fn exclusive(dir: &Path) -> Result<Self> {
        Self::new(&in_directory(dir)?, FlockOperation::LockExclusive, dir)
    }

    /// Creates `dir` and locks it for one that reads it; others may read too.
    pub fn shared(dir: &Path) -> Result<Self> {
        Self::new(&in_directory(dir)?, FlockOperation::LockShared, dir)
    }

    /// Creates `dir` and locks it for one that writes to it, if nobody uses it.
    pub fn try_exclusive(dir: &Path) -> Result<Option<Self>> {
        let file = create(&in_directory(dir)?)?;
        let free = flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok();
        Ok(free.then_some(Self(file)))
    }

    /// Locks `dir` and what lies below it for one that writes there, with lock files in `locks`.
    ///
    /// Who works in a directory above or below waits; who works in another does not. Each lock file has its
    /// directory's path; those of directories that are gone are removed when one for a new directory is made.
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
            Self::listed(locks, part, how)
        });
        locked.collect()
    }

    /// Locks the file for `dir` in `locks`.
    fn listed(locks: &Path, dir: &Path, how: FlockOperation) -> Result<Self> {
        let path = locks.join(Key::new(dir).hex());
        if !path.exists() {
            remove_stale(locks)?;
        }
        loop {
            let mut lock = Self::new(&path, how, dir)?;
            // Another build may have removed it as stale between its opening and its locking.
            if is_file_at(&lock.0, &path) {
                if lock.0.metadata().is_ok_and(|file| file.len() == 0) {
                    lock.0
                        .write_all(dir.as_os_str().as_bytes())
                        .with_context(|| format!("cannot write {}", path.display()))?;
                }
                return Ok(lock);
            }
        }
    }

    fn new(path: &Path, how: FlockOperation, dir: &Path) -> Result<Self> {
        let file = create(path)?;
        let try_now = match how {
            FlockOperation::LockShared => FlockOperation::NonBlockingLockShared,
            _ => FlockOperation::NonBlockingLockExclusive,
        };
        if flock(&file, try_now).is_err() {
            eprintln!(
                "ferrule: waiting for another build that uses {}",
                dir.display()
            );
            flock(&file, how).with_context(|| format!("cannot lock {}", path.display()))?;
        }
        Ok(Self(file))
    }

    /// Lets others read what has been written.
    pub fn share(self) -> Result<Self> {
        flock(&self.0, FlockOperation::LockShared).context("cannot change a lock")?;
        Ok(self)
    }
}

fn in_directory(dir: &Path) -> Result<PathBuf> {
    fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    Ok(dir.join(".lock"))
}

fn create(path: &Path) -> Result<File> {
    let mut options = File::options();
    // What it says stays.
    let file = options.write(true).create(true).truncate(false).open(path);
    file.with_context(|| format!("cannot create {}", path.display()))
}

/// Whether `path` still leads to that file.
fn is_file_at(file: &File, path: &Path) -> bool {
    let id = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let here = fs::metadata(path).map(id).ok();
    here.is_some() && here == file.metadata().map(id).ok()
}

/// Removes the lock files in `locks` that nobody holds and whose directories are gone.
fn remove_stale(locks: &Path) -> Result<()> {
    let context = || format!("cannot clean up {}", locks.display());
    for entry in fs::read_dir(locks).with_context(context)? {
        let path = entry.with_context(context)?.path();
        let Ok(dir) = fs::read(&path) else { continue };
        if Path::new(OsStr::from_bytes(&dir)).exists() {
            continue;
        }
        // It is removed under its own lock: who waits for it sees that it is another file's name now, or none's.
        let Ok(file) = File::options().write(true).open(&path) else {
            continue;
        };
        let is_free = flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok();
        if is_free && is_file_at(&file, &path) {
            fs::remove_file(&path).with_context(context)?;
        }
    }
    Ok(())
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
    fn files_count_by_name_and_time() {
        let dir = tempfile::tempdir().unwrap();
        let key = || Key::new(()).and_files(dir.path()).unwrap().hex();
        let file = dir.path().join("a");
        fs::write(&file, "1").unwrap();
        let before = key();
        assert_eq!(before, key());
        fs::write(dir.path().join("b"), "1").unwrap();
        let with_b = key();
        assert_ne!(before, with_b);
        let later = std::time::SystemTime::now() + std::time::Duration::from_secs(1);
        File::options()
            .append(true)
            .open(&file)
            .unwrap()
            .set_modified(later)
            .unwrap();
        assert_ne!(with_b, key());
    }

    #[test]
    fn directories_lock_what_is_below_them() {
        let locks = tempfile::tempdir().unwrap();
        let free = |dir: &str| {
            let path = locks.path().join(Key::new(Path::new(dir)).hex());
            let file = create(&path).unwrap();
            flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
        };
        let held = Lock::tree(Path::new("/m/a"), locks.path()).unwrap();
        // One for `/m` would wait, and so would one for `/m/a/b`, which asks for `/m/a` too.
        assert!(!free("/m") && !free("/m/a"));
        drop(Lock::tree(Path::new("/m/b"), locks.path()).unwrap());
        drop(held);
        assert!(free("/m") && free("/m/a"));
    }

    #[test]
    fn locks_of_directories_that_are_gone_are_removed() {
        let (locks, dirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let count = || fs::read_dir(locks.path()).unwrap().count();
        let dir = |name: &str| {
            let dir = dirs.path().join(name);
            fs::create_dir_all(&dir).unwrap();
            dir
        };
        drop(Lock::tree(&dir("a"), locks.path()).unwrap());
        let (depth, held) = (count(), Lock::tree(&dir("b"), locks.path()).unwrap());
        assert_eq!(count(), depth + 1);
        for name in ["a", "b"] {
            fs::remove_dir(dirs.path().join(name)).unwrap();
        }
        // A process that another test starts has this one's locks for a moment.
        let settles_at = |wanted| {
            (0..200).any(|_| {
                std::thread::sleep(std::time::Duration::from_millis(10));
                remove_stale(locks.path()).unwrap();
                count() == wanted
            })
        };
        drop(Lock::tree(&dir("c"), locks.path()).unwrap());
        assert!(settles_at(depth + 1), "of `a` it stayed, or of `b` it went");
        drop(held);
        drop(Lock::tree(&dir("d"), locks.path()).unwrap());
        assert!(settles_at(depth + 1), "of `b` it stayed");
    }

    #[test]
    fn who_waited_for_a_lock_that_was_removed_takes_the_new_one() {
        let (locks, gone) = (tempfile::tempdir().unwrap(), Path::new("/nonexistent/m"));
        let path = locks.path().join(Key::new(gone).hex());
        let held = Lock::listed(locks.path(), gone, FlockOperation::LockExclusive).unwrap();
        std::thread::scope(|scope| {
            let waits = scope
                .spawn(|| Lock::listed(locks.path(), gone, FlockOperation::LockExclusive).unwrap());
            std::thread::sleep(std::time::Duration::from_millis(100));
            fs::remove_file(&path).unwrap();
            drop(held);
            let lock = waits.join().unwrap();
            assert!(is_file_at(&lock.0, &path));
        });
    }
}
