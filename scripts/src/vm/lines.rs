// SPDX-License-Identifier: GPL-2.0-only

//! Takes apart what the kernel and the script write to one serial port.
//!
//! The kernel prints a record at once, but possibly in the middle of a line of the script. It ends
//! its records with `\r\n`, and the first process sees to it that the script's lines end with `\n`:
//! so both can be put together again.

/// The bytes of a serial port, to be read as lines.
#[derive(Default)]
pub struct Lines {
    /// The line that has no end yet.
    partial: Vec<u8>,
    /// The beginning of a script's line that the kernel interrupted.
    interrupted: String,
}

impl Lines {
    /// Takes what came from the port; `sink` gets each line that is complete now.
    pub fn push(&mut self, bytes: &[u8], sink: &mut dyn FnMut(&str)) {
        self.partial.extend_from_slice(bytes);
        let Some(end) = self.partial.iter().rposition(|&byte| byte == b'\n') else {
            return;
        };
        let rest = self.partial.split_off(end + 1);
        let complete = std::mem::replace(&mut self.partial, rest);
        for line in complete[..end].split(|&byte| byte == b'\n') {
            self.line(&String::from_utf8_lossy(line), sink);
        }
    }

    /// Takes the last line, which has no end.
    pub fn finish(&mut self, sink: &mut dyn FnMut(&str)) {
        if !self.partial.is_empty() || !self.interrupted.is_empty() {
            self.push(b"\n", sink);
        }
    }

    fn line(&mut self, line: &str, sink: &mut dyn FnMut(&str)) {
        let text = line.trim_end_matches('\r');
        let record = if text.len() < line.len() {
            find_time(text)
        } else {
            None
        };
        if let Some(at) = record {
            self.interrupted.push_str(&text[..at]);
            sink(&text[at..]);
        } else if self.interrupted.is_empty() {
            sink(text);
        } else {
            let whole = std::mem::take(&mut self.interrupted) + text;
            sink(&whole);
        }
    }
}

/// Where the time that the kernel puts before each record begins: `[    1.234567]`.
fn find_time(text: &str) -> Option<usize> {
    text.match_indices('[').map(|(at, _)| at).find(|&at| {
        let time = text[at + 1..]
            .split_once(']')
            .and_then(|(time, _)| time.split_once('.'));
        time.is_some_and(|(seconds, fraction)| {
            is_number(seconds.trim_start()) && is_number(fraction) && fraction.len() == 6
        })
    })
}

/// `[    1.234567] text` to `text`; on kernels with `printk.caller`, that field goes too: `[   T70]`, `[    C0]`.
pub fn without_time(line: &str) -> &str {
    if find_time(line) != Some(0) {
        return line.trim();
    }
    let mut rest = line.split_once(']').map_or(line, |(_, rest)| rest);
    let caller = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    if let Some((caller, text)) = caller {
        let id = caller.trim_start().strip_prefix(['T', 'C']);
        if id.is_some_and(is_number) {
            rest = text;
        }
    }
    rest.trim()
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, step: usize) -> Vec<String> {
        let (mut lines, mut found) = (Lines::default(), Vec::new());
        for piece in text.as_bytes().chunks(step) {
            lines.push(piece, &mut |line| found.push(line.to_owned()));
        }
        lines.finish(&mut |line| found.push(line.to_owned()));
        found
    }

    #[test]
    fn a_line_that_the_kernel_interrupts_is_put_together_again() {
        let text = "hel[    1.000001] one\r\n[    1.000002][    T7] two\r\nlo\nnext\n";
        for step in [1, 4, 1000] {
            let expected = [
                "[    1.000001] one",
                "[    1.000002][    T7] two",
                "hello",
                "next",
            ];
            assert_eq!(lines(text, step), expected);
        }
        assert_eq!(
            lines("whole[    1.000001] one\r\n\n", 5),
            ["[    1.000001] one", "whole"]
        );
    }

    #[test]
    fn what_a_script_prints_of_the_log_stays_as_it_is() {
        let text = "log: [    1.000001] one\n[    1.000002] two\n\nlist [1] [2.5]\r\n";
        let expected = [
            "log: [    1.000001] one",
            "[    1.000002] two",
            "",
            "list [1] [2.5]",
        ];
        assert_eq!(lines(text, 1000), expected);
    }

    #[test]
    fn what_has_no_end_is_not_lost() {
        assert_eq!(lines("half", 2), ["half"]);
        assert_eq!(
            lines("half[    1.000001] dead\r\n", 2),
            ["[    1.000001] dead", "half"]
        );
    }
}
