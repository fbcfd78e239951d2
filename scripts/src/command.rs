// SPDX-License-Identifier: GPL-2.0-only

//! Runs other programs, with errors that say which one failed: all of the tool's do so through here.

use anyhow::{bail, ensure, Context, Result};
use std::io::{BufRead, BufReader};
use std::process::{Command, ExitStatus, Output, Stdio};

/// Runs `command` with its output on the terminal.
pub fn run(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    ensure!(status.success(), "{} failed ({status})", name(command));
    Ok(())
}

/// Runs `command` with its output on the terminal, and returns how it ended.
pub fn status(command: &mut Command) -> Result<ExitStatus> {
    let status = command.status();
    status.with_context(|| format!("cannot run {}", name(command)))
}

/// Runs `command` and returns what it printed; on failure the error carries its messages.
pub fn output(command: &mut Command) -> Result<String> {
    output_or(command, |messages| format!("\n{}", messages.trim_end()))
}

/// Runs `command` in the C locale and returns what it printed; on failure the error has the first line of its
/// messages.
pub fn line_output(command: &mut Command) -> Result<String> {
    output_or(command.env("LC_ALL", "C"), |messages| {
        let first = messages.lines().next();
        format!(": {}", first.unwrap_or("it does not say why"))
    })
}

fn output_or(command: &mut Command, explain: impl FnOnce(&str) -> String) -> Result<String> {
    let output = capture(command)?;
    if !output.status.success() {
        let messages = String::from_utf8_lossy(&output.stderr);
        let (name, status) = (name(command), output.status);
        bail!("{name} failed ({status}){}", explain(&messages));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs `command` and says whether it succeeded; it prints nothing.
pub fn succeeds(command: &mut Command) -> Result<bool> {
    Ok(capture(command)?.status.success())
}

/// Runs `command` and returns all that it printed, and how it ended.
pub fn capture(command: &mut Command) -> Result<Output> {
    command
        .output()
        .with_context(|| format!("cannot run {}", name(command)))
}

/// Runs `command` with its output on the terminal, and returns how it ended. `see` gets the lines of its messages.
pub fn watch(command: &mut Command, see: &mut dyn FnMut(&str)) -> Result<ExitStatus> {
    let child = command.stderr(Stdio::piped()).spawn();
    let mut child = child.with_context(|| format!("cannot run {}", name(command)))?;
    for line in BufReader::new(child.stderr.take().context("no stderr")?).lines() {
        let line = line?;
        eprintln!("{line}");
        see(&line);
    }
    Ok(child.wait()?)
}

fn name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]);
        shell
    }

    #[test]
    fn errors_name_the_program_and_what_it_said() {
        assert_eq!(
            output(&mut shell("echo out; echo err >&2")).unwrap(),
            "out\n"
        );
        let script = "echo one >&2; echo two >&2; exit 3";
        let error = |result: Result<String>| result.unwrap_err().to_string();
        assert_eq!(
            error(output(&mut shell(script))),
            "sh failed (exit status: 3)\none\ntwo"
        );
        assert_eq!(
            error(line_output(&mut shell(script))),
            "sh failed (exit status: 3): one"
        );
        let missing = output(&mut Command::new("/nonexistent/program"));
        assert!(error(missing).starts_with("cannot run /nonexistent/program"));
        assert_eq!(line_output(&mut shell("echo $LC_ALL")).unwrap(), "C\n");
    }

    #[test]
    fn messages_are_seen_line_by_line() {
        let mut seen = Vec::new();
        let status = watch(&mut shell("echo a >&2; echo b >&2; exit 1"), &mut |line| {
            seen.push(line.to_owned());
        });
        assert_eq!(status.unwrap().code(), Some(1));
        assert_eq!(seen, ["a", "b"]);
    }
}
