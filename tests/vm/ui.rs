// SPDX-License-Identifier: GPL-2.0-only

//! Files that must not compile: the rules of `kernel` that its types enforce.
//!
//! Each file of `tests/ui/core` and `tests/ui/serial` breaks one rule; its line `//~` is the one error that it must
//! have, or its lines are all of them.

use crate::built::{Built, TESTS};
use crate::record;
use crate::report::{Report, Verdict};
use anyhow::{ensure, Context, Result};
use ferrule::building::crates;
use ferrule::command;
use ferrule::dirs;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The directories of the files, below the project's root.
const CORE: &str = "tests/ui/core";
const SERIAL: &str = "tests/ui/serial";

/// What the other files of `tests/ui/serial` share.
const SHARED: &str = "null.rs";

/// The files that a source may declare as modules, with their directories: for these files, and for the docs' examples.
const PARTS: [(&str, &str); 3] = [(SERIAL, SHARED), (TESTS, "ktap.rs"), (TESTS, "doctest.rs")];

/// The result of compiling a file that must not compile.
#[derive(Serialize, Deserialize)]
pub struct Said {
    pub compiles: bool,
    pub errors: String,
    /// The undefined symbols of the object, if there is one.
    pub undefined: String,
}

/// Compiles a source as a module, as if it were in `dir`.
pub fn compile(built: &Built, dir: &Path, job: &str, source: &str) -> Result<Said, String> {
    let compile = || {
        let mut key = built.key()?.and(source);
        for (dir, part) in PARTS {
            key = key.and_files(&dirs::root()?.join(dir).join(part))?;
        }
        let name = format!("refused-{}", &key.hex()[..16]);
        let (said, _) = record::kept(job, &name, &key, || run(built, dir, source))?;
        anyhow::Ok(said)
    };
    compile().map_err(|error| format!("{error:#}"))
}

fn run(built: &Built, dir: &Path, source: &str) -> Result<Said> {
    let settings = dirs::build_dir(&dirs::root()?)?
        .join(&built.kernel.release)
        .join("module.json");
    let settings: crates::ModuleSettings = serde_json::from_str(&fs::read_to_string(settings)?)?;
    let scratch = tempfile::tempdir().context("no temporary directory")?;
    let (path, object) = (
        scratch.path().join("refused.rs"),
        scratch.path().join("refused.o"),
    );
    fs::write(&path, source)?;
    for (dir, part) in PARTS {
        fs::copy(
            dirs::root()?.join(dir).join(part),
            scratch.path().join(part),
        )?;
    }
    let mut rustc = Command::new(&settings.rustc);
    let output = rustc
        .current_dir(dir)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUST_MODFILE", "refused")
        .args(&settings.args)
        .args(["--emit=obj", "-o"])
        .arg(&object)
        .arg(&path)
        .output()?;
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    // Such a source would be refused whatever else it contains.
    ensure!(!errors.contains("file not found for module"), "{errors}");
    let undefined = match output.status.success() {
        true => command::output(Command::new("nm").arg("-u").arg(&object))?,
        false => String::new(),
    };
    Ok(Said {
        compiles: output.status.success(),
        errors,
        undefined,
    })
}

/// Compiles each file of [`CORE`] and [`SERIAL`].
pub fn check(built: &Built, report: &mut Report) {
    for (dir, group, least) in [(CORE, "core", 6), (SERIAL, "serial", 20)] {
        let Some(paths) = report.add_step(&format!("ui::{group}::files"), files(dir, least)) else {
            return;
        };
        for path in paths {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            let verdict = refused(built, report.job(), &path);
            report.add(format!("ui::{group}::{name}"), verdict);
        }
    }
}

/// The files of a directory, which has at `least` so many.
fn files(dir: &str, least: usize) -> Result<Vec<PathBuf>> {
    let dir = dirs::root()?.join(dir);
    let entries = fs::read_dir(&dir).with_context(|| dir.display().to_string())?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|end| end == "rs"));
    paths.retain(|path| path.file_name().is_some_and(|name| name != SHARED));
    paths.sort();
    ensure!(paths.len() >= least, "only {} files", paths.len());
    Ok(paths)
}

fn refused(built: &Built, job: &str, path: &Path) -> Verdict {
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let expected: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("//~ "))
        .collect();
    if expected.is_empty() {
        return Err("it has no line `//~ ERROR`".to_owned());
    }
    let said = compile(built, &built.dir(TESTS), job, &text)?;
    if said.compiles {
        return Err("it compiles".to_owned());
    }
    let errors: Vec<&str> = said
        .errors
        .lines()
        .filter(|line| line.starts_with("error") && !line.starts_with("error: aborting"))
        .collect();
    match errors == expected {
        true => Ok(()),
        false => Err(format!("expected {expected:?}:\n{}", said.errors)),
    }
}
