// SPDX-License-Identifier: GPL-2.0-only

//! What a test run says: each verdict when it is known, and what failed once more at its end.

use crate::plan::seconds;
use crate::record;
use crate::select::Pattern;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

/// What a test found: nothing, or what is wrong.
pub type Verdict = Result<(), String>;

/// Takes the verdicts of all jobs.
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
    /// Counts the tests that `pattern` means, and steps before them that fail.
    pub fn new(pattern: Pattern) -> Self {
        Self {
            pattern,
            is_quiet: false,
            state: Mutex::default(),
        }
    }

    /// Says nothing, for tests of jobs.
    #[allow(dead_code)]
    pub fn quiet() -> Self {
        Self {
            is_quiet: true,
            ..Self::new(Pattern::default())
        }
    }

    /// Where the job `name` says what it finds; its tests' names begin with `prefix`.
    pub fn report(&self, name: &str, prefix: &str) -> Report<'_> {
        Report {
            out: self,
            job: name.to_owned(),
            prefix: prefix.to_owned(),
            log: None,
            notes: Vec::new(),
            judged: Vec::new(),
            has_failed: false,
        }
    }

    /// How many passed, failed and were skipped, for tests of jobs.
    #[allow(dead_code)]
    pub fn counts(&self) -> (usize, usize, usize) {
        let state = self.state();
        (state.passed, state.failures.len(), state.skipped)
    }

    /// Repeats what failed, and says how many tests did what.
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
        // A thread that panicked while it counted has counted.
        self.state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Takes the verdicts of one job.
pub struct Report<'a> {
    out: &'a Out,
    job: String,
    prefix: String,
    log: Option<PathBuf>,
    notes: Vec<&'static str>,
    /// The jobs whose records a failure is due to, beside its own.
    judged: Vec<String>,
    has_failed: bool,
}

impl Report<'_> {
    /// The job's name.
    pub fn job(&self) -> &str {
        &self.job
    }

    /// Says where the guest's log is, for a test that fails.
    pub fn set_log(&mut self, path: PathBuf) {
        self.log = Some(path);
    }

    /// Names the jobs whose guests are judged here: if that fails, they are booted again the next time.
    pub fn judges(&mut self, jobs: impl IntoIterator<Item = String>) {
        self.judged.extend(jobs);
    }

    /// Says of the job's end how it came to be.
    pub fn note(&mut self, note: &'static str) {
        self.notes.push(note);
    }

    /// Adds the verdict of a test whose name begins with the job's prefix.
    pub fn add(&mut self, name: impl AsRef<str>, verdict: Verdict) {
        self.add_other(&self.whole(name.as_ref()), verdict);
    }

    fn whole(&self, name: &str) -> String {
        match self.prefix.as_str() {
            "" => name.to_owned(),
            prefix => format!("{prefix}::{name}"),
        }
    }

    /// Adds the verdict of the step `name`: one that fails before the tests that are meant is not hidden.
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
                let text = format!(
                    "---- {name} ----\n{}\n    repeat: make {} T='{name}'{}",
                    why.trim_end(),
                    match name.starts_with("debug::") {
                        true => "test-debug",
                        false => "test",
                    },
                    log.unwrap_or_default()
                );
                self.out.say(&format!("test {name} ... FAILED\n{text}"));
                state.failures.push(text);
            }
        }
    }

    /// Adds the verdict of a test whose name does not begin with the job's prefix.
    pub fn add_other(&mut self, name: &str, verdict: Verdict) {
        // What failed as a whole has none of the parts that may be meant.
        let pattern = &self.out.pattern;
        let is_meant = pattern.matches(name) || verdict.is_err() && pattern.may_match_below(name);
        if is_meant {
            self.add_whole(name, verdict);
        }
    }

    /// Adds a test that was not run, by its whole name.
    pub fn skip_other(&mut self, name: &str, why: &str) {
        if self.out.pattern.matches(name) {
            self.out.state().skipped += 1;
            self.out.say(&format!("test {name} ... skipped: {why}"));
        }
    }

    /// Adds a test that cannot be run here, with the reason.
    pub fn skip(&mut self, name: impl AsRef<str>, why: &str) {
        self.skip_other(&self.whole(name.as_ref()), why);
    }

    /// Adds a step's outcome, and says whether what builds on it can go on.
    pub fn add_step<T>(&mut self, name: &str, outcome: anyhow::Result<T>) -> Option<T> {
        let (value, verdict) = match outcome {
            Ok(value) => (Some(value), Ok(())),
            Err(error) => (None, Err(format!("{error:#}"))),
        };
        let name = self.whole(name);
        self.add_whole(&name, verdict);
        value
    }

    /// The job has ended. What a failure was judged by is not judged again: the next run makes it anew.
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
