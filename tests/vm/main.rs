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
mod codegen;
mod console;
mod debug;
mod doc;
mod guest;
mod helpers;
mod life;
mod log;
mod nullmodem;
mod params;
mod pinned;
mod serial;
mod size;
mod stacking;
mod terminal;
mod ui;

/// What a test found: nothing, or what is wrong.
type Verdict = Result<(), String>;

/// Named verdicts, to be reported as tests.
struct Report {
    prefix: String,
    verdicts: Vec<(String, Verdict)>,
}

impl Report {
    fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
            verdicts: Vec::new(),
        }
    }

    fn add(&mut self, name: impl AsRef<str>, verdict: Verdict) {
        let name = format!("{}::{}", self.prefix, name.as_ref());
        // The list of all comes when the last kernel is done.
        if verdict.is_err() {
            eprintln!("vm tests: {name} failed");
        }
        self.verdicts.push((name, verdict));
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

/// A test run's parts: each boots a kernel of its own.
const PARTS: [&str; 9] = [
    "modules", "debug", "life", "params", "serial", "console", "terminal", "stacking", "builtin",
];

/// Whether a part is to run: all do, but if the command line's filter begins with one's name.
fn wants(filter: Option<&str>, part: &str) -> bool {
    let asks_for = |part: &&str| filter.is_some_and(|filter| filter.starts_with(*part));
    PARTS
        .iter()
        .find(|part| asks_for(part))
        .is_none_or(|wanted| *wanted == part)
}

/// Runs everything on one kernel for which `wants` holds.
fn run(
    kernel: &Kernel,
    helpers: &str,
    all: &[Kernel],
    wants: &(dyn Fn(&str) -> bool + Sync),
) -> Report {
    let mut report = Report::new(&format!("{}::{helpers}", kernel.series));
    let Some(built) = report.add_step("builds_without_a_warning", built::build(kernel, helpers))
    else {
        return report;
    };
    // What takes longest goes beside the rest.
    let mut long = Report::new(&report.prefix);
    std::thread::scope(|scope| {
        if wants("serial") && helpers == "inline" {
            scope.spawn(|| serial::run(kernel, &built, &mut long));
        }
        run_rest(kernel, &built, helpers, all, wants, &mut report);
    });
    report.verdicts.append(&mut long.verdicts);
    report
}

/// Runs all but the longest part.
fn run_rest(
    kernel: &Kernel,
    built: &built::Built,
    helpers: &str,
    all: &[Kernel],
    wants: &(dyn Fn(&str) -> bool + Sync),
    report: &mut Report,
) {
    let is_debug = debug::is(kernel);
    // How helpers reach a module makes no difference in most parts.
    let in_one = |part| wants(part) && helpers == "inline";
    if wants("modules") {
        if !is_debug {
            built::check(built, kernel, helpers, report);
            look(kernel, built, helpers, all, report);
        }
        if let Some(log) = report.add_step("boots_and_ends", guest::boot(kernel, built)) {
            guest::check(kernel, built, &log, report);
            debug::check(kernel, "modules", &log, debug::FORGOTTEN, report);
        }
    }
    if is_debug && in_one("debug") {
        debug::run(kernel, built, report);
    }
    if !is_debug && in_one("life") {
        live(kernel, built, all, report);
    }
    if in_one("params") {
        let log = params::boot(kernel, built);
        if let Some(log) = report.add_step("parameters_boot_and_end", log) {
            params::check(kernel, &log, report);
        }
    }
    if in_one("console") {
        console::run(kernel, built, report);
    }
    if in_one("terminal") {
        terminal::run(kernel, built, report);
    }
    if !is_debug && wants("stacking") {
        stack(kernel, built, report);
    }
}

/// Compares what was built with what the tree has: sizes, machine code, called helpers.
fn look(kernel: &Kernel, built: &built::Built, helpers: &str, all: &[Kernel], report: &mut Report) {
    if helpers == "object" {
        return helpers::check(kernel, &helpers::modules(built), all, report);
    }
    let skipped = [
        size::check(kernel, built, report),
        codegen::run(kernel, report),
    ];
    skipped.into_iter().flatten().for_each(pinned::Skipped::say);
}

/// Modules that export, and others that import from them.
fn stack(kernel: &Kernel, built: &built::Built, report: &mut Report) {
    let Some(stacks) = report.add_step("stacks_build", stacking::build(kernel, built)) else {
        return;
    };
    stacking::check_built(kernel, &stacks, report);
    if let Some(log) = report.add_step("stacks_boot_and_end", stacking::boot(kernel, &stacks)) {
        stacking::check(kernel, &log, report);
    }
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
    let mut arguments = Arguments::from_args();
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
    let filter = arguments.filter.clone();
    let wants = move |part: &str| wants(filter.as_deref(), part);
    // This part's tests are named after the modules.
    arguments.filter.take_if(|filter| filter == "modules");
    let shown = arguments.filter.clone();
    let mut failed_outside = false;
    let mut add = |report: Report| {
        for (name, verdict) in report.verdicts {
            let is_shown = shown.as_ref().is_none_or(|filter| name.contains(filter));
            failed_outside |= verdict.is_err() && !is_shown;
            trials.push(Trial::test(name, || verdict.map_err(Failed::from)));
        }
    };
    let has_kernels = PARTS.iter().any(|part| *part != "builtin" && wants(part));
    for kernel in kernels.iter().filter(|_| has_kernels) {
        let kinds: &[&str] = match !debug::is(kernel) && (wants("modules") || wants("stacking")) {
            true => &["inline", "object"],
            false => &["inline"],
        };
        let reports: Vec<Report> = std::thread::scope(|scope| {
            let threads: Vec<_> = kinds
                .iter()
                .map(|helpers| scope.spawn(|| run(kernel, helpers, all, &wants)))
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
        && wants("builtin")
    {
        let mut report = Report::new("builtin");
        builtin::run(&mut report);
        add(report);
    }
    // A step that fails before a part begins must not be hidden by the part's name.
    arguments.filter.take_if(|_| failed_outside);
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
