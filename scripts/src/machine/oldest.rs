// SPDX-License-Identifier: GPL-2.0-only

//! The oldest Rust that modules are built with, fetched into the cache without installing it.

use crate::kernels::{self, check_space, checked, unpack, Apt, Lock, Package, Staging, Suites};
use crate::machine::toolchain::{Rustc, MIN_RUSTC};
use anyhow::{ensure, Context, Result};
use serde::Deserialize;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The table of its packages.
const TABLE: &str = include_str!("../../../tests/rust.toml");

/// The file that is written last: a copy of the table.
const RECORD: &str = "made-from";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    suites: Vec<String>,
    packages: Vec<String>,
    libraries: Vec<String>,
}

/// Returns the path of a rustc of exactly [`MIN_RUSTC`], with a cargo, a rustdoc and the library's source: `RUSTC=`
/// for a build. It is fetched into the cache the first time.
///
/// # Errors
///
/// When it cannot be fetched, or does not run here.
pub fn fetch() -> Result<PathBuf> {
    let cache = kernels::cache_dir(None)?;
    let root = cache.join("rust").join(MIN_RUSTC.to_string());
    let rustc = root.join("bin/rustc");
    if is_complete(&root) {
        return Ok(rustc);
    }
    let _lock = Lock::take(&cache)?;
    // Another process may have fetched it while this one waited.
    if is_complete(&root) {
        return Ok(rustc);
    }
    let name = format!("rust {MIN_RUSTC}");
    let table: Table = toml::from_str(TABLE).context("tests/rust.toml")?;
    let suites = Apt::new(cache.join("apt"))?.update(&name.replace(' ', "-"), &table.suites)?;
    let packages = packages(&table, &suites)?;
    check_space(&cache, &name, &packages)?;
    let staging = Staging::new(&cache)?;
    let tree = staging.dir.join("tree");
    for package in &packages {
        unpack(&name, &suites, package, &staging.dir, &tree)?;
    }
    keep_library_only(&tree)?;
    for program in ["rustc", "cargo", "rustdoc"] {
        write_wrapper(&tree.join("bin").join(program), program)?;
    }
    check(&tree.join("bin"))?;
    fs::write(tree.join(RECORD), TABLE).context("cannot write what the Rust is made from")?;

    staging.take_away(&root)?;
    fs::create_dir_all(cache.join("rust"))?;
    fs::rename(&tree, &root).with_context(|| format!("renaming to {}", root.display()))?;
    Ok(rustc)
}

fn is_complete(root: &Path) -> bool {
    fs::read_to_string(root.join(RECORD)).is_ok_and(|text| text == TABLE)
}

/// The packages as the archive has them.
fn packages(table: &Table, suites: &Suites) -> Result<Vec<Package>> {
    let release = MIN_RUSTC.to_string();
    let names = table.packages.iter().chain(&table.libraries);
    let packages = names.map(|name| suites.package(&name.replace("{release}", &release), None));
    let packages = packages.collect::<Result<Vec<_>>>()?;
    for package in &packages[..table.packages.len()] {
        ensure!(
            package.version.starts_with(&format!("{release}.")),
            "{} has {} {}, not {release}: see tests/rust.toml",
            table.suites.join(", "),
            package.name,
            package.version
        );
    }
    Ok(packages)
}

/// Removes documentation, and the compiler's source, which is most of rust-src.
fn keep_library_only(tree: &Path) -> Result<()> {
    let remove = |path: &Path| {
        let removed = match path.is_dir() && !path.is_symlink() {
            true => fs::remove_dir_all(path),
            false => fs::remove_file(path),
        };
        removed.with_context(|| format!("removing {}", path.display()))
    };
    remove(&tree.join("usr/share"))?;
    let list = |dir: &Path| -> Result<Vec<PathBuf>> {
        let entries = fs::read_dir(dir).with_context(|| format!("reading {}", dir.display()))?;
        Ok(entries
            .map(|entry| Ok(entry?.path()))
            .collect::<std::io::Result<_>>()?)
    };
    for source in list(&tree.join("usr/src"))? {
        for path in list(&source)? {
            if !path.ends_with("library") && !path.ends_with("Cargo.lock") {
                remove(&path)?;
            }
        }
    }
    Ok(())
}

/// Writes a script that runs `program` with the libraries that lie beside it.
fn write_wrapper(path: &Path, program: &str) -> Result<()> {
    let text = format!(
        "#!/bin/sh\n\
         root=${{0%/bin/*}}\n\
         libraries=$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu\n\
         LD_LIBRARY_PATH=$libraries${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}} exec \"$root/usr/bin/{program}\" \"$@\"\n"
    );
    let write = || {
        fs::create_dir_all(path.parent().unwrap_or(path))?;
        fs::write(path, text)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))
    };
    write().with_context(|| format!("writing {}", path.display()))
}

/// Checks that the programs in `bin` run on this machine, and have the expected version.
fn check(bin: &Path) -> Result<()> {
    const HOW: &str = "a library is missing: install it, or add its package to tests/rust.toml";
    let rustc = Rustc::probe(&bin.join("rustc")).context(HOW)?;
    ensure!(
        rustc.release == MIN_RUSTC && rustc.library.is_some(),
        "{}: not rustc {MIN_RUSTC} with rust-src",
        rustc.version
    );
    for program in ["cargo", "rustdoc"] {
        let mut command = Command::new(bin.join(program));
        command.arg("-V");
        checked(&mut command).context(HOW)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_packages() {
        let table: Table = toml::from_str(TABLE).unwrap();
        assert!(table.packages[0].starts_with("rustc") && !table.suites.is_empty());
    }

    #[test]
    fn the_minimum_is_the_same_everywhere() {
        let root = crate::dirs::root().unwrap();
        let minimum = MIN_RUSTC.to_string();
        for (file, text) in [
            ("Cargo.toml", format!("rust-version = \"{minimum}\"")),
            ("README.md", format!("rustc {minimum} or newer")),
        ] {
            let found = fs::read_to_string(root.join(file)).unwrap();
            assert!(found.contains(&text), "{file} does not say {text}");
        }
    }

    #[test]
    fn a_wrapper_runs_the_program_of_its_own_tree() {
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().join("usr/bin/rustc");
        fs::create_dir_all(real.parent().unwrap()).unwrap();
        fs::write(&real, "#!/bin/sh\necho \"$1:${LD_LIBRARY_PATH%%:*}\"\n").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o755)).unwrap();
        let wrapper = dir.path().join("bin/rustc");
        write_wrapper(&wrapper, "rustc").unwrap();
        let output = Command::new(wrapper).arg("a b").output().unwrap();
        let libraries = dir.path().join("usr/lib/x86_64-linux-gnu");
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            format!("a b:{}\n", libraries.display())
        );
    }
}
