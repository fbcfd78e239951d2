// SPDX-License-Identifier: GPL-2.0-only

//! Finds the report that a dying kernel leaves in its log.

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

const PANIC: &str = "Kernel panic - not syncing";
const END_OF_TRACE: &str = "---[ end trace";
const END_OF_PANIC: &str = "---[ end Kernel panic";

/// The report of what killed the kernel, from its first line to the end of its trace.
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

/// The line that says it shortest: that of the oops, else that of the panic.
pub fn headline(report: &str) -> &str {
    let line = report
        .lines()
        .find(|line| is_start(line) && !line.contains(STARTS[0]));
    let line = line.or_else(|| report.lines().next()).unwrap_or_default();
    without_time(line)
}

/// `[    1.234567] text` to `text`; on kernels with `printk.caller`, that field goes too.
fn without_time(mut line: &str) -> &str {
    while let Some((_, rest)) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        line = rest;
    }
    line.trim()
}

fn is_start(line: &str) -> bool {
    STARTS.iter().any(|start| line.contains(start))
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
[    1.0] ------------[ cut here ]------------
[    1.0] WARNING: CPU: 0 PID: 1 at demo.c:1 demo+0x1/0x2
[    1.0] ---[ end trace 0000000000000000 ]---
[    1.1] ------------[ cut here ]------------
[    1.1] kernel BUG at demo.c:2!
[    1.1] invalid opcode: 0000 [#1] PREEMPT SMP NOPTI
[    1.1] Kernel panic - not syncing: Fatal exception";
        let report = find(log).unwrap();
        assert!(
            report.starts_with("[    1.1] ------------[ cut here"),
            "{report}"
        );
        assert_eq!(headline(&report), "kernel BUG at demo.c:2!");
    }

    #[test]
    fn a_panic_without_an_oops() {
        let log = "\
[    1.0] ------------[ cut here ]------------
[    1.0] WARNING: CPU: 0 PID: 1 at demo.c:1 demo+0x1/0x2
[    1.0] ---[ end trace 0000000000000000 ]---
[    2.0] sysrq: Trigger a crash
[    2.0] Kernel panic - not syncing: sysrq triggered crash
[    2.0] CPU: 0 PID: 70 Comm: sh";
        let report = find(log).unwrap();
        assert!(report.starts_with("[    2.0] Kernel panic"), "{report}");
        assert_eq!(
            headline(&report),
            "Kernel panic - not syncing: sysrq triggered crash"
        );
    }

    #[test]
    fn a_panic_on_a_sanitizer_report() {
        let log = "\
[    2.0] BUG: KASAN: slab-out-of-bounds in demo+0x1/0x2
[    2.0] Write of size 1 at addr ffff888001234567 by task insmod/70
[    2.0] Kernel panic - not syncing: kasan.fault=panic set ...";
        assert!(find(log).unwrap().starts_with("[    2.0] BUG: KASAN"));
    }

    #[test]
    fn a_warning_kills_nobody() {
        let log = "[    1.0] ------------[ cut here ]------------\n[    1.0] WARNING: at demo.c:1";
        assert_eq!(find(log), None);
        assert_eq!(find("demo: list [#x] of things\nall is well"), None);
    }
}
