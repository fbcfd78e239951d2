// SPDX-License-Identifier: GPL-2.0-only

//! Faults of a module that stock kernels report: a panic, which the tool summarises, and a use after free, which KFENCE
//! sees where the kernel has it.

use crate::boot::{self, Left};
use crate::built::Built;
use crate::log;
use crate::report::{Report, Verdict};
use crate::script::Script;
use anyhow::{Context, Result};
use ferrule::building::kdir::Kdir;
use ferrule::kernels::Kernel;
use ferrule::vm::{self, Guest};
use std::time::Duration;

/// The directory of the module with the faults.
pub const DIR: &str = "tests/faults";

const MODULE: &str = "test_faults";

/// Whether `kernel` has KFENCE.
pub fn has_kfence(kernel: &Kernel) -> Result<bool> {
    Ok(Kdir::open(&kernel.kdir)?.config.contains_key("KFENCE"))
}

fn guest(built: &Built, script: String) -> Guest {
    let module = built.dir(DIR).join(format!("{MODULE}.ko"));
    Guest {
        kernel: built.kernel.vmlinuz.clone(),
        files: vec![(module, format!("/{MODULE}.ko"))],
        script,
        timeout: Duration::from_secs(60),
        ..Guest::default()
    }
}

/// Boots a kernel in which a module panics, and checks what `ferrule vm` says last.
pub fn run_panic(built: &Built, report: &mut Report) -> Result<()> {
    // As a user would write it, without the prelude, which keeps messages from the console.
    let guest = guest(built, format!("insmod /{MODULE}.ko fault=1\n"));
    let left = boot::boot_with(report, &guest, "", |guest, _| {
        let outcome = vm::boot(guest, &mut |_| {})?;
        let failure = outcome.failure().context("the guest survived")?;
        Ok(Left {
            log: outcome.log,
            heard: vec![failure],
        })
    })?;
    report.add("a_panic_is_told_by_its_message", told(&left.heard));
    Ok(())
}

fn told(said: &[String]) -> Verdict {
    let is_told = |line: &String| {
        let rest = line.strip_prefix("the guest died: test_faults: panicked at ");
        let place = rest.and_then(|rest| rest.split_once("test_faults.rs:"));
        let message = place.and_then(|(_, rest)| rest.split_once(": "));
        let is_place = |text: &str| text.bytes().all(|c| c.is_ascii_digit() || c == b':');
        message.is_some_and(|(place, message)| is_place(place) && message == "no value at 4")
    };
    match said {
        [line] if is_told(line) => Ok(()),
        _ => Err(format!("{said:?}")),
    }
}

/// Boots a kernel that has KFENCE, and checks that it sees a use after free in Rust.
pub fn run_kfence(built: &Built, report: &mut Report) -> Result<()> {
    let mut script = Script::new("");
    let load = |fault| format!("insmod /{MODULE}.ko fault={fault} && rmmod {MODULE}");
    script.part_of("right", &load(0));
    // Another allocation may be the one of an interval.
    let is_seen = "dmesg | grep -q 'BUG: KFENCE: '";
    script.part_of("wrong", &format!("wait_for \"{} && {is_seen}\"", load(2)));
    let log = boot::boot_anyway(report, &guest(built, script.without_end()))?;
    report.add("nothing_is_reported_without_a_fault", right(&log));
    report.add("a_use_after_free_is_seen", wrong(&log));
    // The same judges all other guests.
    report.add(
        "a_report_fails_its_guest",
        match boot::seen_by_kfence(&log) {
            Some(_) => Ok(()),
            None => Err("nothing is said to be seen".to_owned()),
        },
    );
    Ok(())
}

fn right(text: &str) -> Verdict {
    let lines = log::section(text, "right")?;
    match lines.status {
        "0" if lines.log.contains(&"test_faults: nothing wrong with 0")
            && boot::seen_by_kfence(&lines.log.join("\n")).is_none() =>
        {
            Ok(())
        }
        status => Err(format!("status {status}, {:#?}", lines.log)),
    }
}

fn wrong(text: &str) -> Verdict {
    let section = log::section(text, "wrong")?;
    let lines = &section.log;
    let at = lines
        .iter()
        .position(|line| line.starts_with("BUG: KFENCE: use-after-free read in "));
    // The place of the access, that of the allocation, and that of the free.
    let is_complete = at.is_some_and(|at| {
        let report = lines[at + 1..].iter();
        let report: Vec<&&str> = report
            .take_while(|line| !line.starts_with("BUG: KFENCE: "))
            .collect();
        let has = |words: &str| report.iter().any(|line| line.contains(words));
        has("[test_faults]") && has("allocated by task ") && has("freed by task ")
    });
    match section.status {
        "0" if is_complete => Ok(()),
        status => Err(format!("status {status}, {lines:#?}")),
    }
}
