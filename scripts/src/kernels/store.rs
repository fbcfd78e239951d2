// SPDX-License-Identifier: GPL-2.0-only

//! The cache of kernels on disk: where things are, and who may change them.

use super::package::compare;
use anyhow::{ensure, Context, Result};
use rustix::fs::{flock, FlockOperation};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The file that makes a directory a kernel of the cache.
const RECORD: &str = "ferrule.toml";

/// Counts the changes in how a kernel is unpacked: one of another number is fetched again.
const LAYOUT: u32 = 1;

/// What the cache says about one kernel.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    layout: u32,
    pub series: String,
    pub release: String,
    /// The version of its image's package, which can change while the release does not. Records of older tools
    /// have none.
    #[serde(default)]
    version: String,
    /// Where the kernel was put: its Makefiles and tools name this directory.
    root: PathBuf,
}

impl Record {
    pub fn new(series: &str, release: &str, version: &str, root: &Path) -> Self {
        Self {
            layout: LAYOUT,
            series: series.to_owned(),
            release: release.to_owned(),
            version: version.to_owned(),
            root: root.to_owned(),
        }
    }

    /// Where the kernel is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Writes the record into the kernel's `tree`.
    pub fn write(&self, tree: &Path) -> Result<()> {
        let file = tree.join(RECORD);
        fs::write(&file, toml::to_string(self)?)
            .with_context(|| format!("writing {}", file.display()))
    }

    /// Reads the record of the kernel at `root`; `None` if it is not one that can be used there.
    pub fn at(root: &Path) -> Option<Self> {
        let record: Self = toml::from_str(&fs::read_to_string(root.join(RECORD)).ok()?).ok()?;
        (record.layout == LAYOUT && record.root == root).then_some(record)
    }
}

/// The directory with one entry for each kernel.
pub fn kernels(cache: &Path) -> PathBuf {
    cache.join("kernels")
}

/// Whether the kernel at `root` is all there and was made for that place.
pub fn is_complete(root: &Path) -> bool {
    Record::at(root).is_some()
}

/// Whether the kernel at `root` is all there, from packages of that version.
pub fn is_of_version(root: &Path, version: &str) -> bool {
    Record::at(root).is_some_and(|record| record.version == version)
}

/// The kernels of the cache, oldest first.
pub fn releases(cache: &Path) -> Result<Vec<Record>> {
    let dir = kernels(cache);
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let mut records = Vec::new();
    for entry in fs::read_dir(&dir).with_context(|| format!("reading {}", dir.display()))? {
        records.extend(Record::at(&entry?.path()));
    }
    records.sort_by(|a, b| {
        compare(&a.series, &b.series).then_with(|| compare(&a.release, &b.release))
    });
    Ok(records)
}

/// The build directory, the image and the modules of the kernel at `root`.
///
/// # Errors
///
/// When one is missing: the packages are not laid out as any that is known.
pub fn find_parts(root: &Path, release: &str) -> Result<(PathBuf, PathBuf, PathBuf)> {
    let kdir = root
        .join("usr/src")
        .join(format!("linux-headers-{release}"));
    let modules = root.join("lib/modules").join(release);
    let images = [
        root.join("boot").join(format!("vmlinuz-{release}")),
        modules.join("vmlinuz"),
    ];
    for needed in [kdir.join("Makefile"), modules.join("kernel")] {
        ensure!(
            needed.exists(),
            "{release}: no {} in its packages",
            needed.display()
        );
    }
    let vmlinuz = images.into_iter().find(|image| image.exists());
    Ok((
        kdir,
        vmlinuz.with_context(|| format!("{release}: no vmlinuz in its packages"))?,
        modules,
    ))
}

/// The right to change the cache; others wait until it is dropped.
pub struct Lock(#[expect(dead_code, reason = "closing the file unlocks it")] File);

impl Lock {
    /// Locks `cache`, which is made if need be; says so if it has to wait for another run.
    pub fn take(cache: &Path) -> Result<Self> {
        let path = cache.join("lock");
        fs::create_dir_all(cache).with_context(|| format!("creating {}", cache.display()))?;
        let file = File::create(&path).with_context(|| format!("opening {}", path.display()))?;
        let mut taken = flock(&file, FlockOperation::NonBlockingLockExclusive);
        if taken == Err(Errno::WOULDBLOCK) {
            eprintln!(
                "waiting for another ferrule that fetches into {}",
                cache.display()
            );
            taken = flock(&file, FlockOperation::LockExclusive);
        }
        taken.with_context(|| format!("locking {}", path.display()))?;
        Ok(Self(file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("ferrule-store-{}-{name}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        dir
    }

    fn put(cache: &Path, series: &str, release: &str) -> PathBuf {
        let root = kernels(cache).join(release);
        fs::create_dir_all(&root).unwrap();
        Record::new(series, release, "1", &root)
            .write(&root)
            .unwrap();
        root
    }

    #[test]
    fn kernels_come_in_the_order_of_their_versions() {
        let cache = scratch("order");
        for (series, release) in [
            ("6.12", "6.12.117"),
            ("6.12", "6.12.99"),
            ("6.1", "6.1.0-9"),
        ] {
            put(&cache, series, release);
        }
        fs::create_dir_all(kernels(&cache).join("half-made")).unwrap();
        let found = releases(&cache).unwrap();
        let found: Vec<_> = found.iter().map(|record| record.release.as_str()).collect();
        assert_eq!(found, ["6.1.0-9", "6.12.99", "6.12.117"]);
        fs::remove_dir_all(cache).unwrap();
    }

    #[test]
    fn a_newer_package_of_the_same_release_is_told_apart() {
        let cache = tempfile::tempdir().unwrap();
        let root = put(cache.path(), "6.1", "6.1.0-9");
        assert!(is_of_version(&root, "1") && !is_of_version(&root, "2"));
        // What an older tool wrote is a kernel to use, and to replace when asked for the newest.
        let record = fs::read_to_string(root.join(RECORD)).unwrap();
        let older = record.replace("version = \"1\"\n", "");
        assert_ne!(older, record);
        fs::write(root.join(RECORD), older).unwrap();
        assert!(is_complete(&root) && !is_of_version(&root, "1"));
    }

    #[test]
    fn a_cache_that_was_moved_holds_no_usable_kernel() {
        let cache = scratch("moved");
        let root = put(&cache, "6.1", "6.1.0-9");
        assert!(is_complete(&root));
        let elsewhere = kernels(&cache).join("elsewhere");
        fs::rename(root, &elsewhere).unwrap();
        assert!(!is_complete(&elsewhere));
        assert!(releases(&cache).unwrap().is_empty());
        fs::remove_dir_all(cache).unwrap();
    }
}
