// SPDX-License-Identifier: GPL-2.0-only

//! The examples in the `kernel` crate's docs, as a test module; and those of them that must not compile.

use crate::{Report, Verdict};
use anyhow::{Context, Result};
use ferrule::doctest::{self, Example, Task};
use ferrule::kernels::Kernel;
use ferrule::{build, command, crates};
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
    let compile = || -> Result<std::process::Output> {
        let settings = build::root()?
            .join("build")
            .join(&kernel.release)
            .join("module.json");
        let settings: crates::ModuleSettings =
            serde_json::from_str(&fs::read_to_string(settings)?)?;
        let path = dir.join("refused.rs");
        fs::write(&path, example.alone()?)?;
        let mut rustc = Command::new(&settings.rustc);
        rustc
            .current_dir(dir)
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUST_MODFILE", "refused")
            .args(&settings.args)
            .args(["--emit=obj", "-o", "refused.o"])
            .arg(path);
        Ok(rustc.output()?)
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
