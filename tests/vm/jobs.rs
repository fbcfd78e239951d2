// SPDX-License-Identifier: GPL-2.0-only

//! The jobs of one kernel: its builds, its guests, and the comparisons of their logs.

use crate::built::{
    Built, CODEGEN, FULL, HOSTILE, LIFE, MODULES, OBJECT, PARAMS_C, PARAMS_RUST, SAMPLES, SERIAL,
    TESTS,
};
use crate::plan::{Job, Plan, Takes};
use crate::{
    checks, codegen, console, debug, doc, faults, guest, helpers, hostile, life, nullmodem, params,
    programs, serial, size, stacking, terminal, ui,
};
use anyhow::{Context, Result};
use ferrule::kernels::{Kernel, Ring};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// The logs of guests that another job compares.
#[derive(Default)]
struct Logs(Mutex<BTreeMap<&'static str, String>>);

impl Logs {
    fn put(&self, name: &'static str, log: String) {
        self.0
            .lock()
            .expect("nobody panics with it")
            .insert(name, log);
    }

    fn get(&self, name: &str) -> Result<String> {
        let logs = self.0.lock().expect("nobody panics with it");
        logs.get(name)
            .cloned()
            .with_context(|| format!("no log of {name}"))
    }
}

/// What the jobs for one kernel and one value of `HELPERS=` have in common.
struct Of {
    built: Built,
    prefix: String,
}

impl Of {
    fn name(&self, test: &str) -> String {
        format!("{}::{test}", self.prefix)
    }

    fn names<'a>(&'a self, tests: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        tests.into_iter().map(|test| self.name(test)).collect()
    }

    /// The job that builds a directory's modules.
    fn builds(&self, part: &str) -> String {
        self.name(&format!(
            "builds::{}",
            part.trim_start_matches("tests/").replace('/', "_")
        ))
    }

    fn builds_all(&self, parts: &[&str]) -> Vec<String> {
        parts.iter().map(|part| self.builds(part)).collect()
    }

    fn job<'a>(
        &self,
        test: &str,
        takes: Takes,
        seconds: u32,
        work: impl FnOnce(&Built, &mut crate::report::Report) -> Result<()> + Send + 'a,
    ) -> Job<'a> {
        let built = self.built.clone();
        Job::new(self.name(test), takes, seconds, move |report| {
            work(&built, report)
        })
    }
}

/// Adds the jobs of `kernel`. `all` are the kernels of this run; `is_thorough` is true for the one that also runs the
/// tests that run on one kernel only.
pub fn add(plan: &mut Plan<'_>, kernel: &Kernel, all: &[Kernel], is_thorough: bool) -> Result<()> {
    let is_full = kernel.ring == Ring::Full;
    let inline = of(kernel, "inline", if is_full { FULL } else { MODULES })?;
    add_builds(plan, &inline, &[]);
    add_modules(plan, &inline)?;
    if !debug::is(kernel) {
        let checks = inline.job("checks", Takes::Build, 10, checks::check);
        plan.add(
            checks
                .needs(inline.builds_all(inline.built.parts))
                .covers(inline.names([
                    "symbols",
                    "crcs",
                    "modinfo_is_right",
                    "docs_name_each_macro",
                    "nothing_changed_runs_nothing",
                ])),
        );
    }
    if !is_full {
        return Ok(());
    }
    if !debug::is(kernel) {
        add_looks(plan, &inline);
    }
    if is_thorough && !debug::is(kernel) {
        add_refusals(plan, &inline);
    }
    add_serial(plan, &inline, is_thorough);
    let params = inline.job("parameters_boot_and_end", Takes::Guest, 120, params::run);
    plan.add(
        params
            .needs(inline.builds_all(&[PARAMS_C, PARAMS_RUST]))
            .needs([programs::JOB])
            .covers(inline.names([
                "params_do_as_in_c",
                "params_cb_do_as_in_c",
                "params_reentry",
                "params_are_read_as_they_were_written",
            ])),
    );
    let hostile = inline.job("hostile::boots_and_ends", Takes::Guest, 120, hostile::run);
    plan.add(
        hostile
            .needs([inline.builds(HOSTILE)])
            .covers([inline.name("hostile")]),
    );
    if debug::is(kernel) {
        add_debug(plan, &inline);
        return Ok(());
    }
    add_faults(plan, &inline)?;
    add_life(plan, &inline, all)?;
    add_stacking(plan, &inline);
    let object = of(kernel, "object", OBJECT)?;
    add_builds(plan, &object, &[inline.name("prepares")]);
    add_modules(plan, &object)?;
    let checks = object.job("checks", Takes::Build, 5, checks::check);
    plan.add(
        checks
            .needs(object.builds_all(OBJECT))
            .covers(object.names(["symbols", "crcs", "nothing_changed_runs_nothing"])),
    );
    let helpers = object.job("looks_at_helpers", Takes::Build, 2, move |built, report| {
        helpers::check(&built.kernel, &helpers::modules(built), report)
    });
    plan.add(
        helpers
            .needs(object.builds_all(OBJECT))
            .covers([object.name("helpers")]),
    );
    Ok(())
}

fn of(kernel: &Kernel, helpers: &'static str, parts: &'static [&'static str]) -> Result<Of> {
    Ok(Of {
        built: Built::new(kernel, helpers, parts)?,
        prefix: format!("{}::{helpers}", kernel.series),
    })
}

fn add_builds(plan: &mut Plan<'_>, of: &Of, needs: &[String]) {
    let prepares = of.job("prepares", Takes::Build, 60, |built, _| built.prepare());
    plan.add(prepares.needs(needs));
    for part in of.built.parts {
        let seconds = match *part {
            TESTS | SAMPLES => 30,
            _ => 6,
        };
        let built = of.built.clone();
        let build = Job::new(of.builds(part), Takes::Build, seconds, move |report| {
            built.build(part, report)
        });
        plan.add(build.needs([of.name("prepares")]));
    }
}

/// Samples and test modules, in one guest.
fn add_modules(plan: &mut Plan<'_>, of: &Of) -> Result<()> {
    let tests = of.built.tests()?;
    let guest = of.job("boots_and_ends", Takes::Guest, 150, guest::run);
    plan.add(
        guest
            .needs(of.builds_all(of.built.parts))
            .covers(
                of.built
                    .samples()?
                    .iter()
                    .map(|sample| of.name(&format!("sample::{}", sample.name))),
            )
            .covers(of.names(tests.iter().map(String::as_str)))
            .covers(of.names([
                "out_of_tree_template",
                "cycles_leave_only_our_lines",
                "rebinds_through_sysfs",
                "a_device_goes_and_comes",
            ])),
    );
    Ok(())
}

/// Compares built modules with the records of the tree: sizes, machine code, helpers.
fn add_looks(plan: &mut Plan<'_>, of: &Of) {
    let sizes = of.job("looks_at_size", Takes::Build, 2, |built, report| {
        if let Some(skipped) = size::check(&built.kernel, built, report) {
            report.skip("size", &skipped.0);
        }
        Ok(())
    });
    plan.add(sizes.needs([of.builds(SAMPLES)]).covers([of.name("size")]));
    let code = of.job("looks_at_code", Takes::Build, 2, |built, report| {
        let skipped = codegen::check(&built.kernel, &built.dir(CODEGEN), report);
        if let Some(skipped) = skipped {
            report.skip("codegen", &skipped.0);
        }
        Ok(())
    });
    plan.add(
        code.needs([of.builds(CODEGEN)])
            .covers([of.name("codegen")]),
    );
}

/// Adds the tests of what must not compile, which run on one kernel only.
fn add_refusals(plan: &mut Plan<'_>, of: &Of) {
    let refuses = of.job("refuses", Takes::Build, 40, |built, report| {
        ui::check(built, report);
        doc::check_refused(built, report)
    });
    plan.add(refuses.needs([of.builds(TESTS)]).covers(of.names([
        "ui::core",
        "ui::serial",
        "compile_fail",
    ])));
    let refused = of.job("refused::builds_end", Takes::Build, 20, |built, report| {
        stacking::check_refused(built, report);
        Ok(())
    });
    plan.add(
        refused
            .needs([of.builds(SAMPLES)])
            .covers([of.name("refused")]),
    );
}

fn add_serial(plan: &mut Plan<'_>, of: &Of, is_thorough: bool) {
    let logs = Arc::new(Logs::default());
    let is_debug = debug::is(&of.built.kernel);
    let needs = || {
        of.builds_all(&[SAMPLES, SERIAL])
            .into_iter()
            .chain([programs::JOB.to_owned()])
    };
    let of_guest =
        |test: &str,
         seconds,
         name: &'static str,
         run: fn(&Built, bool, &mut crate::report::Report) -> Result<String>| {
            let logs = Arc::clone(&logs);
            let job = of.job(test, Takes::Guest, seconds, move |built, report| {
                logs.put(name, run(built, is_thorough, report)?);
                Ok(())
            });
            let (part, _) = test.split_once("::").unwrap_or((test, ""));
            job.needs(needs()).covers([of.name(part)])
        };
    let seconds = if is_thorough { 200 } else { 120 };
    plan.add(of_guest(
        "serial::boots_and_ends",
        seconds,
        "uart",
        serial::run,
    ));
    plan.add(of_guest(
        "nullmodem::boots_and_ends",
        seconds,
        "nullmodem",
        nullmodem::run,
    ));
    let isa = of.job("serial::boots_with_isa", Takes::Guest, 90, serial::run_isa);
    plan.add(isa.needs(needs()).covers([of.name("serial")]));
    let console = of.job("console::boots_and_dies", Takes::Guest, 150, console::run);
    plan.add(console.needs(needs()).covers([of.name("console")]));
    let terminal = of.job(
        "terminal::boots_and_ends",
        Takes::Guest,
        200,
        move |built, report| terminal::run(built, is_thorough, report),
    );
    plan.add(terminal.needs(needs()).covers([of.name("terminal")]));

    let guests = ["serial::boots_and_ends", "nullmodem::boots_and_ends"];
    let compares = {
        let (logs, judged) = (Arc::clone(&logs), of.names(guests));
        of.job(
            "nullmodem::both_answer",
            Takes::Nothing,
            1,
            move |_, report| {
                report.judges(judged);
                let verdict = nullmodem::same(&logs.get("nullmodem")?, &logs.get("uart")?);
                report.add("answers_as_a_uart", verdict);
                Ok(())
            },
        )
    };
    plan.add(
        compares
            .needs(of.names(guests))
            .covers([of.name("nullmodem::answers_as_a_uart")]),
    );
    // C's driver is too slow on the debug kernel: the test program would time out.
    if is_debug {
        return;
    }
    let c = {
        let logs = Arc::clone(&logs);
        of.job(
            "serial::boots_with_c",
            Takes::Guest,
            80,
            move |built, report| {
                logs.put("c", serial::run_c(built, report)?);
                Ok(())
            },
        )
    };
    plan.add(c.needs([programs::JOB]));
    let guests = ["serial::boots_and_ends", "serial::boots_with_c"];
    let judged = of.names(guests);
    let compares = of.job(
        "serial::both_answer",
        Takes::Nothing,
        1,
        move |_, report| {
            report.judges(judged);
            let (ours, theirs) = (logs.get("uart")?, logs.get("c")?);
            report.add("answers_as_c", serial::same(&ours, &theirs));
            report.add("triggers_as_c", serial::same_triggers(&ours, &theirs));
            Ok(())
        },
    );
    plan.add(
        compares
            .needs(of.names(guests))
            .covers(of.names(["serial::answers_as_c", "serial::triggers_as_c"])),
    );
}

/// Modules from installation to removal, beside those that were built for the other kernels.
fn add_life(plan: &mut Plan<'_>, of: &Of, all: &[Kernel]) -> Result<()> {
    let kernel = &of.built.kernel;
    let others = all.iter().filter(|other| {
        other.release != kernel.release && other.ring == Ring::Full && !debug::is(other)
    });
    let others: Vec<Of> = others
        .map(|other| self::of(other, "inline", FULL))
        .collect::<Result<_>>()?;
    let installs = of.job("modules_install", Takes::Build, 8, |built, _| {
        life::install(built)
    });
    plan.add(installs.needs(of.builds_all(&[SAMPLES, LIFE])));
    let foreign: Vec<String> = others.iter().map(|other| other.builds(LIFE)).collect();
    let others: Vec<Built> = others.into_iter().map(|other| other.built).collect();
    let guest = of.job(
        "life::boots_and_ends",
        Takes::Guest,
        130,
        move |built, report| life::run(built, &others, report),
    );
    plan.add(
        guest
            .needs([of.name("modules_install")])
            .needs(foreign)
            .covers([of.name("life")]),
    );
    Ok(())
}

/// Modules that export, and others that import from them.
fn add_stacking(plan: &mut Plan<'_>, of: &Of) {
    let builds = of.job("stacks_build", Takes::Build, 15, |built, report| {
        stacking::build(built)?;
        stacking::check_built(built, report);
        Ok(())
    });
    plan.add(
        builds
            .needs([of.builds(SAMPLES)])
            .covers(of.names(["exports_are_as_declared", "versions_follow_the_interface"])),
    );
    let guest = of.job("stacking::boots_and_ends", Takes::Guest, 100, stacking::run);
    plan.add(
        guest
            .needs([of.name("stacks_build")])
            .covers([of.name("stacking")]),
    );
}

/// A module with faults that stock kernels report.
fn add_faults(plan: &mut Plan<'_>, of: &Of) -> Result<()> {
    let built = of.built.clone();
    let builds = Job::new(of.builds(faults::DIR), Takes::Build, 5, move |report| {
        built.build(faults::DIR, report)
    });
    plan.add(builds.needs([of.name("prepares")]));
    let guest = |test: &str, work: fn(&Built, &mut crate::report::Report) -> Result<()>| {
        let job = of.job(test, Takes::Guest, 20, work);
        let (part, _) = test.split_once("::").unwrap_or((test, ""));
        job.needs([of.builds(faults::DIR)]).covers([of.name(part)])
    };
    plan.add(guest("panic::boots_and_dies", faults::run_panic));
    if faults::has_kfence(&of.built.kernel)? {
        plan.add(guest("kfence::boots_and_ends", faults::run_kfence));
    }
    Ok(())
}

fn add_debug(plan: &mut Plan<'_>, of: &Of) {
    let built = of.built.clone();
    let builds = Job::new(of.builds(debug::DIR), Takes::Build, 5, move |report| {
        built.build(debug::DIR, report)
    });
    plan.add(builds.needs([of.name("prepares")]));
    let bugs = of.job(
        "debug::bugs_boot_and_end",
        Takes::Guest,
        120,
        debug::run_bugs,
    );
    plan.add(
        bugs.needs([of.builds(debug::DIR)])
            .covers([of.name("debug")]),
    );
    let fail = of.job("fail::boots_and_ends", Takes::Guest, 600, debug::run_fail);
    plan.add(
        fail.needs([of.builds(SAMPLES), programs::JOB.to_owned()])
            .covers([of.name("fail")]),
    );
}
