// SPDX-License-Identifier: GPL-2.0-only

//! The oldest rustc that is supported builds the samples, and they do on a kernel what their headers say.

use crate::guest::PRELUDE;
use crate::{log, Report};
use anyhow::{ensure, Context, Result};
use ferrule::dirs;
use ferrule::kernels::Kernel;
use ferrule::machine::oldest;
use ferrule::verbs::demo;
use ferrule::vm::sample::{self, Sample};
use ferrule::vm::{self, Guest};
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// The kernel that it is tested for: one is enough.
#[allow(dead_code)] // Until the runner asks for it.
pub const SERIES: &str = "6.12";

/// The samples as the oldest rustc built them.
pub struct Samples {
    pub samples: Vec<Sample>,
    dir: PathBuf,
}

impl Samples {
    pub fn sample(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.ko"))
    }
}

/// Builds the samples for `kernel` with called helpers, which need no clang of that rustc's LLVM; a warning is an
/// error. The first time, the toolchain is fetched.
///
/// What the modules share has a directory of its own: two toolchains in one would build it anew each time.
pub fn build(kernel: &Kernel) -> Result<Samples> {
    let root = dirs::root()?;
    let own = root.join("build/test/oldest");
    let dir = own.join("samples");
    demo::copy_sources(&root.join("samples"), &dir)?;
    let mut tool = Command::new(env!("CARGO_BIN_EXE_ferrule"));
    tool.args(["build", "--helpers", "object", "--kdir"])
        .arg(&kernel.kdir)
        .arg("-M")
        .arg(&dir)
        .arg("modules")
        .args(&kernel.make_vars)
        .env("RUSTC", oldest::fetch()?)
        .env("FERRULE_BUILD", own.join("build"))
        .env_remove("CLANG");
    let output = tool.output().context("cannot run ferrule")?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    ensure!(output.status.success(), "{}\n{text}", output.status);
    if let Some(line) = text.lines().find(|line| line.contains("warning")) {
        // What is built already would not warn the next time.
        fs::remove_dir_all(&dir)?;
        anyhow::bail!("{line}\nin:\n{text}");
    }
    let samples = Sample::all(&dir)?;
    Ok(Samples { samples, dir })
}

/// Boots `kernel`, runs the commands of the samples' headers, and returns the console's log.
pub fn boot(kernel: &Kernel, built: &Samples) -> Result<String> {
    let mut files = Vec::new();
    let mut script = PRELUDE.to_owned();
    for sample in &built.samples {
        let commands = sample.script().replace('\'', "'\\''");
        writeln!(script, "part {} '{commands}'", sample.name)?;
        let to = format!("/modules/{}.ko", sample.name);
        files.push((built.sample(&sample.name), to));
    }
    let guest = Guest {
        kernel: kernel.vmlinuz.clone(),
        files,
        script,
        append: sample::APPEND.to_owned(),
        qemu_args: sample::devices(&built.dir)?,
        timeout: Duration::from_secs(300),
        cpus: 2,
        ..Guest::default()
    };
    vm::boot(&guest, &mut |_| {})?.into_log()
}

/// Judges each sample by the log.
pub fn check(built: &Samples, text: &str, report: &mut Report) {
    for sample in &built.samples {
        let verdict = log::section(text, &sample.name).and_then(|section| {
            match (section.status, sample.mismatch(&section.lines)) {
                ("0", None) => Ok(()),
                ("0", Some(mismatch)) => Err(mismatch),
                (status, _) => Err(format!("status {status}: {:#?}", section.lines)),
            }
        });
        report.add(format!("sample::{}", sample.name), verdict);
    }
}

/// All of it, for a plan of which this is one job.
#[allow(dead_code)] // Until the runner calls it.
pub fn run(kernel: &Kernel, report: &mut Report) {
    let Some(built) = report.add_step("builds_without_a_warning", build(kernel)) else {
        return;
    };
    if let Some(log) = report.add_step("boots_and_ends", boot(kernel, &built)) {
        check(&built, &log, report);
    }
}
