// SPDX-License-Identifier: GPL-2.0-only

//! Reads the guest's console, and concludes from it how the guest ended.

use super::lines::Lines;
use super::oops;
use anyhow::{bail, Result};
use std::time::Duration;

/// Ends every guest that does not answer with its own status, as `ssh` and virtme-ng do.
pub const DIED: u8 = 255;

/// How a guest ended.
#[derive(Debug)]
pub struct Outcome {
    /// What the script returned; `None` if the guest died before it said so, or as it powered off.
    pub status: Option<i32>,
    pub reason: Reason,
    /// Everything on the console, the boot included, with `\n` line ends.
    pub log: String,
}

/// Why a guest ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Reason {
    /// The script ended and the guest powered off.
    Exited,
    /// The kernel died and said why: see [`Outcome::oops`].
    Panicked,
    /// The guest was reset or powered off before the script ended, without a word.
    Vanished,
    /// The guest was ended after its time limit.
    TimedOut(Duration),
    /// QEMU did not run the guest; this is its message.
    QemuFailed(String),
}

/// How QEMU's process ended.
#[derive(Debug)]
pub enum Ended {
    /// By itself; with what it wrote to stderr if it failed.
    Exit(Result<(), String>),
    /// The time limit came first.
    TimedOut(Duration),
}

impl Outcome {
    /// The report of what killed the kernel, from `BUG:` or the like to the end of the trace.
    pub fn oops(&self) -> Option<String> {
        oops::find(&self.log)
    }

    /// The guest's own status, or [`DIED`].
    pub fn exit_code(&self) -> u8 {
        self.status
            .and_then(|status| u8::try_from(status).ok())
            .unwrap_or(DIED)
    }

    /// One line on what went wrong; `None` if the script ended, whatever its status.
    pub fn failure(&self) -> Option<String> {
        let oops = self.oops();
        let oops = oops.as_deref().map(oops::headline);
        Some(match &self.reason {
            Reason::Exited => return None,
            Reason::Panicked => {
                let oops = oops.unwrap_or_else(|| "kernel panic".to_owned());
                format!("the guest died: {oops}")
            }
            Reason::Vanished => {
                "the guest was reset or powered off before the script ended".to_owned()
            }
            Reason::TimedOut(limit) => {
                let after = oops
                    .map(|oops| format!(", after: {oops}"))
                    .unwrap_or_default();
                format!(
                    "the guest did not end within {} s (--timeout){after}",
                    limit.as_secs()
                )
            }
            Reason::QemuFailed(message) => format!("QEMU failed: {message}"),
        })
    }

    /// The log of a guest whose script came to its end.
    ///
    /// # Errors
    ///
    /// What went wrong otherwise, with the oops if there is one, else the log.
    pub fn into_log(self) -> Result<String> {
        match self.failure() {
            None => Ok(self.log),
            Some(failure) => bail!("{failure}\n{}", self.oops().unwrap_or(self.log)),
        }
    }
}

/// What the guest is doing while it prints a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Boot,
    Script,
    PowerOff,
}

/// The console so far.
///
/// The first process announces the script's start and status in lines that begin with `mark`,
/// a word made for this boot: they are taken out of the log.
pub struct Console {
    mark: String,
    lines: Lines,
    phase: Phase,
    status: Option<i32>,
    /// How much of `log` was there when the status came.
    before_status: usize,
    log: String,
}

impl Console {
    pub fn new(mark: &str) -> Self {
        Self {
            mark: mark.to_owned(),
            lines: Lines::default(),
            phase: Phase::Boot,
            status: None,
            before_status: 0,
            log: String::new(),
        }
    }

    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Takes what the guest printed; `sink` gets each line that is complete now.
    pub fn push(&mut self, bytes: &[u8], sink: &mut dyn FnMut(Phase, &str)) {
        let mut lines = std::mem::take(&mut self.lines);
        lines.push(bytes, &mut |line| self.line(line, sink));
        self.lines = lines;
    }

    /// Takes the last line, which has no end.
    pub fn finish(&mut self, sink: &mut dyn FnMut(Phase, &str)) {
        std::mem::take(&mut self.lines).finish(&mut |line| self.line(line, sink));
    }

    fn line(&mut self, line: &str, sink: &mut dyn FnMut(Phase, &str)) {
        // The script's last line may lack its end: then the mark comes right behind it.
        match line.split_once(&self.mark) {
            Some((before, message)) => {
                if !before.is_empty() {
                    self.log_line(before, sink);
                }
                self.message(message.trim());
            }
            None => self.log_line(line, sink),
        }
    }

    fn log_line(&mut self, line: &str, sink: &mut dyn FnMut(Phase, &str)) {
        self.log.push_str(line);
        self.log.push('\n');
        sink(self.phase, line);
    }

    fn message(&mut self, message: &str) {
        if message == "start" {
            self.phase = Phase::Script;
        } else if let Some(status) = message.strip_prefix("status ") {
            self.status = status.parse().ok();
            self.before_status = self.log.len();
            self.phase = Phase::PowerOff;
        }
    }

    /// Concludes how the guest ended.
    pub fn outcome(self, ended: Ended) -> Outcome {
        // The script may print an old report; what comes after its status is the kernel's alone.
        let last_words = &self.log[self.before_status..];
        let (status, reason) = match (self.status, ended) {
            (Some(_), _) if oops::find(last_words).is_some() => (None, Reason::Panicked),
            (Some(status), _) => (Some(status), Reason::Exited),
            (None, Ended::TimedOut(limit)) => (None, Reason::TimedOut(limit)),
            (None, Ended::Exit(_)) if oops::find(last_words).is_some() => (None, Reason::Panicked),
            (None, Ended::Exit(Err(message))) => (None, Reason::QemuFailed(message)),
            (None, Ended::Exit(Ok(()))) => (None, Reason::Vanished),
        };
        Outcome {
            status,
            reason,
            log: self.log,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `text` in pieces of `step` bytes; returns what was shown while the script ran.
    fn feed(text: &[u8], step: usize, ended: Ended) -> (Vec<String>, Outcome) {
        let mut console = Console::new("mark-1f");
        let mut shown = Vec::new();
        let mut sink = |phase, line: &str| {
            if phase == Phase::Script {
                shown.push(line.to_owned());
            }
        };
        for piece in text.chunks(step) {
            console.push(piece, &mut sink);
        }
        console.finish(&mut sink);
        (shown, console.outcome(ended))
    }

    fn exit() -> Ended {
        Ended::Exit(Ok(()))
    }

    const LIMIT: Ended = Ended::TimedOut(Duration::from_secs(15));

    #[test]
    fn a_script_that_ends_well() {
        let log = b"[    0.1] boot\r\nmark-1f start\r\nhello\r\n\r\nmark-1f status 0\r\n[    2.0] reboot: Power down\r\n";
        for step in [1, 7, 1000] {
            let (shown, outcome) = feed(log, step, exit());
            assert_eq!(shown, ["hello", ""]);
            assert_eq!(
                (outcome.status, &outcome.reason),
                (Some(0), &Reason::Exited)
            );
            assert_eq!((outcome.exit_code(), outcome.failure()), (0, None));
            assert_eq!(
                outcome.log,
                "[    0.1] boot\nhello\n\n[    2.0] reboot: Power down\n"
            );
        }
    }

    #[test]
    fn a_script_that_fails_in_the_middle_of_a_line() {
        let (shown, outcome) = feed(b"mark-1f start\nhalf a linemark-1f status 3\n", 5, exit());
        assert_eq!(shown, ["half a line"]);
        assert_eq!((outcome.status, outcome.exit_code()), (Some(3), 3));
    }

    #[test]
    fn bytes_that_are_no_text() {
        let (shown, outcome) = feed(b"mark-1f start\n\xff\xfe\0x\nmark-1f status 0\n", 3, exit());
        assert_eq!(shown, ["\u{fffd}\u{fffd}\0x"]);
        assert_eq!(outcome.status, Some(0));
    }

    #[test]
    fn an_oops_in_the_script() {
        let log = b"mark-1f start\n[    3.100000] BUG: unable to handle page fault for address: 0\n\
                    [    3.100000] Oops: 0002 [#1] SMP\n[    3.100000] Kernel panic - not syncing: Fatal exception";
        let (shown, outcome) = feed(log, 11, exit());
        assert_eq!((outcome.reason, shown.len()), (Reason::Panicked, 3));
        let (_, outcome) = feed(log, 11, exit());
        assert_eq!((outcome.status, outcome.exit_code()), (None, DIED));
        let failure = outcome.failure().unwrap();
        assert_eq!(
            failure,
            "the guest died: BUG: unable to handle page fault for address: 0"
        );
    }

    #[test]
    fn a_panic_during_power_off_counts_and_one_that_is_only_printed_does_not() {
        let panic = "Kernel panic - not syncing: x\n";
        let after = format!("mark-1f start\nmark-1f status 0\n{panic}");
        let (_, outcome) = feed(after.as_bytes(), 9, exit());
        assert_eq!((outcome.status, outcome.reason), (None, Reason::Panicked));
        let printed = format!("mark-1f start\n{panic}mark-1f status 0\n");
        let (_, outcome) = feed(printed.as_bytes(), 9, exit());
        assert_eq!((outcome.status, outcome.reason), (Some(0), Reason::Exited));
    }

    #[test]
    fn silence_a_reset_and_a_qemu_that_does_not_start() {
        let (_, outcome) = feed(b"mark-1f start\nworking\n", 9, LIMIT);
        assert_eq!(outcome.exit_code(), DIED);
        assert_eq!(
            outcome.failure().unwrap(),
            "the guest did not end within 15 s (--timeout)"
        );

        let (_, outcome) = feed(b"mark-1f start\n", 9, exit());
        assert_eq!(
            (outcome.exit_code(), outcome.reason),
            (DIED, Reason::Vanished)
        );

        let (_, outcome) = feed(b"", 1, Ended::Exit(Err("no such option".to_owned())));
        assert_eq!(outcome.exit_code(), DIED);
        assert_eq!(outcome.failure().unwrap(), "QEMU failed: no such option");
    }

    #[test]
    fn a_guest_that_hangs_after_its_status_has_ended() {
        let (_, outcome) = feed(b"mark-1f start\nmark-1f status 4\n", 9, LIMIT);
        assert_eq!((outcome.status, outcome.reason), (Some(4), Reason::Exited));
    }
}
