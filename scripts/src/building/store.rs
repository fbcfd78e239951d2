// SPDX-License-Identifier: GPL-2.0-only

//! The store: a cache of build results, keyed by content, shared by all clones of a user and limited in size.
//!
//! An entry is a directory `KIND/KEY` that never changes. It is written as `KIND/.new-KEY` and renamed when it is
//! complete. Builds that make or use it hold the lock `KIND/KEY.lock`, whose modification time is that of the last
//! use. Small results are single files, which are renamed to their place and need no lock.

use crate::building::lock::{Lock, Waiting};
use crate::building::stamp::Key;
use crate::dirs;
use anyhow::{ensure, Context, Result};
use rustix::fs::{access, Access};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use walkdir::WalkDir;

mod hashes;
mod manifest;
mod sweep;

pub use hashes::Hashes;
pub use manifest::{result, Input, Manifest, Variant};

/// The list of an entry's files and their sizes: if a file is missing or has another size, the entry is made again.
const CONTENTS: &str = "contents";

/// The prefix of the directory in which an entry is made.
const SCRATCH: &str = ".new-";

/// The format of the store: changes when an older tool would not understand what is written here.
const FORMAT: &str = "v1";

/// The store of one user.
pub struct Store {
    dir: PathBuf,
    /// Its size limit in bytes.
    bound: u64,
    made: AtomicBool,
}

/// A locked directory of the store: it is neither changed nor removed while this exists.
pub struct Entry {
    pub path: PathBuf,
    _lock: Lock,
}

impl Store {
    /// The store that builds below `build` use: the user's, or one in `build` if that cannot be written to.
    ///
    /// # Errors
    ///
    /// When neither can be written to.
    pub fn open(build: &Path) -> Result<Self> {
        let bound = sweep::bound()?;
        let shared = dirs::store_dir(build)?;
        let own = build.join("store");
        let store = match Self::at(&shared) {
            Err(error) if shared != own => {
                eprintln!("ferrule: {error:#}; using the store {}", own.display());
                Self::at(&own)
            }
            opened => opened,
        }?;
        Ok(Self { bound, ..store })
    }

    /// The store in the directory `dir`.
    fn at(dir: &Path) -> Result<Self> {
        dirs::refuse_spaces(dir, "the store")?;
        let dir = dir.join(FORMAT);
        let context = || format!("cannot write to {}", dir.display());
        fs::create_dir_all(&dir).with_context(context)?;
        tempfile::tempfile_in(&dir).with_context(context)?;
        // Another user may have made a part of the store.
        let kinds = fs::read_dir(&dir).with_context(context)?.flatten();
        for kind in kinds.map(|kind| kind.path()).filter(|kind| kind.is_dir()) {
            access(&kind, Access::WRITE_OK | Access::EXEC_OK)
                .with_context(|| format!("cannot write to {}", kind.display()))?;
        }
        Ok(Self {
            dir,
            bound: sweep::DEFAULT,
            made: AtomicBool::new(false),
        })
    }

    /// The store that the entry `path` is in.
    pub fn of_entry(path: &Path) -> Result<Self> {
        let path = path
            .canonicalize()
            .with_context(|| format!("no {}; build with Ferrule's make", path.display()))?;
        let dir = path.ancestors().nth(2).context("an entry is in a store")?;
        Ok(Self {
            dir: dir.to_owned(),
            bound: sweep::DEFAULT,
            made: AtomicBool::new(false),
        })
    }

    /// Where the entry `key` of `kind` is, or would be.
    pub fn path(&self, kind: &str, key: &str) -> PathBuf {
        self.dir.join(kind).join(key)
    }

    /// A directory that is no entry and may change, with its exclusive lock.
    pub fn workshop(&self, kind: &str, key: &str) -> Result<Entry> {
        let path = self.path(kind, key);
        fs::create_dir_all(&path).with_context(|| format!("cannot create {}", path.display()))?;
        let lock = Lock::exclusive(&lock_file(&path), &path)?;
        // Another build may have removed the directory before it was locked.
        fs::create_dir_all(&path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Entry { path, _lock: lock })
    }

    /// The entry `key` of `kind`, if it is there.
    pub fn find(&self, kind: &str, key: &str) -> Result<Option<Entry>> {
        let path = self.path(kind, key);
        if !is_complete(&path) {
            return Ok(None);
        }
        let lock = Lock::shared(&lock_file(&path), &path)?;
        // Another build may have removed the entry before it was locked.
        Ok(is_complete(&path).then_some(Entry { path, _lock: lock }))
    }

    /// The entry `key` of `kind`. If it is not there, `make` fills its directory.
    pub fn entry(
        &self,
        kind: &str,
        key: &str,
        make: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<Entry> {
        let path = self.path(kind, key);
        let parent = self.dir.join(kind);
        fs::create_dir_all(&parent)
            .with_context(|| format!("cannot create {}", parent.display()))?;
        let lock_file = lock_file(&path);
        let (mut make, mut waiting) = (Some(make), Waiting::default());
        // Polls, instead of waiting for the exclusive lock: when the build that made the entry still uses it, the shared
        // lock is enough.
        loop {
            if is_complete(&path) {
                match Lock::try_shared(&lock_file)? {
                    // If another build has removed the entry before it was locked, it is made again.
                    Some(lock) if is_complete(&path) => return Ok(Entry { path, _lock: lock }),
                    Some(_) => {}
                    None => waiting.wait(&path),
                }
                continue;
            }
            let Some(_writer) = Lock::try_exclusive(&lock_file)? else {
                waiting.wait(&path);
                continue;
            };
            if is_complete(&path) {
                continue;
            }
            let make = make.take().with_context(|| {
                format!(
                    "{} is removed as soon as it is made; is FERRULE_STORE_SIZE too small?",
                    path.display()
                )
            })?;
            self.make(&path, make)?;
        }
    }

    fn make(&self, path: &Path, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        if path.exists() {
            eprintln!("ferrule: {} is damaged; building it again", path.display());
            remove(path)?;
        }
        let scratch = Scratch::new(scratch_of(path))?;
        make(&scratch.0)?;
        let contents = contents(&scratch.0)?;
        let file = scratch.0.join(CONTENTS);
        fs::write(&file, contents).with_context(|| format!("cannot write {}", file.display()))?;
        fs::rename(&scratch.0, path).with_context(|| format!("cannot write {}", path.display()))?;
        self.made.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Takes an exclusive lock for `key` of `kind`, which is no entry.
    pub fn lock(&self, kind: &str, key: &str) -> Result<Lock> {
        let path = self.path(kind, key);
        let parent = self.dir.join(kind);
        fs::create_dir_all(&parent)
            .with_context(|| format!("cannot create {}", parent.display()))?;
        Lock::exclusive(&lock_file(&path), &path)
    }

    /// A temporary directory for an entry of `kind` whose key is not known yet.
    pub fn scratch(&self, kind: &str) -> Result<tempfile::TempDir> {
        let parent = self.dir.join(kind);
        fs::create_dir_all(&parent)
            .and_then(|()| tempfile::Builder::new().prefix(SCRATCH).tempdir_in(&parent))
            .with_context(|| format!("cannot write to {}", parent.display()))
    }

    /// The text `key` of `kind`. If it is not there, `make` returns it.
    pub fn text(
        &self,
        kind: &str,
        key: &Key,
        make: impl FnOnce() -> Result<String>,
    ) -> Result<String> {
        if let Some(text) = self.read(kind, &key.hex()) {
            if let Ok(text) = String::from_utf8(text) {
                return Ok(text);
            }
        }
        let text = make()?;
        self.write(kind, &key.hex(), text.as_bytes())?;
        Ok(text)
    }

    /// The bytes of the file `key` of `kind`, if it is there and its checksum is right. Sets its modification time.
    pub fn read(&self, kind: &str, key: &str) -> Option<Vec<u8>> {
        let path = self.path(kind, key);
        let mut bytes = fs::read(&path).ok()?;
        let sum = bytes.split_off(bytes.len().checked_sub(SUM)?);
        if sum != crate::building::stamp::of_bytes(&bytes).as_bytes() {
            return None;
        }
        // An error is ignored: a file that cannot be opened for writing is not removed by the sweep either.
        if let Ok(file) = fs::File::options().append(true).open(&path) {
            let _ = file.set_modified(std::time::SystemTime::now());
        }
        Some(bytes)
    }

    /// Writes `bytes` as the file `key` of `kind`.
    pub fn write(&self, kind: &str, key: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path(kind, key);
        let parent = self.dir.join(kind);
        let context = || format!("cannot write {}", path.display());
        fs::create_dir_all(&parent).with_context(context)?;
        let mut file = tempfile::Builder::new()
            .prefix(SCRATCH)
            .tempfile_in(&parent)
            .with_context(context)?;
        let sum = crate::building::stamp::of_bytes(bytes);
        file.write_all(bytes)
            .and_then(|()| file.write_all(sum.as_bytes()))
            .with_context(context)?;
        file.persist(&path).with_context(context)?;
        Ok(())
    }
}

/// The length of the checksum at the end of a file, in bytes.
const SUM: usize = 32;

/// A directory that is removed on drop, unless it was renamed before.
struct Scratch(PathBuf);

impl Scratch {
    fn new(path: PathBuf) -> Result<Self> {
        // A killed build may have left it.
        remove(&path)?;
        fs::create_dir(&path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // If that fails, the next build that makes the entry removes it.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn scratch_of(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{SCRATCH}{name}"))
}

fn lock_file(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{name}.lock"))
}

fn remove(path: &Path) -> Result<()> {
    let removed = match path.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => Ok(()),
    };
    removed.with_context(|| format!("cannot remove {}", path.display()))
}

/// A line with its size for each file below `dir`.
fn contents(dir: &Path) -> Result<String> {
    let mut text = String::new();
    for entry in WalkDir::new(dir).sort_by_file_name() {
        let entry = entry.with_context(|| format!("cannot read {}", dir.display()))?;
        if entry.file_type().is_file() {
            let name = entry.path().strip_prefix(dir).unwrap_or(entry.path());
            let name = name.to_str().context("a name of the store is UTF-8")?;
            ensure!(!name.contains('\n'), "{name:?}: a name with a line break");
            writeln!(text, "{}\t{name}", entry.metadata()?.len()).expect("writing to a String");
        }
    }
    Ok(text)
}

/// Whether an entry is there, with all its files.
fn is_complete(path: &Path) -> bool {
    let is_as = |line: &str| {
        let (size, name) = line.split_once('\t')?;
        let metadata = fs::metadata(path.join(name)).ok()?;
        (metadata.len() == size.parse::<u64>().ok()?).then_some(())
    };
    fs::read_to_string(path.join(CONTENTS))
        .is_ok_and(|text| text.lines().all(|line| is_as(line).is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn store() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::at(dir.path()).unwrap();
        (dir, store)
    }

    fn fill(dir: &Path) -> Result<()> {
        fs::create_dir(dir.join("below"))?;
        fs::write(dir.join("below/file"), "text").map_err(Into::into)
    }

    #[test]
    fn an_entry_is_made_once() {
        let (_dir, store) = store();
        let first = store.entry("kind", "key", fill).unwrap();
        let second = store
            .entry("kind", "key", |_| panic!("made twice"))
            .unwrap();
        assert_eq!(first.path, second.path);
        assert_eq!(
            fs::read_to_string(first.path.join("below/file")).unwrap(),
            "text"
        );
    }

    #[test]
    fn of_two_at_once_one_makes_the_entry() {
        let (dir, _) = store();
        let runs = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let store = Store::at(dir.path()).unwrap();
                    let made = store.entry("kind", "key", |dir| {
                        runs.fetch_add(1, Ordering::Relaxed);
                        std::thread::sleep(std::time::Duration::from_millis(50));
                        fill(dir)
                    });
                    assert!(made.unwrap().path.join("below/file").exists());
                });
            }
        });
        assert_eq!(runs.into_inner(), 1);
    }

    #[test]
    fn who_wants_two_entries_waits_for_nobody_who_uses_them() {
        let (dir, _) = store();
        // Each makes one of the two first, and uses it while he waits for the other.
        let both = std::sync::Barrier::new(2);
        std::thread::scope(|scope| {
            for keys in [["a", "b"], ["b", "a"]] {
                let (dir, both) = (&dir, &both);
                scope.spawn(move || {
                    let store = Store::at(dir.path()).unwrap();
                    let _first = store.entry("kind", keys[0], |dir| {
                        both.wait();
                        std::thread::sleep(std::time::Duration::from_millis(50));
                        fill(dir)
                    });
                    store.entry("kind", keys[1], fill).unwrap();
                    both.wait();
                });
            }
        });
    }

    #[test]
    fn a_failed_or_killed_maker_leaves_nothing() {
        let (_dir, store) = store();
        let failed = store.entry("kind", "key", |dir| {
            fill(dir)?;
            anyhow::bail!("no space")
        });
        assert!(failed.is_err_and(|error| error.to_string() == "no space"));
        let path = store.path("kind", "key");
        assert!(!path.exists() && !scratch_of(&path).exists());
        // As SIGKILL leaves it.
        fs::create_dir(scratch_of(&path)).unwrap();
        fill(&scratch_of(&path)).unwrap();
        store.entry("kind", "key", fill).unwrap();
        assert!(!scratch_of(&path).exists());
    }

    #[test]
    fn a_damaged_entry_is_made_again() {
        let (_dir, store) = store();
        let file = store
            .entry("kind", "key", fill)
            .unwrap()
            .path
            .join("below/file");
        for damage in [
            |file: &Path| fs::write(file, ""),
            |file: &Path| fs::remove_file(file),
        ] {
            damage(&file).unwrap();
            store.entry("kind", "key", fill).unwrap();
            assert_eq!(fs::read_to_string(&file).unwrap(), "text");
        }
    }

    #[test]
    fn a_damaged_file_is_none() {
        let (_dir, store) = store();
        store.write("kind", "key", b"text").unwrap();
        assert_eq!(store.read("kind", "key").unwrap(), b"text");
        assert_eq!(store.read("kind", "other"), None);
        for damaged in ["", "texT", "texT0123456789abcdef0123456789abcdef"] {
            fs::write(store.path("kind", "key"), damaged).unwrap();
            assert_eq!(store.read("kind", "key"), None, "{damaged}");
        }
    }
}
