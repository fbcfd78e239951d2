// SPDX-License-Identifier: GPL-2.0-only

//! The module command: what Kbuild runs in place of its own `cmd_rustc_o_rs`.
//!
//! rustc links the module, the crates below it and the inlined helpers as bitcode, optimises the whole,
//! and leaves one object; Kbuild takes it from there as if a C compiler had made it.

mod cc;
mod export;
mod heard;
pub mod interface;
mod kept;
mod link;

use crate::building::crates::{ModuleSettings, SETTINGS};
use anyhow::{ensure, Context, Result};
use cc::Cc;
pub use cc::CC_FOLLOWS;
pub use heard::Heard;
use interface::Interface;
use kept::Kept;
use link::link;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::SystemTime;

/// Compiles one Rust file of a module to an object (called by Kbuild).
#[derive(clap::Args)]
#[command(hide = true)]
pub struct Args {
    /// A hash of the tool's sources: Kbuild makes the object again when its command has changed
    #[arg(long)]
    made_by: Option<String>,
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

/// The sources of the tool that decide what is built here.
pub const TOOL: &str = env!("FERRULE_MODULE");

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

/// The result of compiling a source. `files` are its inputs, relative to the user's working directory.
pub struct Made {
    pub object: Vec<u8>,
    pub files: Vec<String>,
    /// The versions of its exported symbols, if there are any and the kernel has MODVERSIONS.
    pub versions: Option<String>,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    if let Some(id) = &args.made_by {
        ensure!(
            id == TOOL,
            "the ferrule tool was replaced while this build ran; build again"
        );
    }
    let settings = args.kernel.join(SETTINGS);
    let settings = fs::read_to_string(&settings).with_context(|| {
        format!(
            "cannot read {}; build with Ferrule's make",
            settings.display()
        )
    })?;
    let settings: ModuleSettings =
        serde_json::from_str(&settings).context("module.json is damaged; build again")?;
    let kept = Kept::new(args, &settings)?;
    if kept.take()? {
        return Ok(ExitCode::SUCCESS);
    }

    let started = SystemTime::now();
    let parent = parent(&args.object);
    let scratch = tempfile::Builder::new()
        .prefix(SCRATCH)
        .tempdir_in(parent)
        .with_context(|| format!("cannot write to {}", parent.display()))?;
    let archive = scratch.path().join("module.a");
    let dep_info = scratch.path().join("module.d");
    let (rustflags, cc) = Cc::split(&args.rustflags)?;
    // rustc runs in another directory.
    let here = std::env::current_dir().context("no current directory")?;
    let heard = Heard::default();
    let compiled = interface::compile(&settings, rustflags, &here.join(scratch.path()), &heard)?;
    let Some((interfaces, rustflags)) = compiled else {
        return Ok(ExitCode::FAILURE);
    };
    let mut rustc = rustc(
        &settings,
        args,
        &interfaces,
        &rustflags,
        &archive,
        &dep_info,
    )?;
    if heard.stdout(&mut rustc)?.is_none() {
        // rustc has said why.
        return Ok(ExitCode::FAILURE);
    }

    let object = scratch.path().join("module.o");
    let stub = link(&settings, args, &interfaces, &cc, &archive, &object, &heard)?;
    let uses_cc = stub.is_some();
    let mut sources = fs::read_to_string(&dep_info).context("rustc wrote no dependencies")?;
    for interface in &interfaces {
        sources += &interface.dep_info;
    }
    let mut versions = None;
    if let Some(stub) = stub {
        // The C compiler's paths start here, not where the user is.
        for file in dependencies(&stub.dep_info) {
            sources += &format!("exports: {}\n", here.join(file).display());
        }
        versions = stub.versions;
    }
    let made = Made {
        object: fs::read(&object).context("there is no object")?,
        files: dependencies(&sources)
            .into_iter()
            .map(str::to_owned)
            .collect(),
        versions,
    };
    made.write(args)?;
    // Who builds again is to see the warnings again.
    if !heard.something() {
        if let Err(error) = kept.keep(&made, variables(&sources), uses_cc, started) {
            eprintln!(
                "ferrule: {} is not kept for later builds: {error:#}",
                args.object.display()
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The directory of a file that Kbuild names.
fn parent(path: &Path) -> &Path {
    let parent = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

fn rustc(
    settings: &ModuleSettings,
    args: &Args,
    interfaces: &[Interface],
    rustflags: &[String],
    archive: &Path,
    dep_info: &Path,
) -> Result<Command> {
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
    Ok(rustc)
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
pub fn dependencies(dep_info: &str) -> Vec<&str> {
    let rules = dep_info.lines().filter(|line| !line.starts_with('#'));
    let mut seen = HashSet::new();
    rules
        .filter_map(|rule| rule.split_once(": "))
        .flat_map(|(_, named)| named.split_whitespace())
        .filter(|file| seen.insert(*file))
        .collect()
}

/// The variables of the environment that rustc's dependency file names.
fn variables(dep_info: &str) -> Vec<String> {
    let lines = dep_info
        .lines()
        .filter_map(|line| line.strip_prefix("# env-dep:"));
    let mut names: Vec<String> = lines
        .filter_map(|line| line.split('=').next())
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    names
}

/// The dependencies as Kbuild's fixdep wants them: one rule, with the paths that rustc read.
///
/// What the crates are is part of the command: make looks at that itself.
fn depfile(object: &Path, files: &[String], cwd: &Path) -> String {
    let files: Vec<String> = files
        .iter()
        .map(|file| cwd.join(file).display().to_string())
        .collect();
    format!("{}: {}\n", object.display(), files.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEP_INFO: &str =
        "a.d: m/a.rs m/b.rs\n\nlib.a: m/a.rs m/b.rs\n\nm/a.rs:\nm/b.rs:\n# env-dep:X=1\n# env-dep:Y\n";

    #[test]
    fn dependencies_are_absolute_and_named_once() {
        let files: Vec<String> = dependencies(DEP_INFO)
            .into_iter()
            .map(str::to_owned)
            .collect();
        let text = depfile(Path::new("m/a.o"), &files, Path::new("/src"));
        assert_eq!(text, "m/a.o: /src/m/a.rs /src/m/b.rs\n");
    }

    #[test]
    fn the_environment_is_an_input_too() {
        assert_eq!(variables(DEP_INFO), ["X", "Y"]);
    }
}
