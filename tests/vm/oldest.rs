// SPDX-License-Identifier: GPL-2.0-only

//! Builds the samples with the oldest supported rustc, and checks on a kernel that they do what their headers say.

use crate::boot::{self, devices};
use crate::built::{lay, sources, SAMPLES};
use crate::log;
use crate::record::{self, Key};
use crate::report::Report;
use crate::script::Script;
use anyhow::{ensure, Context, Result};
use ferrule::dirs;
use ferrule::kernels::Kernel;
use ferrule::machine::oldest;
use ferrule::vm::sample::{self, Sample};
use ferrule::vm::Guest;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// The directory in which the samples are built, with its own stamp of the last build.
fn dir() -> Result<PathBuf> {
    Ok(record::dir()?.join("oldest"))
}

/// Builds the samples for `kernel` with called helpers, which need no clang of that rustc's LLVM; a warning is an
/// error. The first time, the toolchain is fetched.
pub fn build(kernel: &Kernel, report: &mut Report) -> Result<()> {
    let own = dir()?;
    let from = dirs::root()?.join(SAMPLES);
    let rustc = oldest::fetch()?;
    let root = dirs::root()?;
    let store = dirs::store_dir(&dirs::build_dir(&root)?)?;
    let mut key = Key::default()
        .and(format!("{kernel:?}"))
        .and_files(&rustc)?
        .and_files(&dirs::root()?.join("rust"))?
        .and_files(std::path::Path::new(env!("CARGO_BIN_EXE_ferrule")))?;
    for (path, text) in sources(&from)? {
        key = key.and(path.as_os_str().as_encoded_bytes()).and(text);
    }
    let (key, stamp) = (key.hex(), own.join("stamp"));
    if fs::read_to_string(&stamp).is_ok_and(|done| done == key) {
        report.note("nothing to build");
        return Ok(());
    }
    let to = own.join(SAMPLES);
    // The last build failed: what it has compiled would not give its warnings again.
    if !stamp.exists() && to.exists() {
        fs::remove_dir_all(&to).with_context(|| format!("cannot remove {}", to.display()))?;
    }
    if stamp.exists() {
        fs::remove_file(&stamp).with_context(|| format!("cannot remove {}", stamp.display()))?;
    }
    lay(&sources(&from)?, &to)?;
    let mut tool = Command::new(env!("CARGO_BIN_EXE_ferrule"));
    tool.current_dir(&own)
        .args(["build", "--helpers", "object", "--kdir"])
        .arg(&kernel.kdir)
        .args(["-M", SAMPLES, "modules"])
        .args(&kernel.make_vars)
        .env("RUSTC", rustc)
        .env("FERRULE_BUILD", own.join("build"))
        .env("FERRULE_STORE", store)
        .env_remove("CLANG");
    let output = tool.output().context("cannot run ferrule")?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    ensure!(output.status.success(), "{}\n{text}", output.status);
    if let Some(line) = text.lines().find(|line| line.contains("warning")) {
        // Objects that are kept would not give their warnings the next time.
        fs::remove_dir_all(own.join(SAMPLES))?;
        anyhow::bail!("{line}\nin:\n{text}");
    }
    fs::write(&stamp, key).with_context(|| format!("cannot write {}", stamp.display()))
}

/// Boots `kernel`, and checks what the samples log.
pub fn run(kernel: &Kernel, report: &mut Report) -> Result<()> {
    let samples = Sample::all(&dir()?.join(SAMPLES))?;
    let text = boot::boot(report, &guest(kernel, &samples)?)?;
    for sample in &samples {
        let verdict = log::section(&text, &sample.name).and_then(|section| {
            match (section.status, sample.mismatch(&section.log)) {
                ("0", None) => Ok(()),
                ("0", Some(mismatch)) => Err(mismatch),
                (status, _) => Err(format!("status {status}: {:#?}", section.lines())),
            }
        });
        report.add(format!("sample::{}", sample.name), verdict);
    }
    Ok(())
}

fn guest(kernel: &Kernel, samples: &[Sample]) -> Result<Guest> {
    let mut files = Vec::new();
    let mut script = Script::new("cd /modules || exit 1");
    for sample in samples {
        script.part_of(&sample.name, &sample.script());
        let module = format!("{}.ko", sample.name);
        files.push((
            dir()?.join(SAMPLES).join(&module),
            format!("/modules/{module}"),
        ));
    }
    Ok(Guest {
        kernel: kernel.vmlinuz.clone(),
        files,
        script: script.without_end(),
        append: sample::APPEND.to_owned(),
        qemu_args: devices()?,
        timeout: Duration::from_secs(300),
        cpus: 2,
        ..Guest::default()
    })
}
