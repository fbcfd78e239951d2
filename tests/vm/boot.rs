// SPDX-License-Identifier: GPL-2.0-only

//! Boots a job's guest, unless there is a record of a guest with the same inputs: then its log is checked again.

use crate::record::{self, Key};
use crate::report::Report;
use anyhow::{anyhow, bail, Context, Result};
use ferrule::command;
use ferrule::vm::{self, sample, Guest};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

/// Placeholder in QEMU's arguments for a temporary directory of the guest, whose path is short enough for sockets.
pub const DIR: &str = "@DIR@";

/// The time from power-on to the start of the script for a stock kernel, on the idle host for which the time limits were
/// chosen.
const PACE: Duration = Duration::from_secs(4);

/// The guest's processors may stand still while the host does other things, which is no stall and no lockup. These are
/// the longest times that the kernel takes.
const PATIENCE: &str = "rcupdate.rcu_cpu_stall_timeout=300 watchdog_thresh=60";

/// Kernels with KFENCE have it switched on: it looks at one allocation in each interval of so many milliseconds. Others
/// ignore it.
const KFENCE: &str = "kfence.sample_interval=10";

/// What a guest left: its log, and what the other ends of its ports received.
#[derive(Serialize, Deserialize)]
pub struct Left {
    pub log: String,
    pub heard: Vec<String>,
}

/// Boots `guest` and returns its log.
///
/// # Errors
///
/// When the guest died or timed out before the end of its script, the error says which; and when KFENCE saw a bug.
pub fn boot(report: &mut Report, guest: &Guest) -> Result<String> {
    judged(boot_anyway(report, guest)?)
}

/// Boots `guest` and returns its log, whatever KFENCE saw.
///
/// # Errors
///
/// When the guest died or timed out before the end of its script; the error says which.
pub fn boot_anyway(report: &mut Report, guest: &Guest) -> Result<String> {
    let left = start(report, guest, "", |guest, _| {
        let log = vm::boot(guest, &mut |_| {})?.into_log()?;
        Ok(Left {
            log,
            heard: Vec::new(),
        })
    })?;
    Ok(left.log)
}

/// The first line of a log in which KFENCE says that it saw a bug, or in which the end of the script says so.
pub fn seen_by_kfence(log: &str) -> Option<&str> {
    log.lines().find(|line| {
        let count = line.strip_prefix("@@ kfence total bugs: ");
        line.contains("BUG: KFENCE: ") || count.is_some_and(|count| count.trim() != "0")
    })
}

fn judged(log: String) -> Result<String> {
    if let Some(line) = seen_by_kfence(&log) {
        let from = log.find(line).unwrap_or_default();
        let lines: Vec<&str> = log[from..].lines().take(60).collect();
        bail!("KFENCE saw a bug:\n{}", lines.join("\n"));
    }
    Ok(log)
}

/// Boots `guest` by `run`, which gets the guest and its temporary directory. `outside` identifies what `run` does outside
/// of the guest; it is part of the key.
///
/// # Errors
///
/// Those of `run`; and when KFENCE saw a bug.
pub fn boot_with(
    report: &mut Report,
    guest: &Guest,
    outside: &str,
    run: impl FnOnce(&Guest, &Path) -> Result<Left>,
) -> Result<Left> {
    let Left { log, heard } = start(report, guest, outside, run)?;
    Ok(Left {
        log: judged(log)?,
        heard,
    })
}

/// Boots `guest` by `run`, unless its log is recorded.
fn start(
    report: &mut Report,
    guest: &Guest,
    outside: &str,
    run: impl FnOnce(&Guest, &Path) -> Result<Left>,
) -> Result<Left> {
    let log = record::dir()?.join("log");
    fs::create_dir_all(&log).with_context(|| format!("cannot create {}", log.display()))?;
    let log = log.join(record::file_name(report.job()) + ".log");
    report.set_log(log.clone());
    let mut guest = guest.clone();
    guest.append = format!("{PATIENCE} {KFENCE} {}", guest.append);
    let key = key(&guest)?.and(outside);
    let (left, was_kept) = record::kept(report.job(), "guest", &key, || {
        let dir = tempfile::tempdir().context("no temporary directory")?;
        let place = dir.path().display().to_string();
        for arg in &mut guest.qemu_args {
            *arg = arg.replace(DIR, &place);
        }
        guest.debug_log = Some(log.clone());
        guest.pace = Some(PACE);
        guest.is_quiet = true;
        run(&guest, dir.path())
    })?;
    if was_kept {
        // Another variant may have been booted since.
        fs::write(&log, &left.log).with_context(|| format!("cannot write {}", log.display()))?;
        report.note("from the record of an earlier run");
    }
    Ok(left)
}

/// QEMU's arguments for the devices that samples and test modules have drivers for.
pub fn devices() -> Result<Vec<String>> {
    Ok(sample::devices(&acpi_table()?, DIR))
}

/// The ACPI table that describes the devices.
pub fn acpi_table() -> Result<PathBuf> {
    static TABLE: Mutex<Option<PathBuf>> = Mutex::new(None);
    let mut table = TABLE
        .lock()
        .map_err(|_| anyhow!("iasl has failed before"))?;
    if table.is_none() {
        *table = Some(sample::acpi_table(&record::dir()?.join("acpi"))?);
    }
    table.clone().context("there is a table")
}

/// The key of all of a guest's inputs, except for the host that it runs on.
fn key(guest: &Guest) -> Result<Key> {
    let mut key = Key::default()
        .and(vm::content(guest)?)
        .and(qemu()?)
        .and(format!(
            "{} {} {:?}",
            guest.append, guest.cpus, guest.memory
        ));
    for arg in &guest.qemu_args {
        key = match arg.strip_prefix("file=") {
            Some(file) => key.and_files(Path::new(&file.replace(",,", ",")))?,
            None => key.and(arg),
        };
    }
    Ok(key)
}

/// QEMU's version.
fn qemu() -> Result<&'static str> {
    static VERSION: OnceLock<String> = OnceLock::new();
    if let Some(version) = VERSION.get() {
        return Ok(version);
    }
    let version = command::output(Command::new(vm::QEMU).arg("--version"))?;
    Ok(VERSION.get_or_init(|| version))
}
