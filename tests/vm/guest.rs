// SPDX-License-Identifier: GPL-2.0-only

//! Boots a kernel, loads all samples and test modules, and checks the log of each.

use crate::boot::{self, devices};
use crate::built::{Built, MADE, OUT_OF_TREE};
use crate::parts::Parts;
use crate::report::{Report, Verdict};
use crate::script::Script;
use crate::{debug, log};
use anyhow::Result;
use ferrule::vm::own_lines::is_kernels_own;
use ferrule::vm::sample;
use ferrule::vm::Guest;

const PARTS: Parts = Parts(include_str!("parts/modules.sh"));

/// How often a sample is loaded and unloaded.
const CYCLES: u32 = 200;

/// How often a driver is unbound from its device and bound again.
const REBINDS: usize = 20;

/// Boots a kernel, runs all parts, and checks the log of each.
pub fn run(built: &Built, report: &mut Report) -> Result<()> {
    let log = boot::boot(report, &guest(built)?)?;
    check(built, &log, report)?;
    debug::check(&built.kernel, "modules", &log, debug::FORGOTTEN, report);
    Ok(())
}

/// Parts for which more than samples and test modules must be built: not for the ring `modules`.
fn has_all(built: &Built) -> bool {
    built.has(OUT_OF_TREE) && built.has(MADE)
}

fn guest(built: &Built) -> Result<Guest> {
    let kernel = &built.kernel;
    let mut files = Vec::new();
    let variables = format!("CYCLES={CYCLES} REBINDS={REBINDS}");
    let mut script = Script::of(&variables, PARTS);
    for sample in built.samples()? {
        script.part_of(&sample.name, &sample.script());
        files.push((
            built.sample(&sample.name),
            format!("/modules/{}.ko", sample.name),
        ));
    }
    for (made, file) in built.made()? {
        script.part_of(&made.name, &made.script());
        files.push((file, format!("/modules/{}.ko", made.name)));
    }
    for name in built.tests()? {
        script.part_of(&name, &format!("insmod {name}.ko && rmmod {name}"));
        files.push((built.test(&name), format!("/modules/{name}.ko")));
    }
    if has_all(built) {
        files.push((
            built.out_of_tree(),
            "/modules/rust_out_of_tree.ko".to_owned(),
        ));
        script.parts(PARTS.names());
    }
    Ok(Guest {
        kernel: kernel.vmlinuz.clone(),
        files,
        script: script.end(kernel),
        append: debug::append(kernel, sample::APPEND),
        qemu_args: devices()?,
        timeout: debug::limit(kernel, 300),
        cpus: 2,
        ..Guest::default()
    })
}

fn check(built: &Built, text: &str, report: &mut Report) -> Result<()> {
    let kernel = &built.kernel;
    let made = built.made()?.into_iter().map(|(made, _)| made);
    for sample in built.samples()?.into_iter().chain(made) {
        let verdict = passed(text, &sample.name).and_then(|lines| match sample.mismatch(&lines) {
            Some(mismatch) => Err(format!("{mismatch}\nin: {lines:#?}")),
            None => Ok(()),
        });
        report.add(format!("sample::{}", sample.name), verdict);
    }
    for name in built.tests()? {
        let lines = log::section(text, &name).map(|section| section.log);
        match lines.and_then(|lines| log::ktap(&lines, &name)) {
            Ok(cases) => {
                for (case, verdict) in cases {
                    if !debug::lacks(kernel, &name, case) {
                        report.add(format!("{name}::{case}"), verdict);
                    }
                }
                if !debug::lacks(kernel, &name, "loads") {
                    report.add(format!("{name}::loads"), passed(text, &name).map(drop));
                }
            }
            Err(problem) => report.add(&name, Err(problem)),
        }
    }
    if has_all(built) {
        report.add("out_of_tree_template", out_of_tree(text));
        report.add("cycles_leave_only_our_lines", cycles(text));
        report.add("rebinds_through_sysfs", rebinds(text));
        report.add("a_device_goes_and_comes", unplug(text));
    }
    Ok(())
}

/// The lines of a part whose commands succeeded.
fn passed<'a>(text: &'a str, name: &str) -> Result<Vec<&'a str>, String> {
    let section = log::section(text, name)?;
    match section.status {
        "0" => Ok(section.log),
        status => Err(format!(
            "status {status}, it said {:#?}, and the log: {:#?}",
            section.said, section.log
        )),
    }
}

fn out_of_tree(text: &str) -> Verdict {
    let lines = passed(text, "rust_out_of_tree")?;
    let expected = [
        "out-of-tree module (init)",
        "numbers: [72, 108, 200]",
        "out-of-tree module (exit)",
    ];
    let said: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.strip_prefix("rust_out_of_tree: "))
        .collect();
    if said.ends_with(&expected) {
        return Ok(());
    }
    Err(format!("{said:#?}"))
}

/// Checks that each cycle of loading and unloading logs the same lines, and nothing else.
fn cycles(text: &str) -> Verdict {
    let lines = passed(text, "cycles")?;
    let is_ours = |line: &&&str| line.starts_with("rust_minimal: ");
    if let Some(stranger) = lines
        .iter()
        .filter(|line| !is_kernels_own(line))
        .find(|line| !is_ours(line))
    {
        return Err(format!("in the log: {stranger}"));
    }
    match lines.iter().filter(|line| line.ends_with("(init)")).count() {
        count if count == CYCLES as usize => Ok(()),
        count => Err(format!("{count} of {CYCLES} loads in the log")),
    }
}

/// Checks that the driver works after each bind, and releases everything at each unbind.
fn rebinds(text: &str) -> Verdict {
    let mut lines = passed(text, "rebinds")?;
    lines.retain(|line| !is_kernels_own(line));
    let count = |end: &str| lines.iter().filter(|line| line.ends_with(end)).count();
    let (probes, goodbyes) = (count("4 writes to memory, 2 to ports"), count(": goodbye"));
    if (probes, goodbyes) != (REBINDS + 1, REBINDS + 1) || lines.len() != 3 * (REBINDS + 1) {
        return Err(format!("{probes} probes, {goodbyes} goodbyes: {lines:#?}"));
    }
    Ok(())
}

/// Checks that the driver's data is dropped when its device is removed, and that a device that is added is probed.
fn unplug(text: &str) -> Verdict {
    let lines = passed(text, "unplug")?;
    let said: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.strip_prefix("rust_driver_pci 0000:00:08.0: "))
        .filter(|line| !line.starts_with("enabling device"))
        .collect();
    let once = [
        "REDHAT 0x5: 4 writes to memory, 2 to ports",
        "unbind",
        "goodbye",
    ];
    if said != [once, once].concat() {
        return Err(format!("{lines:#?}"));
    }
    Ok(())
}
