// SPDX-License-Identifier: GPL-2.0-only

//! Builds the debug kernel: the newest source of its series, configured by `tests/debug/kernel.config`.
//!
//! It lies in `debug/VERSION-KEY` of the cache, where VERSION is that of the source's package and KEY a hash of
//! the configuration. What is there is used until one of them changes; a build that was stopped goes on.

use super::command::last_lines;
use super::matrix::{Matrix, Ring};
use super::package::compare;
use super::store::{Lock, Record};
use super::{apt, source, store, Kernel};
use crate::building::kdir::Kdir;
use crate::command;
use anyhow::{ensure, Context, Result};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The kernel's name beside the stock kernels' series.
pub const NAME: &str = "debug";

/// Its configuration, part of the tool: an installed one has no checkout to read it from.
const CONFIG: &str = include_str!("../../../tests/debug/kernel.config");

/// What messages call it, and a copy of it for the kernel's make.
const CONFIG_NAME: &str = "tests/debug/kernel.config";
const CONFIG_COPY: &str = "kernel.config";

/// The source in a kernel's directory; it is built there.
const LINUX: &str = "linux";

/// How the directories begin that an unpacking which was stopped leaves.
const STAGING: &str = ".ferrule-";

/// The debug kernel, if it has been built.
pub fn find(cache: &Path) -> Result<Option<Kernel>> {
    if !cache.join(NAME).exists() {
        return Ok(None);
    }
    let mut records: Vec<Record> = directories(cache, &key(CONFIG))?
        .iter()
        .filter_map(|dir| Record::at(dir))
        .collect();
    records.pop().map(open).transpose()
}

/// Builds the debug kernel, unless it is there; with `update` looks for a newer source.
pub fn build(cache: &Path, update: bool) -> Result<Kernel> {
    // Nothing to do: then neither the lock nor the network is needed.
    if let Some(kernel) = find(cache)?.filter(|_| !update) {
        return Ok(kernel);
    }
    let parent = cache.join(NAME);
    let _lock = Lock::take(&parent)?;
    let root = unpacked(cache, &key(CONFIG), update)?;
    if !store::is_complete(&root) {
        make(&root)?;
        let release = Kdir::open(&root.join(LINUX))?.release;
        // The directory's name has the version of the source.
        Record::new(NAME, &release, "", &root).write(&root)?;
    }
    // Those of another configuration or an older source.
    for entry in list(&parent)? {
        if entry.is_dir() && entry != root {
            eprintln!("{NAME}: removing {}", entry.display());
            fs::remove_dir_all(&entry).with_context(|| format!("removing {}", entry.display()))?;
        }
    }
    open(Record::at(&root).context("the debug kernel went while it was being built")?)
}

/// What of the configuration is part of a directory's name.
fn key(config: &str) -> String {
    let hash = Sha256::digest(config.as_bytes());
    hash.iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn list(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).with_context(|| format!("reading {}", dir.display()))?;
    let paths = entries.map(|entry| Ok(entry?.path()));
    paths.collect()
}

/// The directories for that configuration, that of the oldest source first.
fn directories(cache: &Path, key: &str) -> Result<Vec<PathBuf>> {
    let version = |dir: &PathBuf| -> Option<String> {
        let name = dir.file_name()?.to_str()?;
        Some(name.strip_suffix(key)?.strip_suffix('-')?.to_owned())
    };
    let mut found: Vec<(String, PathBuf)> = list(&cache.join(NAME))?
        .into_iter()
        .filter_map(|dir| Some((version(&dir)?, dir)))
        .collect();
    found.sort_by(|a, b| compare(&a.0, &b.0));
    Ok(found.into_iter().map(|(_, dir)| dir).collect())
}

/// The directory to build in, with the source in it: one begun before, else a new one.
fn unpacked(cache: &Path, key: &str, update: bool) -> Result<PathBuf> {
    let parent = cache.join(NAME);
    for entry in list(&parent)? {
        let name = entry.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(STAGING) {
            fs::remove_dir_all(&entry).with_context(|| format!("removing {}", entry.display()))?;
        }
    }
    let newest = directories(cache, key)?.pop();
    if let Some(dir) = newest.filter(|dir| !update && dir.join(LINUX).exists()) {
        return Ok(dir);
    }
    let matrix = Matrix::load()?;
    let series = &matrix.source.series;
    let row = matrix.select(std::slice::from_ref(series))?[0];
    let _lock = Lock::take(cache)?;
    let apt = apt::Apt::new(cache.join("apt"))?;
    let suites = apt.update(&row.series, &row.suites)?;
    let package = suites.package(&matrix.naming.source(series), None)?;
    let root = parent.join(format!("{}-{key}", package.version));
    if !root.join(LINUX).exists() {
        source::unpack_package(&suites, &package, series, &root.join(LINUX))?;
    }
    Ok(root)
}

/// Configures and builds the kernel in `root`; what is there already stays.
fn make(root: &Path) -> Result<()> {
    let linux = root.join(LINUX);
    let copy = root.join(CONFIG_COPY);
    fs::write(&copy, CONFIG).with_context(|| format!("writing {}", copy.display()))?;
    let all = format!("KCONFIG_ALLCONFIG={}", copy.display());
    run(root, &[&all, "allnoconfig"])?;
    let made = linux.join(".config");
    let made = fs::read_to_string(&made).with_context(|| format!("reading {}", made.display()))?;
    if let Some(line) = lost(CONFIG, &made) {
        anyhow::bail!("{CONFIG_NAME}: Kconfig does not keep {line}: what it depends on is off");
    }
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    eprintln!(
        "{NAME}: building the kernel of {CONFIG_NAME}: some 15 minutes of one processor; log: {}",
        root.join("log").display()
    );
    run(root, &[&format!("-j{jobs}"), "bzImage", "modules"])?;
    let to = format!("INSTALL_MOD_PATH={}", root.display());
    run(root, &[&to, "modules_install"])
}

/// A line of `config` that Kconfig has not taken over.
fn lost<'a>(config: &'a str, made: &str) -> Option<&'a str> {
    let has = |wanted: &str| made.lines().any(|line| line == wanted);
    let mut lines = config.lines().filter(|line| line.starts_with("CONFIG_"));
    lines.find(|line| match line.strip_suffix("=n") {
        Some(off) => has(&format!("{off}=y")) || has(&format!("{off}=m")),
        None => !has(line),
    })
}

/// Runs the kernel's make, politely; what it says goes to a file.
fn run(root: &Path, args: &[&str]) -> Result<()> {
    let path = root.join("log");
    let context = || format!("writing {}", path.display());
    let log = File::create(&path).with_context(context)?;
    let mut make = Command::new("nice");
    make.args(["make", "--no-print-directory", "-C"])
        .arg(root.join(LINUX))
        .args(args)
        .stdout(log.try_clone().with_context(context)?)
        .stderr(log);
    // The kernel's make is nobody's child, and its configuration is ours alone.
    for name in [
        "MAKEFLAGS",
        "MAKEOVERRIDES",
        "MFLAGS",
        "MAKELEVEL",
        "KERNELS",
        "M",
        "KDIR",
        "KVER",
        "V",
    ] {
        make.env_remove(name);
    }
    let status = command::status(&mut make)?;
    ensure!(
        status.success(),
        "the debug kernel does not build ({status}): {}\nThe whole log: {}",
        last_lines(&fs::read_to_string(&path).unwrap_or_default()),
        path.display()
    );
    Ok(())
}

fn open(record: Record) -> Result<Kernel> {
    let root = record.root();
    let kdir = root.join(LINUX);
    Ok(Kernel {
        vmlinuz: kdir.join("arch/x86/boot/bzImage"),
        modules: root.join("lib/modules").join(&record.release),
        series: record.series.clone(),
        release: record.release.clone(),
        kdir,
        ring: Ring::Full,
        // It was built here.
        make_vars: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kconfig_does_not_keep_is_found() {
        let config = "# a\nCONFIG_A=y\nCONFIG_B=n\nCONFIG_C=\"x\"\n";
        assert_eq!(lost(config, "CONFIG_A=y\nCONFIG_C=\"x\"\n"), None);
        assert_eq!(lost(config, "CONFIG_C=\"x\"\n"), Some("CONFIG_A=y"));
        let on = "CONFIG_A=y\nCONFIG_B=m\nCONFIG_C=\"x\"\n";
        assert_eq!(lost(config, on), Some("CONFIG_B=n"));
    }

    #[test]
    fn a_kernel_is_of_its_configuration_and_of_the_newest_source() {
        let cache = tempfile::tempdir().unwrap();
        let put = |name: &str, complete: bool| {
            let root = cache.path().join(NAME).join(name);
            fs::create_dir_all(root.join(LINUX)).unwrap();
            if complete {
                Record::new(NAME, "6.12.9-debug", "", &root)
                    .write(&root)
                    .unwrap();
            }
        };
        let key = key(CONFIG);
        put("6.12.9-1-0123456789ab", true);
        put(&format!("6.12.100-1-{key}"), false);
        assert_eq!(find(cache.path()).unwrap(), None);
        put(&format!("6.12.9-1-{key}"), true);
        put(&format!("6.12.10-1-{key}"), true);
        let found = find(cache.path()).unwrap().unwrap();
        let kdir = format!("6.12.10-1-{key}/linux");
        assert!(found.kdir.ends_with(&kdir), "{}", found.kdir.display());
        assert_eq!(found.series, NAME);
    }
}
