// SPDX-License-Identifier: GPL-2.0-only

//! Builds the samples and test modules for a kernel, and looks at what came out.

use crate::{Report, Verdict};
use anyhow::{bail, Context, Result};
use ferrule::kernels::Kernel;
use ferrule::sample::Sample;
use ferrule::{build, command, demo};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Modules' directories as built for one kernel.
pub struct Built {
    pub samples: Vec<Sample>,
    /// The test modules' names.
    pub tests: Vec<String>,
    dir: PathBuf,
}

/// The directories whose modules are built, below the project's root.
const SAMPLES: &str = "samples";
const TESTS: &str = "tests/kernel";
const OUT_OF_TREE: &str = "tests/out_of_tree";
const PARAMS: [&str; 2] = ["tests/params/c", "tests/params/rust"];

impl Built {
    pub fn sample(&self, name: &str) -> PathBuf {
        self.dir.join(SAMPLES).join(format!("{name}.ko"))
    }

    pub fn test(&self, name: &str) -> PathBuf {
        self.dir.join(TESTS).join(format!("{name}.ko"))
    }

    /// Where everything was built.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub fn out_of_tree(&self) -> PathBuf {
        self.dir.join(OUT_OF_TREE).join("rust_out_of_tree.ko")
    }

    fn modules(&self) -> impl Iterator<Item = PathBuf> + '_ {
        let samples = self.samples.iter().map(|sample| self.sample(&sample.name));
        samples
            .chain(self.tests.iter().map(|name| self.test(name)))
            .chain([self.out_of_tree()])
    }
}

/// Builds all modules for `kernel`; a warning of rustc, a C compiler, objtool or modpost is an error.
pub fn build(kernel: &Kernel, helpers: &str) -> Result<Built> {
    let root = build::root()?;
    let dir = root
        .join("build/test")
        .join(format!("{}-{helpers}", kernel.release));
    for name in [SAMPLES, TESTS, OUT_OF_TREE].into_iter().chain(PARAMS) {
        let to = dir.join(name);
        demo::copy_sources(&root.join(name), &to)?;
        let output = ferrule_build(kernel, helpers, &to)?;
        if let Some(line) = output
            .lines()
            .find(|line| line.to_lowercase().contains("warning"))
        {
            bail!("{name}: {line}\nin:\n{output}");
        }
    }
    let samples = Sample::all(&dir.join(SAMPLES))?;
    let kbuild =
        fs::read_to_string(dir.join(TESTS).join("Kbuild")).context("tests/kernel has no Kbuild")?;
    let tests = kbuild
        .split_whitespace()
        .filter_map(|word| word.strip_suffix(".o"))
        .map(str::to_owned)
        .collect();
    Ok(Built {
        samples,
        tests,
        dir,
    })
}

/// Runs `make M=dir modules` and returns its output.
pub fn ferrule_build(kernel: &Kernel, helpers: &str, dir: &Path) -> Result<String> {
    let mut make = Command::new(env!("CARGO_BIN_EXE_ferrule"));
    make.args(["build", "--helpers", helpers, "--kdir"])
        .arg(&kernel.kdir)
        .arg("-M")
        .arg(dir)
        .arg("modules");
    let output = make
        .args(&kernel.make_vars)
        .output()
        .context("cannot run ferrule")?;
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    if !output.status.success() {
        bail!("{}: {}\n{text}", dir.display(), output.status);
    }
    Ok(text)
}

/// Looks at the built modules.
pub fn check(built: &Built, kernel: &Kernel, helpers: &str, report: &mut Report) {
    report.add("modinfo_is_right", modinfo(built, kernel));
    for path in built.modules() {
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        report.add(format!("symbols::{name}"), symbols(&path, helpers));
    }
    let again = ferrule_build(kernel, helpers, &built.dir.join(SAMPLES))
        .map_err(|error| format!("{error:#}"));
    report.add(
        "nothing_changed_runs_nothing",
        again.and_then(|output| quiet(&output)),
    );
}

/// A build that had nothing to do names no file.
fn quiet(output: &str) -> Verdict {
    match output
        .lines()
        .find(|line| line.contains("RUSTC") || line.contains("CC ") || line.contains(" LD "))
    {
        Some(line) => Err(format!("ran again: {line}")),
        None => Ok(()),
    }
}

/// What modinfo says of the minimal sample.
fn modinfo(built: &Built, kernel: &Kernel) -> Verdict {
    let field = |name: &str| {
        let text = command::output(
            Command::new("modinfo")
                .args(["-F", name])
                .arg(built.sample("rust_minimal")),
        );
        text.map(|text| text.trim().to_owned())
            .map_err(|error| format!("{error:#}"))
    };
    let expected = [
        ("license", "GPL"),
        ("author", "The Ferrule developers"),
        ("description", "Minimal sample of a Rust module"),
        ("depends", ""),
        ("name", "rust_minimal"),
        ("retpoline", "Y"),
    ];
    for (name, value) in expected {
        let found = field(name)?;
        if found != value {
            return Err(format!("{name} is {found:?}, not {value:?}"));
        }
    }
    let parm = field("parm")?;
    if !parm.starts_with("count:How many numbers to square") {
        return Err(format!("parm is {parm:?}"));
    }
    let vermagic = field("vermagic")?;
    if !vermagic.starts_with(&format!("{} SMP", kernel.release)) {
        return Err(format!("vermagic is {vermagic:?} for {}", kernel.release));
    }
    Ok(())
}

/// A module carries no helper where they are inlined, and defines nothing that another could want.
fn symbols(path: &Path, helpers: &str) -> Verdict {
    let text =
        command::output(Command::new("nm").arg(path)).map_err(|error| format!("{error:#}"))?;
    for line in text.lines() {
        let kind_and_name = line.get(17..).unwrap_or_default();
        let (kind, name) = kind_and_name.split_once(' ').unwrap_or_default();
        let is_function = ["t", "T", "U"].contains(&kind);
        if helpers == "inline" && is_function && name.starts_with("rust_helper_") {
            return Err(format!("a helper is left: {line}"));
        }
        // objtool names the room before a function `__pfx_` and the function's name.
        let is_ours = ["init_module", "cleanup_module"]
            .iter()
            .any(|entry| name.ends_with(entry))
            || ["rust_mixed_", "rust_helper_", "rust_export_"]
                .iter()
                .any(|prefix| name.trim_start_matches("__pfx_").starts_with(prefix));
        if kind == "T" && !is_ours {
            return Err(format!("a function is global: {line}"));
        }
    }
    Ok(())
}
