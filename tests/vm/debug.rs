// SPDX-License-Identifier: GPL-2.0-only

//! What is tested on the debug kernel only: that its detectors see bugs in Rust, and that drivers survive each
//! allocation's failure. `make test-debug` runs it, with other tests, which must cause no report.

use crate::boot;
use crate::built::{Built, SAMPLES};
use crate::parts::Parts;
use crate::report::{Report, Verdict};
use crate::script::Script;
use crate::{log, programs, serial};
use anyhow::Result;
use ferrule::kernels::{debug, Kernel};
use ferrule::vm::{own_lines, Guest};
use std::time::Duration;

/// The factor for time limits on the debug kernel.
const SLOWER: u64 = 6;

/// The part that runs kmemleak's scan.
pub const LEAKS: Parts = Parts(include_str!("parts/leaks.sh"));

/// The parts that follow the sweeps.
const FAIL: Parts = Parts(include_str!("parts/fail.sh"));

/// A bug's number, its name, and what the report says.
const BUGS: &[(u32, &str, &[&str])] = &[
    // Lockdep reports once.
    (
        2,
        "two_locks_in_both_orders",
        &["possible circular locking dependency detected", "Locks::a"],
    ),
    (
        1,
        "sleeping_in_atomic_context",
        &["BUG: sleeping function called from invalid context"],
    ),
    (3, "a_leak", &["unreferenced object", "size 1024"]),
    (
        4,
        "a_use_after_free",
        &["BUG: KASAN: slab-use-after-free in", "Read of size 8"],
    ),
    (
        5,
        "an_access_out_of_bounds",
        &["BUG: KASAN: slab-out-of-bounds in", "Write of size 1"],
    ),
    (
        6,
        "an_access_out_of_bounds_on_the_stack",
        &["BUG: KASAN: stack-out-of-bounds in", "Read of size 8"],
    ),
    (
        7,
        "a_copy_past_the_end",
        &["BUG: KASAN: slab-out-of-bounds in", "Write of size 48"],
    ),
];

const MODULE: &str = "test_debug_bugs";

/// The system calls in which each allocation fails once: what, on what; how the guest gets ready for it; and
/// whether there is one that C cannot do without.
const SWEEPS: &[(&str, &str, &str, bool)] = &[
    ("open", "/dev/ttyRU0", "true", true),
    ("termios", "/dev/ttyRU0", "true", false),
    ("write", "/dev/ttyRU0", "true", true),
    ("close", "/dev/ttyRU0", "true", false),
    (
        "bind",
        DRIVER,
        "echo 0000:00:08.0 >/sys/bus/pci/drivers/rust_uart16550/unbind",
        true,
    ),
    ("unbind", DRIVER, "true", true),
];

const DRIVER: &str = "/sys/bus/pci/drivers/rust_uart16550 0000:00:08.0";

/// Whether `kernel` is the debug kernel.
pub fn is(kernel: &Kernel) -> bool {
    kernel.series == debug::NAME
}

/// How long a guest may take that takes so many seconds on a stock kernel at most.
pub fn limit(kernel: &Kernel, seconds: u64) -> Duration {
    Duration::from_secs(if is(kernel) {
        SLOWER * seconds
    } else {
        seconds
    })
}

/// What the command line needs besides: QEMU's table of interrupts is ACPI code with a loop, which takes half
/// a minute there, and then it is given up. Without it, the guest has one processor.
pub fn append(kernel: &Kernel, rest: &str) -> String {
    if is(kernel) {
        format!("acpi=noirq {rest}")
    } else {
        rest.to_owned()
    }
}

/// Whether a case needs what that kernel has not: the speaker's device, or MSI, for which `acpi=noirq` leaves no
/// room; and so whether its module stays.
pub fn lacks(kernel: &Kernel, module: &str, case: &str) -> bool {
    let cases = [
        "platform_driver",
        "interrupts",
        "threaded_interrupts",
        "loads",
    ];
    is(kernel) && module == "test_device" && cases.contains(&case)
}

/// What the test modules forget on purpose, in the words of kmemleak, and how often at most: handles of devres
/// in `test_device`, which is loaded twice as it fails, and an `Arc` in an example.
pub const FORGOTTEN: &[(&str, usize)] = &[("(size 192):", 4), ("(size 8):", 1)];

/// Checks that the log of a boot has no report.
pub fn check(
    kernel: &Kernel,
    name: &str,
    log: &str,
    forgotten: &[(&str, usize)],
    report: &mut Report,
) {
    if is(kernel) {
        let whole = |test: &str| match name {
            "" => test.to_owned(),
            name => format!("{name}::{test}"),
        };
        report.add(whole("leaves_no_report"), quiet(log));
        report.add(whole("leaks_nothing"), leaks(log, forgotten));
    }
}

/// The directory of the module with the bugs.
pub const DIR: &str = "tests/debug";

/// Boots the debug kernel, and runs bugs that its detectors must report.
pub fn run_bugs(built: &Built, report: &mut Report) -> Result<()> {
    let kernel = &built.kernel;
    let mut script = Script::new("cd /modules || exit 1");
    script.add(LEAKS.0);
    script.part_of("bug0", &format!("insmod {MODULE}.ko && rmmod {MODULE}"));
    for (bug, ..) in BUGS {
        let load = format!("insmod {MODULE}.ko bug={bug}");
        match bug {
            3 => {
                script.add(&load);
                script.part_of("bug3", "leaks");
            }
            _ => script.part_of(&format!("bug{bug}"), &load),
        }
        script.add(&format!("rmmod {MODULE}"));
    }
    let module = built.dir(DIR).join(format!("{MODULE}.ko"));
    let guest = Guest {
        kernel: kernel.vmlinuz.clone(),
        files: vec![(module, format!("/modules/{MODULE}.ko"))],
        script: script.without_end(),
        append: append(kernel, "kasan_multi_shot"),
        timeout: limit(kernel, 60),
        ..Guest::default()
    };
    let log = boot::boot(report, &guest)?;
    report.add("nothing_is_reported_without_a_bug", right(&log));
    for (bug, name, said) in BUGS {
        report.add(format!("{name}_is_seen"), seen(&log, *bug, said));
    }
    Ok(())
}

/// Boots the debug kernel, and lets allocations fail.
pub fn run_fail(built: &Built, report: &mut Report) -> Result<()> {
    let log = boot::boot(report, &fail(built)?)?;
    for (name, _, _, is_needed) in SWEEPS {
        report.add(name, swept(&log, name, *is_needed));
    }
    let unloads = serial::passed(&log, "unloads").map(drop);
    report.add("unloads_after_all", unloads);
    check(&built.kernel, "", &log, &[], report);
    Ok(())
}

/// Checks the part that does what the bugs do, but correctly.
fn right(text: &str) -> Verdict {
    let section = log::section(text, "bug0")?;
    if section.status != "0" || !section.log.contains(&"test_debug_bugs: the sum is 41") {
        return Err(format!("status {}, {:#?}", section.status, section.log));
    }
    quiet(&section.log.join("\n"))
}

/// Checks that the report has the words, and names the module.
fn seen(text: &str, bug: u32, said: &[&str]) -> Verdict {
    let lines = log::section(text, &format!("bug{bug}"))?.log;
    let place = format!("[{MODULE}]");
    let is_said = |words: &&str| lines.iter().any(|line| line.contains(words));
    let mut wanted = said.iter().copied().chain([place.as_str()]);
    let missing = wanted.find(|words| !is_said(words));
    match missing {
        Some(words) => Err(format!("no {words:?} in {lines:#?}")),
        None => Ok(()),
    }
}

fn fail(built: &Built) -> Result<Guest> {
    let kernel = &built.kernel;
    let mut script = Script::of("", FAIL);
    for (name, on, ready, _) in SWEEPS {
        script.add(ready);
        script.part_of(name, &format!("/fail {name} {on}"));
    }
    script.parts(FAIL.names());
    let device = [
        "-chardev",
        "null,id=a",
        "-device",
        "pci-serial,chardev=a,addr=8",
    ];
    Ok(Guest {
        kernel: kernel.vmlinuz.clone(),
        files: vec![
            (programs::path("fail")?, "/fail".to_owned()),
            (
                built.dir(SAMPLES).join("rust_uart16550.ko"),
                "/rust_uart16550.ko".to_owned(),
            ),
        ],
        script: script.end(kernel),
        append: append(kernel, "initcall_blacklist=serial_pci_driver_init"),
        qemu_args: device.map(str::to_owned).into(),
        timeout: limit(kernel, 300),
        ..Guest::default()
    })
}

/// Checks that a sweep has ended without a report, and that a call has failed with ENOMEM where one must.
fn swept(text: &str, name: &str, is_needed: bool) -> Verdict {
    let section = log::section(text, name)?;
    let prefix = format!("{name}: ");
    let lines = section.lines();
    let line = lines.iter().find(|line| line.starts_with(&prefix));
    match line {
        Some(line) if section.status == "0" && line.contains("ENOMEM") >= is_needed => {
            quiet(&lines.join("\n"))
        }
        _ => Err(format!("status {}, {lines:#?}", section.status)),
    }
}

fn quiet(text: &str) -> Verdict {
    // These warn to show that they do.
    let is_meant = |line: &str| line.contains("[test_bits]") || line.contains("[test_doc]");
    let is_report = |line: &str| own_lines::is_report(line) && !is_meant(line);
    match text.lines().position(is_report) {
        Some(at) => {
            let lines: Vec<&str> = text.lines().skip(at).take(60).collect();
            Err(format!("in the log:\n{}", lines.join("\n")))
        }
        None => Ok(()),
    }
}

/// Checks that kmemleak has scanned, and reports only what is leaked on purpose.
fn leaks(text: &str, forgotten: &[(&str, usize)]) -> Verdict {
    let section = log::section(text, "leaks")?;
    let lines = section.log;
    let count = |size: &str| lines.iter().filter(|line| line.contains(size)).count();
    let all = count("unreferenced object");
    let meant: usize = forgotten
        .iter()
        .map(|(size, most)| count(size).min(*most))
        .sum();
    if all != meant || (all == 0) != (section.status == "0") {
        return Err(format!("status {}, {lines:#?}", section.status));
    }
    Ok(())
}
