// SPDX-License-Identifier: GPL-2.0-only

//! Checks the `kernel` crate and the modules of this tree beyond compiling them.

use super::rust::SETTINGS;
use super::{Crates, ModuleSettings};
use crate::building::listing::Listing;
use crate::building::module::interface::{self, Interface};
use crate::building::module::Heard;
use crate::building::sysroot::Sysroot;
use crate::command;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use walkdir::{DirEntry, WalkDir};

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

/// Where no modules of this tree are looked for: what builds and Cargo write.
const NO_SOURCES: [&str; 2] = ["build", "target"];

/// The Rust sources that Kbuild files of this tree name, with their flags.
fn module_sources(root: &Path) -> Result<Vec<(PathBuf, Vec<String>)>> {
    let mut sources = Vec::new();
    let is_hidden =
        |entry: &DirEntry| entry.depth() > 0 && entry.file_name().as_encoded_bytes()[0] == b'.';
    let is_built = |entry: &DirEntry| {
        entry.depth() == 1 && NO_SOURCES.iter().any(|name| entry.file_name() == *name)
    };
    let entries = WalkDir::new(root).sort_by_file_name().into_iter();
    for entry in entries.filter_entry(|entry| !is_hidden(entry) && !is_built(entry)) {
        let entry = entry.context("cannot look for modules")?;
        if entry.file_name() != "Kbuild" {
            continue;
        }
        let dir = entry.path().parent().unwrap_or(root);
        for object in Listing::of(dir, None, &[])?.sources() {
            let source = dir.join(format!("{}.rs", object.name));
            if source.exists() {
                sources.push((source, object.rustflags.clone()));
            }
        }
    }
    Ok(sources)
}

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
        for (source, flags) in module_sources(self.root)? {
            let source = source.strip_prefix(self.root)?;
            let scratch = tempfile::tempdir().context("no temporary directory")?;
            let (interfaces, flags) =
                interface::compile(&settings, &flags, scratch.path(), &Heard::default())?
                    .with_context(|| format!("the interfaces of {}", source.display()))?;
            let mut command = Command::new(&clippy);
            command.current_dir(self.root).env("RUSTC_BOOTSTRAP", "1");
            command.args(&settings.args).args(lints()).args(flags);
            command.args(interfaces.iter().map(Interface::external));
            command.arg("--emit=metadata").arg("--out-dir").arg(out);
            command::run(command.arg(source))
                .with_context(|| format!("clippy on {}", source.display()))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_of_the_tree_is_found() {
        let root = crate::dirs::root().unwrap();
        let sources = module_sources(&root).unwrap();
        let has = |name: &str| sources.iter().any(|(source, _)| source.ends_with(name));
        for name in [
            "samples/rust_minimal.rs",
            "samples/rust_mixed_main.rs",
            "templates/uart/template.rs",
            "tests/debug/test_debug_bugs.rs",
            "tests/life/life_two_other.rs",
            "tests/serial/module/test_serial.rs",
            "tests/tutorial/uart_step3.rs",
        ] {
            assert!(has(name), "{name}");
        }
        let flags = |name: &str| {
            &sources
                .iter()
                .find(|(source, _)| source.ends_with(name))
                .unwrap()
                .1
        };
        let interface = format!("--interface={}/samples/rust_export_api.rs", root.display());
        assert_eq!(*flags("samples/rust_export.rs"), [interface]);
    }
}
