// SPDX-License-Identifier: GPL-2.0-only

//! The tests that boot a stock kernel: each of `tests/kernels.toml`, with inlined and with called helpers.
//!
//! A boot runs the commands of the samples' headers and the test modules of `tests/kernel`; each
//! sample, each case that a test module reports and each property of the built files is one test.
//! `KERNELS="6.1 6.12"` in the environment picks kernels; `debug` is among them only if it is named.

use ferrule::kernels::{self, Kernel};
use libtest_mimic::{Arguments, Failed, Trial};
use std::process::ExitCode;

mod built;
mod builtin;
mod console;
mod debug;
mod doc;
mod guest;
mod life;
mod log;
mod params;
mod serial;
mod stacking;

/// What a test found: nothing, or what is wrong.
type Verdict = Result<(), String>;

/// Named verdicts, to be reported as tests.
struct Report {
    prefix: String,
    verdicts: Vec<(String, Verdict)>,
}

impl Report {
    fn add(&mut self, name: impl AsRef<str>, verdict: Verdict) {
        self.verdicts
            .push((format!("{}::{}", self.prefix, name.as_ref()), verdict));
    }

    /// Adds a step's outcome, and says whether what builds on it can go on.
    fn add_step<T>(&mut self, name: &str, outcome: anyhow::Result<T>) -> Option<T> {
        let (value, verdict) = match outcome {
            Ok(value) => (Some(value), Ok(())),
            Err(error) => (None, Err(format!("{error:#}"))),
        };
        self.add(name, verdict);
        value
    }
}

/// Runs everything on one kernel.
fn run(kernel: &Kernel, helpers: &str, all: &[Kernel]) -> Report {
    let mut report = Report {
        prefix: format!("{}::{helpers}", kernel.series),
        verdicts: Vec::new(),
    };
    let Some(built) = report.add_step("builds_without_a_warning", built::build(kernel, helpers))
    else {
        return report;
    };
    if !debug::is(kernel) {
        built::check(&built, kernel, helpers, &mut report);
    }
    if let Some(log) = report.add_step("boots_and_ends", guest::boot(kernel, &built)) {
        guest::check(kernel, &built, &log, &mut report);
        debug::check(kernel, "modules", &log, debug::FORGOTTEN, &mut report);
    }
    if debug::is(kernel) {
        debug::run(kernel, &built, &mut report);
        serial::run(kernel, &built, &mut report);
        return report;
    }
    // How helpers reach a module makes no difference there.
    if helpers == "inline" {
        live(kernel, &built, all, &mut report);
        let log = params::boot(kernel, &built);
        if let Some(log) = report.add_step("parameters_boot_and_end", log) {
            params::check(&log, &mut report);
        }
        serial::run(kernel, &built, &mut report);
        console::run(kernel, &built, &mut report);
    }
    if let Some(stacks) = report.add_step("stacks_build", stacking::build(kernel, &built)) {
        stacking::check_built(kernel, &stacks, &mut report);
        if let Some(log) = report.add_step("stacks_boot_and_end", stacking::boot(kernel, &stacks)) {
            stacking::check(kernel, &log, &mut report);
        }
    }
    report
}

/// Takes modules from installation to removal with kmod's own tools.
fn live(kernel: &Kernel, built: &built::Built, all: &[Kernel], report: &mut Report) {
    let life = report.add_step("modules_install", life::Life::new(kernel, built, all));
    let Some(life) = life else {
        return;
    };
    if let Some(log) = report.add_step("life::boots_and_ends", life.boot(kernel)) {
        life.check(&log, report);
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    if arguments.list {
        return ExitCode::SUCCESS;
    }
    let (kernels, all) = match chosen() {
        Ok(kernels) => kernels,
        Err(error) => {
            eprintln!("vm tests: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    // Kernels one after the other share what they build on; the two kinds of helpers go side by side.
    let mut trials = Vec::new();
    let all = all.as_slice();
    let mut add = |report: Report| {
        for (name, verdict) in report.verdicts {
            trials.push(Trial::test(name, || verdict.map_err(Failed::from)));
        }
    };
    // The filter of the command line only hides results; this one saves the time too.
    let builtin_only = arguments
        .filter
        .as_deref()
        .is_some_and(|filter| filter.starts_with("builtin"));
    for kernel in kernels.iter().filter(|_| !builtin_only) {
        // On the debug kernel one kind is enough.
        let kinds: &[&str] = match debug::is(kernel) {
            true => &["inline"],
            false => &["inline", "object"],
        };
        let reports: Vec<Report> = std::thread::scope(|scope| {
            let threads: Vec<_> = kinds
                .iter()
                .map(|helpers| scope.spawn(move || run(kernel, helpers, all)))
                .collect();
            let joined = threads.into_iter().map(|thread| thread.join());
            joined
                .map(|report| report.expect("a test thread does not panic"))
                .collect()
        });
        reports.into_iter().for_each(&mut add);
    }
    if kernels
        .iter()
        .any(|kernel| kernel.series == builtin::SERIES)
    {
        let mut report = Report {
            prefix: "builtin".to_owned(),
            verdicts: Vec::new(),
        };
        builtin::run(&mut report);
        add(report);
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The kernels to test, all of the matrix or those that `KERNELS` names; and all that have been fetched.
fn chosen() -> anyhow::Result<(Vec<Kernel>, Vec<Kernel>)> {
    let wanted = std::env::var("KERNELS").unwrap_or_default();
    let wanted: Vec<&str> = wanted.split_whitespace().collect();
    let cache = kernels::cache_dir(None)?;
    let all = kernels::cached(&cache)?;
    let mut kernels = all.clone();
    kernels
        .extend(kernels::debug::find(&cache)?.filter(|_| wanted.contains(&kernels::debug::NAME)));
    kernels.retain(|kernel| wanted.is_empty() || wanted.contains(&kernel.series.as_str()));
    let found: Vec<&str> = kernels
        .iter()
        .map(|kernel| kernel.series.as_str())
        .collect();
    let expected = if wanted.is_empty() {
        vec!["6.1", "6.12", "7.3"]
    } else {
        wanted
    };
    anyhow::ensure!(
        found == expected,
        "fetched kernels are {found:?}, wanted {expected:?}; run `make kernels`"
    );
    Ok((kernels, all))
}
