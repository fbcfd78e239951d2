// SPDX-License-Identifier: GPL-2.0-only

//! The tests that run on the host, and the checks of `make check`, as jobs of the same plan.

use crate::plan::{Job, Plan, Takes};
use crate::record::{self, Key};
use crate::report::Report;
use anyhow::{bail, ensure, Context, Result};
use ferrule::command;
use ferrule::dirs;
use ferrule::kernels::Kernel;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};

/// A test binary.
struct Binary {
    name: &'static str,
    /// The files and directories that it reads when it runs.
    reads: &'static [&'static str],
    /// An estimate of its run time.
    seconds: u32,
}

const fn binary(name: &'static str, seconds: u32, reads: &'static [&'static str]) -> Binary {
    Binary {
        name,
        reads,
        seconds,
    }
}

/// What the tests that build modules read, but for rust/kernel: to them its crate is something to compile, which the
/// builds of each kernel do anyway. Of a change there only a run with `FRESH=1` repeats them.
const BUILDS: &[&str] = &[
    "rust/bindings",
    "rust/compat",
    "rust/ffi.rs",
    "rust/helpers",
    "rust/macros",
    "rust/pin-init",
    "rust/sysroot",
    "scripts",
    "tests/fixture",
    "Cargo.toml",
    "Cargo.lock",
];

const BINARIES: &[Binary] = &[
    binary(
        "api",
        10,
        &["rust", "samples", "templates", "tests", "docs", "README.md"],
    ),
    binary("bindings_generator", 2, &["rust/bindings"]),
    binary("build", 100, BUILDS),
    binary("dkms", 60, BUILDS),
    binary(
        "docs",
        1,
        &[
            "docs",
            "rust",
            "samples",
            "scripts",
            "templates",
            "tests",
            "Makefile",
            "README.md",
            "Cargo.toml",
        ],
    ),
    binary("expand", 5, &["rust/macros", "tests/ui"]),
    binary(
        "ferrule",
        5,
        &[
            "rust",
            "samples",
            "scripts",
            "templates",
            "tests",
            "README.md",
            "Cargo.toml",
        ],
    ),
    binary("install", 40, BUILDS),
    binary("macros", 2, &["rust/macros"]),
    binary("nullmodem_line", 2, &["samples"]),
    binary("pin_init", 2, &["rust/pin-init"]),
    binary("plan", 1, &[]),
    binary("tool", 5, &["Makefile", "scripts", "Cargo.lock"]),
    binary("uart16550", 2, &["samples"]),
    binary("ui", 20, &["rust/macros", "rust/pin-init", "tests/ui"]),
];

/// Programs that have no test yet.
const WITHOUT_TESTS: [&str; 2] = ["bindings_generator", "pin_init"];

/// The job that compiles the test binaries.
const COMPILES: &str = "host::tests_compile";

/// The checks of `make check`, the seconds that each takes, and whether it needs a kernel's crates.
const CHECKS: &[(&str, u32, bool)] = &[
    ("rustfmtcheck", 3, false),
    ("clippy", 40, true),
    ("rustdoc", 30, true),
    ("shellcheck", 3, false),
    ("reuse", 5, false),
];

type Paths = Arc<OnceLock<BTreeMap<String, PathBuf>>>;

/// Adds the tests that run on the host.
pub fn add_tests(plan: &mut Plan<'_>, kernels: &[Kernel]) {
    let paths = Paths::default();
    {
        let paths = Arc::clone(&paths);
        plan.add(Job::new(COMPILES, Takes::Build, 40, move |_| {
            let found = compile()?;
            let known = |name: &str| BINARIES.iter().any(|binary| binary.name == name);
            let unknown: Vec<&String> = found.keys().filter(|name| !known(name)).collect();
            ensure!(
                unknown.is_empty(),
                "tests/vm/host.rs has no row for {unknown:?}"
            );
            let _ = paths.set(found);
            Ok(())
        }));
    }
    let releases: Vec<String> = kernels
        .iter()
        .map(|kernel| kernel.release.clone())
        .collect();
    for binary in BINARIES {
        let (paths, releases) = (Arc::clone(&paths), releases.clone());
        let job = Job::new(
            job_of(binary.name),
            Takes::Build,
            binary.seconds,
            move |report| {
                let paths = paths.get().context("no test was compiled")?;
                let path = paths
                    .get(binary.name)
                    .with_context(|| format!("no test {}", binary.name))?;
                let root = dirs::root()?;
                let mut key = Key::default().and(releases.join(" ")).and_files(path)?;
                for read in binary.reads {
                    key = key.and_files(&root.join(read))?;
                }
                let mut command = Command::new(path);
                // The working directory that cargo would give it.
                command.current_dir(package_dir(&root, binary.name));
                judge(report, binary.name, &key, command)
            },
        );
        plan.add(job.needs([COMPILES]).covers([binary.name]));
    }
    let examples = Job::new(job_of("examples"), Takes::Build, 15, |report| {
        let root = dirs::root()?;
        let mut key = Key::default();
        for read in [
            "rust/macros",
            "rust/pin-init",
            "rust/bindings",
            "scripts",
            "Cargo.lock",
        ] {
            key = key.and_files(&root.join(read))?;
        }
        let mut cargo = cargo();
        cargo.args(["test", "--locked", "--doc"]);
        cargo.args(["--", "--nocapture"]);
        judge(report, "examples", &key, cargo)
    });
    plan.add(examples.needs([COMPILES]).covers(["examples"]));
}

fn job_of(name: &str) -> String {
    format!("{name}::tests_end")
}

/// Adds the checks of `make check`.
pub fn add_checks(plan: &mut Plan<'_>, newest: Option<&Kernel>) {
    for (check, seconds, needs_kernel) in CHECKS {
        let job = Job::new(
            format!("check::{check}"),
            Takes::Build,
            *seconds,
            move |_| {
                let mut shell = Command::new("scripts/check.sh");
                let output = shell.current_dir(dirs::root()?).arg(check).output()?;
                let said = String::from_utf8_lossy(&output.stdout)
                    + String::from_utf8_lossy(&output.stderr);
                ensure!(output.status.success(), "{said}");
                Ok(())
            },
        );
        // Cargo locks its target directory: do not start while it compiles the tests.
        let mut needs = vec![COMPILES.to_owned()];
        needs.extend(
            newest
                .filter(|_| *needs_kernel)
                .map(|kernel| format!("{}::inline::prepares", kernel.series)),
        );
        plan.add(job.needs(needs));
    }
}

fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    if let Ok(root) = dirs::root() {
        cargo.current_dir(root);
    }
    cargo
}

/// The directory of the package that the test belongs to.
fn package_dir(root: &Path, name: &str) -> PathBuf {
    root.join(match name {
        "bindings_generator" => "rust/bindings",
        "macros" | "expand" | "ui" => "rust/macros",
        "pin_init" => "rust/pin-init",
        _ => "scripts",
    })
}

/// Compiles all test binaries but this one, and returns their paths by name.
fn compile() -> Result<BTreeMap<String, PathBuf>> {
    let mut cargo = cargo();
    cargo.args([
        "test",
        "--no-run",
        "--locked",
        "--quiet",
        "--message-format=json-render-diagnostics",
    ]);
    let messages = command::output(&mut cargo)?;
    let mut found = BTreeMap::new();
    for message in messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
    {
        let name = message["target"]["name"]
            .as_str()
            .unwrap_or_default()
            .replace('-', "_");
        let is_tool = message["target"]["kind"][0] == "bin";
        let is_test = message["profile"]["test"] == true;
        if let (Some(path), true, false) = (
            message["executable"].as_str(),
            is_test,
            is_tool || name == "vm",
        ) {
            found.insert(name, path.into());
        }
    }
    Ok(found)
}

/// Runs a test binary, or takes its recorded output if `key` has not changed, and reports the result of each test.
fn judge(report: &mut Report, name: &str, key: &Key, command: Command) -> Result<()> {
    let mut live = Live::new(name);
    let job = report.job().to_owned();
    let (said, was_kept) = record::kept(&job, "said", key, || {
        let (lines, succeeded) = run(command, |line| live.line(line, report))?;
        Ok((lines, succeeded))
    })?;
    if was_kept {
        report.note("from the record of an earlier run");
        for line in &said.0 {
            live.line(line, report);
        }
    }
    live.finish(report);
    ensure!(
        live.seen > 0 || WITHOUT_TESTS.contains(&name),
        "no test was run:\n{}",
        said.0.join("\n")
    );
    if !said.1 && live.failed == 0 {
        bail!(
            "the test binary failed, but none of its tests did:\n{}",
            said.0.join("\n")
        );
    }
    Ok(())
}

/// Runs `command`, and calls `line` with each line of its output as it is printed.
fn run(mut command: Command, mut line: impl FnMut(&str)) -> Result<(Vec<String>, bool)> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {:?}", command.get_program()))?;
    let errors = child.stderr.take().context("its errors are ours")?;
    let errors = std::thread::spawn(move || {
        BufReader::new(errors)
            .lines()
            .map_while(Result::ok)
            .collect::<Vec<_>>()
    });
    let mut lines = Vec::new();
    let output = child.stdout.take().context("its output is ours")?;
    for said in BufReader::new(output).lines() {
        let said = said.context("cannot read what the tests say")?;
        line(&said);
        lines.push(said);
    }
    let succeeded = child.wait()?.success();
    lines.extend(errors.join().unwrap_or_default());
    Ok((lines, succeeded))
}

/// Parses libtest's output.
struct Live {
    prefix: String,
    /// The output of each failed test.
    details: BTreeMap<String, String>,
    failing: Vec<String>,
    current: Option<String>,
    seen: usize,
    failed: usize,
}

impl Live {
    fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
            details: BTreeMap::new(),
            failing: Vec::new(),
            current: None,
            seen: 0,
            failed: 0,
        }
    }

    fn line(&mut self, line: &str, report: &mut Report) {
        // trybuild has lines of its own, in colours.
        let is_libtests = !line.contains('\u{1b}') && !line.contains("[should ");
        if let Some(rest) = line.strip_prefix("test ").filter(|_| is_libtests) {
            if let Some((name, verdict)) = rest.rsplit_once(" ... ") {
                self.seen += 1;
                let whole = format!("{}::{name}", self.prefix);
                match verdict {
                    "ok" => report.add_other(&whole, Ok(())),
                    "FAILED" => self.failing.push(name.to_owned()),
                    why => report.skip_other(&whole, why),
                }
                return;
            }
        }
        let header = line
            .strip_prefix("---- ")
            .and_then(|rest| rest.strip_suffix(" stdout ----"));
        match (header, &self.current) {
            (Some(name), _) => self.current = Some(name.to_owned()),
            (None, _) if line == "failures:" => self.current = None,
            (None, Some(name)) => {
                let text = self.details.entry(name.clone()).or_default();
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }

    fn finish(&mut self, report: &mut Report) {
        for name in std::mem::take(&mut self.failing) {
            self.failed += 1;
            let why = self.details.remove(&name).unwrap_or_default();
            report.add_other(&format!("{}::{name}", self.prefix), Err(why));
        }
    }
}
