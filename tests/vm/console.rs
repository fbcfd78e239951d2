// SPDX-License-Identifier: GPL-2.0-only

//! Serial consoles: `rust_uart16550` as the kernel's console, asleep and in a panic; and a port without
//! hardware that prints while its own lock is held.

use crate::boot::{self, Left, DIR};
use crate::built::{Built, SAMPLES, SERIAL};
use crate::parts::Parts;
use crate::peer::{self, talk, Answer};
use crate::report::{Report, Verdict};
use crate::script::Script;
use crate::serial::passed;
use crate::{debug, programs};
use anyhow::Result;
use ferrule::kernels::Kernel;
use ferrule::vm;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

const PARTS: Parts = Parts(include_str!("parts/console.sh"));

/// What the debug kernel cannot: a PIC, which is what `acpi=noirq` leaves there, lets no interrupt wake the system;
/// and lockdep, for which the locks of all ports are one, does not know that it is 8250's console that takes another.
const NOT_THERE: [&str; 2] = ["wakes_the_system", PRINTS];
const PRINTS: &str = "prints_under_the_lock";
const ANSWERS: &str = "does_rs485_and_flow_control";

/// What `tests/serial/stub.c` says of a console.
const OF_CONSOLE: &[&str] = &["console: 1", "records: all"];

/// What it says besides.
const STUB: &[&str] = &[
    "rs485 on: done, flags 3, delay 20; now flags 3, delay 20",
    // Without what the port has not.
    "rs485 what it has not: done, flags 5, delay 0; now flags 5, delay 0",
    "rs485 what it changes: done, flags 3, delay 1; now flags 3, delay 1",
    "rs485 what it refuses: Numerical result out of range, flags 3, delay 90; now flags 3, delay 1",
    "rs485 too long: Numerical result out of range, flags 3, delay 1000000; now flags 3, delay 1",
    "rs485 off: done, flags 0, delay 0; now flags 0, delay 0",
    "rs485 bad pointer: Bad address",
    "flow by C: throttled 1, RTS 0, sent 1; unthrottled 1, RTS 1, sent 2; without CTS stopped 1, with 0",
    "flow by the port: throttled 1, RTS 1, sent 0; unthrottled 1, RTS 1, sent 0; without CTS stopped 0, with 0",
    "low latency: 0, then 1",
];

/// What the other end of the console must receive.
const SEEN: &[&str] = &[
    "Linux version",
    "the first record\r\n",
    "it is back\r\n",
    "a line of the tty\r\n",
    "and a record\r\n",
    "after the sleep\r\n",
    "before it goes\r\n",
    "it goes on\r\n",
];

/// What the kernel says when it dies.
const PANIC: &[&str] = &[
    "Kernel panic - not syncing: sysrq triggered crash\r\n",
    "Call Trace:\r\n",
    "sysrq_handle_crash+0x",
    "Kernel Offset:",
];

/// Runs everything on one kernel.
pub fn run(built: &Built, report: &mut Report) -> Result<()> {
    let kernel = &built.kernel;
    let outside = format!("{}{CONSOLE:?}{OTHER:?}", peer::SOURCE);
    let Left { log, heard } = boot::boot_with(report, &guest(built)?, &outside, boot)?;
    let seen = heard.concat();
    debug::check(kernel, "", &log, &[], report);
    for name in parts(kernel) {
        report.add(name, passed(&log, name).map(drop));
    }
    report.add("the_stub_answers", stub(&log, ANSWERS, &[]));
    if !debug::is(kernel) {
        report.add("the_stub_hears", stub(&log, PRINTS, OF_CONSOLE));
        report.add("the_log_goes_on", all_in(&seen, &["after the wake\r\n"]));
    }
    report.add("the_log_arrives", all_in(&seen, SEEN));
    let panic = seen.rfind("sysrq: Trigger a crash");
    report.add(
        "a_panic_arrives",
        panic
            .ok_or_else(|| "no panic".to_owned())
            .and_then(|at| all_in(&seen[at..], PANIC)),
    );
    Ok(())
}

fn parts(kernel: &Kernel) -> impl Iterator<Item = &'static str> {
    let is_debug = debug::is(kernel);
    let names = PARTS.names();
    names.filter(move |name| !is_debug || !NOT_THERE.contains(name))
}

fn guest(built: &Built) -> Result<vm::Guest> {
    let kernel = &built.kernel;
    let mut script = Script::of("", PARTS);
    script.parts(parts(kernel));
    script.look_for_leaks(kernel);
    script.add("dmesg -n 8\necho c >/proc/sysrq-trigger");
    let device = |name: &str, addr: u32, options: &str| {
        // The path of a socket must be short.
        let path = format!("{DIR}/{name}");
        [
            "-chardev".to_owned(),
            format!("socket,id={name},path={path},server=on,wait=off{options}"),
            "-device".to_owned(),
            format!("pci-serial,chardev={name},addr={addr}"),
        ]
    };
    let mut files = vm::with_libraries(Path::new("/usr/bin/stty"))?;
    files.push((programs::path("stub")?, "/stub".to_owned()));
    for (dir, name) in [(SAMPLES, "rust_uart16550"), (SERIAL, "test_serial")] {
        let module = built.dir(dir).join(format!("{name}.ko"));
        files.push((module, format!("/{name}.ko")));
    }
    Ok(vm::Guest {
        kernel: kernel.vmlinuz.clone(),
        files,
        script: script.without_end(),
        append: debug::append(
            kernel,
            "initcall_blacklist=serial_pci_driver_init slub_debug=FZPU console=ttyRU0,115200n8 \
             console=ttyTS0,57600e7r console=ttyS0",
        ),
        qemu_args: device("c", 8, ",telnet=on")
            .into_iter()
            .chain(device("d", 9, ""))
            .collect(),
        timeout: debug::limit(kernel, 900),
        cpus: 2,
        ..vm::Guest::default()
    })
}

/// Returns the guest's log, and what the other end of its console received.
fn boot(guest: &vm::Guest, dir: &Path) -> Result<Left> {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let console = scope.spawn(|| talk(&dir.join("c"), None, &over, CONSOLE));
        let other = scope.spawn(|| talk(&dir.join("d"), None, &over, OTHER));
        let outcome = vm::boot(guest, &mut |_| {});
        over.store(true, Ordering::Relaxed);
        let seen = console.join().expect("a test thread does not panic");
        other.join().expect("a test thread does not panic")?;
        // The guest must end by a panic.
        let log = outcome?.log;
        anyhow::ensure!(
            log.contains("@@ begin"),
            "no part has come to its end:\n{log}"
        );
        Ok(Left {
            log,
            heard: vec![seen?],
        })
    })
}

/// A break is a command of telnet's.
const CONSOLE: &[Answer] = &[Answer {
    cue: "a break, please\r\n",
    parts: &[(1000, b"\xff\xf3"), (500, b"h")],
    until: None,
}];

const OTHER: &[Answer] = &[
    Answer {
        cue: "hello",
        parts: &[(0, b"world\n")],
        until: None,
    },
    // The first may come before the system sleeps.
    Answer {
        cue: "sleep",
        parts: &[(5000, b"wake\n")],
        until: Some("awake"),
    },
];

fn stub(log: &str, part: &str, first: &[&str]) -> Verdict {
    let said = passed(log, part)?;
    match said == [first, STUB].concat() {
        true => Ok(()),
        false => Err(format!("{said:#?}")),
    }
}

pub fn all_in(seen: &str, wanted: &[&str]) -> Verdict {
    match wanted.iter().find(|wanted| !seen.contains(**wanted)) {
        None => Ok(()),
        Some(missing) => Err(format!("{missing:?} is missing in:\n{seen}")),
    }
}
