// SPDX-License-Identifier: GPL-2.0-only

//! A cache of file hashes, valid while the file's size, times and inode stay the same.

use super::Store;
use crate::building::stamp::{self, Key};
use anyhow::{Context, Result};
use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The seconds after a change in which another change may leave the file's time the same.
const GRANULARITY: i64 = 2;

const KIND: &str = "hashes";

/// Size, times and inode of a file.
type Stat = (u64, i64, i64, i64, i64, u64);

/// The hashes of files that are read again and again: thousands of headers.
pub struct Hashes<'a> {
    store: &'a Store,
    key: String,
    known: HashMap<PathBuf, (Stat, String)>,
    changed: bool,
}

impl<'a> Hashes<'a> {
    /// Reads the hashes that were kept for `key`.
    pub fn open(store: &'a Store, key: &Key) -> Self {
        let key = key.hex();
        let text = store.read(KIND, &key);
        let known = text.and_then(|text| serde_json::from_slice(&text).ok());
        Self {
            store,
            key,
            known: known.unwrap_or_default(),
            changed: false,
        }
    }

    /// The hash of the file `path`.
    pub fn of(&mut self, path: &Path) -> Result<String> {
        let metadata =
            fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
        let stat = (
            metadata.len(),
            metadata.mtime(),
            metadata.mtime_nsec(),
            metadata.ctime(),
            metadata.ctime_nsec(),
            metadata.ino(),
        );
        if let Some((known, hash)) = self.known.get(path) {
            if *known == stat {
                return Ok(hash.clone());
            }
        }
        let hash = stamp::of_file(path)?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = now.map_or(0, |now| i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
        if metadata.mtime().max(metadata.ctime()) + GRANULARITY < now {
            self.known.insert(path.to_owned(), (stat, hash.clone()));
            self.changed = true;
        }
        Ok(hash)
    }

    /// Writes the hashes to the store.
    pub fn keep(&self) -> Result<()> {
        match self.changed {
            true => self
                .store
                .write(KIND, &self.key, &serde_json::to_vec(&self.known)?),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_is_hashed_again() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::at(dir.path()).unwrap();
        let file = dir.path().join("file");
        let key = Key::new(());
        fs::write(&file, "1").unwrap();
        let mut hashes = Hashes::open(&store, &key);
        assert_eq!(hashes.of(&file).unwrap(), stamp::of_bytes(b"1"));
        // So soon that the time may be the same.
        fs::write(&file, "2").unwrap();
        assert_eq!(hashes.of(&file).unwrap(), stamp::of_bytes(b"2"));
        assert!(!hashes.changed);
    }

    #[test]
    fn an_old_file_is_hashed_once() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::at(dir.path()).unwrap();
        let tool = std::env::current_exe().unwrap();
        let key = Key::new(());
        let mut hashes = Hashes::open(&store, &key);
        let hash = hashes.of(&tool).unwrap();
        hashes.keep().unwrap();
        let again = Hashes::open(&store, &key);
        let is_old = hashes.changed;
        assert_eq!(
            again.known.get(&tool).map(|(_, hash)| hash),
            is_old.then_some(&hash)
        );
    }
}
