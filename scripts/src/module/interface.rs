// SPDX-License-Identifier: GPL-2.0-only

//! Compiles the interfaces that a module shares with others: `--interface=FILE` among its `rustflags`.
//!
//! Every module compiles an interface for itself, with the same flags. Its version is a hash of its
//! sources and of what else decides how its types lie in memory; see `docs/stacking.md`.

use super::{as_written, cwd};
use crate::crates::ModuleSettings;
use crate::{command, sysroot};
use anyhow::{bail, ensure, Context, Result};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How Kbuild names an interface in `RUSTFLAGS_x.o`.
pub const FLAG: &str = "--interface=";

/// A compiled interface.
pub struct Interface {
    /// The crate's name: the file's, without `.rs`.
    pub name: String,
    /// The symbol that stands for it: the name, and what its version is hashed to.
    pub anchor: String,
    library: PathBuf,
    /// The files that it depends on, as rustc wrote them.
    pub dep_info: String,
}

impl Interface {
    /// What makes it a crate that can be used.
    pub fn external(&self) -> String {
        format!("--extern={}={}", self.name, self.library.display())
    }

    /// The version of its Rust functions, where the kernel keeps versions of symbols.
    pub fn crc(&self) -> u32 {
        u32::from_le_bytes(
            Sha256::digest(&self.anchor)[..4]
                .try_into()
                .expect("4 bytes"),
        )
    }
}

/// Compiles the interfaces that `rustflags` name into `dir`, and returns them with the other flags.
///
/// An interface can use those before it. `None` if rustc has refused one, and said why.
pub fn compile(
    settings: &ModuleSettings,
    rustflags: &[String],
    dir: &Path,
) -> Result<Option<(Vec<Interface>, Vec<String>)>> {
    let here = std::env::current_dir().context("no current directory")?;
    let mut interfaces = Vec::new();
    let mut others = Vec::new();
    for flag in rustflags {
        let Some(file) = flag.strip_prefix(FLAG) else {
            others.push(flag.clone());
            continue;
        };
        match one(settings, &here.join(file), &interfaces, dir)? {
            Some(interface) => interfaces.push(interface),
            None => return Ok(None),
        }
    }
    Ok(Some((interfaces, others)))
}

fn one(
    settings: &ModuleSettings,
    source: &Path,
    before: &[Interface],
    dir: &Path,
) -> Result<Option<Interface>> {
    let written = as_written(source);
    let name = source.file_stem().and_then(|stem| stem.to_str());
    let name = name.context("an interface's file has no name")?.to_owned();
    ensure!(
        source.is_file(),
        "{}: no such file; RUSTFLAGS_x.o names it with {FLAG}",
        written.display()
    );
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !name.chars().all(is_name) || name.starts_with(|c: char| c.is_ascii_digit()) {
        bail!(
            "{}: the name of an interface's file is a crate's: letters, digits and `_`",
            written.display()
        );
    }

    let rustc = |anchor: &str| -> Result<Command> {
        let mut rustc = Command::new(&settings.rustc);
        rustc
            .current_dir(cwd()?)
            .args(settings.args.iter().filter(|arg| !is_of_modules(arg)))
            .args(sysroot::LIBRARY)
            .args(["--crate-type=rlib", "--crate-name", &name])
            .arg(format!("-Cmetadata={anchor}"))
            .args(before.iter().map(Interface::external))
            .arg("--out-dir")
            .arg(dir)
            .arg(&written)
            .env("RUSTC_BOOTSTRAP", "1")
            .env("FERRULE_INTERFACE", anchor);
        Ok(rustc)
    };
    let context = || format!("cannot run {}", settings.rustc.display());
    // What is compiled is part of its name: all its files, without macros and conditions.
    let expanded = rustc(&format!("{name}_0"))?
        .arg("-Zunpretty=expanded")
        .stderr(Stdio::inherit())
        .output()
        .with_context(context)?;
    if !expanded.status.success() {
        return Ok(None);
    }
    let anchor = format!("{name}_{}", version(settings, before, &expanded.stdout));
    let library = dir.join(format!("lib{name}.rlib"));
    let deps = dir.join(format!("{name}.d"));
    let emit = format!(
        "--emit=link={},dep-info={}",
        library.display(),
        deps.display()
    );
    let status = rustc(&anchor)?.arg(emit).status().with_context(context)?;
    if !status.success() {
        return Ok(None);
    }
    let dep_info = fs::read_to_string(&deps).context("rustc wrote no dependencies")?;
    Ok(Some(Interface {
        name,
        anchor,
        library,
        dep_info,
    }))
}

/// Arguments of a module that are not a library's.
fn is_of_modules(arg: &str) -> bool {
    ["--crate-type=staticlib", "-Clto=fat"].contains(&arg)
}

/// The hash of what the two sides must have in common.
fn version(settings: &ModuleSettings, before: &[Interface], expanded: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(&settings.abi);
    for interface in before {
        hash.update(&interface.anchor);
        hash.update([0]);
    }
    // rustc keeps comments, and line breaks are only taste.
    let text = String::from_utf8_lossy(expanded);
    match text.parse::<proc_macro2::TokenStream>() {
        Ok(tokens) => hash.update(tokens.to_string()),
        Err(_) => hash.update(&*text),
    }
    let hash = hash.finalize();
    hash[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The interfaces that a `Kbuild` names for the object `name`, for tools that do not go through make.
pub fn of_kbuild(kbuild: &str, dir: &Path, name: &str) -> Vec<String> {
    let variable = format!("RUSTFLAGS_{name}.o");
    let lines = kbuild
        .lines()
        .filter_map(|line| line.strip_prefix(&variable)?.split_once('='));
    lines
        .flat_map(|(_, flags)| flags.split_whitespace())
        .filter(|flag| flag.starts_with(FLAG))
        .map(|flag| flag.replace("$(src)", &dir.display().to_string()))
        .collect()
}

/// Takes the records of exports out of an object.
pub fn take_section(object: &Path, section: &str) -> Result<()> {
    let remove = format!("--remove-section={section}");
    command::output(Command::new("objcopy").arg(remove).arg(object)).map(drop)
}
