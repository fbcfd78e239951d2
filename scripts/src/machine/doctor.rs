// SPDX-License-Identifier: GPL-2.0-only

//! Says what is missing to build and test modules, and how to install it.

pub mod apt;
mod checks;
mod compiler;
mod files;
mod items;
mod packages;

use crate::machine::toolchain::Toolchain;
use anyhow::Result;
use apt::Apt;
use checks::{Machine, State};
use items::ITEMS;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub use files::python_with;
pub use items::{item, Group, Id, Item};
pub use packages::{Installer, OsRelease};

/// Says what is missing to build and test modules, and how to install it.
///
/// The exit status is 0 if everything is there that building needs.
#[derive(clap::Args)]
pub struct Args {
    /// The kernel build directory to build for, instead of the running kernel's.
    #[arg(long, value_name = "DIR")]
    kdir: Option<PathBuf>,
    /// Print the toolchain that modules are built with, as a shell's assignments.
    #[arg(long)]
    toolchain: bool,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    if args.toolchain {
        let toolchain = Toolchain::find()?;
        let rustfmt = toolchain.beside("rustfmt");
        for (name, path) in [
            ("RUSTC", &toolchain.rustc),
            ("CARGO", &toolchain.cargo),
            ("RUSTFMT", &rustfmt),
        ] {
            println!("{name}={}", shlex::try_quote(&path.to_string_lossy())?);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let report = Report::make(args.kdir.as_deref());
    print!("{}", report.text());
    Ok(if report.can_build() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The remedy for one missing item on this machine, for error messages elsewhere.
pub fn remedy(id: Id) -> String {
    Report::make(None).remedy(item(id))
}

/// What was found on this machine.
pub struct Report {
    machine: Machine,
    pub findings: Vec<Finding>,
    pub installer: Installer,
}

/// What was found of one item.
pub struct Finding {
    pub item: &'static Item,
    pub group: Group,
    pub state: State,
}

impl Finding {
    pub fn is_missing(&self) -> bool {
        matches!(self.state, State::Missing(_))
    }

    /// Whether it stands in the way: what building needs is missing, or a setting is wrong.
    fn hinders(&self) -> bool {
        match self.state {
            State::Missing(_) => self.group == Group::Build,
            State::Wrong(_) => true,
            _ => false,
        }
    }
}

impl Report {
    /// Looks for everything; `kdir` is the kernel to build for, instead of the running one.
    pub fn make(kdir: Option<&Path>) -> Self {
        let machine = Machine::look(kdir);
        let check = |item: &'static Item| Finding {
            item,
            group: machine.group(item),
            state: machine.check(item.id),
        };
        let findings: Vec<Finding> = ITEMS.iter().map(check).collect();
        let facts = machine.facts();
        // Asking apt takes long, and is of no use where nothing is missing.
        let apt = if findings.iter().any(Finding::is_missing) {
            Apt::ask(ITEMS, &facts)
        } else {
            None
        };
        let installer = Installer {
            os: OsRelease::read(),
            facts,
            apt,
        };
        Self {
            machine,
            findings,
            installer,
        }
    }

    /// Whether modules can be built.
    pub fn can_build(&self) -> bool {
        !self.findings.iter().any(Finding::hinders)
    }

    /// The findings that hinder building, one line each.
    pub fn hindrances(&self) -> Vec<String> {
        self.findings
            .iter()
            .filter(|finding| finding.hinders())
            .map(|finding| self.describe(finding))
            .collect()
    }

    /// What is missing in `group`s without hindering, one line each.
    pub fn missing(&self, wanted: impl Fn(Group) -> bool) -> Vec<String> {
        let missing = self
            .findings
            .iter()
            .filter(|finding| finding.is_missing() && !finding.hinders());
        missing
            .filter(|finding| wanted(finding.group))
            .map(|finding| self.describe(finding))
            .collect()
    }

    /// All findings by group, then one command for what is missing.
    fn text(&self) -> String {
        let mut text = String::new();
        let groups = [
            (Group::Build, "To build modules:"),
            (Group::Optional, "To build modules, optional:"),
            (Group::Test, "To run the demo and the tests:"),
        ];
        for (group, title) in groups {
            let _ = writeln!(text, "{title}");
            for finding in self
                .findings
                .iter()
                .filter(|finding| finding.group == group)
            {
                let word = match finding.state {
                    State::Ok(_) => "ok",
                    State::Doubtful(_) => "warning",
                    State::Missing(_) if group != Group::Build => "missing",
                    State::Missing(_) => "MISSING",
                    State::Wrong(_) => "WRONG",
                    State::Unknown(_) => "unknown",
                };
                let _ = writeln!(text, "  {word:<8} {}", self.describe(finding));
            }
        }
        text + &self.one_command()
    }

    /// What a finding says, with the remedy.
    fn describe(&self, finding: &Finding) -> String {
        let Item { name, purpose, .. } = finding.item;
        match &finding.state {
            State::Ok(text) if text.starts_with('/') => format!("{name} ({text})"),
            State::Ok(text) => text.clone(),
            State::Doubtful(text) | State::Wrong(text) => text.clone(),
            State::Unknown(why) => format!("{name}: {why}"),
            State::Missing(detail) => {
                let detail = detail
                    .as_ref()
                    .map(|detail| format!(" ({detail})"))
                    .unwrap_or_default();
                format!("{name}: {purpose}{detail}; {}", self.remedy(finding.item))
            }
        }
    }

    /// How to get `item` on this machine.
    fn remedy(&self, item: &Item) -> String {
        let package = self.installer.remedy(item);
        let rustup = self
            .machine
            .rustc()
            .filter(|rustc| rustc.is_rustup())
            .and(match item.id {
                Id::Rustc => Some("rustup update"),
                Id::RustSrc => Some("rustup component add rust-src"),
                Id::Rustfmt => Some("rustup component add rustfmt"),
                Id::Clippy => Some("rustup component add clippy"),
                _ => None,
            });
        match rustup {
            Some(rustup) => format!("{rustup}, or {package}"),
            None => package,
        }
    }

    /// The packages that bring what is missing in `group`s, each once.
    pub fn packages(&self, wanted: impl Fn(Group) -> bool) -> Vec<String> {
        let missing = self
            .findings
            .iter()
            .filter(|finding| finding.is_missing() && wanted(finding.group));
        let mut packages = Vec::new();
        for name in missing
            .flat_map(|finding| self.installer.packages(finding.item))
            .flatten()
        {
            if !packages.contains(&name) {
                packages.push(name);
            }
        }
        packages
    }

    /// One command line that installs all that is missing.
    fn one_command(&self) -> String {
        let packages = self.packages(|_| true);
        let mut text = String::new();
        if packages.len() > 1 {
            let command = self.installer.command(&packages);
            let _ = writeln!(text, "To install all that is missing:\n  {command}");
        }
        if !packages.is_empty() && !self.installer.os.has_debians {
            let _ = writeln!(text, "{ELSEWHERE}");
        }
        text
    }
}

/// What a user of another distribution is told.
pub const ELSEWHERE: &str =
    "The packages are Debian's and Ubuntu's: other distributions have the same programs by other names.";
