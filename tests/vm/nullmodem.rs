// SPDX-License-Identifier: GPL-2.0-only

//! `rust_nullmodem`: the program that asks `rust_uart16550`, one for what a UART in an emulator cannot do, and
//! ports that go while they are in use.

use crate::boot;
use crate::built::{Built, SAMPLES};
use crate::report::{Report, Verdict};
use crate::script::Script;
use crate::serial::{agree, bytes, passed};
use crate::{debug, programs};
use anyhow::Result;
use ferrule::kernels::Kernel;
use ferrule::vm;
use std::path::Path;

/// Name and commands.
const PARTS: &[(&str, &str)] = &[
    (
        "pairs_out_of_range_are_refused",
        "for n in 0 17 -1 x; do ! insmod /rust_nullmodem.ko pairs=$n || exit 1; done; \
         insmod /rust_nullmodem.ko pairs=16 && test -c /dev/ttyNM31 && rmmod rust_nullmodem && insmod /rust_nullmodem.ko",
    ),
    (
        "lines_and_errors",
        "/cable /dev/ttyNM0 /dev/ttyNM1 /sys/kernel/debug/rust_nullmodem",
    ),
    (
        PULSES,
        "for m in $(ls /pps/*.ko); do insmod $m || exit 1; done; /cable /dev/ttyNM0 /dev/ttyNM1 pps && rmmod pps_ldisc",
    ),
    (
        // As it has no interrupt.
        "a_port_cannot_wake_the_system",
        "test -d /sys/class/tty/ttyNM0/power && test ! -e /sys/class/tty/ttyNM0/power/wakeup && \
         test -e /sys/class/tty/ttyS0/power/wakeup",
    ),
    (
        "errors_to_come_are_numbers",
        "D=/sys/kernel/debug/rust_nullmodem/ttyNM0; test $(cat $D/parity) = 0 && echo 0x10 >$D/parity && \
         test $(cat $D/parity) = 16 && ! echo lots >$D/parity && ! echo -1 >$D/parity && test $(cat $D/parity) = 16 && \
         echo 0 >$D/parity",
    ),
    (
        "the_baud_rate_is_a_limit_if_asked",
        // 1920 characters at 9600 baud take two seconds; what is not limited takes as long as the host lets it.
        "for p in 0 1; do stty -F /dev/ttyNM$p raw -echo 9600; done; took() { head -c 1920 /dev/ttyNM1 >/tmp/got & sleep 1; \
         read before _ </proc/uptime; head -c 1920 /dev/zero >/dev/ttyNM0; wait $!; read after _ </proc/uptime; \
         took=$(echo $before $after | awk \"{ print int((\\$2 - \\$1) * 1000) }\"); echo $took ms; }; \
         i=0; until took; test $took -lt 1500; do i=$((i+1)); test $i -lt 20 || exit 1; done; P=/sys/module/rust_nullmodem/parameters/rate_limit; echo 1 >$P; took; echo 0 >$P; \
         test $took -ge 1900 && test $(wc -c </tmp/got) = 1920",
    ),
    (
        "a_module_with_an_open_port_stays",
        "exec 3</dev/ttyNM0; ! rmmod rust_nullmodem && grep -q '^rust_nullmodem [0-9]* [1-9]' /proc/modules; s=$?; exec 3>&-; test $s = 0",
    ),
    (
        "unloads_while_characters_are_under_way",
        "i=0; while [ $i -lt 20 ]; do cat /dev/zero >/dev/ttyNM0 & a=$!; cat /dev/ttyNM1 >/dev/null & b=$!; \
         cat /dev/zero >/dev/ttyNM1 & c=$!; usleep 100000; kill $a $b $c; wait; unload rust_nullmodem && test ! -e /dev/ttyNM0 && \
         test ! -e /sys/kernel/debug/rust_nullmodem && insmod /rust_nullmodem.ko rate_limit=$((i%2)) || exit 1; i=$((i+1)); done",
    ),
    (
        "a_hung_up_port_can_be_used_again",
        "echo 0 >/sys/module/rust_nullmodem/parameters/rate_limit; for p in 0 1; do stty -F /dev/ttyNM$p raw -echo; done; \
         exec 3</dev/ttyNM1; head -c 6 <&3 >/tmp/got & echo hello >/dev/ttyNM0; wait $!; exec 3<&-; test $(cat /tmp/got) = hello && \
         unload rust_nullmodem && ! grep rust_nullmodem /proc/tty/drivers",
    ),
];

/// What the debug kernel cannot: it has no line discipline for pulses.
const PULSES: &str = "a_carrier_is_a_pulse";

/// What `rust_uart16550` says, and this does not: it has another clock, and is in no need of OUT2.
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

/// Runs everything on one kernel. Returns the log, for those who compare.
pub fn run(built: &Built, is_thorough: bool, report: &mut Report) -> Result<String> {
    let log = boot::boot(report, &guest(built, is_thorough)?)?;
    debug::check(&built.kernel, "", &log, &[], report);
    for (name, _) in parts(&built.kernel) {
        report.add(name, passed(&log, name).map(drop));
    }
    Ok(log)
}

/// The answers in our log are those of `rust_uart16550` in the other.
pub fn same(ours: &str, uart: &str) -> Verdict {
    agree(
        &passed(ours, "answers")?,
        &passed(uart, "answers")?,
        DIFFERS,
    )
}

fn parts(kernel: &Kernel) -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    let is_debug = debug::is(kernel);
    PARTS
        .iter()
        .filter(move |part| !is_debug || part.0 != PULSES)
}

fn guest(built: &Built, is_thorough: bool) -> Result<vm::Guest> {
    let kernel = &built.kernel;
    let mut script = Script::new("");
    for (name, commands) in parts(kernel) {
        if *name == "lines_and_errors" {
            let bytes = bytes(is_thorough);
            script.part("answers", &format!("/tty /dev/ttyNM0 /dev/ttyNM1 {bytes}"));
        }
        script.part(name, commands);
    }
    let mut files = vm::with_libraries(Path::new("/usr/bin/stty"))?;
    for name in ["tty", "cable"] {
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
