// SPDX-License-Identifier: GPL-2.0-only

//! Whether compilers have printed messages, such as warnings.

use anyhow::{Context, Result};
use std::cell::Cell;
use std::io::{self, IsTerminal, Write as _};
use std::process::{Command, Stdio};

/// Prints the messages of compilers, and remembers whether there were any.
#[derive(Default)]
pub struct Heard(Cell<bool>);

impl Heard {
    /// Runs rustc and returns what it printed; `None` if it has failed, and said why.
    pub fn stdout(&self, rustc: &mut Command) -> Result<Option<Vec<u8>>> {
        if io::stderr().is_terminal() {
            rustc.arg("--color=always");
        }
        let program = rustc.get_program().to_string_lossy().into_owned();
        let output = rustc
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("cannot run {program}"))?;
        if !output.stderr.is_empty() {
            self.0.set(true);
            io::stderr()
                .write_all(&output.stderr)
                .context("cannot write messages")?;
        }
        Ok(output.status.success().then_some(output.stdout))
    }

    /// Prints a warning.
    pub fn warn(&self, warning: &str) {
        self.0.set(true);
        eprintln!("warning: {warning}");
    }

    pub fn something(&self) -> bool {
        self.0.get()
    }
}
