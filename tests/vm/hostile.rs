// SPDX-License-Identifier: GPL-2.0-only

//! A driver that calls the safe functions of the `kernel` crate in random order, with the seeds of
//! `tests/hostile/seeds.txt`: nothing may be reported, and no value may be other than it must be.

use crate::boot;
use crate::built::{Built, HOSTILE};
use crate::parts::Parts;
use crate::report::{Report, Verdict};
use crate::script::Script;
use crate::{debug, log};
use anyhow::{Context, Result};
use ferrule::kernels::Kernel;
use ferrule::vm::own_lines::complaint;
use ferrule::vm::Guest;

const SEEDS: &str = include_str!("../hostile/seeds.txt");

const PARTS: Parts = Parts(include_str!("hostile.sh"));

const MODULE: &str = "test_hostile";

/// How many steps the seeds take together on the debug kernel, at least.
const STEPS: u64 = 1_000_000;

/// On stock kernels, which show less, it is this part of the steps.
const STOCK_PART: u64 = 10;

/// A line of the list of seeds.
struct Run {
    seed: u64,
    threads: u64,
    steps: u64,
}

impl Run {
    fn all(kernel: &Kernel) -> Result<Vec<Self>> {
        let part = if debug::is(kernel) { 1 } else { STOCK_PART };
        let lines = SEEDS
            .lines()
            .map(|line| line.split('#').next().unwrap_or(""));
        let lines = lines.filter(|line| !line.trim().is_empty());
        lines
            .map(|line| {
                let numbers: Vec<u64> = line
                    .split_whitespace()
                    .map(str::parse)
                    .collect::<Result<_, _>>()
                    .with_context(|| format!("seeds.txt: {line}"))?;
                let [seed, threads, thousands] = numbers[..] else {
                    anyhow::bail!("seeds.txt: {line}: not three numbers");
                };
                Ok(Self {
                    seed,
                    threads,
                    steps: 1000 * thousands / part,
                })
            })
            .collect()
    }

    fn name(&self) -> String {
        format!("seed_{}", self.seed)
    }

    fn commands(&self, kernel: &Kernel) -> String {
        let Self {
            seed,
            threads,
            steps,
        } = self;
        // Lockdep reports a guard that is forgotten.
        let forget = if debug::is(kernel) { "" } else { "forget=1" };
        format!("hostile seed={seed} threads={threads} steps={steps} {forget}")
    }

    fn verdict(&self, text: &str) -> Verdict {
        let section = log::section(text, &self.name())?;
        let end = format!("{MODULE}: seed {}: 0 wrong, 0 values left", self.seed);
        let is_end = section.log.iter().any(|line| *line == end);
        match complaint(&section.log) {
            None if is_end && section.status == "0" => Ok(()),
            found => Err(format!(
                "status {}, {found:?}, it said {:#?}, and the log: {:#?}",
                section.status, section.said, section.log
            )),
        }
    }
}

/// Boots a kernel, loads the module once for each seed, and checks the log.
pub fn run(built: &Built, report: &mut Report) -> Result<()> {
    let kernel = &built.kernel;
    let runs = Run::all(kernel)?;
    let steps: u64 = runs.iter().map(|run| run.threads * run.steps).sum();
    if debug::is(kernel) && steps < STEPS {
        report.add(
            "takes_enough_steps",
            Err(format!("{steps} are not {STEPS}")),
        );
    }
    let text = boot::boot(report, &guest(built, &runs))?;
    for run in &runs {
        report.add(run.name(), run.verdict(&text));
    }
    debug::check(kernel, "", &text, &[], report);
    Ok(())
}

fn guest(built: &Built, runs: &[Run]) -> Guest {
    let kernel = &built.kernel;
    // The console shows reports, and how far it is: a guest that dies has no log.
    let mut script = Script::of("LEVEL=6", PARTS);
    for run in runs {
        script.part_of(&run.name(), &run.commands(kernel));
    }
    let module = built.dir(HOSTILE).join(format!("{MODULE}.ko"));
    Guest {
        kernel: kernel.vmlinuz.clone(),
        files: vec![(module, format!("/{MODULE}.ko"))],
        script: script.end(kernel),
        // There is no device that wants an interrupt, and there must be two processors: no `debug::append()`.
        timeout: debug::limit(kernel, 300),
        cpus: 2,
        ..Guest::default()
    }
}
