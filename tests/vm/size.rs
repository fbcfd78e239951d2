// SPDX-License-Identifier: GPL-2.0-only

//! The samples' sizes, against `tests/size.toml`.

use crate::built::{self, Built};
use crate::pinned::{self, Pinned, Skipped};
use crate::report::{Report, Verdict};
use anyhow::{ensure, Context, Result};
use ferrule::command;
use ferrule::kernels::Kernel;
use object::{Object, ObjectSection};
use std::fs;
use std::path::Path;
use std::process::Command;
use toml_edit::InlineTable;

const FILE: &str = "tests/size.toml";

/// How much a size may differ from the recorded one, in percent.
const LIMIT: f64 = 2.0;

/// A module's sizes in bytes, by the keys that they have in the file.
type Sizes = [(&'static str, u64); 2];

/// Compares each sample's sizes with those that the file has.
///
/// Returns the reason if the test is skipped as the file is for another rustc.
pub fn check(kernel: &Kernel, built: &Built, report: &mut Report) -> Option<Skipped> {
    let measured = measure(&built.dir(built::SAMPLES));
    let measured = report.add_step("size::measured", measured)?;
    let pinned = report.add_step("size::read", Pinned::read(FILE, kernel))?;
    if let skipped @ Some(_) = pinned.skipped() {
        return skipped;
    }
    if pinned::updates() {
        let entries = measured
            .iter()
            .map(|(name, sizes)| (name.clone(), sizes.iter().copied().map(entry).collect()));
        report.add_step("size::update", pinned.update(entries.collect()));
        return None;
    }
    for (name, sizes) in &measured {
        report.add(
            format!("size::{name}"),
            compare(name, sizes, kernel, &pinned),
        );
    }
    for name in pinned.names() {
        if measured.iter().all(|(measured, _)| *measured != name) {
            let gone = format!(
                "{FILE} has {name}, which is no sample; {}",
                pinned::remedy("size")
            );
            report.add(format!("size::{name}"), Err(gone));
        }
    }
    None
}

fn entry((key, bytes): (&str, u64)) -> (String, toml_edit::Value) {
    (
        key.to_owned(),
        i64::try_from(bytes).unwrap_or(i64::MAX).into(),
    )
}

fn compare(name: &str, sizes: &Sizes, kernel: &Kernel, pinned: &Pinned<'_>) -> Verdict {
    let series = &kernel.series;
    let entry = pinned.get(name).ok_or_else(|| {
        format!(
            "{FILE} has no size of {name} on Linux {series}; `make test T=size UPDATE=1` adds it"
        )
    })?;
    let old = |key, entry: &InlineTable| entry.get(key).and_then(|value| value.as_integer());
    let mut wrong = Vec::new();
    for &(key, new) in sizes {
        let old =
            old(key, entry).ok_or_else(|| format!("{FILE}: {name} on {series} has no `{key}`"))?;
        let percent = (new as f64 / old as f64 - 1.0) * 100.0;
        if percent.abs() > LIMIT {
            let word = if percent < 0.0 {
                "smaller, which should be kept"
            } else {
                "larger"
            };
            wrong.push(format!(
                "{key} is {word}: {old} to {new} bytes, {percent:+.1} %"
            ));
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "{name} on Linux {series}: {}; {}{}",
            wrong.join("; "),
            pinned::remedy("size"),
            pinned.note()
        )),
    }
}

/// The sizes of the modules that Kbuild has made in `dir`.
fn measure(dir: &Path) -> Result<Vec<(String, Sizes)>> {
    let order = fs::read_to_string(dir.join("modules.order"))
        .with_context(|| format!("nothing is built in {}", dir.display()))?;
    let names = order
        .lines()
        .filter_map(|line| Path::new(line).file_stem()?.to_str());
    let mut measured = names
        .map(|name| Ok((name.to_owned(), sizes(&dir.join(format!("{name}.ko")))?)))
        .collect::<Result<Vec<_>>>()?;
    ensure!(!measured.is_empty(), "{} has no module", dir.display());
    measured.sort();
    Ok(measured)
}

fn sizes(module: &Path) -> Result<Sizes> {
    let data = fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    let file = object::File::parse(&*data).with_context(|| module.display().to_string())?;
    let is_text = |name: &str| {
        let name = name
            .strip_prefix(".init")
            .or(name.strip_prefix(".exit"))
            .unwrap_or(name);
        name.starts_with(".text")
    };
    let text = file
        .sections()
        .filter(|section| section.name().is_ok_and(is_text));
    let stripped = tempfile::NamedTempFile::new().context("no temporary file")?;
    command::output(
        Command::new("strip")
            .args(["--strip-debug", "-o"])
            .arg(stripped.path())
            .arg(module),
    )?;
    Ok([
        ("text", text.map(|section| section.size()).sum()),
        ("stripped", fs::metadata(stripped.path())?.len()),
    ])
}
