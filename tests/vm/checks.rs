// SPDX-License-Identifier: GPL-2.0-only

//! Checks built modules: their modinfo, symbols and symbol versions.

use crate::built::{Built, SAMPLES};
use crate::doc;
use crate::report::{Report, Verdict};
use anyhow::Result;
use ferrule::command;
use ferrule::kernels::Kernel;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Checks all built modules.
pub fn check(built: &Built, report: &mut Report) -> Result<()> {
    let (kernel, helpers) = (&built.kernel, built.helpers);
    if helpers == "inline" {
        report.add("modinfo_is_right", modinfo(built, kernel));
        report.add("docs_name_each_macro", doc::check_tables(kernel));
    }
    for path in built.modules()? {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        report.add(format!("symbols::{name}"), symbols(&path, helpers));
        report.add(format!("crcs::{name}"), crcs(&path, kernel));
    }
    let again = built
        .ferrule_build(Some(SAMPLES))
        .map_err(|error| format!("{error:#}"));
    report.add(
        "nothing_changed_runs_nothing",
        again.and_then(|output| quiet(&output)),
    );
    Ok(())
}

/// Checks that a build without changes has compiled and linked nothing.
fn quiet(output: &str) -> Verdict {
    match output
        .lines()
        .find(|line| line.contains("RUSTC") || line.contains("CC ") || line.contains(" LD "))
    {
        Some(line) => Err(format!("ran again: {line}")),
        None => Ok(()),
    }
}

/// Checks modinfo's output for the minimal sample.
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

/// Checks that no helper is left in a module with inlined helpers, and that it has no unintended global function.
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
        // objtool names the padding before a function `__pfx_` and the function's name.
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

/// Checks that every import has the CRC of the kernel's or the directory's Module.symvers, or that the module has no
/// CRCs if the kernel has no MODVERSIONS.
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
    // Not in the PATH of users other than root.
    let path = ["/usr/sbin/modprobe", "/sbin/modprobe"]
        .into_iter()
        .find(|path| Path::new(path).exists());
    Command::new(path.unwrap_or("modprobe"))
}
