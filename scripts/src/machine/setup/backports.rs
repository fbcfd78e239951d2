// SPDX-License-Identifier: GPL-2.0-only

//! The release's backports, for machines where some package comes from there already.
//!
//! A package of the backports may exclude its siblings of the release itself, as `qemu-utils` does with
//! `qemu-system-x86`. Then the siblings come from the backports too, and nothing has to go.

use crate::kernels::{machine_sites, KEYRINGS};
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// apt's options that add the backports to the machine's own sources, which stay as they are.
pub struct Backports {
    suite: String,
    dir: TempDir,
}

impl Backports {
    /// # Errors
    ///
    /// When the machine is not Debian's stable or oldstable, which alone have backports.
    pub fn new() -> Result<Self> {
        let release = fs::read_to_string("/etc/os-release").context("reading /etc/os-release")?;
        let codename = release
            .lines()
            .find_map(|line| line.strip_prefix("VERSION_CODENAME="))
            .context("/etc/os-release names no VERSION_CODENAME")?;
        let suite = format!("{codename}-backports");
        let dir = TempDir::new().context("creating a temporary directory")?;
        let parts = dir.path().join("parts");
        fs::create_dir_all(&parts)?;
        fs::create_dir_all(dir.path().join("lists/partial"))?;
        let keyring = KEYRINGS
            .into_iter()
            .find(|file| Path::new(file).exists())
            .with_context(|| format!("no {}", KEYRINGS[0]))?;
        let line = machine_sites(dir.path())?.line(&suite, keyring)?;
        fs::write(parts.join("ferrule-backports.list"), line)?;
        let own = "/etc/apt/sources.list.d";
        for entry in fs::read_dir(own).into_iter().flatten() {
            let entry = entry.with_context(|| format!("reading {own}"))?;
            std::os::unix::fs::symlink(entry.path(), parts.join(entry.file_name()))?;
        }
        Ok(Self { suite, dir })
    }

    pub fn suite(&self) -> &str {
        &self.suite
    }

    /// What comes before apt-get's verb.
    pub fn options(&self) -> Vec<String> {
        let dir = self.dir.path().display();
        [
            format!("Dir::Etc::sourceparts={dir}/parts"),
            format!("Dir::State::lists={dir}/lists"),
            "APT::Sandbox::User=root".to_owned(),
        ]
        .into_iter()
        .flat_map(|option| ["-o".to_owned(), option])
        .collect()
    }
}
