// SPDX-License-Identifier: GPL-2.0-only

//! Files that must not compile: the rules of `kernel` that its types enforce.
//!
//! Each file of `tests/ui/serial` breaks one rule; its line `//~` is the one error that it must have.

use crate::{Report, Verdict};
use anyhow::{Context, Result};
use ferrule::building::crates;
use ferrule::dirs;
use ferrule::kernels::Kernel;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// What the other files share.
const SHARED: &str = "null.rs";

/// Compiles a file as a module of `kernel`; what comes of it is in `dir`.
pub fn compile(kernel: &Kernel, dir: &Path, path: &Path) -> Result<Output> {
    let settings = dirs::root()?
        .join("build")
        .join(&kernel.release)
        .join("module.json");
    let settings: crates::ModuleSettings = serde_json::from_str(&fs::read_to_string(settings)?)?;
    let mut rustc = Command::new(&settings.rustc);
    rustc
        .current_dir(dir)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUST_MODFILE", "refused")
        .args(&settings.args)
        .args(["--emit=obj", "-o", "refused.o"])
        .arg(path);
    Ok(rustc.output()?)
}

/// Compiles each file of `tests/ui/serial`.
pub fn check(kernel: &Kernel, dir: &Path, report: &mut Report) {
    let Some(paths) = report.add_step("ui::files", files()) else {
        return;
    };
    for path in paths {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        report.add(format!("ui::serial::{name}"), refused(kernel, dir, &path));
    }
}

fn files() -> Result<Vec<std::path::PathBuf>> {
    let dir = dirs::root()?.join("tests/ui/serial");
    let entries = fs::read_dir(&dir).with_context(|| dir.display().to_string())?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.retain(|path| path.file_name().is_some_and(|name| name != SHARED));
    paths.sort();
    anyhow::ensure!(paths.len() > 20, "only {} files", paths.len());
    Ok(paths)
}

fn refused(kernel: &Kernel, dir: &Path, path: &Path) -> Verdict {
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let expected = text
        .lines()
        .find_map(|line| line.strip_prefix("//~ "))
        .ok_or("it has no line `//~ ERROR`")?;
    let output = compile(kernel, dir, path).map_err(|error| format!("{error:#}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let errors: Vec<&str> = said
        .lines()
        .filter(|line| line.starts_with("error") && !line.starts_with("error: aborting"))
        .collect();
    match errors.as_slice() {
        [] => Err("it compiles".to_owned()),
        [error] if *error == expected => Ok(()),
        _ => Err(format!("expected {expected:?}:\n{said}")),
    }
}
