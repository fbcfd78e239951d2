// SPDX-License-Identifier: GPL-2.0-only

//! The examples in the `kernel` crate's docs, as a test module; those of them that must not compile; and
//! the tables of `docs/`, against each kernel's headers.

use crate::{ui, Report, Verdict};
use anyhow::{Context, Result};
use ferrule::building::doctest::{self, Example, Task};
use ferrule::command;
use ferrule::dirs;
use ferrule::kernels::Kernel;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The examples that the crate has for `kernel`.
pub fn examples(kernel: &Kernel) -> Result<Vec<Example>> {
    let mut lint = Command::new(env!("CARGO_BIN_EXE_ferrule"));
    lint.args(["lint", "doctest", "--kver", &kernel.release]);
    doctest::read(&command::output(&mut lint)?)
}

/// Writes the test module into a copy of the test modules' directory, unless it is there.
pub fn generate(examples: &[Example], dir: &Path) -> Result<()> {
    let kbuild = dir.join("Kbuild");
    let modules = fs::read_to_string(&kbuild).context("tests/kernel has no Kbuild")?;
    fs::write(kbuild, modules + "obj-m += test_doc.o\n")?;

    let (text, path) = (doctest::test_module(examples)?, dir.join("test_doc.rs"));
    if fs::read_to_string(&path).ok().as_ref() != Some(&text) {
        fs::write(path, text)?;
    }
    Ok(())
}

/// Compiles each example that must not compile.
pub fn check_refused(examples: &[Example], kernel: &Kernel, dir: &Path, report: &mut Report) {
    for example in examples.iter().filter(|e| e.task() == Task::Refuse) {
        let verdict = refused(example, kernel, dir);
        report.add(format!("compile_fail::{}", example.name()), verdict);
    }
}

/// What a call of is left in the object if the optimiser has found an assertion not to hold.
const BUILD_ERROR: &str = "rust_build_error";

fn refused(example: &Example, kernel: &Kernel, dir: &Path) -> Verdict {
    let compile = || {
        let path = dir.join("refused.rs");
        fs::write(&path, example.alone()?)?;
        ui::compile(kernel, dir, &path)
    };
    let output = compile().map_err(|error| format!("{error:#}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        let left = command::output(Command::new("nm").arg("-u").arg(dir.join("refused.o")))
            .map_err(|error| format!("{error:#}"))?;
        if example.error_codes().is_empty() && left.contains(BUILD_ERROR) {
            return Ok(());
        }
        return Err("it compiles".to_owned());
    }
    match example
        .error_codes()
        .iter()
        .find(|code| !said.contains(&format!("error[{code}]")))
    {
        Some(code) => Err(format!("not refused with {code}:\n{said}")),
        None => Ok(()),
    }
}

/// The headers with the macros by which a C module says what it is, and the docs that name each.
const HEADERS: [&str; 3] = ["module.h", "moduleparam.h", "export.h"];
const TABLES: [&str; 2] = ["docs/parameters.md", "docs/stacking.md"];

/// Macros of those headers that say nothing of a module.
const NO_FORM: &[&str] = &["for_", "mod_mem_", "module_layout", "param_check_"];

/// Looks that the docs name each macro that a C module of `kernel` can use.
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
