// SPDX-License-Identifier: GPL-2.0-only

//! Installs what is missing.

mod backports;

use self::backports::Backports;
use crate::command;
use crate::machine::doctor::{apt, Group, Report, ELSEWHERE};
use crate::machine::oldest;
use anyhow::{ensure, Result};
use std::process::{Command, ExitCode};
use which::which;

/// Installs what is missing, with apt-get; elsewhere it says what to install.
#[derive(clap::Args)]
pub struct Args {
    /// Say what would be run, and run nothing.
    #[arg(long)]
    dry_run: bool,
    /// Only what building needs: no QEMU, no tools of the tests.
    #[arg(long)]
    build_only: bool,
    /// Only fetch the oldest Rust that modules are built with into the cache, and print its rustc.
    #[arg(long, conflicts_with_all = ["dry_run", "build_only"])]
    oldest_rust: bool,
}

impl Args {
    fn wants(&self, group: Group) -> bool {
        group != Group::Test || !self.build_only
    }
}

pub fn run(args: &Args) -> Result<ExitCode> {
    if args.oldest_rust {
        println!("{}", oldest::fetch()?.display());
        return Ok(ExitCode::SUCCESS);
    }
    let mut report = Report::make(None);
    if which("apt-get").is_err() {
        return without_apt(args, &report);
    }
    let apt_get = AptGet::new(args.dry_run)?;
    let mut installed = false;
    let wanted = |group| args.wants(group);
    let misses = |report: &Report| {
        report
            .findings
            .iter()
            .any(|finding| finding.is_missing() && wanted(finding.group))
    };
    // Old lists name packages that are gone, do not know some that have come since, or know parts of an older Rust
    // than the one that is there.
    if misses(&report) && apt::lists_are_old() {
        apt_get.update()?;
        report = Report::make(None);
    }
    // Which clang is wanted is known once rustc is there: that takes a second round.
    for _ in 0..2 {
        let packages = report.packages(wanted);
        if packages.is_empty() {
            break;
        }
        apt_get.install(&packages)?;
        installed = true;
        if args.dry_run {
            return Ok(ExitCode::SUCCESS);
        }
        report = Report::make(None);
    }
    let hindrances = report.hindrances();
    ensure!(hindrances.is_empty(), "{}", hindrances.join("\nferrule: "));
    for line in report.missing(wanted) {
        println!("setup: left out: {line}");
    }
    println!(
        "setup: {}",
        if installed {
            "done"
        } else {
            "nothing to install"
        }
    );
    Ok(ExitCode::SUCCESS)
}

/// Says what the user of a machine without apt can do.
fn without_apt(args: &Args, report: &Report) -> Result<ExitCode> {
    let packages = report.packages(|group| args.wants(group));
    ensure!(
        packages.is_empty(),
        "there is no apt-get here; missing are: {}. {ELSEWHERE}",
        packages.join(", ")
    );
    let hindrances = report.hindrances();
    ensure!(hindrances.is_empty(), "{}", hindrances.join("\nferrule: "));
    println!("setup: nothing to install");
    Ok(ExitCode::SUCCESS)
}

/// apt-get, run as root.
struct AptGet {
    /// `sudo` where the user is not root.
    prefix: &'static [&'static str],
    dry_run: bool,
}

impl AptGet {
    fn new(dry_run: bool) -> Result<Self> {
        let root = rustix::process::geteuid().is_root();
        Ok(Self {
            prefix: if root { &[] } else { &["sudo"] },
            dry_run,
        })
    }

    fn update(&self) -> Result<()> {
        self.run(&["update"])
    }

    /// Installs `packages`; apt's lists are brought up to date if they turn out to be stale.
    fn install(&self, packages: &[String]) -> Result<()> {
        // Nothing of the user's may go to make room for ours.
        let mut args = vec!["install", "--no-install-recommends", "--no-remove", "-y"];
        args.extend(packages.iter().map(String::as_str));
        let Err(error) = self.run(&args) else {
            return Ok(());
        };
        let text = format!("{error:#}");
        if is_stale(&text) {
            println!("setup: apt's lists are out of date ({text})");
            self.update()?;
            self.run(&args)
        } else if is_in_the_way(&text) {
            let Ok(backports) = Backports::new() else {
                return Err(error);
            };
            let suite = backports.suite();
            println!("setup: a package here excludes those of the release: trying with {suite}");
            let words = |words: &[&str]| {
                let mut all = backports.options();
                all.extend(words.iter().map(|&word| word.to_owned()));
                all
            };
            self.run(&words(&["update"]))?;
            args.splice(1..1, ["-t", suite]);
            self.run(&words(&args))
        } else {
            Err(error)
        }
    }

    /// Prints and runs one apt-get command; its own first error is the error.
    fn run(&self, args: &[impl AsRef<str>]) -> Result<()> {
        let args: Vec<_> = args.iter().map(AsRef::as_ref).collect();
        let mut words = self.prefix.to_vec();
        // Another apt at work, such as a machine's own at its first boot, is waited for.
        words.extend([
            "env",
            "DEBIAN_FRONTEND=noninteractive",
            "apt-get",
            "-o",
            "DPkg::Lock::Timeout=60",
        ]);
        words.extend(&args);
        let line = words.join(" ");
        println!("+ {line}");
        if self.dry_run {
            return Ok(());
        }
        ensure!(
            which(words[0]).is_ok(),
            "not root, and no sudo here: run as root: apt-get {}",
            args.join(" ")
        );
        let mut errors = Vec::new();
        let mut apt_get = Command::new(words[0]);
        let status = command::watch(apt_get.args(&words[1..]), &mut |line| {
            errors.extend(line.strip_prefix("E: ").map(str::to_owned));
        })?;
        // Options may come before the verb.
        let verb = args
            .iter()
            .find(|word| ["install", "update"].contains(word));
        ensure!(
            status.success(),
            "{}",
            explain(verb.unwrap_or(&args[0]), &errors)
        );
        Ok(())
    }
}

/// Whether apt-get failed because its lists name packages that the mirror has no more, or not yet.
fn is_stale(error: &str) -> bool {
    [
        "Unable to locate package",
        "has no installation candidate",
        "404",
    ]
    .iter()
    .any(|text| error.contains(text))
}

/// Whether apt-get failed because a package of the machine's would have to go.
fn is_in_the_way(error: &str) -> bool {
    error.contains("remove is disabled")
}

/// One line on why `apt-get verb` failed, and what to do.
fn explain(verb: &str, errors: &[String]) -> String {
    let first = errors.first().map_or("it says no more", String::as_str);
    let remedy = if errors.iter().any(|error| error.contains("lock")) {
        "another apt is at work: let it finish, then run this again"
    } else if errors.iter().any(|error| is_in_the_way(error)) {
        "a package in the way would have to go (named above): remove it, then run this again"
    } else if errors
        .iter()
        .any(|error| error.contains("Failed to fetch") || is_stale(error))
    {
        "see that the network and apt's sources work, then run this again"
    } else {
        "put right what apt-get says above, then run this again"
    };
    format!("apt-get {verb} failed: {first}; {remedy}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_explained_in_one_line() {
        let explain = |text: &str| explain("install", &[text.to_owned()]);
        assert!(explain("Could not get lock /var/lib/dpkg/lock-frontend.")
            .ends_with("let it finish, then run this again"));
        assert!(
            explain("Packages need to be removed but remove is disabled.").contains("remove it")
        );
        assert!(explain("Failed to fetch http://x/y.deb  404  Not Found").contains("network"));
        assert!(explain("Unable to locate package reuse").contains("network"));
        assert_eq!(super::explain("update", &[]).lines().count(), 1);
    }

    #[test]
    fn stale_lists_are_told_from_other_failures() {
        assert!(is_stale("Unable to locate package clang-22"));
        assert!(is_stale(
            "Failed to fetch http://x/y.deb  404  Not Found [IP: ::1 80]"
        ));
        assert!(!is_stale("Could not get lock /var/lib/dpkg/lock-frontend"));
    }
}
