// SPDX-License-Identifier: GPL-2.0-only

//! Fetches and unpacks the source of a kernel.

use super::apt::{Apt, Suites};
use super::command::checked;
use super::matrix::{Naming, Row};
use super::package::Package;
use anyhow::{bail, ensure, Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a kernel for x86-64 is built without; Kconfig files are read all the same.
const LEFT_OUT: [&str; 5] = [
    "*/arch/[!x]*/*.[chS]",
    "*/arch/[!x]*/*.dts*",
    "*/Documentation/*/*",
    "*/tools/testing/*",
    "*/drivers/gpu/drm/amd/include/*",
];

/// Unpacks the newest source of `row` into `dir`: all of it or nothing.
///
/// # Errors
///
/// When `dir` is there already, the archive has no such package, or something cannot be written.
pub fn unpack(apt: &Apt, naming: &Naming, row: &Row, dir: &Path) -> Result<()> {
    let series = &row.series;
    ensure!(
        !dir.exists(),
        "{}: is there already; name a new directory for the source",
        dir.display()
    );
    let suites = apt.update(&row.series, &row.suites)?;
    let package = suites.package(&naming.source(series), None)?;
    unpack_package(&suites, &package, series, dir)
}

/// Unpacks the source that `package` has into `dir`: all of it or nothing.
pub fn unpack_package(suites: &Suites, package: &Package, series: &str, dir: &Path) -> Result<()> {
    let parent = dir
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    fs::create_dir_all(parent).with_context(|| format!("creating {}", parent.display()))?;
    let staging = tempfile::Builder::new()
        .prefix(".ferrule-")
        .tempdir_in(parent)
        .with_context(|| format!("writing to {}", parent.display()))?;
    eprintln!(
        "{series}: fetching {} {} ({:.1} MB)",
        package.name,
        package.version,
        package.size as f64 / 1e6
    );
    let deb = suites.download(package, staging.path())?;
    let mut dpkg = Command::new("dpkg-deb");
    dpkg.arg("-x").arg(&deb).arg(staging.path());
    checked(&mut dpkg).with_context(|| format!("unpacking {}", package.name))?;
    let archive = archive(&staging.path().join("usr/src"))?;
    let tree = staging.path().join("tree");
    fs::create_dir(&tree).context("creating a directory")?;
    let mut tar = Command::new("tar");
    tar.args(["--strip-components=1", "--wildcards", "-xf"])
        .arg(&archive)
        .arg("-C")
        .arg(&tree)
        .args(LEFT_OUT.map(|pattern| format!("--exclude={pattern}")));
    checked(&mut tar).with_context(|| format!("unpacking {}", archive.display()))?;
    fs::rename(&tree, dir).with_context(|| format!("renaming to {}", dir.display()))
}

/// The one archive in `dir`.
fn archive(dir: &Path) -> Result<PathBuf> {
    for entry in fs::read_dir(dir).with_context(|| format!("reading {}", dir.display()))? {
        let path = entry?.path();
        if path.to_string_lossy().contains(".tar.") {
            return Ok(path);
        }
    }
    bail!("{}: no source in its package", dir.display())
}
