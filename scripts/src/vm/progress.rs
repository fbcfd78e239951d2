// SPDX-License-Identifier: GPL-2.0-only

//! Shows that the guest is being waited for.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Without a terminal, a line is printed whenever nothing came for so long.
const SILENCE: Duration = Duration::from_secs(10);

/// A line on stderr: on a terminal it stays below the log and counts the seconds.
pub struct Progress {
    bar: Option<ProgressBar>,
    what: String,
    start: Instant,
    last_output: Instant,
}

impl Progress {
    /// One that says nothing.
    pub fn hidden() -> Self {
        let now = Instant::now();
        Self {
            bar: Some(ProgressBar::hidden()),
            what: String::new(),
            start: now,
            last_output: now,
        }
    }

    /// `what` is the kernel's name, as in "waiting for vmlinuz".
    pub fn new(what: String) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{spinner} {msg}, {elapsed}");
            let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
            ProgressBar::new_spinner()
                .with_style(style)
                .with_message(what.clone())
        });
        let now = Instant::now();
        Self {
            bar,
            what,
            start: now,
            last_output: now,
        }
    }

    /// To be called several times a second.
    pub fn tick(&mut self) {
        if let Some(bar) = &self.bar {
            bar.tick();
        } else if self.last_output.elapsed() >= SILENCE {
            eprintln!(
                "ferrule: {}, {} s",
                self.what,
                self.start.elapsed().as_secs()
            );
            self.last_output = Instant::now();
        }
    }

    /// Runs `print` with the line out of the way.
    pub fn suspend(&mut self, print: impl FnOnce()) {
        self.last_output = Instant::now();
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
