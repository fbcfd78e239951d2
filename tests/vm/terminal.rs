// SPDX-License-Identifier: GPL-2.0-only

//! Who is at a port of `rust_uart16550`: somebody who logs in, and somebody who pulls the card out.

use crate::built::{Built, SAMPLES};
use crate::console::{all_in, talk, Answer};
use crate::serial::{part, passed, PRELUDE};
use crate::{debug, Report};
use anyhow::Result;
use ferrule::kernels::Kernel;
use ferrule::vm;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Name and commands. What is written to the second port is for QEMU's monitor.
const PARTS: &[(&str, &str)] = &[
    (
        "somebody_logs_in",
        "insmod /rust_uart16550.ko && stty -F /dev/ttyRU1 raw -echo && mkdir -p /etc && \
         echo 'root:$1$fe$Vd6KDxDMxTIeiMgZ1qa5U1:0:0:root:/:/bin/sh' >/etc/passwd && \
         timeout 60 getty -L 115200 ttyRU0 vt100 && grep -q '^root /dev/ttyRU0$' /tmp/who",
    ),
    (
        "a_reader_sees_the_end_when_the_card_is_pulled_out",
        "stty -F /dev/ttyRU0 raw -echo; cat /dev/ttyRU0 >/dev/null & sleep 1; echo out 1 >/dev/ttyRU1; wait $! && \
         gone && ! grep '^0:' /proc/tty/driver/rust_uart16550",
    ),
    (
        "it_works_when_it_is_put_back",
        "echo in 1 >/dev/ttyRU1; back && echo back 1 >/dev/ttyRU1 && stty -F /dev/ttyRU0 raw -echo && echo 'it is back' >/dev/ttyRU0",
    ),
    (
        "who_writes_gets_an_error",
        "(while echo flood; do :; done >/dev/ttyRU0) & exec 3<>/dev/ttyRU0; sleep 1; echo out 2 >/dev/ttyRU1; \
         gone && wait $! && ! echo late >&3; exec 3>&-",
    ),
    (
        "the_module_goes_after_the_card",
        "echo in 2 >/dev/ttyRU1; back && echo back 2 >/dev/ttyRU1 && echo out 3 >/dev/ttyRU1; gone && rmmod rust_uart16550 && \
         ! grep -r rust_uart16550 /proc/interrupts /proc/ioports /proc/tty/drivers",
    ),
];

/// Waits for the port to go or come.
const FUNCTIONS: &str = "
gone() { i=0; while test -e /dev/ttyRU0; do sleep 1; i=$((i+1)); test $i -lt 60 || return 1; done; }
back() { i=0; until test -c /dev/ttyRU0; do sleep 1; i=$((i+1)); test $i -lt 60 || return 1; done; }
";

const fn answer(cue: &'static str, parts: &'static [(u64, &'static [u8])]) -> Answer {
    let until = None;
    Answer { cue, parts, until }
}

/// QEMU refuses the new card until the guest has let go of the old one, which is after its driver has.
const fn put(cue: &'static str, until: &'static str) -> Answer {
    Answer {
        cue,
        parts: &[(1000, b"device_add pci-serial,id=p0,chardev=c,addr=8\n")],
        until: Some(until),
    }
}

const USER: &[Answer] = &[
    answer("login: ", &[(500, b"root\n")]),
    answer("Password: ", &[(500, b"ferrule\n")]),
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

const PULL: &[(u64, &[u8])] = &[(500, b"device_del p0\n")];

const CARD: &[Answer] = &[
    answer("out 1", PULL),
    put("in 1", "back 1"),
    answer("out 2", PULL),
    put("in 2", "back 2"),
    answer("out 3", PULL),
];

/// Runs everything on one kernel.
pub fn run(kernel: &Kernel, built: &Built, report: &mut Report) {
    let booted = boot(kernel, built);
    let Some((log, seen)) = report.add_step("terminal::boots_and_ends", booted) else {
        return;
    };
    debug::check(kernel, "terminal", &log, &[], report);
    for (name, _) in PARTS {
        report.add(format!("terminal::{name}"), passed(&log, name).map(drop));
    }
    report.add(
        "terminal::the_other_end_sees_it",
        all_in(&seen, &["42 is the answer", "it is back"]),
    );
}

/// The guest's log, and what the first port's other end saw.
fn boot(kernel: &Kernel, built: &Built) -> Result<(String, String)> {
    let parts = PARTS.iter().map(|(name, commands)| part(name, commands));
    // A socket's name must be short.
    let dir = tempfile::tempdir()?;
    let socket = |name: &str| dir.path().join(name);
    let chardev = |name: &str| {
        let path = socket(name).display().to_string();
        [
            "-chardev".to_owned(),
            format!("socket,id={name},path={path},server=on,wait=off"),
        ]
    };
    let devices = [
        "-device",
        "pci-serial,id=p0,chardev=c,addr=8",
        "-device",
        "pci-serial,id=p1,chardev=d,addr=9",
        "-mon",
        "chardev=m,mode=readline",
    ];
    let mut files = vm::with_libraries(Path::new("/usr/bin/stty"))?;
    let module = built.dir(SAMPLES).join("rust_uart16550.ko");
    files.push((module, "/rust_uart16550.ko".to_owned()));
    let append = "initcall_blacklist=serial_pci_driver_init slub_debug=FZPU";
    let guest = vm::Guest {
        kernel: kernel.vmlinuz.clone(),
        files,
        script: format!(
            "{PRELUDE}{FUNCTIONS}{}{}",
            parts.collect::<String>(),
            debug::end(kernel)
        ),
        append: debug::append(kernel, append),
        qemu_args: ["c", "d", "m"]
            .into_iter()
            .flat_map(chardev)
            .chain(devices.map(str::to_owned))
            .collect(),
        timeout: debug::limit(kernel, 300),
        cpus: 2,
        ..vm::Guest::default()
    };
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let user = scope.spawn(|| talk(&socket("c"), None, &over, USER));
        let card = scope.spawn(|| talk(&socket("d"), Some(&socket("m")), &over, CARD));
        let outcome = vm::boot(&guest, &mut |_| {});
        over.store(true, Ordering::Relaxed);
        let seen = user.join().expect("a test thread does not panic");
        card.join().expect("a test thread does not panic")?;
        Ok((outcome?.into_log()?, seen?))
    })
}
