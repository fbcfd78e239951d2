// SPDX-License-Identifier: GPL-2.0-only

//! What apt knows of the packages in the table.

use super::items::Item;
use super::packages::Facts;
use crate::machine::toolchain::{output, Release, MIN_RUSTC};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use which::which;

/// What apt knows of the packages in the table.
#[derive(Debug, Clone, Default)]
pub struct Apt {
    packages: BTreeMap<String, Versions>,
}

#[derive(Debug, Clone, Default)]
struct Versions {
    installed: Option<String>,
    candidate: Option<String>,
}

impl Apt {
    /// Asks apt for every package that `items` name; `None` where there is no apt.
    pub fn ask(items: &[Item], facts: &Facts) -> Option<Self> {
        let apt_cache = which("apt-cache").ok()?;
        let names = items
            .iter()
            .flat_map(|item| item.debian)
            .filter_map(|names| facts.fill(names));
        let names: Vec<String> = names.flatten().collect();
        let mut args = vec!["policy"];
        args.extend(names.iter().map(String::as_str));
        Some(Self::parse(&output(&apt_cache, &args).ok()?))
    }

    /// Parses what `apt-cache policy` prints in the C locale.
    pub fn parse(text: &str) -> Self {
        let mut packages = BTreeMap::<String, Versions>::new();
        let mut current = None;
        for line in text.lines() {
            if let Some(name) = line.strip_suffix(':').filter(|name| !name.starts_with(' ')) {
                current = Some(packages.entry(name.to_owned()).or_default());
            } else if let (Some(versions), Some((key, value))) =
                (&mut current, line.split_once(": "))
            {
                let value = (value != "(none)").then(|| value.to_owned());
                match key.trim() {
                    "Installed" => versions.installed = value,
                    "Candidate" => versions.candidate = value,
                    _ => {}
                }
            }
        }
        Self { packages }
    }

    /// Whether apt has no package lists: they come with `apt update`.
    pub fn has_no_lists(&self) -> bool {
        // Without lists a package has a candidate only while it is installed.
        self.packages
            .values()
            .all(|versions| versions.candidate == versions.installed)
    }

    /// Whether apt can install `name` in a version that will do.
    pub fn offers(&self, name: &str) -> bool {
        let candidate = self
            .packages
            .get(name)
            .and_then(|versions| versions.candidate.as_deref());
        candidate.is_some_and(|version| new_enough(name, version))
    }

    /// Whether `name` is installed.
    pub fn has_installed(&self, name: &str) -> bool {
        self.packages
            .get(name)
            .is_some_and(|versions| versions.installed.is_some())
    }
}

/// Where apt keeps its lists; the directory changes when they are fetched.
const LISTS: &str = "/var/lib/apt/lists/partial";

/// How long lists are taken for the archive's.
const LISTS_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// Whether apt's lists were fetched more than a day ago, or never.
pub fn lists_are_old() -> bool {
    let fetched = Path::new(LISTS).metadata().and_then(|dir| dir.modified());
    // A time in the future has no age.
    fetched.map_or(true, |time| time.elapsed().is_ok_and(|age| age > LISTS_AGE))
}

/// Whether this version of a package of the Rust toolchain will do; others need no minimum.
fn new_enough(package: &str, version: &str) -> bool {
    if !package.starts_with("rust") && !package.starts_with("cargo") {
        return true;
    }
    Release::parse(version, "").is_some_and(|release| release >= MIN_RUSTC)
}
