// SPDX-License-Identifier: GPL-2.0-only

//! Users of a port of `rust_uart16550`: a login, hot-unplug of the card, a slow reader, a serdev client, and kgdb.

use crate::boot::{self, Left, DIR};
use crate::built::{Built, SAMPLES, SERIAL};
use crate::console::all_in;
use crate::parts::Parts;
use crate::peer::{self, answer, exchange, put, talk, Answer, PULL};
use crate::report::Report;
use crate::script::Script;
use crate::serial::{bytes, passed};
use crate::{debug, record};
use anyhow::{Context, Result};
use ferrule::kernels::Kernel;
use ferrule::vm;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

const PARTS: Parts = Parts(include_str!("parts/terminal.sh"));

/// The part for the debug kernel only.
const DEBUGGER: &str = "the_debugger_polls_it";

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

/// A remote GDB, which asks why the kernel has stopped, and detaches.
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
    for name in parts(kernel) {
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

/// Checks that the other end of the third port has received all data.
const EXACT: &str = "exact";

fn parts(kernel: &Kernel) -> impl Iterator<Item = &'static str> {
    let is_debug = debug::is(kernel);
    let names = PARTS.names();
    names.filter(move |name| is_debug || *name != DEBUGGER)
}

fn guest(built: &Built, data: &[u8]) -> Result<vm::Guest> {
    let kernel = &built.kernel;
    let is_told = debug::is(kernel);
    let variables = format!("TOLD={is_told} BYTES={}", data.len());
    let mut script = Script::of(&variables, PARTS);
    script.parts(parts(kernel));
    // The path of a socket must be short.
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
    let append = "initcall_blacklist=serial_pci_driver_init slub_debug=FZPU no_console_suspend console=ttyUB0 console=ttyS0";
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

/// Returns the guest's log, what the other end of the first port received, and whether that of the third received all.
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
