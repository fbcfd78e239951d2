// SPDX-License-Identifier: GPL-2.0-only

//! What a byte through a serial port costs, in C and in Rust: the kernel's own 8250 driver and
//! `rust_uart16550` in one boot of each kernel, in instructions of the guest; and in another boot, whose clock is
//! the host's, how much goes through in a second.
//!
//! `cargo bench -p ferrule --bench uart [-- KERNEL...]` (without a name: on each fetched kernel that every test
//! runs on), of which `make bench` is the short form.

use anyhow::{ensure, Context, Result};
use ferrule::command;
use ferrule::dirs;
use ferrule::kernels::{self, Kernel, Ring};
use ferrule::vm;
use plotters::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

/// Ways of use in the order of `tests/serial/bench.c`, and what is said of them.
const WAYS: [(&str, &str); 6] = [
    ("tx-4096", "send, writes of 4096 B"),
    ("tx-256", "send, writes of 256 B"),
    ("tx-64", "send, writes of 64 B"),
    ("tx-16", "send, writes of 16 B"),
    ("tx-1", "send, writes of 1 B"),
    ("loopback", "loopback, by 1024 B"),
];

const C: &str = "/dev/ttyS4";
const RUST: &str = "/dev/ttyRU0";

/// What one driver takes in one way of use.
#[derive(Clone, Copy)]
struct Cost {
    instructions_per_byte: f64,
    interrupts_per_mib: u64,
    kb_per_second: f64,
}

/// One way of use.
struct Row {
    name: &'static str,
    c: Cost,
    rust: Cost,
}

impl Row {
    fn ratio(&self) -> f64 {
        self.rust.instructions_per_byte / self.c.instructions_per_byte
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let names: Vec<String> = std::env::args()
        .skip(1)
        .filter(|name| !name.starts_with("--"))
        .collect();
    let cache = kernels::cache_dir(None)?;
    let chosen = match names.is_empty() {
        true => kernels::cached(&cache)?
            .into_iter()
            .filter(|kernel| kernel.ring == Ring::Full)
            .collect(),
        false => kernels::wanted(&cache, &names)?,
    };
    let root = dirs::root()?;
    let dir = root.join("build/bench");
    std::fs::create_dir_all(&dir)?;
    let program = program(&root, &dir)?;
    let mut tables = Vec::new();
    for kernel in chosen {
        let rows = measure(&root, &kernel, &program)?;
        print(&kernel.series, &rows);
        tables.push((kernel.series, rows));
    }
    let plot = dir.join("uart.svg");
    draw(&plot, &tables).with_context(|| format!("cannot draw {}", plot.display()))?;
    println!("drawn to {}", plot.display());
    Ok(())
}

/// Compiles what reads and writes.
fn program(root: &Path, dir: &Path) -> Result<PathBuf> {
    let out = dir.join("bench");
    let flags = [
        "-std=gnu11",
        "-D_GNU_SOURCE",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-O1",
        "-static",
        "-o",
    ];
    let mut cc = Command::new("cc");
    cc.args(flags).arg(&out);
    command::output(cc.arg(root.join("tests/serial/bench.c")))?;
    Ok(out)
}

/// Measures both drivers on `kernel`.
fn measure(root: &Path, kernel: &Kernel, program: &Path) -> Result<Vec<Row>> {
    let mut make = Command::new("make");
    make.current_dir(root)
        .args(["--silent", "M=samples", "modules"]);
    command::output(make.arg(format!("KVER={}", kernel.series)))?;
    // A clock that runs with the guest's instructions alone: two runs hardly differ.
    let counted = boot(root, kernel, program, &["-icount", "shift=0,sleep=off"])?;
    let timed = boot(root, kernel, program, &[])?;
    let find = |port: &str, way: &str| {
        let key = (port.to_owned(), way.to_owned());
        let both = counted.get(&key).zip(timed.get(&key));
        let cost = both.map(|(counted, timed)| Cost {
            kb_per_second: timed.kb_per_second,
            ..*counted
        });
        cost.with_context(|| format!("Linux {}: nothing of {way} of {port}", kernel.series))
    };
    WAYS.iter()
        .map(|&(way, name)| {
            let (c, rust) = (find(C, way)?, find(RUST, way)?);
            ensure!(c.instructions_per_byte > 0.0, "{way} of {C} took no time");
            Ok(Row { name, c, rust })
        })
        .collect()
}

/// What the program says of each port and way of use.
type Costs = BTreeMap<(String, String), Cost>;

/// Boots `kernel` with two UARTs that send to nobody, one for each driver.
fn boot(root: &Path, kernel: &Kernel, program: &Path, clock: &[&str]) -> Result<Costs> {
    let devices = [
        "-chardev",
        "null,id=a",
        "-device",
        "pci-serial,chardev=a,addr=8",
        "-chardev",
        "null,id=b",
        "-device",
        "pci-serial,chardev=b,addr=9",
    ];
    let guest = vm::Guest {
        kernel: kernel.vmlinuz.clone(),
        files: vec![
            (
                root.join("samples/rust_uart16550.ko"),
                "/rust_uart16550.ko".to_owned(),
            ),
            (program.to_owned(), "/bench".to_owned()),
        ],
        script: format!(
            "sleep 5\n\
             echo 0000:00:09.0 >/sys/bus/pci/drivers/serial/unbind\n\
             insmod /rust_uart16550.ko && /bench {C} {RUST}\n"
        ),
        append: "8250.nr_uarts=8".to_owned(),
        qemu_args: clock
            .iter()
            .chain(&devices)
            .map(|&arg| arg.to_owned())
            .collect(),
        timeout: Duration::from_secs(600),
        ..vm::Guest::default()
    };
    let log = vm::boot(&guest, &mut |_| {})?.into_log()?;
    Ok(log.lines().filter_map(cost).collect())
}

/// Reads a line of the program's.
fn cost(line: &str) -> Option<((String, String), Cost)> {
    let mut words = line.split_whitespace();
    let key = (words.next()?.to_owned(), words.next()?.to_owned());
    let cost = Cost {
        instructions_per_byte: words.next()?.parse().ok()?,
        interrupts_per_mib: words.next()?.parse().ok()?,
        kb_per_second: words.next()?.parse().ok()?,
    };
    Some((key, cost))
}

fn print(series: &str, rows: &[Row]) {
    println!("| Linux {series}, for each byte | instructions, C | Rust | Rust / C | interrupts per MiB, C | Rust | kB/s, C | Rust |");
    println!("|---|---|---|---|---|---|---|---|");
    for row in rows {
        println!(
            "| {} | {:.1} | {:.1} | {:.2} | {} | {} | {:.1} | {:.1} |",
            row.name,
            row.c.instructions_per_byte,
            row.rust.instructions_per_byte,
            row.ratio(),
            row.c.interrupts_per_mib,
            row.rust.interrupts_per_mib,
            row.c.kb_per_second,
            row.rust.kb_per_second,
        );
    }
    println!();
}

/// Draws each way of use as the part of C's instructions that Rust takes.
fn draw(path: &Path, tables: &[(String, Vec<Row>)]) -> Result<()> {
    let bars: Vec<(String, f64)> = tables
        .iter()
        .flat_map(|(series, rows)| {
            rows.iter()
                .map(move |row| (format!("{series}: {}", row.name), row.ratio()))
        })
        .collect();
    let size = (800, 60 + 30 * bars.len() as u32);
    let area = SVGBackend::new(path, size).into_drawing_area();
    area.fill(&WHITE)?;
    let longest = bars.iter().map(|bar| bar.1).fold(1.0, f64::max);
    let mut chart = ChartBuilder::on(&area)
        .margin(10)
        .caption("Instructions per byte, Rust / C", ("sans-serif", 16))
        .x_label_area_size(25)
        .y_label_area_size(220)
        .build_cartesian_2d(0.0..longest * 1.05, (0..bars.len()).into_segmented())?;
    let name = |at: &SegmentValue<usize>| match at {
        SegmentValue::CenterOf(i) => bars
            .iter()
            .rev()
            .nth(*i)
            .map_or("", |bar| &bar.0)
            .to_owned(),
        _ => String::new(),
    };
    chart
        .configure_mesh()
        .disable_y_mesh()
        .y_labels(bars.len())
        .y_label_formatter(&name)
        .draw()?;
    chart.draw_series(bars.iter().rev().enumerate().map(|(i, (_, ratio))| {
        let mut bar = Rectangle::new(
            [
                (0.0, SegmentValue::Exact(i)),
                (*ratio, SegmentValue::Exact(i + 1)),
            ],
            BLUE.mix(0.6).filled(),
        );
        bar.set_margin(5, 5, 0, 0);
        bar
    }))?;
    let ends = [
        (1.0, SegmentValue::Exact(0)),
        (1.0, SegmentValue::Exact(bars.len())),
    ];
    chart.draw_series(LineSeries::new(ends, &RED))?;
    area.present()?;
    Ok(())
}
