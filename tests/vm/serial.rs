// SPDX-License-Identifier: GPL-2.0-only

//! Serial ports: `rust_uart16550` with two ports that are connected to each other, against C's driver.

use crate::boot::{self, DIR};
use crate::built::{Built, SAMPLES, SERIAL};
use crate::report::{Report, Verdict};
use crate::script::Script;
use crate::{debug, log, programs};
use anyhow::Result;
use ferrule::kernels::Kernel;
use ferrule::vm;
use ferrule::vm::own_lines;
use std::path::Path;

/// How many bytes go each way by C's driver: that one need not show that it loses nothing.
const BYTES_OF_C: u32 = 1 << 12;

/// How many bytes go each way by ours: on one kernel so many that every counter has wrapped, on the others some rounds
/// of each buffer. QEMU passes on 50 kB in a second.
pub fn bytes(is_thorough: bool) -> u32 {
    if is_thorough {
        1 << 20
    } else {
        1 << 17
    }
}

/// What the scripts of serial ports begin with.
pub const SETUP: &str = "D=/sys/bus/pci/drivers/rust_uart16550";

/// Name and commands.
const PARTS: &[(&str, &str)] = &[
    (
        "names_and_numbers",
        "insmod /rust_uart16550.ko && grep -q '^rust_uart16550 */dev/ttyRU .*serial' /proc/tty/drivers && \
         grep -q '^1: uart:16550A .*tx:0 rx:0' /proc/tty/driver/rust_uart16550 && \
         test $(cat /sys/class/tty/ttyRU1/uartclk) = 1843200 && test $(cat /sys/class/tty/ttyRU1/irq) -gt 0",
    ),
    (
        "a_module_with_an_open_port_stays",
        "exec 3</dev/ttyRU0; ! rmmod rust_uart16550 && grep -q '^rust_uart16550 [0-9]* [1-9]' /proc/modules && \
         stty -F /dev/ttyRU0 >/dev/null",
    ),
    (
        "a_blocked_reader_sees_the_end_when_its_port_goes",
        "exec 3</dev/ttyRU0; cat <&3 >/dev/null & exec 3<&-; sleep 1; echo 0000:00:08.0 >$D/unbind && wait $!; \
         test ! -e /dev/ttyRU0 && echo 0000:00:08.0 >$D/bind && test -c /dev/ttyRU0",
    ),
    (
        "ports_go_and_come_while_they_are_open",
        "i=0; while [ $i -lt 20 ]; do \
         (exec 3<>/dev/ttyRU1; echo lost >&3; echo 0000:00:09.0 >$D/unbind; echo late >&3) 2>/dev/null; \
         test ! -e /dev/ttyRU1 || exit 1; echo 0000:00:09.0 >$D/bind || exit 2; i=$((i+1)); done",
    ),
    (
        "a_port_that_came_back_works",
        // What was sent while nobody listened is still under way.
        "stty -F /dev/ttyRU0 raw -echo; stty -F /dev/ttyRU1 raw -echo; exec 3</dev/ttyRU0; timeout 3 cat <&3 >/dev/null; \
         head -c 6 <&3 >/tmp/got & echo hello >/dev/ttyRU1; wait $!; test $(cat /tmp/got) = hello",
    ),
    (
        "unloads_and_loads_again",
        "i=0; while [ $i -lt 5 ]; do unload rust_uart16550 && test ! -e /dev/ttyRU0 && \
         ! grep rust_uart16550 /proc/tty/drivers /proc/ioports /proc/interrupts && \
         insmod /rust_uart16550.ko && test -c /dev/ttyRU1 || exit 1; i=$((i+1)); done; rmmod rust_uart16550",
    ),
];

/// `sleeps`: what the UART at 0x2f8 forgets while the system sleeps (LCR and MCR here) is set again, and it sends. The debug
/// kernel has no `/dev/port` to make it forget.
const SLEEPS: &str = "register() { dd if=/dev/port bs=1 skip=$((0x2f8 + $1)) count=1 2>/dev/null | hexdump -e '1/1 \"%x\"'; }
forget() { head -c 1 /dev/zero | dd of=/dev/port bs=1 seek=$((0x2f8 + $1)) 2>/dev/null; }
sent() { sed -n 's/^0:.* tx:\\([0-9]*\\) .*/\\1/p' /proc/tty/driver/rust_uart16550; }
sleeps() {
    stty -F /dev/ttyRU0 raw -echo && exec 3<>/dev/ttyRU0 && before=$(sent) || return 1
    $IS_DEBUG || { forget 3; forget 4; test \"$(register 3) $(register 4)\" = \"0 0\"; } || return 2
    echo devices >/sys/power/pm_test && echo freeze >/sys/power/state && echo none >/sys/power/pm_test || return 4
    $IS_DEBUG || test \"$(register 3) $(register 4)\" = \"3 b\" || return 3
    head -c 1000 /dev/zero >&3 && wait_for 'test $(($(sent) - before)) = 1000' && exec 3>&-
}
";

/// The same of ports on the ISA bus. The kernel's own driver has them at first.
const ISA_PARTS: &[(&str, &str)] = &[
    (
        "bad_parameters_are_refused",
        "refused() { ! insmod /rust_uart16550.ko $1 || exit 1; dmesg -c | grep -q \"$2\" || exit 2; }; \
         refused io=0x2f8 \"io= names 1 ports, irq= 0\"; refused \"io=0x2f8 irq=3\" \"another driver has the port\"; \
         refused \"io=0x2e8 irq=16\" \"no such I/O port or interrupt\"; refused \"io=0x2e8 irq=5\" \"no UART is there\"; \
         refused \"io=0x2e8 irq=5 baud_base=4294967295\" \"baud_base=4294967295: not 1 to\"; \
         refused io=1,2,3,4,5 \"can only take 4\"; ! grep rust_uart16550 /proc/tty/drivers /proc/ioports",
    ),
    (
        "pnp_finds_its_port",
        "for d in /sys/bus/pnp/drivers/serial/*:*; do grep -q 0x2f8 $d/resources && echo ${d##*/} >/tmp/id; done; \
         cat /tmp/id >/sys/bus/pnp/drivers/serial/unbind && insmod /rust_uart16550.ko && \
         grep -q '^0: uart:16550A .*[02xX]2[fF]8 irq:3 ' /proc/tty/driver/rust_uart16550",
    ),
    (
        "a_port_of_pnp_sleeps_and_goes_on",
        "sleeps && unload rust_uart16550",
    ),
    (
        "a_driver_has_three_buses",
        "insmod /test_uart_buses.ko && for b in pci platform pnp; do test -d /sys/bus/$b/drivers/test_uart_buses || exit 1; done; \
         echo hello >/dev/ttyUB0 && unload test_uart_buses && test ! -e /dev/ttyUB0 && \
         ! grep test_uart_buses /proc/tty/drivers",
    ),
    (
        "parameters_name_a_port",
        "insmod /rust_uart16550.ko io=0x2f8 irq=3 baud_base=57600 && test $(cat /sys/class/tty/ttyRU0/uartclk) = 921600 && \
         stty -F /dev/ttyRU0 raw -echo && exec 3<>/dev/ttyRU0 && head -c 1000 /dev/zero >&3 && \
         wait_for \"grep -q ' tx:1000 ' /proc/tty/driver/rust_uart16550\" && exec 3>&-",
    ),
    ("a_port_of_parameters_sleeps_and_goes_on", "sleeps"),
    (
        "a_device_of_another_is_left_alone",
        "cd /sys/bus/platform; for d in devices/*; do test -e $d/driver || break; done; echo $d; test ! -e $d/driver && \
         echo rust_uart16550 >$d/driver_override && ! echo ${d#*/} >drivers/rust_uart16550/bind && \
         echo >$d/driver_override && ! dmesg | grep another && echo hello >/dev/ttyRU0",
    ),
    (
        "a_port_of_parameters_is_unbound_while_open",
        "exec 3</dev/ttyRU0; cat <&3 & exec 3<&-; sleep 1; cd /sys/bus/platform/drivers/rust_uart16550 && echo rust_uart16550 >unbind && \
         wait $! && test ! -e /dev/ttyRU0 && ! grep rust_uart16550 /proc/ioports && echo rust_uart16550 >bind && \
         echo hello >/dev/ttyRU0 && unload rust_uart16550 && test ! -e /sys/devices/platform/rust_uart16550",
    ),
    (
        "parameters_name_a_port_where_no_driver_is_looked_for",
        "echo 0 >/sys/bus/platform/drivers_autoprobe && insmod /rust_uart16550.ko io=0x2f8 irq=3 && \
         echo hello >/dev/ttyRU0 && unload rust_uart16550 && ! insmod /rust_uart16550.ko io=0x2e8 irq=5 && \
         dmesg | grep 'no UART is there'; s=$?; echo 1 >/sys/bus/platform/drivers_autoprobe; \
         ! grep rust_uart16550 /proc/tty/drivers /proc/ioports && test $s = 0",
    ),
];

/// Where C's driver answers otherwise, and why ours does not.
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

/// Two ports, each the other's end. Returns the log, for those who compare.
pub fn run(built: &Built, is_thorough: bool, report: &mut Report) -> Result<String> {
    let log = boot::boot(report, &guest_of_two(built, is_thorough)?)?;
    debug::check(&built.kernel, "", &log, &[], report);
    for (name, _) in PARTS {
        report.add(name, passed(&log, name).map(drop));
    }
    // C is too slow there for the program's patience.
    if debug::is(&built.kernel) {
        report.add(
            "answers",
            passed(&log, "answers").and_then(|said| exact(&said)),
        );
    }
    Ok(log)
}

/// Ports on the ISA bus.
pub fn run_isa(built: &Built, report: &mut Report) -> Result<()> {
    let log = boot::boot(report, &guest_with_isa(built)?)?;
    for (name, _) in ISA_PARTS {
        report.add(name, passed(&log, name).map(drop));
    }
    Ok(())
}

/// The same two ports with C's driver. Returns the log.
pub fn run_c(built: &Built, report: &mut Report) -> Result<String> {
    let mut script = Script::new("");
    script.part(
        "answers",
        &format!("/tty /dev/ttyS4 /dev/ttyS5 {BYTES_OF_C}"),
    );
    let guest = guest(&built.kernel, script.without_end(), "8250.nr_uarts=8")?;
    boot::boot(report, &guest)
}

/// A guest with two ports that are each other's end.
fn guest(kernel: &Kernel, script: String, append: &str) -> Result<vm::Guest> {
    // A socket's name must be short.
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
    let mut script = Script::new(SETUP);
    for (name, commands) in PARTS {
        if *name == "unloads_and_loads_again" {
            let bytes = bytes(is_thorough);
            script.part("answers", &format!("/tty /dev/ttyRU0 /dev/ttyRU1 {bytes}"));
        }
        script.part(name, commands);
    }
    let append = "initcall_blacklist=serial_pci_driver_init slub_debug=FZPU";
    let mut guest = guest(&built.kernel, script.end(&built.kernel), append)?;
    let module = built.dir(SAMPLES).join("rust_uart16550.ko");
    guest.files.push((module, "/rust_uart16550.ko".to_owned()));
    Ok(guest)
}

fn guest_with_isa(built: &Built) -> Result<vm::Guest> {
    let kernel = &built.kernel;
    let is_debug = debug::is(kernel);
    let mut script = Script::new(&format!("IS_DEBUG={is_debug}\n{SETUP}\n{SLEEPS}"));
    script.parts(ISA_PARTS);
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

/// Our driver says what C's does, but where that is wrong.
pub fn same(ours: &str, theirs: &str) -> Verdict {
    let (ours, theirs) = (passed(ours, "answers")?, passed(theirs, "answers")?);
    agree(&ours, &theirs, C_IS_WRONG)
}

/// Two drivers' answers are the same, but for those in `differ`: the other's, and ours.
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

/// Every byte has come, in both directions, alone and together.
fn exact(ours: &[&str]) -> Verdict {
    match ours.iter().filter(|line| line.ends_with(": exact")).count() {
        4 => Ok(()),
        count => Err(format!(
            "{count} of 4 transfers are exact: {:?}",
            &ours[..4]
        )),
    }
}
