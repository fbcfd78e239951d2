// SPDX-License-Identifier: GPL-2.0-only

//! What kernels differ in, found by probing.

use super::Crates;
use crate::building::kbuild::Cc;
use crate::building::prepared::Use;
use crate::building::stamp;
use crate::command;
use anyhow::{bail, Context, Result};
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

/// Facts of the kernel that probes found, as `has_…`.
pub(super) struct Facts(pub(super) Vec<String>);

impl Facts {
    /// Runs the probes in `rust/compat`: a C file holds where it compiles, a line of `symbols` where its
    /// symbol is exported.
    pub(super) fn probe(crates: &Crates<'_>, cc: &Cc) -> Result<Self> {
        let compat = crates.root.join("rust/compat");
        // What a kernel that is being built will export, nobody knows: code does without.
        let exported = match crates.goal {
            Use::External => {
                let symvers = crates.kdir.path.join("Module.symvers");
                fs::read_to_string(&symvers)
                    .with_context(|| format!("cannot read {}", symvers.display()))?
            }
            Use::Module | Use::BuiltIn => String::new(),
        };
        let key = stamp::Key::new(&cc.flags)
            .and(&crates.kdir.path)
            .and(&cc.program)
            .and(&exported)
            .and_files(&compat)?;
        let file = crates.file("facts");
        stamp::step(&crates.file("facts.stamp"), &key, || {
            let mut facts = String::new();
            let mut probes: Vec<PathBuf> = fs::read_dir(&compat)?
                .map(|entry| Ok(entry?.path()))
                .collect::<Result<_>>()?;
            probes.sort();
            for probe in probes
                .iter()
                .filter(|path| path.extension().is_some_and(|e| e == "c"))
            {
                let name = probe.file_stem().unwrap_or_default().to_string_lossy();
                if command::succeeds(cc.command().args(["-Werror", "-fsyntax-only"]).arg(probe))? {
                    writeln!(facts, "has_{name}")?;
                }
            }
            let symbols: Vec<&str> = exported
                .lines()
                .filter_map(|line| line.split('\t').nth(1))
                .collect();
            let rows = fs::read_to_string(compat.join("symbols")).unwrap_or_default();
            for row in rows
                .lines()
                .map(str::trim)
                .filter(|row| !row.is_empty() && !row.starts_with('#'))
            {
                let Some((fact, symbol)) = row.split_once(':') else {
                    bail!("rust/compat/symbols: not a row: {row}")
                };
                if symbols.contains(&symbol.trim()) {
                    writeln!(facts, "{}", fact.trim())?;
                }
            }
            fs::write(&file, facts).with_context(|| format!("cannot write {}", file.display()))
        })?;
        let text =
            fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        Ok(Self(text.lines().map(str::to_owned).collect()))
    }

    /// What the helpers are compiled with besides the kernel's own flags.
    pub(super) fn defines(&self) -> Vec<String> {
        self.0
            .iter()
            .map(|fact| format!("-D{}", fact.to_uppercase()))
            .collect()
    }

    pub(super) fn cfgs(&self) -> Vec<String> {
        self.0.iter().map(|fact| format!("--cfg={fact}")).collect()
    }
}
