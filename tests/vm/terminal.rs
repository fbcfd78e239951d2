// SPDX-License-Identifier: GPL-2.0-only

//! Who is at a port of `rust_uart16550`: somebody who logs in, somebody who pulls the card out, somebody who takes
//! his time to read, and the kernel's debugger.

use crate::boot::{self, Left, DIR};
use crate::built::{Built, SAMPLES, SERIAL};
use crate::console::all_in;
use crate::peer::{self, answer, exchange, put, talk, Answer, PULL};
use crate::report::Report;
use crate::script::Script;
use crate::serial::{bytes, passed, SETUP};
use crate::{debug, record};
use anyhow::{Context, Result};
use ferrule::kernels::Kernel;
use ferrule::vm;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Name and commands. What is written to the second port is for QEMU's monitor.
const PARTS: &[(&str, &str)] = &[
    (
        "somebody_logs_in",
        "insmod /rust_uart16550.ko && stty -F /dev/ttyRU1 raw -echo && mkdir -p /etc && \
         echo 'root:$1$fe$Vd6KDxDMxTIeiMgZ1qa5U1:0:0:root:/:/bin/sh' >/etc/passwd && \
         timeout 600 getty -L 115200 ttyRU0 vt100 && grep -q '^root /dev/ttyRU0$' /tmp/who",
    ),
    (
        "a_card_has_four_ports",
        "for i in 3 4 5 6; do grep -q \"^$i: uart:16550A \" /proc/tty/driver/rust_uart16550 && \
         stty -F /dev/ttyRU$i raw && head -c 1000 /dev/zero >/dev/ttyRU$i && \
         grep -q \"^$i: .* tx:1000 \" /proc/tty/driver/rust_uart16550 || exit 1; done",
    ),
    (
        "a_client_of_serdev_goes_while_it_receives",
        // It comes once in a boot for each port, as with C's driver. The second one is refused a port of its own, and has
        // more to send when it goes than the port's buffer holds.
        "D=/sys/bus/serial/drivers/rust_driver_serdev; insmod /rust_driver_serdev.ko && test ! -e /dev/ttyRU7 && \
         stty -F /dev/ttyRU9 raw -echo || exit 1; (while echo flood; do usleep 5000; done >/dev/ttyRU9) & \
         i=0; while [ $i -lt 20 ]; do hears && echo serial0-0 >$D/unbind && echo serial0-0 >$D/bind || exit 2; i=$((i+1)); done; \
         hears && timeout 100 head -c 600 /dev/ttyRU9 | grep -q flood && rmmod rust_driver_serdev && insmod /test_serial.ko || exit 3; \
         i=0; wait_for \"dmesg | grep -q 'port: Err(EDEADLK)'\" || exit 4; \
         read before _ </proc/uptime; echo 0000:00:0c.0 >/sys/bus/pci/drivers/rust_uart16550/unbind; read after _ </proc/uptime; \
         echo from $before to $after; test $((${after%.*} - ${before%.*})) -lt 20 && kill $! && \
         dmesg | grep 'client has sent: Ok(10000)' && test ! -e /sys/bus/serial/devices/serial0-0 && rmmod test_serial && \
         test $(dmesg | grep -c 'says back what it hears at 115200 baud') = 21 && test $(dmesg | grep -c goodbye) = 21",
    ),
    (
        "a_port_of_serdev_that_did_not_sleep_is_resumed",
        "insmod /test_uart_buses.ko && dmesg | grep 'tty port ttyUB[0-9] registered' && \
         dmesg | grep 'test_uart_buses 0000:00:10.0: is ttyUB' && rmmod test_uart_buses",
    ),
    (
        "a_megabyte_goes_to_who_takes_his_time",
        "stty -F /dev/ttyRU2 raw -echo && exec 3<>/dev/ttyRU2 && cat /data >&3",
    ),
    (
        "a_megabyte_comes",
        // What came before the port is open would be lost.
        "exec 3<>/dev/ttyRU2; (printf '\\006') >&3 && take",
    ),
    (
        "a_megabyte_goes_while_one_comes",
        // Each end has sent all data twice, and the guest a character for each piece, and one before the first.
        "exec 3<>/dev/ttyRU2; cat /data >&3 & take && wait $! && exec 3>&-; s=$?; sent=$((2 * BYTES + 2 * BYTES / 4096 + 1)); \
         grep \"^2: .* tx:$sent rx:$((2 * BYTES)) \" /proc/tty/driver/rust_uart16550 && test $s = 0",
    ),
    (
        "a_reader_sees_the_end_when_the_card_is_pulled_out",
        "stty -F /dev/ttyRU0 raw -echo; exec 3</dev/ttyRU0; cat <&3 >/dev/null & exec 3<&-; sleep 1; out 1; wait $! && \
         gone && ! grep '^0:' /proc/tty/driver/rust_uart16550",
    ),
    (
        "it_works_when_it_is_put_back",
        "back 1 && stty -F /dev/ttyRU0 raw -echo && echo 'it is back' >/dev/ttyRU0",
    ),
    (
        "who_writes_gets_an_error",
        "(while echo flood; do :; done >/dev/ttyRU0) & exec 3<>/dev/ttyRU0; sleep 1; out 2; \
         gone && wait $! && ! echo late >&3; exec 3>&-",
    ),
    (
        "the_module_goes_after_the_card",
        "back 2 && out 3; gone && unload rust_uart16550 && \
         ! grep -r rust_uart16550 /proc/interrupts /proc/ioports /proc/tty/drivers",
    ),
];

/// What only the debug kernel has.
const DEBUGGER: (&str, &str) = (
    "the_debugger_polls_it",
    "K=/sys/module/kgdboc/parameters/kgdboc; exec 3<>/dev/ttyRU2; echo ttyRU2 >$K && echo 'debug me' >&3 && \
     sleep 1 && echo g >/proc/sysrq-trigger && echo >$K && test -z \"$(cat $K)\"",
);

/// Asks for the card to be pulled out or put back, and waits for the port to go or come. Without an interrupt of
/// ACPI the kernel does not see the card, and is told.
const FUNCTIONS: &str = "
P=/sys/bus/pci/devices/0000:00:08.0
out() { if $TOLD; then echo 1 >$P/remove; else echo out $1 >/dev/ttyRU1; fi; }
back() {
    if $TOLD; then echo 1 >/sys/bus/pci/rescan; return; fi
    echo in $1 >/dev/ttyRU1
    wait_for 'test -c /dev/ttyRU0' || return 1
    echo back $1 >/dev/ttyRU1
}
take() {
    i=0; : >/tmp/got
    while [ $i -lt $((BYTES / 4096)) ]; do
        # The shell's own write would end when what is in the background does: by SIGCHLD, with EINTR.
        dd bs=4096 count=1 iflag=fullblock <&3 2>/dev/null >>/tmp/got && (printf '\\006') >&3 || { echo no piece $i; return 1; }
        i=$((i+1))
    done
    cmp /tmp/got /data
}
rx() { sed -n \"s/^$1: .* rx:\\([0-9]*\\).*/\\1/p\" /proc/tty/driver/rust_uart16550; }
hears() {
    n=$(rx 7)
    wait_for 'test \"$(rx 7)\" -gt $n'
}
gone() { wait_for 'test ! -e /dev/ttyRU0'; }
";

const USER: &[Answer] = &[
    answer("login: ", &[(2000, b"root\n")]),
    answer("Password: ", &[(2000, b"ferrule\n")]),
    answer(
        "# ",
        &[
            (
                500,
                b"echo $(id -un) $(tty) >/tmp/who; echo $((6*7)) is the answer\n",
            ),
            (1000, b"exit\n"),
        ],
    ),
];

const CARD: &[Answer] = &[
    answer("out 1", PULL),
    put("in 1", "back 1"),
    answer("out 2", PULL),
    put("in 2", "back 2"),
    answer("out 3", PULL),
];

/// A remote GDB, which asks why the kernel has stopped, and goes away.
const GDB: &[Answer] = &[
    Answer {
        cue: "debug me",
        parts: &[(3000, b"$?#3f")],
        until: Some("$S05#b8"),
    },
    answer("$S05#b8", &[(0, b"+$D#44")]),
    answer("$OK#9a", &[(0, b"+")]),
];

/// Runs everything on one kernel.
pub fn run(built: &Built, is_thorough: bool, report: &mut Report) -> Result<()> {
    let kernel = &built.kernel;
    let data = peer::data(bytes(is_thorough));
    let outside = format!("{}{USER:?}{CARD:?}{GDB:?}", peer::SOURCE);
    let guest = guest(built, &data)?;
    let left = boot::boot_with(report, &guest, &outside, |guest, dir| {
        boot(guest, dir, &data)
    })?;
    let (log, heard) = (left.log, left.heard);
    debug::check(kernel, "", &log, &[], report);
    for (name, _) in parts(kernel) {
        report.add(name, passed(&log, name).map(drop));
    }
    let [seen, got] = &heard[..] else {
        anyhow::bail!("the log of an older test");
    };
    report.add(
        "the_other_end_sees_it",
        all_in(seen, &["42 is the answer", "it is back"]),
    );
    let exact = match got.as_str() {
        EXACT => Ok(()),
        _ => Err(got.clone()),
    };
    report.add("who_takes_his_time_gets_every_byte", exact);
    Ok(())
}

/// The third port's other end has got all data.
const EXACT: &str = "exact";

fn parts(kernel: &Kernel) -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    let debugger = debug::is(kernel).then_some(&DEBUGGER);
    // It comes after the third port's other parts, and before the module goes.
    let (first, last) = PARTS.split_at(PARTS.len() - 1);
    first.iter().chain(debugger).chain(last)
}

fn guest(built: &Built, data: &[u8]) -> Result<vm::Guest> {
    let kernel = &built.kernel;
    let is_told = debug::is(kernel);
    let mut script = Script::new(&format!(
        "TOLD={is_told} BYTES={}\n{SETUP}\n{FUNCTIONS}",
        data.len()
    ));
    script.parts(parts(kernel));
    // A socket's name must be short.
    let chardev = |name: &str| {
        [
            "-chardev".to_owned(),
            format!("socket,id={name},path={DIR}/{name},server=on,wait=off"),
        ]
    };
    let acpi = format!("file={}", boot::acpi_table()?.display());
    let end = |id: &str, options: &str| format!("socket,id={id},path={DIR}/rs{options}");
    let devices = [
        "-device",
        "pci-serial,id=p0,chardev=c,addr=8",
        "-device",
        "pci-serial,id=p1,chardev=d,addr=9",
        "-device",
        "pci-serial,chardev=e,addr=a",
        "-chardev",
        "null,id=n",
        "-chardev",
        "null,id=o",
        "-chardev",
        "null,id=p",
        "-chardev",
        "null,id=q",
        "-chardev",
        "null,id=t",
        "-device",
        "pci-serial-4x,chardev1=n,chardev2=o,chardev3=p,chardev4=q,addr=b",
        // The first of these has a client.
        "-acpitable",
        &acpi,
        "-chardev",
        &end("r", ",server=on,wait=off"),
        "-chardev",
        &end("s", ""),
        "-device",
        "pci-serial-2x,chardev1=r,chardev2=t,addr=c",
        "-device",
        "pci-serial,chardev=s,addr=d",
        "-device",
        "pci-testdev,addr=10",
        "-mon",
        "chardev=m,mode=readline",
    ];
    let mut files = vm::with_libraries(Path::new("/usr/bin/stty"))?;
    for (dir, name) in [
        (SAMPLES, "rust_uart16550"),
        (SAMPLES, "rust_driver_serdev"),
        (SERIAL, "test_serial"),
        (SERIAL, "test_uart_buses"),
    ] {
        let module = built.dir(dir).join(format!("{name}.ko"));
        files.push((module, format!("/{name}.ko")));
    }
    let file = record::dir()?.join(format!("data-{}", data.len()));
    if fs::read(&file).ok().as_deref() != Some(data) {
        fs::write(&file, data).context("cannot write what is sent")?;
    }
    files.push((file, "/data".to_owned()));
    let append = "initcall_blacklist=serial_pci_driver_init slub_debug=FZPU";
    Ok(vm::Guest {
        kernel: kernel.vmlinuz.clone(),
        files,
        script: script.end(kernel),
        append: debug::append(kernel, append),
        qemu_args: ["c", "d", "e", "m"]
            .into_iter()
            .flat_map(chardev)
            .chain(devices.map(str::to_owned))
            .collect(),
        timeout: debug::limit(kernel, 900),
        cpus: 2,
        ..vm::Guest::default()
    })
}

/// The guest's log, what the first port's other end saw, and whether the third's got everything.
fn boot(guest: &vm::Guest, dir: &Path, data: &[u8]) -> Result<Left> {
    let socket = |name: &str| dir.join(name);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let user = scope.spawn(|| talk(&socket("c"), None, &over, USER));
        let card = scope.spawn(|| talk(&socket("d"), Some(&socket("m")), &over, CARD));
        let slow = scope.spawn(|| {
            let got = exchange(&socket("e"), &over, data)?;
            // The same port is the debugger's then.
            if !over.load(Ordering::Relaxed) {
                talk(&socket("e"), None, &over, GDB)?;
            }
            anyhow::Ok(got)
        });
        let outcome = vm::boot(guest, &mut |_| {});
        over.store(true, Ordering::Relaxed);
        let seen = user.join().expect("a test thread does not panic");
        card.join().expect("a test thread does not panic")?;
        let got = slow.join().expect("a test thread does not panic");
        let (log, got) = (outcome?.into_log()?, got?);
        let exact = match got == [data, data].concat() {
            true => EXACT.to_owned(),
            false => format!("{} bytes of {}, or others", got.len(), 2 * data.len()),
        };
        Ok(Left {
            log,
            heard: vec![seen?, exact],
        })
    })
}
