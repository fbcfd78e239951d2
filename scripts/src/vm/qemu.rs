// SPDX-License-Identifier: GPL-2.0-only

//! QEMU's process: its command line, its output, and its end with ours.

use super::{Accel, Guest};
use anyhow::{bail, Context, Result};
use rustix::process::{getppid, set_parent_process_death_signal, Signal};
use std::ffi::OsString;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{channel, Receiver, Sender};
use std::time::{Duration, Instant};

/// What is run.
pub const PROGRAM: &str = "qemu-system-x86_64";

/// How long a killed QEMU may take to go. One that hangs in a broken `/dev/kvm` may never go.
const KILL_LIMIT: Duration = Duration::from_secs(5);

/// A running QEMU; killed on drop.
pub struct Qemu {
    child: Child,
    /// What the guest prints, in pieces; closed when QEMU ends. Silent if the console is ours.
    pub console: Receiver<Vec<u8>>,
    stderr: Receiver<Vec<u8>>,
}

/// Where the guest's first serial port leads.
pub enum Console<'a> {
    /// To [`Qemu::console`].
    Captured,
    /// To our terminal, and to a file.
    Terminal { log: &'a File },
}

impl Qemu {
    /// Starts QEMU.
    ///
    /// # Errors
    ///
    /// When it is not installed or cannot be started.
    pub fn spawn(
        guest: &Guest,
        accel: Accel,
        initramfs: &File,
        console: &Console<'_>,
    ) -> Result<Self> {
        let mut command = Command::new(PROGRAM);
        command.args(arguments(guest, accel, initramfs, console));
        let signal = match console {
            Console::Captured => {
                command
                    .stdin(Stdio::null())
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped());
                Signal::KILL
            }
            // It has the terminal in raw mode: let it put that back.
            Console::Terminal { .. } => Signal::TERM,
        };
        let parent = rustix::process::getpid();
        let die_with_parent = move || {
            set_parent_process_death_signal(Some(signal))?;
            if getppid() != Some(parent) {
                // The parent died before the signal was set up.
                return Err(ErrorKind::BrokenPipe.into());
            }
            Ok(())
        };
        // SAFETY: The closure makes two system calls between fork and exec, and allocates nothing.
        unsafe { command.pre_exec(die_with_parent) };

        let mut child = command.spawn().map_err(|error| match error.kind() {
            ErrorKind::NotFound => anyhow::anyhow!(
                "no {PROGRAM}; install it (Debian: apt install qemu-system-x86), or run `make setup`"
            ),
            _ => anyhow::anyhow!("cannot start {PROGRAM}: {error}"),
        })?;
        let (output, console) = channel();
        let (errors, stderr) = channel();
        forward(child.stdout.take(), output);
        forward(child.stderr.take(), errors);
        Ok(Self {
            child,
            console,
            stderr,
        })
    }

    /// Waits for a QEMU that has closed its output, or whose console is ours.
    ///
    /// # Errors
    ///
    /// When the process cannot be waited for.
    pub fn wait(&mut self) -> Result<Result<(), String>> {
        let status = self
            .child
            .wait()
            .with_context(|| format!("cannot wait for {PROGRAM}"))?;
        let mut stderr = Vec::new();
        while let Ok(piece) = self.stderr.recv_timeout(Duration::from_secs(1)) {
            stderr.extend(piece);
        }
        Ok(describe(status, &String::from_utf8_lossy(&stderr)))
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        // An error here only says that it has gone.
        let _ = self.child.kill();
        let start = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if start.elapsed() > KILL_LIMIT {
                eprintln!(
                    "ferrule: {PROGRAM} (process {}) cannot be killed; the kernel holds it",
                    self.child.id()
                );
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Success, or what there is to say about a failure.
fn describe(status: ExitStatus, stderr: &str) -> Result<(), String> {
    if status.success() {
        return Ok(());
    }
    let stderr = stderr.trim().replace(&format!("{PROGRAM}: "), "");
    Err(if stderr.is_empty() {
        status.to_string()
    } else {
        stderr
    })
}

/// Sends what comes from `pipe`, until that or the receiver is closed.
fn forward(pipe: Option<impl Read + Send + 'static>, sender: Sender<Vec<u8>>) {
    let Some(mut pipe) = pipe else { return };
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        loop {
            match pipe.read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => return,
                Ok(count) => {
                    if sender.send(buffer[..count].to_vec()).is_err() {
                        return;
                    }
                }
            }
        }
    });
}

fn arguments(
    guest: &Guest,
    accel: Accel,
    initramfs: &File,
    console: &Console<'_>,
) -> Vec<OsString> {
    let chardev = match console {
        Console::Captured => "stdio,id=console,signal=off".to_owned(),
        Console::Terminal { log } => format!(
            "stdio,id=console,mux=on,signal=off,logfile={}",
            path_of(log)
        ),
    };
    let mut arguments: Vec<OsString> = [
        "-nodefaults",
        "-no-user-config",
        "-no-reboot",
        "-display",
        "none",
        "-accel",
        // One thread: processors in threads of their own do not see at the same time that the kernel changes
        // its code, and can meet a breakpoint which is no more.
        if accel == Accel::Kvm {
            "kvm"
        } else {
            "tcg,thread=single"
        },
        "-cpu",
        "max",
        "-smp",
        &guest.cpus.to_string(),
        "-m",
        &guest.memory.to_string(),
        "-chardev",
        &chardev,
        "-serial",
        "chardev:console",
        "-initrd",
        &path_of(initramfs),
        "-append",
        &kernel_command_line(guest),
        "-kernel",
    ]
    .map(OsString::from)
    .into();
    arguments.push(guest.kernel.clone().into());
    if matches!(console, Console::Terminal { .. }) {
        arguments.extend(["-mon", "chardev=console,mode=readline"].map(OsString::from));
    }
    arguments.extend(guest.qemu_args.iter().map(OsString::from));
    arguments
}

/// A path by which QEMU can open one of our files, though it may have no name.
fn path_of(file: &File) -> String {
    format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd())
}

/// `append` comes last: the kernel takes the last of contradicting parameters. Only `oops=panic`
/// cannot be taken back so, and is left out when `append` has its own `oops=`.
fn kernel_command_line(guest: &Guest) -> String {
    let level = if guest.verbose { 8 } else { 4 };
    let oops = if guest
        .append
        .split_whitespace()
        .any(|word| word.starts_with("oops="))
    {
        ""
    } else {
        " oops=panic"
    };
    format!(
        "console=ttyS0 loglevel={level} panic=-1{oops} printk.devkmsg=on {}",
        guest.append
    )
    .trim_end()
    .to_owned()
}

/// Checks what QEMU would say less clearly.
pub fn check(guest: &Guest) -> Result<()> {
    if !guest.kernel.is_file() {
        bail!(
            "{}: no kernel image here; name one (as in /boot/vmlinuz-$(uname -r)) with --kernel",
            guest.kernel.display()
        );
    }
    File::open(&guest.kernel).with_context(|| {
        format!(
            "cannot read {}; fetch a kernel with `ferrule kernels`, or become root",
            guest.kernel.display()
        )
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    #[test]
    fn the_users_parameters_win() {
        let guest = |append: &str| Guest {
            append: append.to_owned(),
            ..Guest::default()
        };
        let line = kernel_command_line(&guest("loglevel=8 x=1"));
        assert!(
            line.contains(" oops=panic ") && line.ends_with(" loglevel=8 x=1"),
            "{line}"
        );
        assert!(!kernel_command_line(&guest("oops=continue")).contains("panic "));
    }

    #[test]
    fn failures_are_described() {
        assert_eq!(describe(ExitStatus::from_raw(0), "noise"), Ok(()));
        let failed = ExitStatus::from_raw(1 << 8);
        assert_eq!(
            describe(failed, "qemu-system-x86_64: no\n"),
            Err("no".to_owned())
        );
        assert_eq!(
            describe(ExitStatus::from_raw(9), ""),
            Err("signal: 9 (SIGKILL)".to_owned())
        );
    }
}
