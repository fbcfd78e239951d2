// SPDX-License-Identifier: GPL-2.0-only

//! Checks the `kernel` crate and the modules of this tree beyond compiling them.

use super::rust::SETTINGS;
use super::{Crates, ModuleSettings};
use crate::building::module::interface::{self, Interface};
use crate::building::module::Heard;
use crate::building::sysroot::Sysroot;
use crate::command;
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;
use std::process::Command;

/// What checks the source beyond compiling it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Lint {
    Clippy,
    Rustdoc,
    /// Prints the examples of the `kernel` crate's docs, as JSON.
    Doctest,
}

/// Upstream's choice of clippy's lints.
const CLIPPY: &[&str] = &[
    "all",
    "as_ptr_cast_mut",
    "as_underscore",
    "cast_lossless",
    "ignored_unit_patterns",
    "mut_mut",
    "needless_bitwise_bool",
    "no_mangle_with_rust_abi",
    "ptr_as_ptr",
    "ptr_cast_constness",
    "ref_as_ptr",
    "undocumented_unsafe_blocks",
    "unnecessary_safety_comment",
    "unnecessary_safety_doc",
];

/// The directories whose modules are looked at.
const MODULES: [&str; 11] = [
    "samples",
    "templates/module",
    "templates/params",
    "templates/pci",
    "templates/platform",
    "templates/uart",
    "tests/builtin",
    "tests/kernel",
    "tests/out_of_tree",
    "tests/params/rust",
    "tests/stacking",
];

impl Crates<'_> {
    /// Runs clippy or rustdoc over the `kernel` crate, or lists its examples; and clippy over the modules; a warning fails.
    ///
    /// What they write is in `out`.
    pub fn lint(&self, sysroot: &Sysroot, out: &Path, what: Lint) -> Result<()> {
        fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
        if what != Lint::Clippy {
            let rustdoc = self.toolchain.beside("rustdoc");
            let mut command =
                self.crate_command(&rustdoc, sysroot, &self.dir, "kernel", "rust/kernel/lib.rs")?;
            // Its own check forgets that `core` was built with the same flags.
            let mismatch = "-Cunsafe-allow-abi-mismatch=retpoline,retpoline-external-thunk";
            if what == Lint::Doctest {
                command.args([mismatch, "--output-format=doctest"]);
                return command::run(&mut command);
            }
            command
                .args([mismatch, "-Dwarnings", "--out-dir"])
                .arg(self.root.join("target/doc"));
            return command::run(&mut command);
        }
        let clippy = self.toolchain.beside("clippy-driver");
        let lints = || {
            CLIPPY
                .iter()
                .map(|lint| format!("-Wclippy::{lint}"))
                .chain(["-Dwarnings".to_owned()])
        };
        let mut command =
            self.crate_command(&clippy, sysroot, &self.dir, "kernel", "rust/kernel/lib.rs")?;
        command
            .args(["--crate-type=rlib", "--emit=metadata"])
            .args(lints())
            .arg("--out-dir")
            .arg(out);
        command::run(&mut command).context("clippy on the kernel crate")?;
        let settings: ModuleSettings =
            serde_json::from_str(&fs::read_to_string(self.dir.join(SETTINGS))?)?;
        for dir in MODULES {
            let kbuild = fs::read_to_string(self.root.join(dir).join("Kbuild"))?;
            let objects = kbuild
                .split_whitespace()
                .filter_map(|word| word.strip_suffix(".o"));
            for source in objects.map(|name| Path::new(dir).join(format!("{name}.rs"))) {
                if self.root.join(&source).exists() {
                    let name = source.file_stem().unwrap_or_default().to_string_lossy();
                    let flags = interface::of_kbuild(&kbuild, &self.root.join(dir), &name);
                    let scratch = tempfile::tempdir().context("no temporary directory")?;
                    let (interfaces, _) =
                        interface::compile(&settings, &flags, scratch.path(), &Heard::default())?
                            .with_context(|| format!("the interfaces of {}", source.display()))?;
                    let mut command = Command::new(&clippy);
                    command.current_dir(self.root).env("RUSTC_BOOTSTRAP", "1");
                    command.args(&settings.args).args(lints());
                    command.args(interfaces.iter().map(Interface::external));
                    command
                        .arg("--emit=metadata")
                        .arg("--out-dir")
                        .arg(out)
                        .arg(&source);
                    command::run(&mut command)
                        .with_context(|| format!("clippy on {}", source.display()))?;
                }
            }
        }
        Ok(())
    }
}
