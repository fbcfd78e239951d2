// SPDX-License-Identifier: GPL-2.0-only

//! Checks that each helper of `rust/helpers` is called by a module built with `HELPERS=object`, or is listed in
//! `tests/helpers-uncalled.txt`, from which lines may only be removed.
//!
//! A helper counts as called if the Rust code of one module on one kernel refers to it. So [`look`] is for each
//! kernel, and [`judge`] for all of them.

use crate::built::{self, Built};
use crate::pinned;
use crate::report::{Report, Verdict};
use anyhow::{ensure, Context, Result};
use ferrule::dirs;
use ferrule::kernels::{self, Kernel, Ring};
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSection, ObjectSymbol, RelocationTarget, SectionKind, SymbolIndex};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

const FILE: &str = "tests/helpers-uncalled.txt";
const PREFIX: &str = "rust_helper_";

/// The helpers of one kernel.
pub struct Seen {
    pub series: String,
    /// The helpers that are defined, and those that modules call, without the prefix.
    pub defined: BTreeSet<String>,
    pub called: BTreeSet<String>,
}

/// Finds the helpers of a kernel and those that built modules call. `modules` are files or directories of modules.
pub fn look(kernel: &Kernel, modules: &[PathBuf]) -> Result<Seen> {
    let prepared = format!("{}-object", kernel.release);
    let archive = dirs::build_dir(&dirs::root()?)?
        .join(prepared)
        .join("libhelpers.a");
    let defined = defined(&archive).with_context(|| archive.display().to_string())?;
    ensure!(
        defined.len() > 100,
        "{} has only {} helpers",
        archive.display(),
        defined.len()
    );
    let mut called = BTreeSet::new();
    for path in modules {
        for module in files(path).with_context(|| path.display().to_string())? {
            let data = fs::read(&module).with_context(|| module.display().to_string())?;
            called.extend(calls(&data).with_context(|| module.display().to_string())?);
        }
    }
    ensure!(
        !called.is_empty(),
        "no module calls a helper: are they built with HELPERS=object?"
    );
    Ok(Seen {
        series: kernel.series.clone(),
        defined,
        called,
    })
}

/// Checks the list. A listed helper must not be called on any kernel. If `seen` has `all` kernels, each uncalled helper
/// must be listed, and each listed one must exist.
///
/// `UPDATE=1` removes lines, but adds none: a new helper needs a test.
pub fn judge(seen: &[Seen], all: bool) -> Verdict {
    let judge = || -> Result<Verdict> {
        let path = dirs::root()?.join(FILE);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {FILE}"))?;
        let is_name = |line: &&str| !line.is_empty() && !line.starts_with('#');
        let listed: BTreeSet<&str> = text.lines().filter(is_name).collect();
        let defined: BTreeSet<&str> = seen
            .iter()
            .flat_map(|seen| &seen.defined)
            .map(String::as_str)
            .collect();
        let mut wrong = Vec::new();
        let mut stale = BTreeSet::new();
        for name in &listed {
            let caller = seen.iter().find(|seen| seen.called.contains(*name));
            if let Some(Seen { series, .. }) = caller {
                stale.insert(*name);
                wrong.push(format!(
                    "{name} is called on Linux {series}: remove its line"
                ));
            } else if all && !defined.contains(name) {
                stale.insert(*name);
                wrong.push(format!("{name} is no helper: remove its line"));
            }
        }
        if pinned::updates() && !stale.is_empty() {
            let kept: Vec<&str> = text.lines().filter(|line| !stale.contains(line)).collect();
            fs::write(&path, kept.join("\n") + "\n")
                .with_context(|| format!("cannot write {FILE}"))?;
            wrong.clear();
        }
        let is_called = |name: &str| seen.iter().any(|seen| seen.called.contains(name));
        for name in defined
            .iter()
            .filter(|name| all && !listed.contains(**name) && !is_called(name))
        {
            wrong.push(format!(
                "{name} is called by no module: add a test, or remove {PREFIX}{name}()"
            ));
        }
        Ok(match wrong.is_empty() {
            true => Ok(()),
            false => Err(format!("{FILE}: {}", wrong.join(&format!("\n{FILE}: ")))),
        })
    };
    judge().unwrap_or_else(|error| Err(format!("{error:#}")))
}

/// The modules that are examined: no other module calls a helper that these do not call.
pub fn modules(built: &Built) -> [PathBuf; 4] {
    [
        built.dir("tests/kernel"),
        built.dir(built::SERIAL),
        built.sample("rust_uart16550"),
        built.sample("rust_driver_serdev"),
    ]
}

/// Examines one kernel. The job that is the last of all kernels' reports the result for all.
pub fn check(kernel: &Kernel, modules: &[PathBuf], report: &mut Report) -> Result<()> {
    static SEEN: Mutex<Vec<Seen>> = Mutex::new(Vec::new());
    let seen = look(kernel, modules)?;
    let mut all = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    all.push(seen);
    let is_seen = |series: &String| all.iter().any(|seen| seen.series == *series);
    let has_all = kernels::series_of(Ring::Full)?.iter().all(is_seen);
    report.add("helpers::are_called_or_listed", judge(&all, has_all));
    Ok(())
}

/// A module's file, or those in a directory.
fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path)?;
    let mut files = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "ko"));
    ensure!(!files.is_empty(), "no module is built here");
    files.sort();
    Ok(files)
}

/// The helpers that the objects of an archive define.
fn defined(archive: &Path) -> Result<BTreeSet<String>> {
    let data = fs::read(archive)?;
    let archive = ArchiveFile::parse(&*data)?;
    let mut defined = BTreeSet::new();
    for member in archive.members() {
        let file = object::File::parse(member?.data(&*data)?)?;
        let symbols = file
            .symbols()
            .filter(|symbol| symbol.is_definition() && symbol.is_global());
        defined.extend(symbols.filter_map(|symbol| helper(symbol.name().ok()?)));
    }
    Ok(defined)
}

fn helper(symbol: &str) -> Option<String> {
    symbol.strip_prefix(PREFIX).map(str::to_owned)
}

/// The helpers that a module's code and data refer to, without references from other helpers.
fn calls(module: &[u8]) -> Result<BTreeSet<String>> {
    let file = object::File::parse(module)?;
    // Helpers are local functions of the module: their address ranges tell which references are theirs.
    let helpers: Vec<_> = file
        .symbols()
        .filter(|symbol| {
            symbol.name().is_ok_and(|name| name.starts_with(PREFIX)) && symbol.is_definition()
        })
        .collect();
    let is_inside = |section: &object::Section<'_, '_>, offset: u64| {
        helpers.iter().any(|helper| {
            let code = helper.address()..helper.address() + helper.size();
            helper.section_index() == Some(section.index()) && code.contains(&offset)
        })
    };
    let name = |index: SymbolIndex| helper(file.symbol_by_index(index).ok()?.name().ok()?);
    let mut called = BTreeSet::new();
    // Other sections are objtool's lists of call sites and the like.
    let kinds = [
        SectionKind::Text,
        SectionKind::Data,
        SectionKind::ReadOnlyData,
    ];
    for section in file
        .sections()
        .filter(|section| kinds.contains(&section.kind()))
    {
        let section_name = section.name().unwrap_or_default();
        let has_code = [".text", ".init.text", ".exit.text", ".data", ".rodata"];
        if !has_code.iter().any(|name| section_name.starts_with(name)) {
            continue;
        }
        for (offset, relocation) in section.relocations() {
            if let RelocationTarget::Symbol(index) = relocation.target() {
                called.extend(name(index).filter(|_| !is_inside(&section, offset)));
            }
        }
    }
    Ok(called)
}
