// SPDX-License-Identifier: GPL-2.0-only

//! Shows the samples: builds them for a stock kernel, boots it, loads each and shows what it logs.

use crate::command;
use crate::dirs;
use crate::kernels;
use crate::kernels::Kernel;
use crate::vm::sample::{self, Sample};
use crate::vm::{self, Guest};
use anyhow::{bail, Context, Result};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use walkdir::WalkDir;

/// Builds the samples for stock kernels and shows them in virtual machines
#[derive(clap::Args)]
pub struct Args {
    /// Which kernels, as `6.12`; fetched if need be [default: the newest that has been fetched]
    series: Vec<String>,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    for kernel in kernels::wanted(&kernels::cache_dir(None)?, &args.series)? {
        let status = show(&kernel)?;
        if status != 0 {
            return Ok(ExitCode::from(status));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show(kernel: &Kernel) -> Result<u8> {
    let root = dirs::root()?;
    let dir = root.join("build/demo").join(&kernel.release);
    copy_sources(&root.join("samples"), &dir)?;
    println!("Building the samples for Linux {}", kernel.release);
    let tool = crate::dirs::tool()?;
    let mut make = Command::new(tool);
    make.arg("build")
        .arg("--kdir")
        .arg(&kernel.kdir)
        .arg("-M")
        .arg(&dir)
        .arg("modules")
        .args(&kernel.make_vars);
    command::run(&mut make)?;

    println!("Booting Linux {} in QEMU", kernel.release);
    let samples = Sample::all(&dir)?;
    let guest = guest(kernel, &dir, &samples)?;
    let outcome = vm::boot(&guest, &mut |line| println!("{line}"))?;
    if let Some(failure) = outcome.failure() {
        bail!("{failure}");
    }
    if outcome.exit_code() == 0 {
        println!(
            "Loaded and unloaded {} samples in Linux {}",
            samples.len(),
            kernel.release
        );
    }
    Ok(outcome.exit_code())
}

/// A guest that runs each sample's commands, as its header has them, and shows what they log.
fn guest(kernel: &Kernel, dir: &Path, samples: &[Sample]) -> Result<Guest> {
    // The log goes to the console by itself; the shell shows what it runs.
    let mut script = "cd /samples || exit 1\nstatus=0\n".to_owned();
    for sample in samples {
        for line in &sample.commands {
            writeln!(
                script,
                "echo; echo '# {}'; {{ {line}\n}} || status=1",
                line.replace('\'', "'\\''")
            )?;
        }
    }
    script.push_str("exit $status\n");
    let files = samples
        .iter()
        .map(|sample| module_file(dir, &sample.name, "/samples"))
        .collect();
    Ok(Guest {
        kernel: kernel.vmlinuz.clone(),
        files,
        script,
        append: sample::APPEND.to_owned(),
        qemu_args: sample::devices(
            &sample::acpi_table(dir)?,
            &format!("ferrule-{}", std::process::id()),
        ),
        ..Guest::default()
    })
}

/// The module `name` of `dir`, and where it goes in the guest.
pub fn module_file(dir: &Path, name: &str, guest_dir: &str) -> (PathBuf, String) {
    (
        dir.join(format!("{name}.ko")),
        format!("{guest_dir}/{name}.ko"),
    )
}

/// Copies a modules' directory without what Kbuild left in it, so that builds for several kernels do
/// not disturb each other; files that have not changed stay, so that they are not compiled again.
pub fn copy_sources(from: &Path, to: &Path) -> Result<()> {
    let context = || format!("cannot copy {} to {}", from.display(), to.display());
    let entries = WalkDir::new(from).into_iter().filter_entry(|entry| {
        entry.depth() == 0 || !dirs::is_editors(entry.file_name()) && entry.file_name() != ".git"
    });
    for entry in entries {
        let entry = entry.with_context(context)?;
        let path = entry.path();
        let target = to.join(path.strip_prefix(from).with_context(context)?);
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target).with_context(context)?;
        } else if is_source(path) {
            let text = fs::read(path).with_context(context)?;
            if fs::read(&target).ok().as_ref() != Some(&text) {
                fs::write(&target, text).with_context(context)?;
            }
        }
    }
    Ok(())
}

/// Whether a file of a modules' directory is one that Kbuild reads, and did not write itself.
fn is_source(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_code = [".rs", ".c", ".h"].iter().any(|end| name.ends_with(end));
    is_code && !name.ends_with(".mod.c") || ["Kbuild", "Kconfig", "Makefile"].contains(&&*name)
}
