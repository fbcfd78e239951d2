// SPDX-License-Identifier: GPL-2.0-only

//! Boots a kernel with modules and a script in QEMU.

use crate::kernels;
use anyhow::{bail, Context, Result};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

mod accel;
mod console;
mod guest;
mod initramfs;
mod lines;
mod modules;
mod oops;
pub mod own_lines;
mod programs;
mod progress;
mod qemu;
pub mod sample;

pub use accel::Accel;
pub use console::{Outcome, Reason, DIED};
pub use guest::{boot, content, shell, Guest};
pub use modules::needed;
pub use programs::with_libraries;
pub use qemu::PROGRAM as QEMU;

/// Boots a kernel with modules and a script in QEMU.
///
/// Prints what the script and the kernel print while the script runs, and returns the script's
/// status; 255 if there is none: the guest died, did not end in time, or could not be started.
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("task").required(true))]
pub struct Args {
    /// The kernel image to boot, or a fetched kernel as `6.12`.
    #[arg(long, value_name = "VMLINUZ|SERIES")]
    kernel: PathBuf,
    /// Where the kernel's own modules are, for --load.
    #[arg(long, value_name = "lib/modules/RELEASE")]
    modules_dir: Option<PathBuf>,
    /// Loads a module of --modules-dir, and those that it needs, before the script runs.
    #[arg(long, value_name = "MODULE", requires = "modules_dir")]
    load: Vec<String>,
    /// Puts a file into the guest; GUEST is `/` and its name if not given.
    #[arg(long, value_name = "HOST[:GUEST]")]
    file: Vec<String>,
    /// Puts a program of this machine into the guest, at the same path, with the libraries it needs.
    #[arg(long, value_name = "PROGRAM")]
    program: Vec<PathBuf>,
    /// Kernel parameters; `oops=continue` lets the guest survive an oops.
    #[arg(
        long,
        value_name = "CMDLINE",
        default_value = "",
        allow_hyphen_values = true
    )]
    append: String,
    /// Ends the guest after so many seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
    /// How many processors the guest has.
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=255))]
    cpus: u32,
    /// How much memory the guest has, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 512)]
    #[arg(value_parser = clap::value_parser!(u32).range(64..))]
    memory: u32,
    /// How QEMU runs the guest's code.
    #[arg(long, default_value = "tcg")]
    accel: Accel,
    /// One more argument for QEMU.
    #[arg(long, value_name = "ARG", allow_hyphen_values = true)]
    qemu_arg: Vec<String>,
    /// Writes the whole log, the boot included, to a file.
    #[arg(long, value_name = "FILE")]
    debug_log: Option<PathBuf>,
    /// Prints what comes before and after the script too.
    #[arg(long, short)]
    verbose: bool,
    /// Runs this shell script in the guest.
    #[arg(long, value_name = "FILE", group = "task")]
    script: Option<PathBuf>,
    /// Opens an interactive shell in the guest, without a time limit.
    #[arg(long, group = "task")]
    shell: bool,
    /// Runs this command in the guest.
    #[arg(last = true, value_name = "COMMAND", group = "task")]
    command: Vec<String>,
}

/// Runs `ferrule vm`.
///
/// # Errors
///
/// None: 1 could be the guest's status, so what fails here is printed and gives 255 too.
pub fn run(args: &Args) -> Result<ExitCode> {
    Ok(ExitCode::from(try_run(args).unwrap_or_else(|error| {
        eprintln!("ferrule: {error:#}");
        DIED
    })))
}

fn try_run(args: &Args) -> Result<u8> {
    let guest = guest(args)?;
    let mut shown = String::new();
    let outcome = if args.shell {
        shell(&guest)?
    } else {
        boot(&guest, &mut |line| {
            // A reader that went away, as `head` does, is no reason to end the guest.
            let _ = writeln!(std::io::stdout(), "{line}");
            shown.push_str(line);
            shown.push('\n');
        })?
    };
    if let Some(failure) = outcome.failure() {
        explain(&outcome, &failure, args.shell || guest.verbose, &shown);
    }
    Ok(outcome.exit_code())
}

/// How much of the log is shown if the guest ended without a report before the script began.
const LAST_LINES: usize = 20;

/// Says on stderr what went wrong, after the part of the log that proves it unless it was shown.
fn explain(outcome: &Outcome, failure: &str, all_shown: bool, shown: &str) {
    if !all_shown {
        match outcome.oops() {
            Some(oops) if !shown.contains(&oops) => eprintln!("{oops}"),
            None if shown.is_empty() => {
                let lines: Vec<&str> = outcome.log.lines().collect();
                for line in &lines[lines.len().saturating_sub(LAST_LINES)..] {
                    eprintln!("{line}");
                }
            }
            _ => {}
        }
    }
    eprintln!("ferrule: {failure}");
}

fn guest(args: &Args) -> Result<Guest> {
    let mut files = Vec::new();
    for file in &args.file {
        files.push(parse_file(file)?);
    }
    for program in &args.program {
        files.extend(with_libraries(program)?);
    }
    let mut script = String::new();
    if let Some(dir) = &args.modules_dir {
        for path in needed(dir, &args.load)? {
            let name = modules::name_of(&path).context("a module without a name")?;
            let guest = format!("/lib/modules/{name}.ko");
            // On one line, so that the shell counts the script's own lines from 1.
            script.push_str(&format!("insmod {guest} || exit; "));
            files.push((path, guest));
        }
    }
    if let Some(path) = &args.script {
        let text = std::fs::read_to_string(path);
        script
            .push_str(&text.with_context(|| format!("cannot read the script {}", path.display()))?);
    } else {
        let words = args.command.iter().map(String::as_str);
        script.push_str(&shlex::try_join(words).context("the command has a NUL byte")?);
    }
    script.push('\n');
    let kernel = match args.kernel.to_str().filter(|_| !args.kernel.exists()) {
        Some(name) => {
            let cache = kernels::cache_dir(None)?;
            let Some(kernel) = kernels::named(&cache, name)? else {
                let remedy = kernels::remedy(&kernels::cached(&cache)?, name)?;
                bail!("--kernel {name}: no such file or fetched kernel ({remedy})")
            };
            kernel.vmlinuz
        }
        None => args.kernel.clone(),
    };
    Ok(Guest {
        kernel,
        files,
        script,
        append: args.append.clone(),
        timeout: Duration::from_secs(args.timeout),
        pace: None,
        is_quiet: false,
        accel: args.accel,
        qemu_args: args.qemu_arg.clone(),
        memory: args.memory,
        cpus: args.cpus,
        verbose: args.verbose,
        debug_log: args.debug_log.clone(),
    })
}

/// `HOST[:GUEST]`.
fn parse_file(argument: &str) -> Result<(PathBuf, String)> {
    let (host, guest) = match argument.split_once(':') {
        Some((host, guest)) => (host, guest.to_owned()),
        None => {
            let name = Path::new(argument)
                .file_name()
                .with_context(|| format!("--file {argument}: not a file"))?;
            (argument, format!("/{}", name.to_string_lossy()))
        }
    };
    Ok((host.into(), guest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files() {
        assert_eq!(
            parse_file("a/b.ko").unwrap(),
            ("a/b.ko".into(), "/b.ko".to_owned())
        );
        assert_eq!(
            parse_file("a/b.ko:/lib/c.ko").unwrap(),
            ("a/b.ko".into(), "/lib/c.ko".to_owned())
        );
        assert!(parse_file("..").is_err());
    }
}
