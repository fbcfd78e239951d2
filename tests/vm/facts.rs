// SPDX-License-Identifier: GPL-2.0-only

//! Checks that each `cfg` of the source is set for some kernel of the tests: none is dead code.

use crate::report::Report;
use anyhow::{ensure, Context, Result};
use ferrule::building::crates;
use ferrule::dirs;
use ferrule::kernels::{self, Kernel};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Facts that hold only for kernels between those of the matrix: the code for them is neither compiled nor tested.
const BETWEEN: &[&str] = &["has_device_table_plain"];

/// The facts and symbols of one kernel, as its build found them.
struct Known {
    facts: String,
    /// The configuration, symbols that are off included, and the headers that the bindings were made from: they
    /// name symbols that this kernel's configuration does not mention.
    text: String,
}

/// Checks that each fact but those of [`BETWEEN`] holds for one of `kernels`, and that one of them knows each symbol of
/// `rust/compat/config`; skipped unless these are all kernels of the matrix. Their crates must have been built, with
/// inlined helpers.
pub fn check(kernels: &[Kernel], report: &mut Report) -> Result<()> {
    let tested = |series: &String| kernels.iter().any(|kernel| kernel.series == *series);
    if !kernels::series()?.iter().all(tested) {
        report.skip("each_holds_somewhere", "not all kernels are tested");
        return Ok(());
    }
    let verdict = look(kernels).map_err(|error| format!("{error:#}"));
    report.add("each_holds_somewhere", verdict);
    Ok(())
}

fn look(kernels: &[Kernel]) -> Result<()> {
    let root = dirs::root()?;
    let build = dirs::build_dir(&root)?;
    let all = kernels.iter().map(|kernel| known(&build, kernel));
    let all = all.collect::<Result<Vec<Known>>>()?;

    let holding: BTreeSet<&str> = all.iter().flat_map(|kernel| kernel.facts.lines()).collect();
    let mut never = crates::known_facts(&root)?;
    never.retain(|fact| !holding.contains(fact.as_str()));
    ensure!(
        never == BETWEEN,
        "no kernel has {never:?}, expected {BETWEEN:?}"
    );

    let words: BTreeSet<&str> = all
        .iter()
        .flat_map(|kernel| {
            kernel
                .text
                .split(|c: char| !c.is_alphanumeric() && c != '_')
        })
        .filter(|word| word.starts_with("CONFIG_"))
        .collect();
    let mut unknown = crates::config_symbols(&root)?;
    unknown.retain(|symbol| !words.contains(symbol.as_str()));
    ensure!(unknown.is_empty(), "no kernel knows {unknown:?}");
    Ok(())
}

fn known(build: &Path, kernel: &Kernel) -> Result<Known> {
    let read = |path: &Path| {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok::<_, anyhow::Error>(String::from_utf8_lossy(&bytes).into_owned())
    };
    let dir = build.join(&kernel.release);
    let mut text = read(&kernel.kdir.join(".config"))?;
    // Our own headers' paths are relative to the project's directory.
    let headers = read(&dir.join("headers"))?;
    for path in headers
        .lines()
        .map(Path::new)
        .filter(|path| path.is_absolute())
    {
        text += &read(path)?;
    }
    Ok(Known {
        facts: read(&dir.join("facts"))?,
        text,
    })
}
