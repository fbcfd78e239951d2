// SPDX-License-Identifier: GPL-2.0-only

//! Keys of what a step depends on, and steps that run only when their key has changed.

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io;
use std::path::Path;
use walkdir::{DirEntry, WalkDir};

/// The kinds of files that are sources. Editors leave others beside them.
const SOURCES: &[&str] = &["rs", "c", "h", "S", "toml", "lock", "config"];
const NAMES: &[&str] = &["Kbuild", "Kconfig", "Makefile", "symbols"];

/// What a step depends on, hashed. Times and absolute paths are no part of it, unless they are added.
#[derive(Clone, Default)]
pub struct Key(Sha256);

/// Feeds what `Hash` has to say to SHA-256.
struct Feed<'a>(&'a mut Sha256);

impl Hasher for Feed<'_> {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        unreachable!("a key is longer")
    }
}

impl Key {
    pub fn new(what: impl Hash) -> Self {
        Self::default().and(what)
    }

    pub fn and(mut self, what: impl Hash) -> Self {
        what.hash(&mut Feed(&mut self.0));
        self
    }

    /// Adds the bytes of the file `path`; of a directory, the names and bytes of the sources below it.
    pub fn and_files(mut self, path: &Path) -> Result<Self> {
        let context = || format!("cannot read {}", path.display());
        let files = WalkDir::new(path).sort_by_file_name().into_iter();
        for entry in files.filter_entry(is_source) {
            let entry = entry.with_context(context)?;
            if entry.file_type().is_dir() {
                continue;
            }
            let name = entry.path().strip_prefix(path).unwrap_or(entry.path());
            self = self.and(name).and(of_file(entry.path())?);
        }
        Ok(self)
    }

    /// The key as 32 hexadecimal digits.
    pub fn hex(&self) -> String {
        hex(self.0.clone())
    }
}

/// Whether a walk takes this: directories, sources, and what the walk was started at.
fn is_source(entry: &DirEntry) -> bool {
    let Some(name) = entry.file_name().to_str() else {
        return false;
    };
    let extension = entry.path().extension().and_then(|e| e.to_str());
    entry.depth() == 0
        || !name.starts_with(['.', '#'])
            && (entry.file_type().is_dir()
                || NAMES.contains(&name)
                || extension.is_some_and(|extension| SOURCES.contains(&extension)))
}

/// The hash of a file's bytes.
pub fn of_file(path: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    File::open(path)
        .and_then(|mut file| io::copy(&mut file, &mut Writer(&mut hash)))
        .with_context(|| format!("cannot read {}", path.display()))?;
    Ok(hex(hash))
}

/// The hash of bytes.
pub fn of_bytes(bytes: &[u8]) -> String {
    hex(Sha256::new_with_prefix(bytes))
}

struct Writer<'a>(&'a mut Sha256);

impl io::Write for Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn hex(hash: Sha256) -> String {
    hash.finalize()[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
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
    fn files_count_by_name_and_content() {
        let dir = tempfile::tempdir().unwrap();
        let key = |dir: &Path| Key::new(()).and_files(dir).unwrap().hex();
        let file = dir.path().join("a.rs");
        fs::write(&file, "1").unwrap();
        let before = key(dir.path());
        // Written again, in another place, and with an editor's files beside it.
        fs::write(&file, "1").unwrap();
        let later = std::time::SystemTime::now() + std::time::Duration::from_secs(1);
        let options = File::options().append(true).open(&file).unwrap();
        options.set_modified(later).unwrap();
        for name in [".#a.rs", ".a.rs.swp", "a.rs~", "#a.rs#", "a.rs.orig"] {
            fs::write(dir.path().join(name), "2").unwrap();
        }
        std::os::unix::fs::symlink("nobody@host:1", dir.path().join(".#b.rs")).unwrap();
        assert_eq!(key(dir.path()), before);
        let copy = tempfile::tempdir().unwrap();
        fs::copy(&file, copy.path().join("a.rs")).unwrap();
        assert_eq!(key(copy.path()), before);

        fs::write(&file, "2").unwrap();
        let changed = key(dir.path());
        assert_ne!(changed, before);
        fs::rename(&file, dir.path().join("b.rs")).unwrap();
        assert_ne!(key(dir.path()), changed);
    }

    #[test]
    fn a_file_is_keyed_by_its_bytes_alone() {
        let dir = tempfile::tempdir().unwrap();
        let [a, b] = ["a", "b"].map(|name| dir.path().join(name));
        fs::write(&a, "same").unwrap();
        fs::write(&b, "same").unwrap();
        assert_eq!(of_file(&a).unwrap(), of_bytes(b"same"));
        let key = |path: &Path| Key::new(()).and_files(path).unwrap().hex();
        assert_eq!(key(&a), key(&b));
    }
}
