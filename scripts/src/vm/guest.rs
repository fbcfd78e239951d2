// SPDX-License-Identifier: GPL-2.0-only

//! A guest, and the way from its description to its outcome.

use super::console::{Console, Ended, Phase};
use super::progress::Progress;
use super::qemu::{self, Qemu};
use super::{accel, initramfs, Accel, Outcome, Reason};
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::hash::{BuildHasher, Hasher};
use std::io::{Read, Seek, Write};
use std::path::PathBuf;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

/// A virtual machine to be booted once.
#[derive(Debug, Clone)]
pub struct Guest {
    /// The `vmlinuz` (bzImage).
    pub kernel: PathBuf,
    /// Files that go into the guest: path here, path there.
    pub files: Vec<(PathBuf, String)>,
    /// What busybox's shell runs there.
    pub script: String,
    /// Kernel parameters that come after ours.
    pub append: String,
    pub timeout: Duration,
    /// How long the kernel takes to the script's start where `timeout` is enough for the script: on a host that takes
    /// longer, the script may too. Without it, `timeout` is for all, on any host.
    pub pace: Option<Duration>,
    pub accel: Accel,
    /// Arguments that come after ours.
    pub qemu_args: Vec<String>,
    /// In MiB.
    pub memory: u32,
    pub cpus: u32,
    /// Lets the sink have the lines before and after the script too.
    pub verbose: bool,
    /// Whether to show no progress while the guest runs.
    pub is_quiet: bool,
    /// Gets the whole log as it comes.
    pub debug_log: Option<PathBuf>,
}

impl Default for Guest {
    fn default() -> Self {
        Self {
            kernel: PathBuf::new(),
            files: Vec::new(),
            script: String::new(),
            append: String::new(),
            timeout: Duration::from_secs(120),
            pace: None,
            accel: Accel::Tcg,
            qemu_args: Vec::new(),
            memory: 512,
            cpus: 1,
            verbose: false,
            is_quiet: false,
            debug_log: None,
        }
    }
}

/// A guest whose status is known gets so long to power off: a kernel without ACPI cannot.
const POWER_OFF_LIMIT: Duration = Duration::from_secs(10);

/// The time limit for booting a kernel for which `pace` is set.
const BOOT_LIMIT: Duration = Duration::from_secs(600);

/// The largest factor by which time limits are scaled for a slow host.
const SLOWEST: f64 = 20.0;

/// The factor for time limits on a host that took this long to boot; at least 1.
fn slowness(boot: Duration, pace: Duration) -> f64 {
    (boot.as_secs_f64() / pace.as_secs_f64()).clamp(1.0, SLOWEST)
}

const TICK: Duration = Duration::from_millis(100);

/// Boots `guest`, runs its script and waits for its end; `sink` gets each line of the script's
/// output and of the kernel's log meanwhile.
///
/// QEMU dies with the calling thread, however that ends. An [`Accel`] other than TCG is probed
/// first, once in a process.
///
/// # Errors
///
/// When something on this machine is missing. That the guest failed is no error but an [`Outcome`].
pub fn boot(guest: &Guest, sink: &mut dyn FnMut(&str)) -> Result<Outcome> {
    qemu::check(guest)?;
    let accel = accel::choose(guest)?;
    run(guest, accel, sink)
}

/// [`boot`] with an accelerator that has been chosen.
pub(super) fn run(guest: &Guest, accel: Accel, sink: &mut dyn FnMut(&str)) -> Result<Outcome> {
    let mark = mark();
    let initramfs = pack(guest, &format!("mark={mark}\n"))?;
    let mut debug_log = guest.debug_log.as_ref().map(create).transpose()?;
    let mut console = Console::new(&mark);
    let mut qemu = Qemu::spawn(guest, accel, &initramfs, &qemu::Console::Captured)?;

    let name = guest
        .kernel
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let mut progress = match guest.is_quiet {
        true => Progress::hidden(),
        false => Progress::new(format!("waiting for {name} in QEMU")),
    };
    let mut failed_log = None;
    let mut show = |progress: &mut Progress, phase, line: &str| {
        if let Some(Err(error)) = debug_log.as_mut().map(|file| writeln!(file, "{line}")) {
            failed_log = Some(error);
        }
        if guest.verbose || phase == Phase::Script {
            progress.suspend(|| sink(line));
        }
    };

    let start = Instant::now();
    let mut limit = match guest.pace {
        Some(_) => guest.timeout.max(BOOT_LIMIT),
        None => guest.timeout,
    };
    let mut deadline = start + limit;
    let ended = loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break Ended::TimedOut(limit);
        }
        match qemu.console.recv_timeout(left.min(TICK)) {
            Ok(bytes) => {
                let before = console.phase();
                console.push(&bytes, &mut |phase, line| show(&mut progress, phase, line));
                if let (Phase::Boot, Phase::Script, Some(pace)) =
                    (before, console.phase(), guest.pace)
                {
                    limit = guest.timeout.mul_f64(slowness(start.elapsed(), pace));
                    deadline = Instant::now() + limit;
                }
                if before != Phase::PowerOff && console.phase() == Phase::PowerOff {
                    deadline = deadline.min(Instant::now() + POWER_OFF_LIMIT);
                }
            }
            Err(RecvTimeoutError::Timeout) => progress.tick(),
            Err(RecvTimeoutError::Disconnected) => break Ended::Exit(qemu.wait()?),
        }
    };
    drop(qemu);
    console.finish(&mut |phase, line| show(&mut progress, phase, line));
    if let Some(error) = failed_log {
        let path = guest.debug_log.as_deref().unwrap_or(&guest.kernel);
        return Err(error).with_context(|| format!("cannot write {}", path.display()));
    }
    Ok(console.outcome(ended))
}

/// Boots `guest` into an interactive shell on our terminal; its script and time limit do not count.
///
/// # Errors
///
/// As for [`boot`].
pub fn shell(guest: &Guest) -> Result<Outcome> {
    qemu::check(guest)?;
    let accel = accel::choose(guest)?;
    let initramfs = pack(guest, "interactive=y\n")?;
    let mut log = match &guest.debug_log {
        Some(path) => create(path)?,
        None => tempfile::tempfile().context("cannot make a temporary file")?,
    };
    eprintln!("ferrule: `exit` powers the guest off; Ctrl-a x ends it at once");
    let mut qemu = Qemu::spawn(
        guest,
        accel,
        &initramfs,
        &qemu::Console::Terminal { log: &log },
    )?;
    let ended = qemu.wait()?;

    let mut bytes = Vec::new();
    log.rewind()
        .and_then(|()| log.read_to_end(&mut bytes))
        .context("cannot read the log")?;
    let mut outcome = Outcome {
        status: None,
        reason: Reason::Vanished,
        log: String::from_utf8_lossy(&bytes).replace('\r', ""),
    };
    match ended {
        Err(message) => outcome.reason = Reason::QemuFailed(message),
        Ok(()) if outcome.oops().is_some() => outcome.reason = Reason::Panicked,
        Ok(()) => (outcome.status, outcome.reason) = (Some(0), Reason::Exited),
    }
    Ok(outcome)
}

/// A word that stands in no log by chance, and that a script could only know from `/ferrule/env`.
fn mark() -> String {
    let random = std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish();
    format!("ferrule-{random:016x}")
}

fn pack(guest: &Guest, environment: &str) -> Result<File> {
    // It has no name, so nothing is left behind however we end.
    let mut file = tempfile::tempfile().context("cannot make a temporary file")?;
    let mut out = std::io::BufWriter::new(&mut file);
    initramfs::write(&mut out, environment, &guest.script, &guest.files)?;
    out.flush()
        .with_context(|| format!("cannot write to {}", std::env::temp_dir().display()))?;
    drop(out);
    Ok(file)
}

/// A hash of the inputs of `guest`: its kernel, files and script.
///
/// # Errors
///
/// When one of its files cannot be read.
pub fn content(guest: &Guest) -> Result<String> {
    let mut hash = Hash(Sha256::new());
    initramfs::write(&mut hash, "", &guest.script, &guest.files)?;
    let mut kernel = File::open(&guest.kernel)
        .with_context(|| format!("cannot read {}", guest.kernel.display()))?;
    std::io::copy(&mut kernel, &mut hash)
        .with_context(|| format!("cannot read {}", guest.kernel.display()))?;
    Ok(hash
        .0
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

/// What is written is hashed.
struct Hash(Sha256);

impl Write for Hash {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn create(path: &PathBuf) -> Result<File> {
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(path);
    file.with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_host_gets_more_time_and_a_fast_one_no_less() {
        let pace = Duration::from_secs(4);
        let slowness = |seconds| slowness(Duration::from_secs(seconds), pace);
        assert_eq!((slowness(1), slowness(4), slowness(10)), (1.0, 1.0, 2.5));
        assert_eq!(slowness(1000), SLOWEST);
    }
}
