// SPDX-License-Identifier: GPL-2.0-only

//! Fetches and unpacks one kernel: all of it or nothing.

use super::apt::{Apt, Suites};
use super::command::checked;
use super::matrix::{Naming, Row};
use super::package::{self, Package};
use super::store::{self, Record};
use super::{host, relocate};
use anyhow::{ensure, Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Fetches the newest kernel of `row` into `cache`, unless it is there in the archive's version. The cache must be locked.
///
/// What is unpacked gets its name only once it is complete, so whatever ends this early (Ctrl-C, a
/// full disk) leaves nothing that a later run could take for a kernel.
pub fn fetch(cache: &Path, apt: &Apt, naming: &Naming, row: &Row) -> Result<()> {
    let series = &row.series;
    let suites = apt.update(series, &row.suites)?;
    let release = suites.newest(naming, row)?;
    let root = store::kernels(cache).join(&release);
    let version = suites.package(&naming.image(&release), None)?.version;
    if store::is_of_version(&root, &version) {
        return Ok(());
    }
    let staging = Staging::new(cache)?;
    let tree = staging.dir.join("tree");
    let abi = package::abi(&release, &row.flavour)
        .with_context(|| format!("{release}: not of {}", row.flavour))?;
    let packages = parts(&suites, naming, &release, abi)?;
    check_space(cache, series, &packages)?;
    // The host tools first: what they lack should be said before the large packages are fetched.
    let is_tools = |package: &&Package| {
        naming
            .parts
            .iter()
            .any(|part| package.name.starts_with(part.as_str()))
    };
    for package in packages.iter().filter(is_tools) {
        unpack(series, &suites, package, &staging.dir, &tree)?;
    }
    let tools = host::tools(&tree)?;
    let bind = !host::start_here(&tools)?;
    if bind {
        host::need_patchelf(series)?;
    }
    for package in packages.iter().filter(|package| !is_tools(package)) {
        unpack(series, &suites, package, &staging.dir, &tree)?;
    }
    if bind {
        for name in &row.host_libraries {
            unpack(
                series,
                &suites,
                &suites.package(name, None)?,
                &staging.dir,
                &tree.join("host"),
            )?;
        }
        drop_unneeded(&tree.join("host"))?;
        host::bind_tools(&tools, &tree, &root)?;
    }
    relocate::headers(&tree, &root)?;
    relocate::modules(&tree, &release)?;
    drop_unneeded(&tree)?;
    Record::new(series, &release, &version, &root).write(&tree)?;
    store::find_parts(&tree, &release)?;

    // A directory that is there without being complete was made elsewhere, or by another version.
    staging.take_away(&root)?;
    fs::create_dir_all(store::kernels(cache))?;
    fs::rename(&tree, &root).with_context(|| format!("renaming to {}", root.display()))?;
    for old in store::releases(cache)?
        .iter()
        .filter(|record| record.series == *series && record.release != release)
    {
        eprintln!(
            "{series}: removing {}, which {release} replaces",
            old.release
        );
        staging.take_away(&store::kernels(cache).join(&old.release))?;
    }
    Ok(())
}

/// The packages of the kernel itself: headers and image, and what they depend on of the same kernel.
fn parts(suites: &Suites, naming: &Naming, release: &str, abi: &str) -> Result<Vec<Package>> {
    let mut parts: Vec<Package> = Vec::new();
    let mut wanted = vec![
        (naming.image(release), None),
        (naming.headers(release), None),
    ];
    while let Some((name, version)) = wanted.pop() {
        if parts.iter().any(|part| part.name == name) {
            continue;
        }
        let package = suites.package(&name, version.as_deref())?;
        let own = package
            .depends
            .iter()
            .filter(|dependency| package::is_part(naming, &dependency.name, abi));
        wanted.extend(own.map(|dependency| (dependency.name.clone(), dependency.version.clone())));
        parts.push(package);
    }
    Ok(parts)
}

/// Fails now rather than after minutes, when the cache has no room for the packages.
pub fn check_space(cache: &Path, series: &str, packages: &[Package]) -> Result<()> {
    // Each package is deleted once unpacked; the rest is room for the host's libraries.
    let largest = packages
        .iter()
        .map(|package| package.size)
        .max()
        .unwrap_or(0);
    let need = packages
        .iter()
        .map(|package| package.installed)
        .sum::<u64>()
        + largest
        + (32 << 20);
    let disk = rustix::fs::statvfs(cache)
        .with_context(|| format!("asking for the room in {}", cache.display()))?;
    let free = disk.f_bavail * disk.f_frsize;
    ensure!(
        free >= need,
        "{series}: {} MB needed in {}, {} MB free: free some space, or choose another place with --cache DIR",
        need.div_ceil(1_000_000),
        cache.display(),
        free / 1_000_000
    );
    Ok(())
}

/// Downloads a package and unpacks it below `tree`; nothing of it is run or configured.
pub fn unpack(
    series: &str,
    suites: &Suites,
    package: &Package,
    staging: &Path,
    tree: &Path,
) -> Result<()> {
    eprintln!(
        "{series}: fetching {} {} ({:.1} MB)",
        package.name,
        package.version,
        package.size as f64 / 1e6
    );
    let deb = suites.download(package, staging)?;
    fs::create_dir_all(tree).with_context(|| format!("creating {}", tree.display()))?;
    let mut dpkg = Command::new("dpkg-deb");
    checked(dpkg.arg("-x").arg(&deb).arg(tree))
        .with_context(|| format!("unpacking {}", package.name))?;
    fs::remove_file(&deb).with_context(|| format!("removing {}", deb.display()))
}

/// Removes documentation and what of the C library only whole systems use.
fn drop_unneeded(tree: &Path) -> Result<()> {
    for name in [
        "usr/share",
        "etc",
        "usr/lib/x86_64-linux-gnu/gconv",
        "usr/lib/x86_64-linux-gnu/perl-base",
    ] {
        let dir = tree.join(name);
        if dir.exists() {
            fs::remove_dir_all(&dir).with_context(|| format!("removing {}", dir.display()))?;
        }
    }
    Ok(())
}

/// Where what goes into the cache is put together: gone when this is dropped, or when the next run begins.
pub struct Staging {
    pub dir: PathBuf,
}

impl Staging {
    pub fn new(cache: &Path) -> Result<Self> {
        let dir = cache.join("staging");
        // The cache is locked: what is here was left by a run that was stopped.
        if dir.exists() {
            fs::remove_dir_all(&dir).with_context(|| format!("removing {}", dir.display()))?;
        }
        fs::create_dir_all(&dir).with_context(|| format!("creating {}", dir.display()))?;
        Ok(Self { dir })
    }

    /// Removes what is at `root` in the cache: first its name, so that it is never there by half.
    pub fn take_away(&self, root: &Path) -> Result<()> {
        if root.exists() {
            let old = self.dir.join("old");
            fs::rename(root, &old).with_context(|| format!("moving {} away", root.display()))?;
            fs::remove_dir_all(&old).with_context(|| format!("removing {}", old.display()))?;
        }
        Ok(())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.dir) {
            eprintln!(
                "ferrule: {}: {error}; the next run removes it",
                self.dir.display()
            );
        }
    }
}
