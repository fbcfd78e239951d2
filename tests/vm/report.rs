// SPDX-License-Identifier: GPL-2.0-only

//! The output of a test run: each result when it is known, and all failures again at the end.

use crate::plan::seconds;
use crate::record;
use crate::select::Pattern;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

/// The result of a test: the error is the reason of the failure.
pub type Verdict = Result<(), String>;

/// Collects and prints the results of all jobs.
pub struct Out {
    pattern: Pattern,
    is_quiet: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    passed: usize,
    skipped: usize,
    failures: Vec<String>,
}

impl Out {
    /// Counts the tests that `pattern` selects, and failed steps that they depend on.
    pub fn new(pattern: Pattern) -> Self {
        Self {
            pattern,
            is_quiet: false,
            state: Mutex::default(),
        }
    }

    /// Prints nothing, for the tests of the runner.
    #[allow(dead_code)]
    pub fn quiet() -> Self {
        Self {
            is_quiet: true,
            ..Self::new(Pattern::default())
        }
    }

    /// The report of the job `name`, whose tests' names begin with `prefix`.
    pub fn report(&self, name: &str, prefix: &str) -> Report<'_> {
        Report {
            out: self,
            job: name.to_owned(),
            prefix: prefix.to_owned(),
            log: None,
            notes: Vec::new(),
            judged: Vec::new(),
            repeat: None,
            has_failed: false,
        }
    }

    /// The numbers of passed, failed and skipped tests, for the tests of the runner.
    #[allow(dead_code)]
    pub fn counts(&self) -> (usize, usize, usize) {
        let state = self.state();
        (state.passed, state.failures.len(), state.skipped)
    }

    /// Prints the failures again and the totals; returns whether the run passed.
    pub fn finish(&self) -> bool {
        let state = self.state();
        if !state.failures.is_empty() {
            println!("\nfailures:\n");
        }
        for failure in &state.failures {
            println!("{failure}\n");
        }
        let (passed, failed) = (state.passed, state.failures.len());
        println!(
            "{passed} passed, {failed} failed, {} skipped",
            state.skipped
        );
        failed == 0 && passed > 0
    }

    fn say(&self, line: &str) {
        if !self.is_quiet {
            println!("{line}");
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // The counters are valid even if a thread panicked while it held the lock.
        self.state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Collects the results of one job.
pub struct Report<'a> {
    out: &'a Out,
    job: String,
    prefix: String,
    log: Option<PathBuf>,
    notes: Vec<&'static str>,
    /// The other jobs whose records a failure removes.
    judged: Vec<String>,
    /// The test to repeat instead of one that was not run.
    repeat: Option<String>,
    has_failed: bool,
}

impl Report<'_> {
    /// The job's name.
    pub fn job(&self) -> &str {
        &self.job
    }

    /// Sets the path of the guest's log, which each failure names.
    pub fn set_log(&mut self, path: PathBuf) {
        self.log = Some(path);
    }

    /// Names the jobs whose guests' logs this job checks: if it fails, those guests are booted again in the next run.
    pub fn judges(&mut self, jobs: impl IntoIterator<Item = String>) {
        self.judged.extend(jobs);
    }

    /// Adds a remark to the line that is printed at the job's end.
    pub fn note(&mut self, note: &'static str) {
        self.notes.push(note);
    }

    /// Adds the result of a test whose name begins with the job's prefix.
    pub fn add(&mut self, name: impl AsRef<str>, verdict: Verdict) {
        self.add_other(&self.whole(name.as_ref()), verdict);
    }

    fn whole(&self, name: &str) -> String {
        match self.prefix.as_str() {
            "" => name.to_owned(),
            prefix => format!("{prefix}::{name}"),
        }
    }

    /// Adds the result of the step `name`. A failure is shown even if the user did not select that step.
    pub fn add_whole(&mut self, name: &str, verdict: Verdict) {
        if verdict.is_ok() && !self.out.pattern.matches(name) {
            return;
        }
        let mut state = self.out.state();
        match verdict {
            Ok(()) => {
                state.passed += 1;
                self.out.say(&format!("test {name} ... ok"));
            }
            Err(why) => {
                self.has_failed = true;
                let log = self.log.as_ref();
                let log = log.map(|path| format!("\n    log:    {}", path.display()));
                let (why, repeat) = (why.trim_end(), self.repeat.as_deref().unwrap_or(name));
                let verb = match repeat.starts_with("debug::") {
                    true => "test-debug",
                    false => "test",
                };
                let text = format!(
                    "---- {name} ----\n{why}\n    repeat: make {verb} T='{repeat}'{}",
                    log.unwrap_or_default()
                );
                self.out.say(&format!("test {name} ... FAILED\n{text}"));
                state.failures.push(text);
            }
        }
    }

    /// Adds the job `name`, which was not run because `needed` failed.
    pub fn not_run(&mut self, name: &str, needed: &str) {
        self.repeat = Some(needed.to_owned());
        let why = format!("was not run: it needs {needed}, which failed");
        self.add_whole(name, Err(why));
    }

    /// Adds the result of a test, by its whole name.
    pub fn add_other(&mut self, name: &str, verdict: Verdict) {
        // A group that failed as a whole has not reported the tests below it, which may be selected.
        let pattern = &self.out.pattern;
        let is_meant = pattern.matches(name) || verdict.is_err() && pattern.may_match_below(name);
        if is_meant {
            self.add_whole(name, verdict);
        }
    }

    /// Adds a skipped test, by its whole name, with the reason.
    pub fn skip_other(&mut self, name: &str, why: &str) {
        if self.out.pattern.matches(name) {
            self.out.state().skipped += 1;
            self.out.say(&format!("test {name} ... skipped: {why}"));
        }
    }

    /// Adds a skipped test whose name begins with the job's prefix, with the reason.
    pub fn skip(&mut self, name: impl AsRef<str>, why: &str) {
        self.skip_other(&self.whole(name.as_ref()), why);
    }

    /// Adds the result of a step, and returns its value if it passed.
    pub fn add_step<T>(&mut self, name: &str, outcome: anyhow::Result<T>) -> Option<T> {
        let (value, verdict) = match outcome {
            Ok(value) => (Some(value), Ok(())),
            Err(error) => (None, Err(format!("{error:#}"))),
        };
        let name = self.whole(name);
        self.add_whole(&name, verdict);
        value
    }

    /// Ends the job. After a failure its records are removed, so that the next run runs its steps again.
    pub fn end(self, time: Duration) {
        if self.has_failed {
            self.judged.iter().for_each(|job| record::forget(job));
            record::forget(&self.job);
        }
        let notes: String = self.notes.iter().map(|note| format!(", {note}")).collect();
        self.out
            .say(&format!("     {} took {}{notes}", self.job, seconds(time)));
    }
}
