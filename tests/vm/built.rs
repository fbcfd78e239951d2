// SPDX-License-Identifier: GPL-2.0-only

//! Builds the samples and test modules for a kernel, and looks at what came out.

use crate::{doc, ui, Report, Verdict};
use anyhow::{bail, Context, Result};
use ferrule::building::doctest::Example;
use ferrule::command;
use ferrule::dirs;
use ferrule::kernels::Kernel;
use ferrule::verbs::demo;
use ferrule::vm::sample::Sample;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Modules' directories as built for one kernel.
pub struct Built {
    pub samples: Vec<Sample>,
    /// What `ferrule new` makes and the tutorial's steps, with the modules' files.
    pub made: Vec<(Sample, PathBuf)>,
    /// The test modules' names.
    pub tests: Vec<String>,
    /// The examples of the docs.
    pub examples: Vec<Example>,
    dir: PathBuf,
}

/// The directories whose modules are built, below the project's root.
pub const SAMPLES: &str = "samples";
const TESTS: &str = "tests/kernel";
const OUT_OF_TREE: &str = "tests/out_of_tree";
const PARAMS: [&str; 2] = ["tests/params/c", "tests/params/rust"];
pub const SERIAL: &str = "tests/serial/module";
const TUTORIAL: &str = "tests/tutorial";
pub const LIFE: &str = "tests/life";
const LIFE_MODULES: [&str; 5] = [
    "life_main",
    "life_fails",
    "life_leaks",
    "life_two",
    "life_work",
];

impl Built {
    pub fn sample(&self, name: &str) -> PathBuf {
        self.dir.join(SAMPLES).join(format!("{name}.ko"))
    }

    pub fn test(&self, name: &str) -> PathBuf {
        self.dir.join(TESTS).join(format!("{name}.ko"))
    }

    pub fn out_of_tree(&self) -> PathBuf {
        self.dir.join(OUT_OF_TREE).join("rust_out_of_tree.ko")
    }

    pub fn life(&self, name: &str) -> PathBuf {
        self.dir.join(LIFE).join(format!("{name}.ko"))
    }

    /// A directory below that of this kernel's modules.
    pub fn dir(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir.join(name)
    }

    fn modules(&self) -> impl Iterator<Item = PathBuf> + '_ {
        let samples = self.samples.iter().map(|sample| self.sample(&sample.name));
        samples
            .chain(self.tests.iter().map(|name| self.test(name)))
            .chain(LIFE_MODULES.map(|name| self.life(name)))
            .chain([self.out_of_tree()])
    }
}

/// Builds all modules for `kernel`; a warning of rustc, a C compiler, objtool or modpost is an error.
pub fn build(kernel: &Kernel, helpers: &str) -> Result<Built> {
    let dir = dir(kernel, helpers)?;
    let examples = doc::examples(kernel)?;
    for name in [SAMPLES, TESTS, OUT_OF_TREE, SERIAL, TUTORIAL, LIFE]
        .into_iter()
        .chain(PARAMS)
    {
        let to = copy(kernel, helpers, name)?;
        if name == TESTS {
            doc::generate(&examples, &to)?;
        }
        build_quietly(kernel, helpers, &to)?;
    }
    let made = KINDS.map(|kind| make_new(kernel, helpers, &dir, kind));
    let mut made = made.into_iter().collect::<Result<Vec<_>>>()?;
    let steps = dir.join(TUTORIAL);
    for step in Sample::all(&steps)? {
        let path = steps.join(format!("{}.ko", step.name));
        made.push((step, path));
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
        made,
        tests,
        examples,
        dir,
    })
}

/// Where the modules for `kernel` are built.
fn dir(kernel: &Kernel, helpers: &str) -> Result<PathBuf> {
    let name = format!("{}-{helpers}", kernel.release);
    Ok(dirs::root()?.join("build/test").join(name))
}

/// Copies the sources of a directory to where they are built for that kernel.
fn copy(kernel: &Kernel, helpers: &str, name: &str) -> Result<PathBuf> {
    let to = dir(kernel, helpers)?.join(name);
    demo::copy_sources(&dirs::root()?.join(name), &to)?;
    Ok(to)
}

/// The kinds of modules that `ferrule new` makes.
const KINDS: [&str; 5] = ["module", "params", "pci", "platform", "uart"];

/// Makes a module of `kind`, and builds it as it is.
fn make_new(kernel: &Kernel, helpers: &str, dir: &Path, kind: &str) -> Result<(Sample, PathBuf)> {
    let name = format!("made_{kind}");
    let to = dir.join(&name);
    if to.exists() {
        fs::remove_dir_all(&to)?;
    }
    let mut new = Command::new(env!("CARGO_BIN_EXE_ferrule"));
    command::output(new.arg("new").arg(&to).args(["--kind", kind]))?;
    build_quietly(kernel, helpers, &to)?;
    let sample = Sample::all(&to)?.pop().context("it has no commands")?;
    Ok((sample, to.join(format!("{name}.ko"))))
}

/// Builds a directory; a warning is an error.
fn build_quietly(kernel: &Kernel, helpers: &str, dir: &Path) -> Result<()> {
    let output = ferrule_build(kernel, helpers, dir)?;
    let warning = |line: &&str| line.to_lowercase().contains("warning");
    let Some(line) = output.lines().find(warning) else {
        return Ok(());
    };
    // What is built already would not warn the next time.
    fs::remove_dir_all(dir)?;
    bail!("{}: {line}\nin:\n{output}", dir.display());
}

/// Copies a directory's sources, and builds them.
pub fn copied(kernel: &Kernel, helpers: &str, name: &str) -> Result<PathBuf> {
    let to = copy(kernel, helpers, name)?;
    build_quietly(kernel, helpers, &to)?;
    Ok(to)
}

/// Builds the module that other kernels have to refuse.
pub fn life_module(kernel: &Kernel) -> Result<PathBuf> {
    let dir = copy(kernel, "inline", LIFE)?;
    build_quietly(kernel, "inline", &dir)?;
    Ok(dir.join("life_main.ko"))
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
    if helpers == "inline" {
        report.add("docs_name_each_macro", doc::check_tables(kernel));
        doc::check_refused(&built.examples, kernel, &built.dir.join(TESTS), report);
        ui::check(kernel, &built.dir.join(TESTS), report);
    }
    for path in built.modules() {
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        report.add(format!("symbols::{name}"), symbols(&path, helpers));
        report.add(format!("crcs::{name}"), crcs(&path, kernel));
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
            || ["rust_mixed_", "rust_helper_", "rust_export_", "life_two_"]
                .iter()
                .any(|prefix| name.trim_start_matches("__pfx_").starts_with(prefix));
        if kind == "T" && !is_ours {
            return Err(format!("a function is global: {line}"));
        }
    }
    Ok(())
}

/// Every import has the CRC that the kernel's Module.symvers gives, or that of the directory; none where the kernel has no MODVERSIONS.
fn crcs(path: &Path, kernel: &Kernel) -> Verdict {
    let said =
        |command: &mut Command| command::output(command).map_err(|error| format!("{error:#}"));
    let kdir =
        ferrule::building::kdir::Kdir::open(&kernel.kdir).map_err(|error| format!("{error:#}"))?;
    if !kdir.config.contains_key("MODVERSIONS") {
        let sections = said(
            Command::new("readelf")
                .args(["--sections", "--wide"])
                .arg(path),
        )?;
        return match sections.contains("__version") {
            true => Err("a kernel without MODVERSIONS, but the module has __versions".to_owned()),
            false => Ok(()),
        };
    }
    let dump = said(modprobe().arg("--dump-modversions").arg(path))?;
    let mut symvers = String::new();
    for file in [
        kernel.kdir.join("Module.symvers"),
        path.with_file_name("Module.symvers"),
    ] {
        symvers += &fs::read_to_string(file).map_err(|error| error.to_string())?;
    }
    // CRC, symbol, and more.
    let pairs = |text: &str| -> BTreeMap<String, u64> {
        let pair = |line: &str| {
            let mut words = line.split_whitespace();
            let crc = u64::from_str_radix(words.next()?.strip_prefix("0x")?, 16).ok()?;
            Some((words.next()?.to_owned(), crc))
        };
        text.lines().filter_map(pair).collect()
    };
    let (exported, found) = (pairs(&symvers), pairs(&dump));
    let undefined = said(
        Command::new("nm")
            .args(["--undefined-only", "--format=just-symbols"])
            .arg(path),
    )?;
    for name in undefined.lines().chain(["module_layout"]) {
        match (found.get(name), exported.get(name)) {
            (Some(found), Some(exported)) if found == exported && *found != 0 => {}
            (found, exported) => {
                return Err(format!(
                    "{name}: CRC {found:#x?}, Module.symvers has {exported:#x?}"
                ))
            }
        }
    }
    Ok(())
}

fn modprobe() -> Command {
    // Not in the PATH of those who are not root.
    let path = ["/usr/sbin/modprobe", "/sbin/modprobe"]
        .into_iter()
        .find(|path| Path::new(path).exists());
    Command::new(path.unwrap_or("modprobe"))
}
