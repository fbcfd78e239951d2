// SPDX-License-Identifier: GPL-2.0-only

//! A test run as a plan of jobs: a job starts when its dependencies have passed and a slot for its kind is free.

use crate::report::{Out, Report};
use crate::select::Pattern;
use anyhow::Result;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// The kind of slot that a job occupies while it runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Takes {
    Nothing,
    /// A slot for builds: keeps a processor busy.
    Build,
    /// A slot for guests: needs memory, but is mostly idle.
    Guest,
}

/// The number of slots: how many jobs of a kind run at once.
#[derive(Clone, Copy)]
pub struct Room {
    pub builds: usize,
    pub guests: usize,
}

type Work<'a> = Box<dyn FnOnce(&mut Report) -> Result<()> + Send + 'a>;

/// A part of a test run.
pub struct Job<'a> {
    /// The name of the job, which is also that of the test that passes if `work` returns `Ok`.
    pub name: String,
    /// The jobs that must have passed before this one starts.
    needs: Vec<String>,
    takes: Takes,
    /// An estimate of its run time, for the order of starts: see [`Plan::priorities`].
    seconds: u32,
    /// Prefixes of the names of the other tests that it reports.
    covers: Vec<String>,
    work: Work<'a>,
}

impl<'a> Job<'a> {
    pub fn new(
        name: impl Into<String>,
        takes: Takes,
        seconds: u32,
        work: impl FnOnce(&mut Report) -> Result<()> + Send + 'a,
    ) -> Self {
        Self {
            name: name.into(),
            needs: Vec::new(),
            takes,
            seconds,
            covers: Vec::new(),
            work: Box::new(work),
        }
    }

    pub fn needs(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.needs.extend(names.into_iter().map(Into::into));
        self
    }

    pub fn covers(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.covers.extend(names.into_iter().map(Into::into));
        self
    }

    fn is_meant(&self, pattern: &Pattern) -> bool {
        let mut names = std::iter::once(&self.name).chain(&self.covers);
        names.any(|name| pattern.matches(name) || pattern.may_match_below(name))
    }
}

/// All jobs of a test run.
#[derive(Default)]
pub struct Plan<'a> {
    jobs: Vec<Job<'a>>,
}

enum State {
    Waits,
    Runs,
    Done,
    Failed,
}

impl<'a> Plan<'a> {
    pub fn add(&mut self, job: Job<'a>) {
        self.jobs.push(job);
    }

    /// Keeps the jobs that `pattern` selects and their dependencies, and removes all others.
    pub fn select(&mut self, pattern: &Pattern) {
        let mut wanted: BTreeSet<String> = self
            .jobs
            .iter()
            .filter(|job| job.is_meant(pattern))
            .map(|job| job.name.clone())
            .collect();
        loop {
            let needed = self.jobs.iter().filter(|job| wanted.contains(&job.name));
            let needed: Vec<String> = needed.flat_map(|job| job.needs.clone()).collect();
            let before = wanted.len();
            wanted.extend(needed);
            if wanted.len() == before {
                break;
            }
        }
        self.jobs.retain(|job| wanted.contains(&job.name));
    }

    /// The names of all jobs, and the prefixes of the tests that they report.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.jobs
            .iter()
            .flat_map(|job| std::iter::once(&job.name).chain(&job.covers))
            .map(String::as_str)
    }

    /// Seconds from a job's start until all jobs that depend on it have ended, with unlimited slots.
    pub fn priorities(&self) -> BTreeMap<String, u32> {
        let mut longest: BTreeMap<String, u32> = BTreeMap::new();
        // Each pass handles one more level of dependencies; a plan has few.
        loop {
            let mut changed = false;
            for job in &self.jobs {
                let after = self
                    .jobs
                    .iter()
                    .filter(|other| other.needs.contains(&job.name));
                let after = after.filter_map(|other| longest.get(&other.name)).max();
                let whole = job.seconds + after.copied().unwrap_or(0);
                changed |= longest.insert(job.name.clone(), whole) != Some(whole);
            }
            if !changed {
                return longest;
            }
        }
    }

    /// Runs all jobs; each reports its results to `out`.
    pub fn run(self, room: Room, out: &Out) {
        let priorities = self.priorities();
        let mut jobs = self.jobs;
        jobs.sort_by_key(|job| std::cmp::Reverse(priorities[&job.name]));
        let mut states: BTreeMap<String, State> = jobs
            .iter()
            .map(|job| (job.name.clone(), State::Waits))
            .collect();
        let mut jobs: Vec<Option<Job<'a>>> = jobs.into_iter().map(Some).collect();
        let (ended, ends) = mpsc::channel();
        let (mut builds, mut guests, mut running) = (0, 0, 0);
        std::thread::scope(|scope| loop {
            for slot in &mut jobs {
                let Some(job) = slot else { continue };
                let state = |name: &String| states.get(name);
                let broken = job.needs.iter().find(|name| {
                    !matches!(state(name), Some(State::Waits | State::Runs | State::Done))
                });
                if let Some(broken) = broken {
                    out.report(&job.name, "").not_run(&job.name, broken);
                    states.insert(job.name.clone(), State::Failed);
                    *slot = None;
                    continue;
                }
                let is_ready = job
                    .needs
                    .iter()
                    .all(|name| matches!(state(name), Some(State::Done)));
                let (taken, most) = match job.takes {
                    Takes::Nothing => (&mut running, usize::MAX),
                    Takes::Build => (&mut builds, room.builds),
                    Takes::Guest => (&mut guests, room.guests),
                };
                if !is_ready || *taken >= most {
                    continue;
                }
                *taken += 1;
                let Some(job) = slot.take() else { continue };
                states.insert(job.name.clone(), State::Runs);
                let ended = ended.clone();
                scope.spawn(move || {
                    let (name, takes) = (job.name.clone(), job.takes);
                    let passed = run_one(job, out);
                    // The receiver outlives all jobs.
                    let _ = ended.send((name, takes, passed));
                });
            }
            if builds + guests + running == 0 {
                // The jobs that are left depend on each other in a cycle.
                for job in jobs.iter().flatten() {
                    let why = "was not run: its dependencies form a cycle".to_owned();
                    out.report(&job.name, "").add_whole(&job.name, Err(why));
                }
                break;
            }
            let Ok((name, takes, passed)) = ends.recv() else {
                break;
            };
            match takes {
                Takes::Nothing => running -= 1,
                Takes::Build => builds -= 1,
                Takes::Guest => guests -= 1,
            }
            states.insert(name, if passed { State::Done } else { State::Failed });
        });
    }
}

/// Runs a job and returns whether it passed. A panic in a job fails that job only.
fn run_one(job: Job<'_>, out: &Out) -> bool {
    let prefix = job.name.rsplit_once("::").map_or("", |(prefix, _)| prefix);
    let mut report = out.report(&job.name, prefix);
    let start = Instant::now();
    let ended = catch_unwind(AssertUnwindSafe(|| (job.work)(&mut report)));
    let verdict = match ended {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(format!("{error:#}")),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(format!(
                "the test panicked: {}",
                text.unwrap_or("no message")
            ))
        }
    };
    let passed = verdict.is_ok();
    report.add_whole(&job.name, verdict);
    report.end(start.elapsed());
    passed
}

/// Formats a duration for the log: `98.0 s`.
pub fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
