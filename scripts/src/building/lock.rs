// SPDX-License-Identifier: GPL-2.0-only

//! Locks between builds.

use anyhow::{Context, Result};
use rustix::fs::{flock, FlockOperation};
use rustix::io::Errno;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// The polling interval of a build that waits for more than one thing at once.
const PAUSE: Duration = Duration::from_millis(20);

/// A lock, held until it is dropped. Taking it sets the modification time of a file that exists for the lock only.
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the exclusive lock of `file`, for a writer of `what`, which messages name. Waits for it.
    pub fn exclusive(file: &Path, what: &Path) -> Result<Self> {
        wait_for(file, open, FlockOperation::LockExclusive, what)
    }

    /// Takes the shared lock of `file`, for a reader of `what`. Waits for it.
    pub fn shared(file: &Path, what: &Path) -> Result<Self> {
        wait_for(file, open, FlockOperation::LockShared, what)
    }

    /// Takes the shared lock of `path`, or returns `None` if a writer has it.
    pub fn try_shared(path: &Path) -> Result<Option<Self>> {
        let file = open(path).with_context(|| format!("cannot create {}", path.display()))?;
        let free = is_locked(&file, FlockOperation::NonBlockingLockShared, path)?;
        Ok((free && is_at(&file, path)).then_some(Self { _file: file }))
    }

    /// Takes the exclusive lock of `path`, or returns `None` if another has it.
    ///
    /// Does not set the modification time of the file.
    pub fn try_exclusive(path: &Path) -> Result<Option<Self>> {
        let options = File::options().read(true).open(path);
        let file = match options {
            Err(error) if error.kind() == ErrorKind::NotFound => open(path),
            opened => opened,
        };
        let file = file.with_context(|| format!("cannot open {}", path.display()))?;
        let free = is_locked(&file, FlockOperation::NonBlockingLockExclusive, path)?;
        Ok((free && is_at(&file, path)).then_some(Self { _file: file }))
    }

    /// Locks the modules' directory `dir` and those below it, for a build there.
    ///
    /// Builds in a directory above or below wait, builds elsewhere do not. The directories themselves are locked, so that
    /// builds of all clones and users see the locks, and no lock file is left.
    pub fn tree(dir: &Path) -> Result<Vec<Self>> {
        let mut locks = Vec::new();
        // From the root down: the same order for all builds, so no two wait for each other.
        let mut above: Vec<&Path> = dir.ancestors().skip(1).collect();
        above.reverse();
        for part in above.into_iter().filter(|part| is_built(part)) {
            // A directory that this user may not read is not one in which this user has built: no lock is needed.
            match wait_for(part, open_dir, FlockOperation::LockShared, part) {
                Err(error) if is_denied(&error) => {}
                lock => locks.push(lock?),
            }
        }
        locks.push(wait_for(dir, open_dir, FlockOperation::LockExclusive, dir)?);
        Ok(locks)
    }

    /// Removes the lock's file. The lock must be exclusive.
    pub fn remove(self, path: &Path) -> Result<()> {
        fs::remove_file(path).with_context(|| format!("cannot remove {}", path.display()))
    }
}

/// Waits for other builds by polling, and prints a message the first time.
#[derive(Default)]
pub struct Waiting {
    said: bool,
}

impl Waiting {
    /// Waits one interval for the builds that use `what`.
    pub fn wait(&mut self, what: &Path) {
        self.say(what);
        std::thread::sleep(PAUSE);
    }

    fn say(&mut self, what: &Path) {
        if !self.said {
            let what = what.display();
            eprintln!("ferrule: waiting for another build that uses {what}");
        }
        self.said = true;
    }
}

fn wait_for(
    path: &Path,
    open: impl Fn(&Path) -> io::Result<File>,
    how: FlockOperation,
    what: &Path,
) -> Result<Lock> {
    let mut waiting = Waiting::default();
    loop {
        let file = open(path).with_context(|| format!("cannot open {}", path.display()))?;
        let try_now = match how {
            FlockOperation::LockShared => FlockOperation::NonBlockingLockShared,
            _ => FlockOperation::NonBlockingLockExclusive,
        };
        if !is_locked(&file, try_now, path)? {
            waiting.say(what);
            flock(&file, how).with_context(|| format!("cannot lock {}", path.display()))?;
        }
        // The file may have been removed meanwhile: then another build locks a new file.
        if is_at(&file, path) {
            return Ok(Lock { _file: file });
        }
    }
}

/// Tries to lock `file`, and returns whether it succeeded.
fn is_locked(file: &File, how: FlockOperation, path: &Path) -> Result<bool> {
    match flock(file, how) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error).with_context(|| format!("cannot lock {}", path.display())),
    }
}

/// Whether modules may be built in `dir`.
fn is_built(dir: &Path) -> bool {
    ["Kbuild", "Makefile"]
        .iter()
        .any(|name| dir.join(name).exists())
}

fn is_denied(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == ErrorKind::PermissionDenied)
}

fn open_dir(path: &Path) -> io::Result<File> {
    File::open(path)
}

fn open(path: &Path) -> io::Result<File> {
    match File::create(path) {
        // A user who may not write can still read an existing file.
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

    /// Whether nobody has locked the directory `dir`.
    fn is_free(dir: &Path) -> bool {
        Lock::try_exclusive(dir).unwrap().is_some()
    }

    /// A child that another test starts has this process's locks for a moment.
    fn becomes_free(dir: &Path) -> bool {
        (0..200).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            is_free(dir)
        })
    }

    #[test]
    fn directories_lock_what_is_below_them() {
        let root = tempfile::tempdir().unwrap();
        let dir = |name: &str| {
            let dir = root.path().join(name);
            fs::create_dir_all(&dir).unwrap();
            dir
        };
        let (m, a, b) = (dir("m"), dir("m/a"), dir("m/b"));
        fs::write(m.join("Kbuild"), "").unwrap();
        let held = Lock::tree(&a).unwrap();
        // One for `m` would wait, and so would one for `m/a`.
        assert!(!is_free(&m) && !is_free(&a));
        assert!(is_free(root.path()), "no modules can be built there");
        drop(Lock::tree(&b).unwrap());
        drop(held);
        assert!(becomes_free(&m) && becomes_free(&a));
        assert_eq!(fs::read_dir(&a).unwrap().count(), 0);
    }

    #[test]
    fn a_directory_that_was_made_again_is_locked_again() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("m");
        fs::create_dir(&dir).unwrap();
        let held = Lock::tree(&dir).unwrap();
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| Lock::tree(&dir).unwrap());
            std::thread::sleep(Duration::from_millis(100));
            fs::rename(&dir, root.path().join("old")).unwrap();
            fs::create_dir(&dir).unwrap();
            drop(held);
            let locks = waits.join().unwrap();
            assert!(!is_free(&dir));
            drop(locks);
        });
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
        std::thread::sleep(Duration::from_millis(50));
        first.remove(&path).unwrap();
        let second = waiting.join().unwrap();
        assert!(path.exists() && Lock::try_exclusive(&path).unwrap().is_none());
        drop(second);
    }
}
