// SPDX-License-Identifier: GPL-2.0-only

//! A private apt: the machine's mirrors and proxies, our suites, nothing of the machine touched.

use super::command::checked;
use super::matrix::{Naming, Row};
use super::package::{self, Package};
use super::sites::{Sites, BY_HAND, FORMAT};
use anyhow::{ensure, Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Debian's signing keys, of the package `debian-archive-keyring`.
pub const KEYRINGS: [&str; 2] = [
    "/usr/share/keyrings/debian-archive-keyring.gpg",
    "/usr/share/keyrings/debian-archive-keyring.pgp",
];

/// apt with its state under the cache.
pub struct Apt {
    dir: PathBuf,
    sites: Sites,
    keyring: &'static str,
}

impl Apt {
    /// Sets up a private apt in `dir`.
    ///
    /// # Errors
    ///
    /// When there is no apt, or it is not Debian's; the message says what to do instead.
    pub fn new(dir: PathBuf) -> Result<Self> {
        ensure!(
            which::which("apt-get").is_ok() && which::which("dpkg-deb").is_ok(),
            "no apt here: the test kernels are fetched with Debian's; {BY_HAND}"
        );
        for sub in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(dir.join(sub))
                .with_context(|| format!("creating {}", dir.join(sub).display()))?;
        }
        let sites = machine_sites(&dir)?;
        let keyring = KEYRINGS
            .into_iter()
            .find(|file| Path::new(file).exists())
            .with_context(|| {
                format!(
                    "no {}: signatures cannot be checked; apt install debian-archive-keyring",
                    KEYRINGS[0]
                )
            })?;
        Ok(Self {
            dir,
            sites,
            keyring,
        })
    }

    /// Brings the indexes of `suites` up to date, for what is called `name`, and lets their packages be looked up.
    pub fn update(&self, name: &str, suites: &[String]) -> Result<Suites> {
        let list = self.dir.join(format!("{name}.list"));
        let lines: Result<String> = suites
            .iter()
            .map(|suite| self.sites.line(suite, self.keyring))
            .collect();
        fs::write(&list, lines?).with_context(|| format!("writing {}", list.display()))?;
        let conf = self.dir.join(format!("{name}.conf"));
        let text = conf_text(&self.dir, Some(&list));
        fs::write(&conf, text).with_context(|| format!("writing {}", conf.display()))?;
        let names = suites.join(", ");
        eprintln!("{name}: asking the archive what is new in {names}");
        let suites = Suites { conf };
        suites
            .run("apt-get", &["-qq", "update"])
            .with_context(|| format!("{name}: updating from {names}"))?;
        Ok(suites)
    }
}

/// Asks the machine's apt for its sites.
///
/// A machine whose index files were deleted, as in container images, does not know whose its sources
/// are: then they are fetched once, into our own directory.
pub fn machine_sites(dir: &Path) -> Result<Sites> {
    let targets = |conf: &[String]| -> Result<String> {
        let mut command = Command::new("apt-get");
        command
            .args(conf)
            .args(["indextargets", "--format", FORMAT, "Created-By: Packages"]);
        checked(&mut command)
    };
    let known = targets(&[])?;
    if !known.trim().is_empty() {
        return Sites::parse(&known);
    }
    eprintln!("apt has no index files yet: fetching them, for ferrule alone");
    let conf = dir.join("machine.conf");
    fs::write(&conf, conf_text(dir, None))
        .with_context(|| format!("writing {}", conf.display()))?;
    let option = format!("-c={}", conf.display());
    let mut update = Command::new("apt-get");
    update.args([&option, "-qq", "update"]);
    checked(&mut update).context("updating from the machine's own sources")?;
    Sites::parse(&targets(&[option])?)
}

/// apt's configuration: everything that is written goes below `dir`, everything read is signed.
///
/// `list` replaces the machine's sources. The machine's proxies and passwords stay in force.
fn conf_text(dir: &Path, list: Option<&Path>) -> String {
    let dir = dir.display();
    let sources = list.map_or(String::new(), |list| {
        format!(
            "Dir::Etc::sourcelist \"{}\";\nDir::Etc::sourceparts \"/dev/null\";\n\
             Dir::Etc::preferences \"/dev/null\";\nDir::Etc::preferencesparts \"/dev/null\";\n\
             APT::Default-Release \"\";\nAPT::Update::Error-Mode \"any\";\n",
            list.display()
        )
    });
    // The series share one directory of lists: cleaning up after one would throw the others' away.
    // Hooks of the machine's own apt would want root, and are about the machine's own lists.
    format!(
        "{sources}\
         Dir::State \"{dir}\";\n\
         Dir::State::lists \"{dir}/lists\";\n\
         Dir::State::status \"/dev/null\";\n\
         Dir::Cache \"{dir}/cache\";\n\
         APT::Sandbox::User \"root\";\n\
         APT::Architecture \"amd64\";\n\
         #clear APT::Architectures;\n\
         APT::Get::List-Cleanup \"false\";\n\
         APT::Get::AllowUnauthenticated \"false\";\n\
         Acquire::AllowInsecureRepositories \"false\";\n\
         Acquire::AllowWeakRepositories \"false\";\n\
         Acquire::AllowDowngradeToInsecureRepositories \"false\";\n\
         Acquire::Languages \"none\";\n\
         #clear APT::Update::Pre-Invoke;\n\
         #clear APT::Update::Post-Invoke;\n\
         #clear APT::Update::Post-Invoke-Success;\n"
    )
}

/// The packages of one series' suites.
pub struct Suites {
    conf: PathBuf,
}

impl Suites {
    /// The newest release of the series, complete with its image.
    pub fn newest(&self, naming: &Naming, row: &Row) -> Result<String> {
        let series = row.series.replace('.', r"\.");
        let pattern = format!("^({}|{}){series}", naming.headers(""), naming.image(""));
        let found = self.run("apt-cache", &["search", "--names-only", &pattern])?;
        let names = found.lines().filter_map(|line| line.split(' ').next());
        package::newest(naming, names, &row.series, &row.flavour).with_context(|| {
            format!(
                "{}: no {} kernel of this series in {}",
                row.series,
                row.flavour,
                row.suites.join(", ")
            )
        })
    }

    /// A package as the archive has it now, of a given version or the newest.
    pub fn package(&self, name: &str, version: Option<&str>) -> Result<Package> {
        let wanted = version.map_or(name.to_owned(), |version| format!("{name}={version}"));
        Package::parse(&self.run("apt-cache", &["show", "--no-all-versions", &wanted])?)
    }

    /// Downloads a package into `dir`; apt checks its size and its hash against the signed index.
    pub fn download(&self, package: &Package, dir: &Path) -> Result<PathBuf> {
        let mut command = self.command("apt-get");
        command
            .args([
                "-qq",
                "download",
                &format!("{}={}", package.name, package.version),
            ])
            .current_dir(dir);
        checked(&mut command).with_context(|| format!("fetching {}", package.name))?;
        let mut files = fs::read_dir(dir)?.filter_map(|entry| Some(entry.ok()?.path()));
        files
            .find(|file| file.extension().is_some_and(|ext| ext == "deb"))
            .with_context(|| format!("{}: apt-get download left no file", package.name))
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.arg(format!("-c={}", self.conf.display()));
        command
    }

    fn run(&self, program: &str, args: &[&str]) -> Result<String> {
        let mut command = self.command(program);
        command.args(args);
        checked(&mut command)
    }
}
