// SPDX-License-Identifier: GPL-2.0-only

//! Serial ports: `rust_uart16550` with two ports that are connected to each other, against C's driver.

use crate::boot::{self, DIR};
use crate::built::{Built, SAMPLES, SERIAL};
use crate::parts::Parts;
use crate::report::{Report, Verdict};
use crate::script::Script;
use crate::{debug, log, programs};
use anyhow::Result;
use ferrule::kernels::Kernel;
use ferrule::vm;
use ferrule::vm::own_lines;
use std::path::Path;

/// How many bytes C's driver transfers each way: few, as C's driver is not tested for losses.
const BYTES_OF_C: u32 = 1 << 12;

/// How many bytes our driver transfers each way: on one kernel so many that every counter wraps, on the others enough for
/// each buffer to wrap. QEMU transfers 50 kB in a second.
pub fn bytes(is_thorough: bool) -> u32 {
    if is_thorough {
        1 << 20
    } else {
        1 << 17
    }
}

const PARTS: Parts = Parts(include_str!("parts/serial.sh"));

/// The part whose output is compared with that of C's driver.
const ANSWERS: &str = "answers";

/// The same, about `rx_trig_bytes`.
const TRIGGER: &str = "trigger";

/// What that part runs.
const TRIGGERS: &str = include_str!("trigger.sh");

/// The parts for a port on the ISA bus.
const ISA_PARTS: Parts = Parts(include_str!("parts/isa.sh"));

/// The answers in which C's driver differs, and why ours does not give them.
const C_IS_WRONG: &[(&str, &str)] = &[
    // 115200 is no divisor for 16 bits: C sets another rate and reports this one.
    ("baud 1: 0 1 18b0", "baud 1: 0 0 8b0"),
    // A user clears OUT2, which cuts the port off from its interrupt: ours stays set while it is open. In
    // loopback it is seen as carrier detect.
    (
        "lines 2: 162, in loopback 8102",
        "lines 2: 162, in loopback 8142",
    ),
    (
        "lines 4: 164, in loopback 8024",
        "lines 4: 164, in loopback 8064",
    ),
    (
        "lines 2000: 2160, in loopback a080",
        "lines 2000: 2160, in loopback a0c0",
    ),
    (
        "lines 6: 166, in loopback 8126",
        "lines 6: 166, in loopback 8166",
    ),
];

/// Boots a guest with two connected ports. Returns the log, for comparison.
pub fn run(built: &Built, is_thorough: bool, report: &mut Report) -> Result<String> {
    let log = boot::boot(report, &guest_of_two(built, is_thorough)?)?;
    debug::check(&built.kernel, "", &log, &[], report);
    for name in PARTS.names().filter(|name| *name != ANSWERS) {
        report.add(name, passed(&log, name).map(drop));
    }
    // C's driver is too slow on the debug kernel: the test program would time out.
    if debug::is(&built.kernel) {
        report.add(ANSWERS, passed(&log, ANSWERS).and_then(|said| exact(&said)));
    }
    Ok(log)
}

/// Boots a guest with a port on the ISA bus.
pub fn run_isa(built: &Built, report: &mut Report) -> Result<()> {
    let log = boot::boot(report, &guest_with_isa(built)?)?;
    for name in ISA_PARTS.names() {
        report.add(name, passed(&log, name).map(drop));
    }
    Ok(())
}

/// Boots the same guest with C's driver. Returns the log.
pub fn run_c(built: &Built, report: &mut Report) -> Result<String> {
    let mut script = Script::new(TRIGGERS);
    script.part_of(TRIGGER, "triggers ttyS4");
    script.part_of(ANSWERS, &format!("/tty /dev/ttyS4 /dev/ttyS5 {BYTES_OF_C}"));
    let guest = guest(&built.kernel, script.without_end(), "8250.nr_uarts=8")?;
    boot::boot(report, &guest)
}

/// A guest with two ports that are each other's end.
fn guest(kernel: &Kernel, script: String, append: &str) -> Result<vm::Guest> {
    // The path of a socket must be short.
    let socket = format!("{DIR}/s");
    let device = |id: &str, addr: u32| format!("pci-serial,chardev={id},addr={addr}");
    let qemu_args = [
        "-chardev".to_owned(),
        format!("socket,id=a,path={socket},server=on,wait=off"),
        "-device".to_owned(),
        device("a", 8),
        "-chardev".to_owned(),
        format!("socket,id=b,path={socket}"),
        "-device".to_owned(),
        device("b", 9),
    ];
    let mut files = vm::with_libraries(Path::new("/usr/bin/stty"))?;
    files.push((programs::path("tty")?, "/tty".to_owned()));
    Ok(vm::Guest {
        kernel: kernel.vmlinuz.clone(),
        files,
        script,
        append: debug::append(kernel, append),
        qemu_args: qemu_args.into(),
        timeout: debug::limit(kernel, 900),
        cpus: 2,
        ..vm::Guest::default()
    })
}

fn guest_of_two(built: &Built, is_thorough: bool) -> Result<vm::Guest> {
    let mut script = Script::of(&format!("BYTES={}", bytes(is_thorough)), PARTS);
    script.add(TRIGGERS);
    script.parts(PARTS.names());
    let append = "initcall_blacklist=serial_pci_driver_init slub_debug=FZPU";
    let mut guest = guest(&built.kernel, script.end(&built.kernel), append)?;
    let module = built.dir(SAMPLES).join("rust_uart16550.ko");
    guest.files.push((module, "/rust_uart16550.ko".to_owned()));
    Ok(guest)
}

fn guest_with_isa(built: &Built) -> Result<vm::Guest> {
    let kernel = &built.kernel;
    let is_debug = debug::is(kernel);
    let mut script = Script::of(&format!("IS_DEBUG={is_debug}"), ISA_PARTS);
    script.parts(ISA_PARTS.names());
    let mut files = vm::with_libraries(Path::new("/usr/bin/stty"))?;
    for (dir, name) in [(SAMPLES, "rust_uart16550"), (SERIAL, "test_uart_buses")] {
        let module = built.dir(dir).join(format!("{name}.ko"));
        files.push((module, format!("/{name}.ko")));
    }
    let qemu_args = [
        "-chardev",
        "null,id=a",
        "-device",
        "isa-serial,chardev=a,index=1",
    ];
    Ok(vm::Guest {
        kernel: kernel.vmlinuz.clone(),
        files,
        script: script.end(kernel),
        append: debug::append(kernel, "slub_debug=FZPU"),
        qemu_args: qemu_args.map(str::to_owned).into(),
        timeout: debug::limit(kernel, 300),
        ..vm::Guest::default()
    })
}

/// What the commands of a part said, if they succeeded and the kernel complained of nothing.
pub fn passed<'a>(text: &'a str, name: &str) -> Result<Vec<&'a str>, String> {
    let section = log::section(text, name)?;
    let all = || format!("in:\n{}", section.lines().join("\n"));
    if section.status != "0" {
        return Err(format!("status {}, {}", section.status, all()));
    }
    if let Some(line) = own_lines::complaint(&section.lines()) {
        return Err(format!("{line}, {}", all()));
    }
    Ok(section.said)
}

/// Checks that our driver answers as C's does, except where C's is wrong.
pub fn same(ours: &str, theirs: &str) -> Verdict {
    let (ours, theirs) = (passed(ours, ANSWERS)?, passed(theirs, ANSWERS)?);
    agree(&ours, &theirs, C_IS_WRONG)
}

/// Checks that `rx_trig_bytes` takes and refuses what C's does.
pub fn same_triggers(ours: &str, theirs: &str) -> Verdict {
    let (ours, theirs) = (passed(ours, TRIGGER)?, passed(theirs, TRIGGER)?);
    match ours == theirs && ours.len() > 20 {
        true => Ok(()),
        false => Err(format!("the other driver says {theirs:#?}, ours {ours:#?}")),
    }
}

/// Checks that two drivers' answers are the same, except for those in `differ`: the other's, and ours.
pub fn agree(ours: &[&str], theirs: &[&str], differ: &[(&str, &str)]) -> Verdict {
    for (our, their) in ours.iter().zip(theirs) {
        if our != their && !differ.contains(&(*their, *our)) {
            return Err(format!("the other driver says {their:?}, ours {our:?}"));
        }
    }
    if ours.len() != theirs.len() || ours.len() < 200 {
        let lengths = (theirs.len(), ours.len());
        return Err(format!(
            "the other driver says {} lines, ours {}",
            lengths.0, lengths.1
        ));
    }
    exact(ours)
}

/// Checks that every byte has arrived, in each direction alone and in both at once.
fn exact(ours: &[&str]) -> Verdict {
    match ours.iter().filter(|line| line.ends_with(": exact")).count() {
        4 => Ok(()),
        count => Err(format!(
            "{count} of 4 transfers are exact: {:?}",
            &ours[..4]
        )),
    }
}
