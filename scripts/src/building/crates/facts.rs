// SPDX-License-Identifier: GPL-2.0-only

//! What kernels differ in, found by probing.

use super::Crates;
use crate::building::kbuild::Cc;
use crate::building::prepared::Use;
use crate::command;
use anyhow::{bail, Context, Result};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// Facts of the kernel that probes found, as `has_…`.
pub(super) struct Facts(pub(super) Vec<String>);

/// Where they are written, a line each.
pub(super) const FILE: &str = "facts";

/// An editor's files are none.
fn is_probe(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".c") && !name.starts_with('.')
}

impl Facts {
    /// Runs the probes in `rust/compat`, and writes what holds to the file `facts` in `dir`: a C file holds where
    /// it compiles, a line of `symbols` where its symbol is exported.
    pub(super) fn probe(crates: &Crates<'_>, cc: &Cc, dir: &Path) -> Result<Self> {
        let compat = crates.root.join("rust/compat");
        // What a kernel that is being built will export, nobody knows: code does without.
        let exported = match crates.goal {
            Use::External => {
                let symvers = crates.symvers();
                fs::read_to_string(&symvers)
                    .with_context(|| format!("cannot read {}", symvers.display()))?
            }
            Use::Module | Use::BuiltIn => String::new(),
        };
        let mut facts = String::new();
        let mut probes: Vec<PathBuf> = fs::read_dir(&compat)?
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<_>>()?;
        probes.sort();
        for probe in probes.iter().filter(|path| is_probe(path)) {
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
        let file = dir.join(FILE);
        fs::write(&file, facts).with_context(|| format!("cannot write {}", file.display()))?;
        Self::read(dir)
    }

    /// The facts that were found in `dir`.
    pub(super) fn read(dir: &Path) -> Result<Self> {
        let file = dir.join(FILE);
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
