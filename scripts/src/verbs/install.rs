// SPDX-License-Identifier: GPL-2.0-only

//! Installs Ferrule itself: the tool, what it builds modules from, and the crates for that, so that root
//! can build modules when a kernel is upgraded, without the network and without a user's files.

use crate::command;
use crate::dirs;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Installs Ferrule for all users: PREFIX/lib/ferrule and PREFIX/bin/ferrule.
#[derive(clap::Args)]
pub struct Args {
    #[arg(long, default_value = PREFIX)]
    prefix: PathBuf,
    /// Goes before the prefix, for who makes a package of it
    #[arg(long, default_value = "")]
    destdir: String,
}

/// Where an administrator's own programs go.
const PREFIX: &str = "/usr/local";

/// Where the tool is below a prefix.
pub const TOOL: &str = "lib/ferrule/ferrule";

/// The tool as it is installed without options.
pub fn default_tool() -> PathBuf {
    Path::new(PREFIX).join(TOOL)
}

/// Where an installed tree has its crates; a checkout has none.
pub const VENDOR: &str = "vendor";

pub fn run(args: &Args) -> Result<ExitCode> {
    let from = dirs::root()?;
    let mut to = PathBuf::from(format!("{}{}", args.destdir, args.prefix.display()));
    to = std::path::absolute(&to).with_context(|| format!("{}: not a path", to.display()))?;
    let lib = to.join("lib/ferrule");
    // What an older version had and this one has not would stay.
    if lib.exists() {
        fs::remove_dir_all(&lib).with_context(|| format!("cannot replace {}", lib.display()))?;
    }
    for dir in ["rust", "LICENSES"] {
        copy(&from.join(dir), &lib.join(dir))?;
    }
    manifest(
        &from.join("Cargo.toml"),
        &lib.join("Cargo.toml"),
        |manifest| {
            let workspace = manifest
                .get_mut("workspace")
                .and_then(toml::Value::as_table_mut);
            let workspace = workspace.context("Cargo.toml has no [workspace]")?;
            workspace.remove("default-members");
            workspace.insert("members".into(), vec!["rust/macros", "rust/sysroot"].into());
            Ok(())
        },
    )?;
    // What only tests need would have to be fetched too.
    let macros = lib.join("rust/macros/Cargo.toml");
    manifest(&macros, &macros, |manifest| {
        manifest.remove("dev-dependencies");
        Ok(())
    })?;
    copy(&from.join("Cargo.lock"), &lib.join("Cargo.lock"))?;
    vendor(&lib)?;
    copy(&dirs::tool()?, &to.join(TOOL))?;

    let bin = to.join("bin");
    fs::create_dir_all(&bin).with_context(|| format!("cannot create {}", bin.display()))?;
    let link = bin.join("ferrule");
    if link.is_symlink() {
        fs::remove_file(&link).with_context(|| format!("cannot replace {}", link.display()))?;
    }
    std::os::unix::fs::symlink(Path::new("..").join(TOOL), &link)
        .with_context(|| format!("cannot write {}", link.display()))?;
    println!("installed {} and {}", lib.display(), link.display());
    Ok(ExitCode::SUCCESS)
}

/// Puts the crates that building modules needs beside their lock file.
fn vendor(lib: &Path) -> Result<()> {
    let toolchain = crate::machine::toolchain::Toolchain::find()?;
    let mut cargo = Command::new(&toolchain.cargo);
    cargo
        .args(["vendor", "--versioned-dirs", VENDOR])
        .current_dir(lib);
    cargo.env("RUSTC", &toolchain.rustc);
    // Newer toolchains bring what `core` is resolved with; see `sysroot::vendored`.
    if !toolchain.library.join(VENDOR).exists() {
        cargo
            .arg("--sync")
            .arg(toolchain.library.join("Cargo.toml"));
    }
    command::output(&mut cargo).map(drop)
}

/// Copies a Cargo.toml with a change.
fn manifest(
    from: &Path,
    to: &Path,
    change: impl FnOnce(&mut toml::Table) -> Result<()>,
) -> Result<()> {
    let text =
        fs::read_to_string(from).with_context(|| format!("cannot read {}", from.display()))?;
    let mut table: toml::Table = text
        .parse()
        .with_context(|| format!("{}: not TOML", from.display()))?;
    change(&mut table)?;
    fs::write(to, table.to_string()).with_context(|| format!("cannot write {}", to.display()))
}

/// Copies a file, or a directory with all that is below it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let context = || format!("cannot copy {} to {}", from.display(), to.display());
    if !from.is_dir() {
        fs::create_dir_all(to.parent().unwrap_or(to)).with_context(context)?;
        return fs::copy(from, to).map(drop).with_context(context);
    }
    fs::create_dir_all(to).with_context(context)?;
    for entry in fs::read_dir(from).with_context(context)? {
        let entry = entry.with_context(context)?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}
