// SPDX-License-Identifier: GPL-2.0-only

//! Finds the report that a dying kernel leaves in its log.

use super::lines;

/// What a report begins with; several may follow each other within [`HEAD`] lines.
const STARTS: [&str; 8] = [
    "------------[ cut here ]------------",
    "BUG: ",
    "kernel BUG at ",
    "Oops: ",
    "general protection fault",
    "invalid opcode: ",
    "unable to handle ",
    "Kernel panic - not syncing",
];

/// The line of `die()` with its counter, ` [#1]`, is at most so many lines below a report's first.
const HEAD: usize = 8;

const CUT: &str = STARTS[0];
const PANIC: &str = "Kernel panic - not syncing";
const END_OF_TRACE: &str = "---[ end trace";
const END_OF_PANIC: &str = "---[ end Kernel panic";

/// What Rust's panic handler logs first: this behind the module's name, then `FILE:LINE:COLUMN:`. The
/// message is in the lines that follow.
const RUST_PANIC: &str = ": panicked at ";

/// What follows, if it was a panic in a task, and above the trace of that task. Then a thread named `rust_panic` calls
/// `BUG()`.
const TASK_SLEEPS: &str = "BUG: Rust code has panicked: the task sleeps for good";

/// How many lines the message and that trace have at most.
const MESSAGE: usize = 150;

/// The report of what killed the kernel, from its first line to the end of its trace; a panic of Rust's code begins
/// with its message.
///
/// `None` when the log has neither an oops nor a panic; a warning alone is neither.
pub fn find(log: &str) -> Option<String> {
    let lines: Vec<&str> = log.lines().collect();
    let panic = lines.iter().position(|line| line.contains(PANIC));
    let before = &lines[..panic.unwrap_or(lines.len())];

    let start = match (before.iter().rposition(|line| is_die(line)), panic) {
        (Some(die), _) => first_start(before, die),
        (None, Some(panic)) => panic_on_report(before).unwrap_or(panic),
        (None, None) => return None,
    };
    let start = rust_panic(&lines[..start]).unwrap_or(start);
    let end_mark = if panic.is_some() {
        END_OF_PANIC
    } else {
        END_OF_TRACE
    };
    let end = lines[start..]
        .iter()
        .position(|line| line.contains(end_mark));
    let end = end.map_or(lines.len(), |end| start + end + 1);
    Some(lines[start..end].join("\n"))
}

/// One line that says it shortest: the place and message of a panic of Rust's code, else the line of the oops, else
/// that of the panic.
pub fn headline(report: &str) -> String {
    let lines: Vec<&str> = report.lines().collect();
    if lines.first().is_some_and(|line| line.contains(RUST_PANIC)) {
        let message = lines.iter().enumerate().take_while(|(at, line)| {
            // The message itself may have words of a report.
            *at < MESSAGE
                && ![CUT, TASK_SLEEPS].iter().any(|end| line.contains(end))
                && !is_bug(line)
                && !is_die(line)
        });
        let message: Vec<&str> = message.map(|(_, line)| lines::without_time(line)).collect();
        return message.join(" ");
    }
    let line = lines
        .iter()
        .find(|line| is_start(line) && !line.contains(CUT));
    let line = line.or(lines.first()).copied().unwrap_or_default();
    lines::without_time(line).to_owned()
}

fn is_start(line: &str) -> bool {
    STARTS.iter().any(|start| line.contains(start))
}

/// Whether this is the line in which `BUG()` names its place.
fn is_bug(line: &str) -> bool {
    lines::without_time(line).starts_with("kernel BUG at ")
}

/// Whether `die()` printed this line: it alone counts in `[#1]`.
fn is_die(line: &str) -> bool {
    let counter = line
        .split_once(" [#")
        .and_then(|(_, rest)| rest.split_once(']'));
    counter.is_some_and(|(count, _)| !count.is_empty() && count.bytes().all(|c| c.is_ascii_digit()))
}

/// The first of the lines that head the report of the oops whose counter is in `lines[die]`.
fn first_start(lines: &[&str], die: usize) -> usize {
    let from = die.saturating_sub(HEAD);
    let last_end = lines[from..die]
        .iter()
        .rposition(|line| line.contains(END_OF_TRACE));
    let from = last_end.map_or(from, |end| from + end + 1);
    (from..die).find(|&at| is_start(lines[at])).unwrap_or(die)
}

/// The start of a panic of Rust's code that comes right before a report: it is what the report is about.
fn rust_panic(before: &[&str]) -> Option<usize> {
    let from = before.len().saturating_sub(MESSAGE);
    let at = from
        + before[from..]
            .iter()
            .rposition(|line| line.contains(RUST_PANIC))?;
    let has_report = before[at..]
        .iter()
        .any(|line| line.contains(CUT) || line.contains(END_OF_TRACE) || is_die(line));
    (!has_report).then_some(at)
}

/// The start of a warning or sanitizer report that is still open when the panic comes.
fn panic_on_report(lines: &[&str]) -> Option<usize> {
    let last_end = lines.iter().rposition(|line| line.contains(END_OF_TRACE));
    let open = last_end.map_or(0, |end| end + 1);
    (open..lines.len()).rev().find(|&at| is_start(lines[at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NULL_POINTER: &str = "\
[    3.000000] demo: loading
[    3.100000] BUG: kernel NULL pointer dereference, address: 0000000000000000
[    3.100001] #PF: supervisor write access in kernel mode
[    3.100002] PGD 0 P4D 0
[    3.100003] Oops: 0002 [#1] PREEMPT SMP NOPTI
[    3.100004] RIP: 0010:demo_init+0x5/0x10 [demo]
[    3.100005] ---[ end trace 0000000000000000 ]---
[    3.100006] RIP: 0010:demo_init+0x5/0x10 [demo]
[    3.100007] Kernel panic - not syncing: Fatal exception
[    3.100008] Kernel Offset: disabled
[    3.100009] ---[ end Kernel panic - not syncing: Fatal exception ]---
after";

    #[test]
    fn an_oops_that_panics() {
        let report = find(NULL_POINTER).unwrap();
        assert!(report.starts_with("[    3.100000] BUG:"), "{report}");
        assert!(report.ends_with("Fatal exception ]---"), "{report}");
        assert_eq!(
            headline(&report),
            "BUG: kernel NULL pointer dereference, address: 0000000000000000"
        );
    }

    #[test]
    fn an_oops_that_is_survived_ends_with_its_trace() {
        let log: Vec<&str> = NULL_POINTER
            .lines()
            .take(8)
            .chain(["demo: goes on"])
            .collect();
        let report = find(&log.join("\n")).unwrap();
        assert!(
            report.ends_with("---[ end trace 0000000000000000 ]---"),
            "{report}"
        );
    }

    #[test]
    fn an_earlier_warning_is_no_part_of_it() {
        let log = "\
[    1.000000] ------------[ cut here ]------------
[    1.000000] WARNING: CPU: 0 PID: 1 at demo.c:1 demo+0x1/0x2
[    1.000000] ---[ end trace 0000000000000000 ]---
[    1.100000] ------------[ cut here ]------------
[    1.100000] kernel BUG at demo.c:2!
[    1.100000] invalid opcode: 0000 [#1] PREEMPT SMP NOPTI
[    1.100000] Kernel panic - not syncing: Fatal exception";
        let report = find(log).unwrap();
        assert!(
            report.starts_with("[    1.100000] ------------[ cut here"),
            "{report}"
        );
        assert_eq!(headline(&report), "kernel BUG at demo.c:2!");
    }

    const RUST: &str = "\
[    1.000000][   T70] demo: panicked at demo.rs:7:9:
[    1.000000][   T70] index out of bounds: the len is 4
[    1.000000][   T70] [4, 5] is what was asked for
[    1.100000][   T70] ------------[ cut here ]------------
[    1.100001][   T70] kernel BUG at rust/helpers/bug.c:8!
[    1.100002][   T70] invalid opcode: 0000 [#1] PREEMPT SMP NOPTI
[    1.100003][   T70] ---[ end trace 0000000000000000 ]---";

    #[test]
    fn a_panic_of_rust_is_told_by_its_message() {
        let report = find(&format!("[    0.900000] demo: loading\n{RUST}\nafter")).unwrap();
        assert_eq!(report, RUST);
        assert_eq!(
            headline(&report),
            "demo: panicked at demo.rs:7:9: index out of bounds: the len is 4 [4, 5] is what was asked for"
        );
        // A message may read like a report.
        let log = RUST.replace("index out of bounds", "BUG: an index is out of bounds");
        assert!(headline(&find(&log).unwrap()).contains("demo.rs:7:9: BUG: an index"));
        // A kernel may do without the line that names the place of the BUG.
        let log = RUST.replace(
            "[    1.100001][   T70] kernel BUG at rust/helpers/bug.c:8!\n",
            "",
        );
        assert!(headline(&find(&log).unwrap()).ends_with("is what was asked for"));
    }

    #[test]
    fn a_panic_in_a_task_begins_the_report_of_its_thread() {
        let trace = "[    1.000001][   T70] BUG: Rust code has panicked: the task sleeps for good\n\
            [    1.000002][   T70] CPU: 0 PID: 70 Comm: insmod\n[    1.000003][   T70] Call Trace:\n\
            [    1.000003][   T70]  panicked+0x1/0x2 [demo]\n";
        let cut = "[    1.100000][   T70] ------------[ cut";
        let log = RUST.replace(cut, &format!("{trace}{cut}"));
        let report = find(&format!("{log}\nafter")).unwrap();
        assert_eq!(report, log);
        assert!(headline(&report).ends_with("is what was asked for"));
    }

    #[test]
    fn a_panic_that_was_survived_is_not_the_next_oops() {
        let report = find(&format!("{RUST}\n{NULL_POINTER}")).unwrap();
        assert!(
            headline(&report).starts_with("BUG: kernel NULL pointer"),
            "{report}"
        );
    }

    #[test]
    fn a_panic_without_an_oops() {
        let log = "\
[    1.000000] ------------[ cut here ]------------
[    1.000000] WARNING: CPU: 0 PID: 1 at demo.c:1 demo+0x1/0x2
[    1.000000] ---[ end trace 0000000000000000 ]---
[    2.000000] sysrq: Trigger a crash
[    2.000000] Kernel panic - not syncing: sysrq triggered crash
[    2.000000] CPU: 0 PID: 70 Comm: sh";
        let report = find(log).unwrap();
        assert!(
            report.starts_with("[    2.000000] Kernel panic"),
            "{report}"
        );
        assert_eq!(
            headline(&report),
            "Kernel panic - not syncing: sysrq triggered crash"
        );
    }

    #[test]
    fn a_panic_on_a_sanitizer_report() {
        let log = "\
[    2.000000] BUG: KASAN: slab-out-of-bounds in demo+0x1/0x2
[    2.000000] Write of size 1 at addr ffff888001234567 by task insmod/70
[    2.000000] Kernel panic - not syncing: kasan.fault=panic set ...";
        assert!(find(log).unwrap().starts_with("[    2.000000] BUG: KASAN"));
    }

    #[test]
    fn a_warning_kills_nobody() {
        let log = "[    1.000000] ------------[ cut here ]------------\n[    1.000000] WARNING: at demo.c:1";
        assert_eq!(find(log), None);
        assert_eq!(find("demo: list [#x] of things\nall is well"), None);
    }
}
