// SPDX-License-Identifier: GPL-2.0-only

//! `rust_nullmodem`: the test program of `rust_uart16550`, another for what an emulated UART cannot do, and ports that
//! are removed while they are in use.

use crate::boot;
use crate::built::{Built, SAMPLES};
use crate::parts::Parts;
use crate::report::{Report, Verdict};
use crate::script::Script;
use crate::serial::{agree, bytes, passed};
use crate::{debug, programs};
use anyhow::Result;
use ferrule::kernels::Kernel;
use ferrule::vm;
use std::path::Path;

const PARTS: Parts = Parts(include_str!("parts/nullmodem.sh"));

/// The part whose output is compared with that of `rust_uart16550`.
const ANSWERS: &str = "answers";

/// The part that the debug kernel cannot run: it has no PPS line discipline.
const PULSES: &str = "a_carrier_is_a_pulse";

/// The answers in which `rust_uart16550` differs: it has another clock, and needs OUT2.
const DIFFERS: &[(&str, &str)] = &[
    ("baud 1: 0 0 8b0", "baud 1: 0 1 18b0"),
    ("baud 230400: 0 115200 18b2", "baud 230400: 0 230400 18b3"),
    (
        "baud 4000000: 0 115200 18b2",
        "baud 4000000: 0 4000000 18bf",
    ),
    (
        "lines 2: 162, in loopback 8142",
        "lines 2: 162, in loopback 8102",
    ),
    (
        "lines 4: 164, in loopback 8064",
        "lines 4: 164, in loopback 8024",
    ),
    (
        "lines 2000: 2160, in loopback a0c0",
        "lines 2000: 2160, in loopback a080",
    ),
    (
        "lines 6: 166, in loopback 8166",
        "lines 6: 166, in loopback 8126",
    ),
    (
        "TIOCGSERIAL: 0 base 115200 fifo 16 custom 0",
        "TIOCGSERIAL: 0 base 4000000 fifo 16 custom 0",
    ),
];

/// Runs all parts on one kernel. Returns the log, for comparison.
pub fn run(built: &Built, is_thorough: bool, report: &mut Report) -> Result<String> {
    let log = boot::boot(report, &guest(built, is_thorough)?)?;
    debug::check(&built.kernel, "", &log, &[], report);
    for name in parts(&built.kernel).filter(|name| *name != ANSWERS) {
        report.add(name, passed(&log, name).map(drop));
    }
    Ok(log)
}

/// Checks that the answers in our log are those of `rust_uart16550` in the other.
pub fn same(ours: &str, uart: &str) -> Verdict {
    agree(&passed(ours, ANSWERS)?, &passed(uart, ANSWERS)?, DIFFERS)
}

fn parts(kernel: &Kernel) -> impl Iterator<Item = &'static str> {
    let is_debug = debug::is(kernel);
    let names = PARTS.names();
    names.filter(move |name| !is_debug || *name != PULSES)
}

fn guest(built: &Built, is_thorough: bool) -> Result<vm::Guest> {
    let kernel = &built.kernel;
    let mut script = Script::of(&format!("BYTES={}", bytes(is_thorough)), PARTS);
    script.parts(parts(kernel));
    let mut files = vm::with_libraries(Path::new("/usr/bin/stty"))?;
    for name in ["tty", "cable", "formats"] {
        files.push((programs::path(name)?, format!("/{name}")));
    }
    let module = built.dir(SAMPLES).join("rust_nullmodem.ko");
    files.push((module, "/rust_nullmodem.ko".to_owned()));
    if !debug::is(kernel) {
        let modules = vm::needed(&kernel.modules, &["pps_ldisc".to_owned()])?;
        // In the order in which they are loaded.
        let names = (0..).map(|i| format!("/pps/{i}.ko"));
        files.extend(modules.into_iter().zip(names));
    }
    Ok(vm::Guest {
        kernel: kernel.vmlinuz.clone(),
        files,
        script: script.end(kernel),
        append: debug::append(kernel, "slub_debug=FZPU"),
        timeout: debug::limit(kernel, 300),
        cpus: 2,
        ..vm::Guest::default()
    })
}
