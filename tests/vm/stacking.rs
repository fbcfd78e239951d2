// SPDX-License-Identifier: GPL-2.0-only

//! Modules on top of others: exports, depmod, modprobe, references of modules in use, and the refusal of modules that
//! were built for another interface.

use crate::boot;
use crate::built::{sources, Built, Files, SAMPLES};
use crate::log;
use crate::parts::Parts;
use crate::report::{Report, Verdict};
use crate::script::Script;
use anyhow::{ensure, Context, Result};
use ferrule::command;
use ferrule::dirs;
use ferrule::kernels::Kernel;
use ferrule::vm::{self, Guest};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

mod exports;

pub use exports::{check as check_built, check_refused};
use exports::{has_versions, Change, BODY, LAYOUT, NOT_GPL, SIGNATURE, TRAIT};

/// The test's modules, below the project's root.
const DIR: &str = "tests/stacking";

/// The modules that the changed copies of the samples build.
const KBUILD: &str = "obj-m += rust_export.o
RUSTFLAGS_rust_export.o := --interface=$(src)/rust_export_api.rs
CFLAGS_rust_export.o := -include $(src)/rust_export.h
";
const RUST_IMPORT: &str = "obj-m += rust_import.o
RUSTFLAGS_rust_import.o := --interface=$(src)/rust_export_api.rs
";

const C_USERS: &str = "obj-m += c_import.o stack_c_only.o
RUSTFLAGS_stack_c_only.o := --interface=$(src)/rust_export_api.rs
";

/// The changed copies: name, changes, and Kbuild file.
fn changes() -> [(&'static str, &'static [Change], String); 5] {
    let rust = format!("{KBUILD}{RUST_IMPORT}");
    let c = format!("{KBUILD}{C_USERS}");
    [
        ("body", BODY, rust.clone()),
        ("trait", TRAIT, rust),
        ("layout", LAYOUT, c.clone()),
        ("signature", SIGNATURE, format!("{c}{RUST_IMPORT}")),
        ("not_gpl", NOT_GPL, c),
    ]
}

/// Builds the test's modules, and the changed samples that build.
pub fn build(built: &Built) -> Result<()> {
    let root = dirs::root()?;
    let samples = root.join(SAMPLES);
    built.build_files(DIR, &sources(&root.join(DIR))?, Some(&samples))?;
    for (name, changes, kbuild) in changes() {
        built.build_files(&changed_dir(name), &changed(changes, &kbuild)?, None)?;
    }
    Ok(())
}

fn changed_dir(name: &str) -> String {
    format!("{DIR}-changed/{name}")
}

/// A copy of the stacked samples, with changes.
fn changed(changes: &[Change], kbuild: &str) -> Result<Files> {
    let root = dirs::root()?;
    let mut texts = Files::from([("Kbuild".into(), kbuild.as_bytes().to_vec())]);
    for name in [
        "rust_export.rs",
        "rust_export_api.rs",
        "rust_export.h",
        "rust_import.rs",
    ] {
        texts.insert(name.into(), fs::read(root.join(SAMPLES).join(name))?);
    }
    for name in ["c_import.c", "stack_c_only.rs"] {
        let text = fs::read_to_string(root.join(DIR).join(name))?;
        texts.insert(name.into(), text.replace("../../samples/", "").into_bytes());
    }
    for (file, from, to) in changes {
        let text = texts.get_mut(Path::new(file)).context("no such file")?;
        let old = String::from_utf8(text.clone()).context("a source is no text")?;
        ensure!(old.contains(from), "{file} has no {from:?}");
        *text = old.replacen(from, to, 1).into_bytes();
    }
    Ok(texts)
}

/// The directories of one kernel.
struct Stacks {
    dir: PathBuf,
    samples: PathBuf,
    changed: PathBuf,
}

impl Stacks {
    fn new(built: &Built) -> Self {
        Self {
            dir: built.dir(DIR),
            samples: built.dir(SAMPLES),
            changed: built.dir(changed_dir("")),
        }
    }

    fn module(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.ko"))
    }

    /// Replaces a string in `stack_upper`'s modinfo by another of the same length.
    fn forged(&self, name: &str, from: &str, to: &str) -> Result<PathBuf> {
        let mut data = fs::read(self.module("stack_upper"))?;
        let at = data
            .windows(from.len())
            .position(|window| window == from.as_bytes());
        let at = at.with_context(|| format!("stack_upper has no {from}"))?;
        ensure!(from.len() == to.len(), "{to} does not fit");
        data[at..at + to.len()].copy_from_slice(to.as_bytes());
        let path = self.dir.join(format!("{name}.forged"));
        fs::write(&path, data)?;
        Ok(path)
    }

    fn of_changed(&self, change: &str, name: &str) -> PathBuf {
        self.changed.join(change).join(format!("{name}.ko"))
    }
}

const PARTS: Parts = Parts(include_str!("parts/stacking.sh"));

/// The lines that the log of each part must have. `+` before a line: only with MODVERSIONS.
const EXPECTED: &[(&str, &[&str])] = &[
    (
        "modprobe",
        &[
            "rust_export: ready",
            "rust_import: 1 + 2 = 3",
            "rust_import: leaves the counter at 61",
            "rust_export: added 61 in 4 calls",
        ],
    ),
    (
        "c_on_rust",
        &["c_import: 42 42", "rust_export: added 0 in 0 calls"],
    ),
    (
        "all_kinds",
        &["stack_lower: nothing", "stack_upper: all is right"],
    ),
    (
        "without_the_lower_one",
        &["rust_import: Unknown symbol rust_export_sum (err -2)"],
    ),
    (
        "another_trait",
        &[
            "rust_import: Unknown symbol rust_export_api_",
            "+rust_import: disagrees about version of symbol rust_export_api_counter",
        ],
    ),
    (
        "another_layout",
        &["+c_import: disagrees about version of symbol rust_export_sum", "+c_import: 22"],
    ),
    (
        "another_layout_of_a_c_function_in_rust",
        &[
            "stack_c_only: Unknown symbol rust_export_api_",
            "stack_c_only: 42",
        ],
    ),
    (
        "another_signature",
        &[
            "rust_import: Unknown symbol rust_export_api_",
            "+rust_import: disagrees about version of symbol rust_export_sum",
            "+c_import: disagrees about version of symbol rust_export_sum",
            "+c_import: 22",
        ],
    ),
    (
        "a_proprietary_module_calls_what_is_not_gpl_only",
        &["stack_c_only: 42"],
    ),
    (
        "a_lower_one_that_fails",
        &["rust_export: ready", "rust_import: Unknown symbol rust_export_sum (err -2)"],
    ),
    (
        "the_same_interface",
        &["rust_export: ready too", "rust_import: 1 + 2 = 3"],
    ),
    (
        "gpl_only_symbols_are_not_for_a_proprietary_module",
        &[
            "stack_upper: Unknown symbol stack_lower_mixed (err -2)",
            "stack_upper: Unknown symbol stack_lower_nothing (err -2)",
        ],
    ),
    (
        "a_namespace_is_for_those_who_import_it",
        &[
            "stack_upper: module uses symbol (stack_lower_mixed) from namespace STACK_LOWER, but does not import it.",
            "stack_upper: Unknown symbol stack_lower_mixed (err -22)",
        ],
    ),
    (
        "references",
        &["stack_ref: itself: true", "stack_ref: holds 3", "stack_ref: holds 0", "stack_ref: refused: true"],
    ),
];

/// Boots a kernel, runs all parts, and checks the log.
pub fn run(built: &Built, report: &mut Report) -> Result<()> {
    let log = boot::boot(report, &guest(built)?)?;
    let has_versions = has_versions(&built.kernel);
    for (name, expected) in EXPECTED {
        report.add(name, part(&log, name, expected, has_versions));
    }
    Ok(())
}

fn guest(built: &Built) -> Result<Guest> {
    let (kernel, stacks) = (&built.kernel, &Stacks::new(built));
    let sample = |name: &str| stacks.samples.join(format!("{name}.ko"));
    let mut files = vec![
        (sample("rust_export"), "rust_export"),
        (sample("rust_import"), "rust_import"),
        (stacks.of_changed("trait", "rust_import"), "trait"),
        (stacks.of_changed("layout", "c_import"), "layout"),
        (stacks.of_changed("layout", "stack_c_only"), "layout_c_only"),
        (stacks.of_changed("signature", "rust_import"), "signature"),
        (stacks.of_changed("signature", "c_import"), "signature_c"),
        (stacks.of_changed("not_gpl", "stack_c_only"), "not_gpl"),
        (stacks.of_changed("not_gpl", "rust_export"), "fails"),
        (stacks.of_changed("body", "rust_export"), "body"),
        (
            stacks.forged("proprietary", "license=GPL", "license=BSD")?,
            "proprietary",
        ),
        (
            stacks.forged("stranger", "import_ns=STACK_LOWER", "import_ns=STACK_OTHER")?,
            "stranger",
        ),
    ];
    for name in [
        "c_import",
        "stack_c_only",
        "stack_lower",
        "stack_upper",
        "stack_ref",
    ] {
        files.push((stacks.module(name), name));
    }
    let mut files: Vec<(PathBuf, String)> = files
        .into_iter()
        .map(|(path, name)| (path, format!("/modules/{name}.ko")))
        .collect();
    files.extend(installed(kernel, stacks)?);
    let kmod = vm::with_libraries(Path::new("kmod"))?;
    let mut script = Script::of(&format!("kmod={}", kmod[0].1), PARTS);
    files.extend(kmod);
    let names: Vec<&str> = EXPECTED.iter().map(|(name, _)| *name).collect();
    PARTS.check(&names)?;
    script.parts(names);
    Ok(Guest {
        kernel: kernel.vmlinuz.clone(),
        files,
        script: script.without_end(),
        timeout: Duration::from_secs(120),
        ..Guest::default()
    })
}

/// The stacked samples as `modules_install` installs them, with depmod's output.
fn installed(kernel: &Kernel, stacks: &Stacks) -> Result<Vec<(PathBuf, String)>> {
    let root = stacks.dir.join("installed");
    let below = format!("lib/modules/{}", kernel.release);
    let extra = root.join(&below).join("extra");
    fs::create_dir_all(&extra)?;
    for name in ["rust_export.ko", "rust_import.ko"] {
        fs::copy(stacks.samples.join(name), extra.join(name))?;
    }
    let path = format!(
        "{}:/usr/sbin:/sbin",
        std::env::var("PATH").unwrap_or_default()
    );
    let mut depmod = Command::new("depmod");
    command::output(
        depmod
            .env("PATH", path)
            .arg("-b")
            .arg(&root)
            .arg(&kernel.release),
    )?;
    let dep = fs::read_to_string(root.join(&below).join("modules.dep"))?;
    ensure!(
        dep.contains("extra/rust_import.ko: extra/rust_export.ko\n"),
        "depmod has not found that rust_import needs rust_export:\n{dep}"
    );
    let mut files = Vec::new();
    for dir in ["", "extra/"] {
        let entries = fs::read_dir(root.join(&below).join(dir))?;
        let mut entries = entries.collect::<std::io::Result<Vec<_>>>()?;
        // The same order in each run, for the key of the guest.
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries.iter().filter(|entry| entry.path().is_file()) {
            let name = entry.file_name();
            files.push((
                entry.path(),
                format!("/{below}/{dir}{}", name.to_string_lossy()),
            ));
        }
    }
    Ok(files)
}

fn part(text: &str, name: &str, expected: &[&str], has_versions: bool) -> Verdict {
    let section = log::section(text, name)?;
    if section.status != "0" {
        return Err(format!("status {}: {:#?}", section.status, section.log));
    }
    let expected = expected
        .iter()
        .filter_map(|line| match line.strip_prefix('+') {
            Some(line) => has_versions.then_some(line),
            None => Some(*line),
        });
    for wanted in expected {
        if !section.log.iter().any(|line| line.starts_with(wanted)) {
            return Err(format!("no {wanted:?} in {:#?}", section.log));
        }
    }
    Ok(())
}
