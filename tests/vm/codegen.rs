// SPDX-License-Identifier: GPL-2.0-only

//! The machine code of the functions in `tests/codegen`, against the texts beside their sources.

mod text;

use crate::pinned::{self, Pinned, Skipped};
use crate::report::{Report, Verdict};
use anyhow::{ensure, Context, Result};
use ferrule::command;
use ferrule::dirs;
use ferrule::kernels::Kernel;
use std::fs;
use std::path::Path;
use std::process::Command;
use text::Function;
use toml_edit::{Array, InlineTable, Value};

/// The directory with the functions, one file each, and the module that they are in.
pub const DIR: &str = "tests/codegen";
const MODULE: &str = "codegen";

/// Counts and calls on each kernel.
const FILE: &str = "tests/codegen/kernels.toml";

/// The kernel that the texts are for.
const SERIES: &str = "6.12";

/// Compares the code of the module that was built in `dir` with what the tree has.
///
/// Returns the reason if the test is skipped as the tree's code is another rustc's.
pub fn check(kernel: &Kernel, dir: &Path, report: &mut Report) -> Option<Skipped> {
    let functions = report.add_step("codegen::disassembled", functions(dir))?;
    let pinned = report.add_step("codegen::read", Pinned::read(FILE, kernel))?;
    if let skipped @ Some(_) = pinned.skipped() {
        return skipped;
    }
    if pinned::updates() {
        report.add_step("codegen::update", update(&functions, kernel, pinned));
        return None;
    }
    for function in &functions {
        let mut verdict = compare_counts(function, kernel, &pinned);
        if kernel.series == SERIES {
            verdict = compare_text(function).and(verdict);
        }
        let verdict =
            verdict.map_err(|why| format!("{why}\n{}{}", pinned::remedy("codegen"), pinned.note()));
        report.add(format!("codegen::{}", function.name), verdict);
    }
    None
}

/// The functions, each of which has a file: disassembles the module.
fn functions(dir: &Path) -> Result<Vec<Function>> {
    let module = dir.join(format!("{MODULE}.ko"));
    let data = fs::read(&module).with_context(|| format!("cannot read {}", module.display()))?;
    let mut objdump = Command::new("objdump");
    objdump.args(["--disassemble", "--reloc", "--no-show-raw-insn"]);
    let listing = command::output(objdump.env("LC_ALL", "C").arg(&module))?;
    let mut functions = text::functions(&listing, &data, &format!("{MODULE}_"))?;
    functions.sort_by(|a, b| a.name.cmp(&b.name));
    let found: Vec<&str> = functions
        .iter()
        .map(|function| function.name.as_str())
        .collect();
    let sources = sources()?;
    ensure!(
        found == sources,
        "{DIR} has {sources:?}, and the module {found:?}"
    );
    Ok(functions)
}

/// The names of the functions' files.
fn sources() -> Result<Vec<String>> {
    let dir = dirs::root()?.join(DIR);
    let mut names = Vec::new();
    for entry in fs::read_dir(&dir).with_context(|| dir.display().to_string())? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(".rs").map(str::to_owned));
    }
    names.retain(|name| name != MODULE);
    names.sort();
    Ok(names)
}

/// The file that has the function's text, below the project's root.
fn text_file(function: &Function) -> String {
    format!("{DIR}/{}.asm", function.name)
}

fn compare_text(function: &Function) -> Verdict {
    let compare = || -> Result<Verdict> {
        let file = text_file(function);
        let path = dirs::root()?.join(&file);
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if expected == function.text {
            return Ok(Ok(()));
        }
        let new = tempfile::NamedTempFile::new().context("no temporary file")?;
        fs::write(new.path(), &function.text)?;
        let old = match path.exists() {
            true => path.clone(),
            false => "/dev/null".into(),
        };
        let mut diff = Command::new("diff");
        diff.args([
            "--unified",
            "--label",
            "as the tree has it",
            "--label",
            "as it is built",
        ]);
        let diff = diff.arg(old).arg(new.path()).output().context("no diff")?;
        let diff = String::from_utf8_lossy(&diff.stdout);
        Ok(Err(format!("{file} is no longer the code:\n{diff}")))
    };
    compare().unwrap_or_else(|error| Err(format!("{error:#}")))
}

fn compare_counts(function: &Function, kernel: &Kernel, pinned: &Pinned<'_>) -> Verdict {
    let (name, series) = (&function.name, &kernel.series);
    let entry = pinned
        .get(name)
        .ok_or_else(|| format!("{FILE} has no {name} for Linux {series}"))?;
    let count = entry
        .get("instructions")
        .and_then(Value::as_integer)
        .unwrap_or(0);
    if usize::try_from(count) != Ok(function.count) {
        return Err(format!(
            "{name} on Linux {series} has {} instructions, and {FILE} says {count}",
            function.count
        ));
    }
    let calls = entry
        .get("calls")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let calls: Vec<&str> = calls.filter_map(Value::as_str).collect();
    match function.calls == calls {
        true => Ok(()),
        false => Err(format!(
            "{name} on Linux {series} calls {:?}, and {FILE} says {calls:?}",
            function.calls
        )),
    }
}

fn update(functions: &[Function], kernel: &Kernel, pinned: Pinned<'_>) -> Result<()> {
    let mut entries = Vec::new();
    for function in functions {
        if kernel.series == SERIES {
            fs::write(dirs::root()?.join(text_file(function)), &function.text)?;
        }
        let mut entry = InlineTable::new();
        entry.insert("instructions", i64::try_from(function.count)?.into());
        entry.insert(
            "calls",
            Array::from_iter(function.calls.iter().map(String::as_str)).into(),
        );
        entries.push((function.name.clone(), entry));
    }
    pinned.update(entries)
}
