// SPDX-License-Identifier: GPL-2.0-only

//! The examples in the `kernel` crate's docs, as a test module; those of them that must not compile; and
//! the tables of `docs/`, against each kernel's headers.

use crate::built::{Built, Files, TESTS};
use crate::record;
use crate::report::{Report, Verdict};
use crate::ui;
use anyhow::{Context, Result};
use ferrule::building::doctest::{self, Example, Task};
use ferrule::command;
use ferrule::dirs;
use ferrule::kernels::Kernel;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The module that runs the examples.
pub const MODULE: &str = "test_doc";

/// The examples in the docs of the `kernel` crate for one kernel.
pub fn examples(built: &Built, job: &str) -> Result<Vec<Example>> {
    let (listing, _) = record::kept(job, "examples", &built.key()?, || {
        let mut lint = Command::new(env!("CARGO_BIN_EXE_ferrule"));
        lint.args(["lint", "doctest", "--kver", &built.kernel.release]);
        command::output(&mut lint)
    })?;
    doctest::read(&listing)
}

/// Adds the test module to the sources of the test modules' directory.
pub fn generate(examples: &[Example], files: &mut Files) -> Result<()> {
    let kbuild = files
        .get_mut(Path::new("Kbuild"))
        .context("tests/kernel has no Kbuild")?;
    kbuild.extend(format!("obj-m += {MODULE}.o\n").into_bytes());
    let text = doctest::test_module(examples)?;
    files.insert(format!("{MODULE}.rs").into(), text.into_bytes());
    Ok(())
}

/// Compiles each example that must not compile.
pub fn check_refused(built: &Built, report: &mut Report) -> Result<()> {
    let examples = examples(built, report.job())?;
    let dir = built.dir(TESTS);
    for example in examples.iter().filter(|e| e.task() == Task::Refuse) {
        let verdict = refused(example, built, &dir, report.job());
        report.add(format!("compile_fail::{}", example.name()), verdict);
    }
    Ok(())
}

/// What a call of is left in the object if the optimiser has found an assertion not to hold.
const BUILD_ERROR: &str = "rust_build_error";

fn refused(example: &Example, built: &Built, dir: &Path, job: &str) -> Verdict {
    let source = example.alone().map_err(|error| format!("{error:#}"))?;
    let ui::Said {
        compiles,
        errors,
        undefined,
    } = ui::compile(built, dir, job, &source)?;
    if compiles {
        if example.error_codes().is_empty() && undefined.contains(BUILD_ERROR) {
            return Ok(());
        }
        return Err("it compiles".to_owned());
    }
    let missing = |code: &&String| !errors.contains(&format!("error[{code}]"));
    match example.error_codes().iter().find(missing) {
        Some(code) => Err(format!("not refused with {code}:\n{errors}")),
        None => Ok(()),
    }
}

/// The headers with the macros by which a C module says what it is, and the docs that name each.
const HEADERS: [&str; 3] = ["module.h", "moduleparam.h", "export.h"];
const TABLES: [&str; 2] = ["docs/parameters.md", "docs/stacking.md"];

/// Macros of those headers that do not describe a module.
const NO_FORM: &[&str] = &["for_", "mod_mem_", "module_layout", "param_check_"];

/// Checks that the docs name each macro that a C module of `kernel` can use.
pub fn check_tables(kernel: &Kernel) -> Verdict {
    let io = |error: std::io::Error| error.to_string();
    let parent = kernel.kdir.parent().ok_or("the kernel has no directory")?;
    let common = fs::read_dir(parent)
        .map_err(io)?
        .filter_map(|entry| Some(entry.ok()?.path().join("include/linux")))
        .find(|dir| dir.join(HEADERS[0]).exists())
        .ok_or_else(|| format!("no headers beside {}", kernel.kdir.display()))?;
    let root = dirs::root().map_err(|error| error.to_string())?;
    let mut tables = String::new();
    for name in TABLES {
        tables += &fs::read_to_string(root.join(name)).map_err(io)?;
    }
    let mut seen = 0;
    for header in HEADERS {
        let text = fs::read_to_string(common.join(header)).map_err(io)?;
        for name in text.lines().filter_map(macro_name) {
            seen += 1;
            // `core_initcall_sync()` has `core_initcall()`'s row.
            let row = name.strip_suffix("_sync").unwrap_or(name);
            if !tables.contains(&format!("`{row}(")) {
                return Err(format!("{header}: {TABLES:?} do not name {name}()"));
            }
        }
    }
    match seen {
        0..50 => Err(format!("only {seen} macros in {}", common.display())),
        _ => Ok(()),
    }
}

/// The name of the macro with arguments that `line` defines, if modules use it.
fn macro_name(line: &str) -> Option<&str> {
    let define = line.trim_start().strip_prefix('#')?.trim_start();
    let (name, _) = define.strip_prefix("define")?.trim().split_once('(')?;
    let is_name = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let is_used = !name.starts_with('_') && !NO_FORM.iter().any(|no| name.starts_with(no));
    (is_name && is_used).then_some(name)
}
