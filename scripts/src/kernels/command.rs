// SPDX-License-Identifier: GPL-2.0-only

//! Makes one clear line of what programs complain about.

use crate::command::capture;
use anyhow::{ensure, Result};
use std::process::Command;

/// The most lines of another program's errors that one of ours repeats.
const MOST: usize = 4;

/// Runs `command` in the C locale and returns what it printed; on failure the error is its complaint, as one line.
pub fn checked(command: &mut Command) -> Result<String> {
    let output = capture(command.env("LC_ALL", "C"))?;
    ensure!(
        output.status.success(),
        "{}: {}",
        command.get_program().to_string_lossy(),
        complaint(&String::from_utf8_lossy(&output.stderr))
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What a failed apt or dpkg says, in one line, with what can be done about it.
fn complaint(stderr: &str) -> String {
    // Unpacking goes on to the last file of thousands after the disk is full, and names each.
    if stderr.contains("No space left on device") {
        return "no space left on the disk: free some, or choose another place with --cache DIR"
            .to_owned();
    }
    let lines: Vec<&str> = stderr
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    // apt marks its errors; why a signature is bad is a warning before the error.
    let is_marked = |line: &&str| line.starts_with("E: ") || line.starts_with("W: ");
    let marked: Vec<&str> = lines.iter().copied().filter(is_marked).collect();
    let all = if marked.is_empty() { lines } else { marked };
    let said = match all.len() {
        0 => "failed without a message".to_owned(),
        1..=MOST => all.join("; "),
        more => format!("{}; and {} lines more", all[..MOST].join("; "), more - MOST),
    };
    let remedies = [
        (
            "NO_PUBKEY",
            "a key is missing: apt install --only-upgrade debian-archive-keyring",
        ),
        (
            "does not have a Release file",
            "apt's mirror does not carry that suite: put one that does in apt's sources",
        ),
        ("Could not resolve", "is the network up?"),
        (
            "Hash Sum mismatch",
            "a mirror in the middle of an update: try again in some minutes",
        ),
    ];
    match remedies.iter().find(|(sign, _)| said.contains(sign)) {
        Some((_, remedy)) => format!("{said} ({remedy})"),
        None => said,
    }
}

/// The end of what a build said, as far as it tells why that failed.
pub fn last_lines(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    let first = lines.iter().position(|line| line.contains("error:"));
    let from = first.unwrap_or(lines.len().saturating_sub(MOST));
    lines[from..]
        .iter()
        .take(MOST)
        .copied()
        .collect::<Vec<_>>()
        .join("; ")
}

#[cfg(test)]
mod tests {
    use super::{complaint, last_lines};

    #[test]
    fn a_builds_first_error_is_shown_or_else_its_end() {
        assert_eq!(
            last_lines("CC a.o\na.c:1: error: no\nmake: *** [a.o]\n"),
            "a.c:1: error: no; make: *** [a.o]"
        );
        assert_eq!(last_lines("1\n2\n3\n4\n5\n"), "2; 3; 4; 5");
    }

    #[test]
    fn apts_errors_are_kept_and_a_remedy_added() {
        let said = complaint(
            "Reading...\nE: The repository 'x trixie Release' does not have a Release file.\n",
        );
        assert!(
            said.starts_with("E: The repository") && said.contains("(apt's mirror does not carry"),
            "{said}"
        );
        assert_eq!(complaint("dpkg-deb: error: bad\n"), "dpkg-deb: error: bad");
        assert_eq!(complaint(""), "failed without a message");
    }

    #[test]
    fn a_flood_of_errors_becomes_one_line() {
        let full = complaint(&"tar: ./a.ko: Cannot write: No space left on device\n".repeat(1000));
        assert!(
            full.starts_with("no space left") && full.contains("--cache DIR"),
            "{full}"
        );
        assert_eq!(complaint(&"x\n".repeat(10)), "x; x; x; x; and 6 lines more");
    }
}
