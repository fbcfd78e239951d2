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

/// The file with the facts, one per line.
pub(super) const FILE: &str = "facts";

impl Facts {
    /// Runs the probes in `rust/compat`, and writes what holds to the file `facts` in `dir`: a C file holds where
    /// it compiles, a line of `symbols` where its symbol is exported.
    pub(super) fn probe(crates: &Crates<'_>, cc: &Cc, dir: &Path) -> Result<Self> {
        let compat = crates.root.join("rust/compat");
        // The exports of a kernel that is being built are not known yet: these facts do not hold for it.
        let exported = match crates.goal {
            Use::External => {
                let symvers = crates.symvers();
                fs::read_to_string(&symvers)
                    .with_context(|| format!("cannot read {}", symvers.display()))?
            }
            Use::Module | Use::BuiltIn => String::new(),
        };
        let mut facts = String::new();
        for (fact, probe) in programs(&compat)? {
            if command::succeeds(cc.command().args(["-Werror", "-fsyntax-only"]).arg(probe))? {
                writeln!(facts, "{fact}")?;
            }
        }
        let symbols: Vec<&str> = exported
            .lines()
            .filter_map(|line| line.split('\t').nth(1))
            .collect();
        for (fact, symbol) in exports(&compat)? {
            if symbols.contains(&symbol.as_str()) {
                writeln!(facts, "{fact}")?;
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

    /// What `bindings` and `kernel` are compiled with: what holds, and, for rustc to refuse any other name, all that
    /// they may ask for.
    pub(super) fn cfgs(&self, root: &Path) -> Result<Vec<String>> {
        let mut args: Vec<String> = self.0.iter().map(|fact| format!("--cfg={fact}")).collect();
        args.push(format!(
            "--check-cfg=cfg(MODULE,{})",
            known_facts(root)?.join(",")
        ));
        let symbols = config_symbols(root)?.join(",");
        args.push(format!("--check-cfg=cfg({symbols},values(any()))"));
        args.push("-Dunexpected_cfgs".to_owned());
        Ok(args)
    }
}

/// The facts that there are probes for, whether they hold or not.
pub fn known_facts(root: &Path) -> Result<Vec<String>> {
    let compat = root.join("rust/compat");
    let programs = programs(&compat)?.into_iter().map(|(fact, _)| fact);
    let exports = exports(&compat)?.into_iter().map(|(fact, _)| fact);
    Ok(programs.chain(exports).collect())
}

/// The symbols of a kernel's configuration that `bindings` and `kernel` ask for, as `CONFIG_…`.
pub fn config_symbols(root: &Path) -> Result<Vec<String>> {
    rows(&root.join("rust/compat/config"))
}

/// The probes that hold where they compile.
fn programs(compat: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut probes: Vec<PathBuf> = fs::read_dir(compat)
        .with_context(|| format!("cannot read {}", compat.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    probes.sort();
    probes.retain(|path| path.extension().is_some_and(|e| e == "c"));
    let named = probes.into_iter().map(|path| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        (format!("has_{name}"), path)
    });
    Ok(named.collect())
}

/// The files that the probes are made from: headers that a helper reads too, and others.
pub(super) fn inputs(root: &Path, cc: &Cc) -> Result<Vec<PathBuf>> {
    let compat = root.join("rust/compat");
    let probes = programs(&compat)?.into_iter().map(|(_, path)| path);
    let mut paths = vec![compat.join("symbols"), compat.join("config")];
    for probe in probes {
        // A header that this kernel does not have is no error, and is listed without a directory.
        let mut list = cc.command();
        list.args(["-M", "-MG", "-MT", "x"]).arg(&probe);
        let list = command::capture(&mut list)?;
        let rule = String::from_utf8_lossy(&list.stdout);
        paths.extend(cc.read_by(&rule).into_iter().filter(|path| path.exists()));
        paths.push(probe);
    }
    Ok(paths)
}

/// The facts that hold where a symbol is exported, with the symbol.
fn exports(compat: &Path) -> Result<Vec<(String, String)>> {
    let pairs = rows(&compat.join("symbols"))?.into_iter().map(|row| {
        let Some((fact, symbol)) = row.split_once(':') else {
            bail!("rust/compat/symbols: not a row: {row}")
        };
        Ok((fact.trim().to_owned(), symbol.trim().to_owned()))
    });
    pairs.collect()
}

/// A file's lines but for blank ones and comments.
fn rows(path: &Path) -> Result<Vec<String>> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let rows = text.lines().map(str::trim);
    let rows = rows.filter(|row| !row.is_empty() && !row.starts_with('#'));
    Ok(rows.map(str::to_owned).collect())
}

#[cfg(test)]
mod tests;
