// SPDX-License-Identifier: GPL-2.0-only

//! The test runner: all tests, on the host and on the kernels of `tests/kernels.toml`, as one plan of jobs.
//! `make test` runs it; see docs/testing.md.

use anyhow::{Context, Result};
use clap::Parser;
use ferrule::building::lock::Lock;
use ferrule::kernels::{self, Ring};
use plan::{Job, Plan, Room, Takes};
use report::Out;
use select::Pattern;
use std::process::ExitCode;

mod boot;
mod built;
mod builtin;
mod checks;
mod codegen;
mod console;
mod debug;
mod doc;
mod facts;
mod faults;
mod guest;
mod helpers;
mod host;
mod hostile;
mod jobs;
mod life;
mod log;
mod nullmodem;
mod oldest;
mod params;
mod parts;
mod peer;
mod pinned;
mod plan;
mod programs;
mod record;
mod report;
mod script;
mod select;
mod serial;
mod size;
mod stacking;
mod terminal;
mod ui;

/// Runs tests.
#[derive(Parser)]
struct Args {
    /// Only the tests that this selects by parts of their names, as 7.3::serial or uart16550, and what they need
    #[arg(default_value = "")]
    test: String,
    /// Lists the tests, and runs none
    #[arg(long)]
    list: bool,
    /// Checks the source too, as `make check` does
    #[arg(long)]
    check: bool,
    /// A kernel of tests/kernels.toml to test, or `debug`; may be repeated [default: all of tests/kernels.toml]
    #[arg(long = "kernel")]
    kernels: Vec<String>,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("test: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<bool> {
    let kernels = kernels::chosen(&kernels::cache_dir(None)?, &args.kernels)?;
    let is_debug = kernels.iter().all(debug::is);
    let mut plan = Plan::default();
    plan.add(Job::new(programs::JOB, Takes::Build, 5, |_| {
        programs::build()
    }));
    // Long tests, and those that no kernel makes a difference to, run on the newest only.
    let thorough = kernels
        .iter()
        .rfind(|kernel| kernel.ring == Ring::Full && (!debug::is(kernel) || is_debug));
    for kernel in &kernels {
        jobs::add(&mut plan, kernel, &kernels, Some(kernel) == thorough)?;
    }
    if !is_debug {
        host::add_tests(&mut plan, &kernels);
        let all = &kernels;
        let prepared = kernels
            .iter()
            .map(|kernel| format!("{}::inline::prepares", kernel.series));
        let facts = Job::new(
            "facts::kernels_are_asked",
            Takes::Nothing,
            1,
            move |report| facts::check(all, report),
        );
        plan.add(
            facts
                .needs(prepared)
                .covers(["facts::each_holds_somewhere"]),
        );
        let series = kernels::source_series()?;
        if let Some(kernel) = kernels.iter().find(|kernel| kernel.series == series) {
            let build = Job::new(
                "oldest::builds_without_a_warning",
                Takes::Build,
                90,
                move |report| oldest::build(kernel, report),
            );
            plan.add(build);
            let boot = Job::new("oldest::boots_and_ends", Takes::Guest, 40, move |report| {
                oldest::run(kernel, report)
            });
            plan.add(
                boot.needs(["oldest::builds_without_a_warning"])
                    .covers(["oldest::sample"]),
            );
            let build = Job::new(
                "builtin::builds_with_the_kernels_make",
                Takes::Build,
                120,
                builtin::build,
            );
            plan.add(build.covers(["builtin"]));
            let boot = Job::new("builtin::boots", Takes::Guest, 10, builtin::run);
            plan.add(
                boot.needs(["builtin::builds_with_the_kernels_make"])
                    .covers(["builtin"]),
            );
        }
    }
    if args.check {
        host::add_checks(&mut plan, thorough);
    }
    let pattern = Pattern::new(&args.test);
    plan.select(&pattern);
    if args.list {
        let mut names: Vec<&str> = plan.names().collect();
        names.sort_unstable();
        names.dedup();
        names.iter().for_each(|name| println!("{name}"));
        return Ok(true);
    }
    anyhow::ensure!(
        plan.names().next().is_some(),
        "T={}: no such test; `make test T=--list` lists them",
        args.test
    );
    // Two runs would build in the same places.
    let dir = record::dir()?;
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let _lock = Lock::exclusive(&dir.join(".lock"), &dir)?;
    let out = Out::new(pattern);
    plan.run(room(), &out);
    Ok(out.finish())
}

/// One build for each processor. Guests are mostly idle: three for each processor, if each has 1 GiB of free memory.
fn room() -> Room {
    let builds = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let free = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))
        .and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse::<usize>().ok());
    let fit = free.map_or(1, |free| free / (1 << 20));
    Room {
        builds,
        guests: (3 * builds).min(fit).max(1),
    }
}
