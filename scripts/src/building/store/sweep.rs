// SPDX-License-Identifier: GPL-2.0-only

//! Limits the size of the store: removes the least recently used entries first.

use super::{is_complete, lock_file, remove, Store, CONTENTS, SCRATCH};
use crate::building::lock::Lock;
use crate::machine::toolchain::env_set;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};
use walkdir::WalkDir;

/// The variable with the size limit of the store.
const SIZE: &str = "FERRULE_STORE_SIZE";

/// The default limit in bytes.
pub(super) const DEFAULT: u64 = 4 << 30;

/// How often the size is checked by builds that have made no entry.
const INTERVAL: Duration = Duration::from_secs(3600);

/// An entry or file of the store, and when it was last used.
struct Item {
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
}

impl Store {
    /// If the store is larger than the limit, removes the least recently used entries until nine tenths of the limit are
    /// left. Entries in use stay.
    ///
    /// Checks once an hour, and whenever this build has made an entry.
    pub fn sweep(&self) -> Result<()> {
        let swept = self.dir.join("swept");
        let age = fs::metadata(&swept).and_then(|metadata| metadata.modified());
        let is_due = age.map_or(true, |time| time.elapsed().is_ok_and(|age| age > INTERVAL));
        if !self.made.load(Ordering::Relaxed) && !is_due {
            return Ok(());
        }
        let Some(_one) = Lock::try_exclusive(&self.dir.join("sweep.lock"))? else {
            return Ok(());
        };
        fs::write(&swept, "").with_context(|| format!("cannot write {}", swept.display()))?;
        self.sweep_to(self.bound)
    }

    fn sweep_to(&self, bound: u64) -> Result<()> {
        let mut items = Vec::new();
        // If one cannot be removed, as it is another user's or gone already, the others are removed all the same.
        let mut failed = Ok(());
        for kind in list(&self.dir)?.iter().filter(|path| path.is_dir()) {
            let paths = list(kind).unwrap_or_else(|error| {
                failed = Err(error);
                Vec::new()
            });
            for path in paths {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let removed = if let Some(name) = name.strip_prefix(SCRATCH) {
                    remove_abandoned(&path, &kind.join(name))
                } else if let Some(name) = name.strip_suffix(".lock") {
                    match !kind.join(name).exists() && is_old(&path) {
                        true => remove_lock(&path),
                        false => Ok(()),
                    }
                } else {
                    items.extend(Item::new(path));
                    Ok(())
                };
                failed = removed.and(failed);
            }
        }
        let mut total: u64 = items.iter().map(|item| item.bytes).sum();
        if total <= bound {
            return failed;
        }
        items.sort_by_key(|item| item.used);
        for item in items {
            if total <= bound / 10 * 9 {
                break;
            }
            match item.remove() {
                Ok(true) => total -= item.bytes,
                Ok(false) => {}
                Err(error) => failed = Err(error),
            }
        }
        failed
    }
}

impl Item {
    /// `None` if another build has removed it meanwhile.
    fn new(path: PathBuf) -> Option<Self> {
        let metadata = fs::metadata(&path).ok()?;
        if !metadata.is_dir() {
            return Some(Self {
                bytes: metadata.len(),
                used: metadata.modified().ok()?,
                path,
            });
        }
        let lock = fs::metadata(lock_file(&path)).and_then(|metadata| metadata.modified());
        Some(Self {
            bytes: bytes(&path),
            used: lock.unwrap_or(SystemTime::UNIX_EPOCH),
            path,
        })
    }

    /// Removes it, unless a build uses it.
    fn remove(&self) -> Result<bool> {
        if !self.path.is_dir() {
            // A build that has opened the file can still read it.
            remove(&self.path)?;
            return Ok(true);
        }
        let lock_file = lock_file(&self.path);
        let Some(lock) = Lock::try_exclusive(&lock_file)? else {
            return Ok(false);
        };
        // First the list of contents, so that an interrupted removal leaves no entry that counts as complete.
        remove(&self.path.join(CONTENTS))?;
        remove(&self.path)?;
        lock.remove(&lock_file)?;
        Ok(true)
    }
}

/// The size of a directory; for an entry, by its list of contents.
fn bytes(path: &Path) -> u64 {
    match fs::read_to_string(path.join(CONTENTS)) {
        Ok(contents) if is_complete(path) => {
            let sizes = contents
                .lines()
                .filter_map(|line| line.split('\t').next()?.parse::<u64>().ok());
            sizes.sum()
        }
        _ => {
            let files = WalkDir::new(path).into_iter().flatten();
            files
                .filter_map(|file| Some(file.metadata().ok()?.len()))
                .sum()
        }
    }
}

/// Removes the temporary directory that a killed build has left of `entry`.
fn remove_abandoned(scratch: &Path, entry: &Path) -> Result<()> {
    let lock_file = lock_file(entry);
    if !lock_file.exists() {
        // A file, or a directory whose key is not known yet: neither has a lock.
        return match is_old(scratch) {
            true => remove(scratch),
            false => Ok(()),
        };
    }
    match Lock::try_exclusive(&lock_file)? {
        Some(_nobody) => remove(scratch),
        None => Ok(()),
    }
}

/// Removes the lock file of a removed entry, unless a build holds the lock.
fn remove_lock(path: &Path) -> Result<()> {
    match Lock::try_exclusive(path)? {
        Some(lock) => lock.remove(path),
        None => Ok(()),
    }
}

fn is_old(path: &Path) -> bool {
    let time = fs::metadata(path).and_then(|metadata| metadata.modified());
    time.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > INTERVAL))
}

fn list(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    entries.map(|entry| Ok(entry?.path())).collect()
}

/// The limit in bytes: a number, with or without a suffix `K`, `M`, `G` or `T`.
pub(super) fn bound() -> Result<u64> {
    let Some(text) = env_set(SIZE) else {
        return Ok(DEFAULT);
    };
    let text = text.to_string_lossy();
    parse(&text).with_context(|| {
        format!("{SIZE}={text}: no size; it is a number of bytes, or one as 500M or 4G")
    })
}

fn parse(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match &text[digits.len()..] {
        "" => 0,
        "K" | "k" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_there(store: &Store, key: &str) -> bool {
        store.path("kind", key).exists()
    }

    #[test]
    fn what_was_used_least_recently_goes_and_what_is_in_use_stays() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::at(dir.path()).unwrap();
        let fill = |dir: &Path| fs::write(dir.join("file"), [0; 1000]).map_err(Into::into);
        let in_use = store.entry("kind", "a", fill).unwrap();
        for key in ["b", "c", "d"] {
            store.entry("kind", key, fill).unwrap();
            std::thread::sleep(Duration::from_millis(20));
        }
        store.entry("kind", "b", fill).unwrap();
        store.sweep_to(10000).unwrap();
        assert!(["a", "b", "c", "d"].iter().all(|key| is_there(&store, key)));
        store.sweep_to(3000).unwrap();
        assert!(["a", "b"].iter().all(|key| is_there(&store, key)));
        assert!(["c", "d"].iter().all(|key| !is_there(&store, key)));
        drop(in_use);
        store.sweep_to(0).unwrap();
        assert!(!is_there(&store, "a") && !lock_file(&store.path("kind", "a")).exists());
        store.entry("kind", "a", fill).unwrap();
    }

    #[test]
    fn what_a_killed_build_left_goes() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::at(dir.path()).unwrap();
        let left = dir.path().join("v1/kind/.new-key");
        fs::create_dir_all(&left).unwrap();
        fs::write(lock_file(&left.with_file_name("key")), "").unwrap();
        store.sweep_to(1000).unwrap();
        assert!(!left.exists());
    }

    #[test]
    fn what_cannot_be_removed_keeps_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::at(dir.path()).unwrap();
        for key in ["a", "b"] {
            store.write("kind", key, &[0; 1000]).unwrap();
            std::thread::sleep(Duration::from_millis(20));
        }
        // No user can make the file that its lock leads to.
        let entry = dir.path().join("v1/kind/locked");
        fs::create_dir(&entry).unwrap();
        std::os::unix::fs::symlink("/proc/nothing", lock_file(&entry)).unwrap();
        assert!(store.sweep_to(0).is_err());
        assert!(!is_there(&store, "a") && !is_there(&store, "b"));
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(parse("500"), Some(500));
        assert_eq!(parse("2K"), Some(2048));
        assert_eq!(parse("4G"), Some(DEFAULT));
        assert_eq!(parse("4 GB"), None);
        assert_eq!(parse("much"), None);
    }
}
