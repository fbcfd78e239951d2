// SPDX-License-Identifier: GPL-2.0-only

//! Serial ports: `rust_uart16550` with two ports that are connected to each other, against C's driver.

use crate::built::{Built, SAMPLES, SERIAL};
use crate::{debug, log, nullmodem, Report, Verdict};
use anyhow::Result;
use ferrule::command;
use ferrule::dirs;
use ferrule::kernels::Kernel;
use ferrule::vm;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How many bytes each way, by our driver and by C's: that one need not show that it loses nothing. QEMU
/// passes on 50 kB in a second; the variable `SERIAL_BYTES` asks for more, or less, by ours.
const BYTES: (u32, u32) = (1 << 20, 1 << 12);

pub const PRELUDE: &str = "dmesg -n 1
D=/sys/bus/pci/drivers/rust_uart16550
part() {
    dmesg -c >/dev/null
    ( eval \"$2\" ) >/tmp/said 2>&1
    status=$?
    echo \"@@ begin $1\"
    cat /tmp/said
    echo '@@ log'
    dmesg
    echo \"@@ end $1 $status\"
}
# A tty gives its module back in a work item after its last close, C's too.
unload() { t=0; until rmmod $1; do usleep 20000; t=$((t+1)); test $t -lt 250 || return 1; done; }
";

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
        "cat /dev/ttyRU0 >/dev/null & sleep 1; echo 0000:00:08.0 >$D/unbind && wait $!; \
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
        "stty -F /dev/ttyRU0 raw -echo; stty -F /dev/ttyRU1 raw -echo; timeout 3 cat /dev/ttyRU0 >/dev/null; \
         head -c 6 /dev/ttyRU0 >/tmp/got & sleep 1; echo hello >/dev/ttyRU1; wait $!; test $(cat /tmp/got) = hello",
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
    head -c 1000 /dev/zero >&3 && sleep 1 && test $(($(sent) - before)) = 1000 && exec 3>&-
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
         stty -F /dev/ttyRU0 raw -echo && exec 3<>/dev/ttyRU0 && head -c 1000 /dev/zero >&3 && sleep 1 && \
         grep -q ' tx:1000 ' /proc/tty/driver/rust_uart16550 && exec 3>&-",
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
        "cat /dev/ttyRU0 & sleep 1; cd /sys/bus/platform/drivers/rust_uart16550 && echo rust_uart16550 >unbind && \
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

/// Runs everything on one kernel.
pub fn run(kernel: &Kernel, built: &Built, report: &mut Report) {
    let Some(program) = report.add_step("serial::the_program_builds", program("tty")) else {
        return;
    };
    let ours = report.add_step("serial::boots_and_ends", boot(kernel, built, &program));
    let Some(ours) = ours else {
        return;
    };
    debug::check(kernel, "serial", &ours, &[], report);
    for (name, _) in PARTS {
        report.add(format!("serial::{name}"), passed(&ours, name).map(drop));
    }
    let answers = passed(&ours, "answers").unwrap_or_default();
    nullmodem::run(kernel, built, &program, &answers, report);
    let isa = report.add_step("serial::boots_with_isa", boot_isa(kernel, built));
    for (name, _) in isa.iter().flat_map(|_| ISA_PARTS) {
        let verdict = isa
            .as_deref()
            .map_or(Ok(()), |isa| passed(isa, name).map(drop));
        report.add(format!("serial::{name}"), verdict);
    }
    // C is too slow there for the program's patience.
    if debug::is(kernel) {
        report.add(
            "serial::answers",
            passed(&ours, "answers").and_then(|said| exact(&said)),
        );
        return;
    }
    let theirs = report.add_step("serial::boots_with_c", boot_c(kernel, &program));
    if let Some(theirs) = theirs {
        report.add("serial::answers_as_c", same(&ours, &theirs));
    }
}

/// Compiles a program that asks.
pub fn program(name: &str) -> Result<PathBuf> {
    let root = dirs::root()?;
    let dir = root.join("build/test/serial");
    std::fs::create_dir_all(&dir)?;
    let out = dir.join(name);
    let mut cc = Command::new("cc");
    cc.args([
        "-std=gnu11",
        "-D_GNU_SOURCE",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-O1",
        "-static",
        "-o",
    ]);
    let source = root.join("tests/serial").join(format!("{name}.c"));
    command::output(cc.arg(&out).arg(source))?;
    Ok(out)
}

/// A guest with two ports that are each other's end.
fn guest(
    kernel: &Kernel,
    program: &Path,
    dir: &Path,
    script: String,
    append: &str,
) -> Result<vm::Guest> {
    let socket = dir.join("s").display().to_string();
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
    files.push((program.to_owned(), "/tty".to_owned()));
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

fn boot(kernel: &Kernel, built: &Built, program: &Path) -> Result<String> {
    let mut script = PRELUDE.to_owned();
    for (name, commands) in PARTS {
        if *name == "unloads_and_loads_again" {
            let bytes = std::env::var("SERIAL_BYTES").unwrap_or_else(|_| BYTES.0.to_string());
            script += &format!("part answers '/tty /dev/ttyRU0 /dev/ttyRU1 {bytes}'\n");
        }
        script += &part(name, commands);
    }
    script += debug::end(kernel);
    let append = "initcall_blacklist=serial_pci_driver_init slub_debug=FZPU";
    // A socket's name must be short.
    let dir = tempfile::tempdir()?;
    let mut guest = guest(kernel, program, dir.path(), script, append)?;
    let module = built.dir(SAMPLES).join("rust_uart16550.ko");
    guest.files.push((module, "/rust_uart16550.ko".to_owned()));
    vm::boot(&guest, &mut |_| {})?.into_log()
}

/// A part in the script, after [`PRELUDE`].
pub fn part(name: &str, commands: &str) -> String {
    format!("part {name} '{}'\n", commands.replace('\'', "'\\''"))
}

fn boot_isa(kernel: &Kernel, built: &Built) -> Result<String> {
    let parts = ISA_PARTS
        .iter()
        .map(|(name, commands)| part(name, commands));
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
    let guest = vm::Guest {
        kernel: kernel.vmlinuz.clone(),
        files,
        script: format!(
            "IS_DEBUG={}\n{PRELUDE}{SLEEPS}{}{}",
            debug::is(kernel),
            parts.collect::<String>(),
            debug::end(kernel)
        ),
        append: debug::append(kernel, "slub_debug=FZPU"),
        qemu_args: qemu_args.map(str::to_owned).into(),
        timeout: debug::limit(kernel, 300),
        ..vm::Guest::default()
    };
    vm::boot(&guest, &mut |_| {})?.into_log()
}

fn boot_c(kernel: &Kernel, program: &Path) -> Result<String> {
    let script = format!(
        "{PRELUDE}part answers '/tty /dev/ttyS4 /dev/ttyS5 {}'\n",
        BYTES.1
    );
    let dir = tempfile::tempdir()?;
    let guest = guest(kernel, program, dir.path(), script, "8250.nr_uarts=8")?;
    vm::boot(&guest, &mut |_| {})?.into_log()
}

/// What the commands of a part said, if they succeeded and the kernel complained of nothing.
pub fn passed<'a>(text: &'a str, name: &str) -> Result<Vec<&'a str>, String> {
    const COMPLAINTS: [&str; 6] = [
        "WARNING:",
        "BUG",
        "Call Trace",
        "INFO: ",
        "Oops",
        "nobody cared",
    ];
    let section = log::section(text, name)?;
    let all = || format!("in:\n{}", section.lines.join("\n"));
    if section.status != "0" {
        return Err(format!("status {}, {}", section.status, all()));
    }
    // SysRq's line for the debugger's key is `sysrq: DEBUG`.
    let complaint = |line: &&&str| {
        let line = line.replace("DEBUG", "");
        COMPLAINTS.iter().any(|complaint| line.contains(complaint))
    };
    if let Some(line) = section.lines.iter().find(complaint) {
        return Err(format!("{line}, {}", all()));
    }
    let said = section.lines.iter().take_while(|line| **line != "@@ log");
    Ok(said.copied().collect())
}

/// Our driver says what C's does, but where that is wrong.
fn same(ours: &str, theirs: &str) -> Verdict {
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
