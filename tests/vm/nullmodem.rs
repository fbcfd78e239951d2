// SPDX-License-Identifier: GPL-2.0-only

//! `rust_nullmodem`: the program that asks `rust_uart16550`, one for what a UART in an emulator cannot do, and
//! ports that go while they are in use.

use crate::built::{Built, SAMPLES};
use crate::serial::{agree, part, passed, program, PRELUDE};
use crate::{debug, Report};
use anyhow::Result;
use ferrule::kernels::Kernel;
use ferrule::vm;
use std::path::Path;

/// How many bytes each way.
const BYTES: u32 = 1 << 20;

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
        // 1920 characters at 9600 baud take two seconds.
        "for p in 0 1; do stty -F /dev/ttyNM$p raw -echo 9600; done; took() { head -c 1920 /dev/ttyNM1 >/tmp/got & sleep 1; \
         read before _ </proc/uptime; head -c 1920 /dev/zero >/dev/ttyNM0; wait $!; read after _ </proc/uptime; \
         took=$(echo $before $after | awk \"{ print int((\\$2 - \\$1) * 1000) }\"); echo $took ms; }; \
         took; test $took -lt 1500; P=/sys/module/rust_nullmodem/parameters/rate_limit; echo 1 >$P; took; echo 0 >$P; \
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
         head -c 6 /dev/ttyNM1 >/tmp/got & sleep 1; echo hello >/dev/ttyNM0; wait $!; test $(cat /tmp/got) = hello && \
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

/// Runs everything on one kernel. `uart` is what `rust_uart16550` has said there.
pub fn run(kernel: &Kernel, built: &Built, tty: &Path, uart: &[&str], report: &mut Report) {
    let Some(cable) = report.add_step("nullmodem::the_program_builds", program("cable")) else {
        return;
    };
    let log = boot(kernel, built, tty, &cable);
    let Some(log) = report.add_step("nullmodem::boots_and_ends", log) else {
        return;
    };
    debug::check(kernel, "nullmodem", &log, &[], report);
    for (name, _) in parts(kernel) {
        report.add(format!("nullmodem::{name}"), passed(&log, name).map(drop));
    }
    report.add(
        "nullmodem::answers_as_a_uart",
        passed(&log, "answers").and_then(|ours| agree(&ours, uart, DIFFERS)),
    );
}

fn parts(kernel: &Kernel) -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    let is_debug = debug::is(kernel);
    PARTS
        .iter()
        .filter(move |part| !is_debug || part.0 != PULSES)
}

fn boot(kernel: &Kernel, built: &Built, tty: &Path, cable: &Path) -> Result<String> {
    let mut script = PRELUDE.to_owned();
    for (name, commands) in parts(kernel) {
        if *name == "lines_and_errors" {
            script += &format!("part answers '/tty /dev/ttyNM0 /dev/ttyNM1 {BYTES}'\n");
        }
        script += &part(name, commands);
    }
    let mut files = vm::with_libraries(Path::new("/usr/bin/stty"))?;
    files.push((tty.to_owned(), "/tty".to_owned()));
    files.push((cable.to_owned(), "/cable".to_owned()));
    let module = built.dir(SAMPLES).join("rust_nullmodem.ko");
    files.push((module, "/rust_nullmodem.ko".to_owned()));
    if !debug::is(kernel) {
        let modules = vm::needed(&kernel.modules, &["pps_ldisc".to_owned()])?;
        // In the order in which they are loaded.
        let names = (0..).map(|i| format!("/pps/{i}.ko"));
        files.extend(modules.into_iter().zip(names));
    }
    let guest = vm::Guest {
        kernel: kernel.vmlinuz.clone(),
        files,
        script: script + debug::end(kernel),
        append: debug::append(kernel, "slub_debug=FZPU"),
        timeout: debug::limit(kernel, 300),
        cpus: 2,
        ..vm::Guest::default()
    };
    vm::boot(&guest, &mut |_| {})?.into_log()
}
