// SPDX-License-Identifier: GPL-2.0-only

//! Identifies programs, so that an upgrade in place rebuilds what the older compiler has built.
//!
//! A program is identified by its path, size and modification time: hashing it would take long, and its version stays
//! the same when a distribution patches it. No path depends on the clone.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A file by its canonical path, size and modification time.
type Identity = (PathBuf, u64, i64, i64);

/// The files that a program consists of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Files(BTreeSet<Identity>);

impl Files {
    /// The program of that name, as the shell would find it. For a name without a directory, all programs of that name in
    /// `PATH` count: the first may be `ccache`, which calls the next.
    pub fn of(name: impl AsRef<OsStr>) -> Self {
        let found = which::which_all(name).into_iter().flatten();
        Self(found.filter_map(|path| identity(&path)).collect())
    }

    /// A compiler that is called by these words, such as `ccache gcc`: the words before the first option count.
    pub fn of_command<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let words = words.into_iter().take_while(|word| !word.starts_with('-'));
        Self(words.flat_map(|word| Self::of(word).0).collect())
    }

    /// This file, and beside it or in its installation, the libraries of LLVM `major`, clang and rustc.
    pub fn with_libraries(file: &Path, major: u32) -> Self {
        let Ok(real) = file.canonicalize() else {
            return Self::default();
        };
        let dir = real.parent().unwrap_or(Path::new("/"));
        let above = dir.parent().unwrap_or(dir);
        let dirs = ["lib", "lib64", "lib/x86_64-linux-gnu"].map(|name| above.join(name));
        let mut files: BTreeSet<_> = identity(&real).into_iter().collect();
        for dir in dirs.iter().map(PathBuf::as_path).chain([dir]) {
            let entries = fs::read_dir(dir).into_iter().flatten().flatten();
            let libraries = entries.filter(|entry| is_library(&entry.file_name(), major));
            files.extend(libraries.filter_map(|entry| identity(&entry.path())));
        }
        Self(files)
    }

    /// The files of both.
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}

/// Whether a compiler of LLVM `major` may load the library `name`.
fn is_library(name: &OsStr, major: u32) -> bool {
    let Some(name) = name.to_str().filter(|name| name.contains(".so")) else {
        return false;
    };
    let major = major.to_string();
    let mut numbers = name.split(|c: char| !c.is_ascii_digit());
    name.starts_with("librustc_driver")
        || (name.starts_with("libLLVM") || name.starts_with("libclang"))
            && numbers.any(|number| number == major)
}

fn identity(path: &Path) -> Option<Identity> {
    let path = path.canonicalize().ok()?;
    let metadata = fs::metadata(&path).ok()?;
    let (time, nanoseconds) = (metadata.mtime(), metadata.mtime_nsec());
    Some((path, metadata.len(), time, nanoseconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{symlink, PermissionsExt};
    use std::time::{Duration, SystemTime};

    fn program(path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn upgrade(path: &Path) {
        let later = SystemTime::now() + Duration::from_secs(60);
        let file = fs::File::options().append(true).open(path).unwrap();
        file.set_modified(later).unwrap();
    }

    #[test]
    fn an_upgrade_in_place_is_seen_behind_links_and_wrappers() {
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("gcc-12"), dir.path().join("gcc"));
        let wrapper = dir.path().join("ccache");
        program(&real);
        program(&wrapper);
        symlink("gcc-12", &link).unwrap();
        let words = [wrapper.to_str().unwrap(), link.to_str().unwrap(), "-O2"];
        let files = || (Files::of(&link), Files::of_command(words));
        let before = files();
        assert_eq!(before, files());
        assert_eq!((before.0 .0.len(), before.1 .0.len()), (1, 2));
        upgrade(&real);
        let after = files();
        assert!(before.0 != after.0 && before.1 != after.1);
        assert_eq!(Files::of(dir.path().join("none")), Files::default());
    }

    #[test]
    fn libraries_of_the_compilers_llvm_count() {
        let dir = tempfile::tempdir().unwrap();
        let rustc = dir.path().join("bin/rustc");
        let names = [
            "librustc_driver-0a.so",
            "libLLVM.so.22.1",
            "libLLVM-14.so.1",
            "libc.so.6",
        ];
        let library = |name: &str| dir.path().join("lib").join(name);
        program(&rustc);
        for name in names {
            program(&library(name));
        }
        let mut before = Files::with_libraries(&rustc, 22);
        for (name, counts) in names.into_iter().zip([true, true, false, false]) {
            upgrade(&library(name));
            let after = Files::with_libraries(&rustc, 22);
            assert_eq!(before != after, counts, "{name}");
            before = after;
        }
    }
}
