// SPDX-License-Identifier: GPL-2.0-only

//! The module command: what Kbuild runs in place of its own `cmd_rustc_o_rs`.
//!
//! rustc links the module, the crates below it and the inlined helpers as bitcode, optimises the whole,
//! and leaves one object; Kbuild takes it from there as if a C compiler had made it.

mod cc;
mod export;
pub mod interface;
mod link;

use crate::building::crates::ModuleSettings;
use anyhow::{Context, Result};
use cc::Cc;
pub use cc::CC_FOLLOWS;
use interface::Interface;
use link::link;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Compiles one Rust file of a module to an object (called by Kbuild).
#[derive(clap::Args)]
#[command(hide = true)]
pub struct Args {
    /// The kernel's directory below build/
    #[arg(long)]
    kernel: PathBuf,
    /// The dependency file that Kbuild reads
    #[arg(long)]
    depfile: PathBuf,
    /// The name of the module that the object is part of
    #[arg(long)]
    modfile: PathBuf,
    source: PathBuf,
    object: PathBuf,
    /// Further arguments of rustc: the directory's rustflags-y and RUSTFLAGS_x.o; behind `CC_FOLLOWS`
    /// genksyms, and how Kbuild calls the C compiler
    #[arg(last = true)]
    rustflags: Vec<String>,
}

/// The file with the versions of an object's exported symbols, beside it: Kbuild's `cmd_and_fixdep` takes
/// it into the object's `.cmd` file, where modpost looks.
fn versions_file(object: &Path) -> PathBuf {
    let name = object.file_name().unwrap_or_default().to_string_lossy();
    object.with_file_name(format!(".{name}.symvers"))
}

/// How the directories for temporary files begin, beside the object that is made.
pub const SCRATCH: &str = ".ferrule-";

/// Where the user's `make` was started and how he named the module's directory: see `as_written`.
pub const CWD: &str = "FERRULE_CWD";
pub const MODULE_DIR: &str = "FERRULE_M";

pub fn run(args: &Args) -> Result<ExitCode> {
    let settings = args.kernel.join("module.json");
    let settings = fs::read_to_string(&settings).with_context(|| {
        format!(
            "cannot read {}; build with Ferrule's make",
            settings.display()
        )
    })?;
    let settings: ModuleSettings =
        serde_json::from_str(&settings).context("module.json is damaged; remove build/")?;

    let parent = args
        .object
        .parent()
        .filter(|dir| !dir.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let scratch = tempfile::Builder::new()
        .prefix(SCRATCH)
        .tempdir_in(parent)
        .with_context(|| format!("cannot write to {}", parent.display()))?;
    let archive = scratch.path().join("module.a");
    let dep_info = scratch.path().join("module.d");
    let (rustflags, cc) = Cc::split(&args.rustflags)?;
    // rustc runs in another directory.
    let here = std::env::current_dir().context("no current directory")?;
    let Some((interfaces, rustflags)) =
        interface::compile(&settings, rustflags, &here.join(scratch.path()))?
    else {
        return Ok(ExitCode::FAILURE);
    };
    if !rustc(
        &settings,
        args,
        &interfaces,
        &rustflags,
        &archive,
        &dep_info,
    )?
    .success()
    {
        // rustc has said why.
        return Ok(ExitCode::FAILURE);
    }

    let object = scratch.path().join("module.o");
    let stub = link(&settings, args, &interfaces, &cc, &archive, &object)?;
    let mut sources = fs::read_to_string(&dep_info).context("rustc wrote no dependencies")?;
    for interface in &interfaces {
        sources += &interface.dep_info;
    }
    let versions = versions_file(&args.object);
    if versions.exists() {
        fs::remove_file(&versions)
            .with_context(|| format!("cannot remove {}", versions.display()))?;
    }
    if let Some(stub) = stub {
        // The C compiler's paths start here, not where the user is.
        for file in dependencies(&stub.dep_info) {
            sources += &format!("exports: {}\n", here.join(file).display());
        }
        if let Some(text) = stub.versions {
            fs::write(&versions, text)
                .with_context(|| format!("cannot write {}", versions.display()))?;
        }
    }
    let depfile = depfile(
        &args.object,
        &sources,
        &cwd()?,
        &args.kernel.join("rust.stamp"),
    );
    fs::write(&args.depfile, depfile)
        .with_context(|| format!("cannot write {}", args.depfile.display()))?;
    fs::rename(&object, &args.object)
        .with_context(|| format!("cannot write {}", args.object.display()))?;
    Ok(ExitCode::SUCCESS)
}

fn rustc(
    settings: &ModuleSettings,
    args: &Args,
    interfaces: &[Interface],
    rustflags: &[String],
    archive: &Path,
    dep_info: &Path,
) -> Result<std::process::ExitStatus> {
    let here = std::env::current_dir().context("no current directory")?;
    let absolute = |path: &Path| here.join(path);
    let source = absolute(&args.source);
    let mut rustc = Command::new(&settings.rustc);
    rustc
        .current_dir(cwd()?)
        .args(&settings.args)
        .arg(format!(
            "--emit=link={},dep-info={}",
            absolute(archive).display(),
            absolute(dep_info).display()
        ))
        // Temporary files go where no other rustc's do.
        .arg(format!(
            "--out-dir={}",
            absolute(archive.parent().context("the archive has a directory")?).display()
        ))
        .args(interfaces.iter().map(Interface::external))
        .args(rustflags)
        .arg(as_written(&source))
        .env("RUSTC_BOOTSTRAP", "1")
        // No interface: there it is its symbol.
        .env(interface::SYMBOL, "")
        .env("RUST_MODFILE", &args.modfile);
    rustc
        .status()
        .with_context(|| format!("cannot run {}", settings.rustc.display()))
}

fn cwd() -> Result<PathBuf> {
    match std::env::var_os(CWD) {
        Some(dir) => Ok(dir.into()),
        None => std::env::current_dir().context("no current directory"),
    }
}

/// The source's path as the user wrote its directory, for rustc's messages.
fn as_written(source: &Path) -> PathBuf {
    let (Some(cwd), Some(dir)) = (std::env::var_os(CWD), std::env::var_os(MODULE_DIR)) else {
        return source.into();
    };
    let Ok(absolute) = fs::canonicalize(Path::new(&cwd).join(&dir)) else {
        return source.into();
    };
    let Ok(canonical) = source.parent().map(fs::canonicalize).transpose() else {
        return source.into();
    };
    match canonical.unwrap_or_default().strip_prefix(absolute) {
        Ok(below) => Path::new(&dir)
            .join(below)
            .join(source.file_name().unwrap_or_default()),
        Err(_) => source.into(),
    }
}

/// The files that the rules of a compiler's dependency file name.
fn dependencies(dep_info: &str) -> Vec<&str> {
    let rules = dep_info.lines().filter(|line| !line.starts_with('#'));
    let mut files: Vec<&str> = Vec::new();
    for (_, named) in rules.filter_map(|rule| rule.split_once(": ")) {
        for file in named.split_whitespace() {
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    files
}

/// The dependencies as Kbuild's fixdep wants them: one rule, with the paths that rustc read.
fn depfile(object: &Path, dep_info: &str, cwd: &Path, crates: &Path) -> String {
    let files = dependencies(dep_info).into_iter();
    let mut sources: Vec<String> = files
        .map(|file| cwd.join(file).display().to_string())
        .collect();
    sources.push(crates.display().to_string());
    format!("{}: {}\n", object.display(), sources.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_are_absolute_and_named_once() {
        let dep_info =
            "a.d: m/a.rs m/b.rs\n\nlib.a: m/a.rs m/b.rs\n\nm/a.rs:\nm/b.rs:\n# env-dep:X=1\n";
        let text = depfile(
            Path::new("m/a.o"),
            dep_info,
            Path::new("/src"),
            Path::new("/b/rust.stamp"),
        );
        assert_eq!(text, "m/a.o: /src/m/a.rs /src/m/b.rs /b/rust.stamp\n");
    }
}
