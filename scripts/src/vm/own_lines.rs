// SPDX-License-Identifier: GPL-2.0-only

//! The messages that a kernel logs on its own, whatever a module does: one list for all checks of logs.

/// Whether a line, without its time stamp, is the kernel's own: about any module, or about the machine.
pub fn is_kernels_own(line: &str) -> bool {
    is_of_any_module(line) || is_of_the_machine(line)
}

/// Messages about any module: that it is out-of-tree or not signed, and its use of the stack.
fn is_of_any_module(line: &str) -> bool {
    const SAYS: [&str; 3] = [
        "loading out-of-tree module taints kernel",
        "module verification failed: signature and/or required key missing",
        " used greatest stack depth: ",
    ];
    SAYS.iter().any(|text| line.contains(text))
        || line.starts_with("ACPI: ") && line.contains(": Enabled at IRQ ")
}

/// Messages about clocks, entropy and missed time, which can come at any moment, more often on a busy host.
fn is_of_the_machine(line: &str) -> bool {
    const BEGINS: [&str; 7] = [
        "clocksource: ",
        "hrtimer: interrupt took ",
        "perf: interrupt took too long ",
        "sched_clock: ",
        "tsc: ",
        "TSC ",
        "random: ",
    ];
    BEGINS.iter().any(|text| line.starts_with(text))
        || line.starts_with("workqueue: ") && line.contains(" hogged CPU for ")
        || line.contains("clocksource: ") && line.contains("watchdog")
        || line.contains("Refined TSC clocksource calibration")
}

/// What begins the kernel's complaints about what a driver does.
pub const COMPLAINTS: [&str; 6] = [
    "WARNING:",
    "BUG",
    "Call Trace",
    "INFO: ",
    "Oops",
    "nobody cared",
];

/// Whether a line begins a report of one of the kernel's detectors of bugs.
pub fn is_report(line: &str) -> bool {
    const WORDS: [&str; 8] = [
        "BUG: ",
        "WARNING: ",
        "INFO: possible",
        "INFO: task",
        "INFO: rcu",
        "INFO: trying",
        "ODEBUG: ",
        "UBSAN: ",
    ];
    WORDS.iter().any(|words| line.contains(words))
}

/// The first line that is a complaint, if there is one.
pub fn complaint<'a>(lines: &[&'a str]) -> Option<&'a str> {
    let complains = |line: &&&str| {
        // SysRq's line for the debugger's key is `sysrq: DEBUG`.
        let line = line.replace("DEBUG", "");
        !is_of_the_machine(&line) && COMPLAINTS.iter().any(|text| line.contains(text))
    };
    lines.iter().find(complains).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_host_is_not_the_modules_doing() {
        for line in [
            "hrtimer: interrupt took 15420080 ns",
            "workqueue: work_for_cpu_fn hogged CPU for >10000us 4 times, consider switching to WQ_UNBOUND",
            "tsc: Refined TSC clocksource calibration: 2249.998 MHz",
            "clocksource: Switched to clocksource tsc",
        ] {
            assert!(is_kernels_own(line), "{line}");
        }
        assert!(!is_kernels_own("workqueue: name exceeds WQ_NAME_LEN"));
        assert!(!is_kernels_own("rust_minimal: random: 4"));
    }

    #[test]
    fn complaints_are_found() {
        assert_eq!(complaint(&["sysrq: DEBUG", "tsc: x"]), None);
        let bug = "BUG: sleeping function called from invalid context";
        assert_eq!(complaint(&["x", bug]), Some(bug));
    }
}
