// SPDX-License-Identifier: GPL-2.0-only

//! Running other programs, with errors that say which one failed.

use anyhow::{bail, Context, Result};
use std::process::{Command, Output};

/// Runs `command` with its output on the terminal.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot run {}", name(command)))?;
    if !status.success() {
        bail!("{} failed ({status})", name(command));
    }
    Ok(())
}

/// Runs `command` and returns what it printed; on failure the error carries its messages.
pub fn output(command: &mut Command) -> Result<String> {
    let output = capture(command)?;
    if !output.status.success() {
        let messages = String::from_utf8_lossy(&output.stderr);
        bail!(
            "{} failed ({})\n{}",
            name(command),
            output.status,
            messages.trim_end()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs `command` and says whether it succeeded; it prints nothing.
pub fn succeeds(command: &mut Command) -> Result<bool> {
    Ok(capture(command)?.status.success())
}

fn capture(command: &mut Command) -> Result<Output> {
    command
        .output()
        .with_context(|| format!("cannot run {}", name(command)))
}

fn name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}
