// SPDX-License-Identifier: GPL-2.0-only

//! A kernel's build directory, as its headers package lays it out.

use anyhow::{bail, ensure, Context, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The kernel's configuration: symbol without `CONFIG_` to its value (`y`, `m`, a number, a string).
pub type Config = BTreeMap<String, String>;

/// A prepared kernel build directory for x86-64.
#[derive(Debug, Clone)]
#[allow(dead_code)]
pub struct Kdir {
    pub path: PathBuf,
    /// What `uname -r` says on that kernel.
    pub release: String,
    pub config: Config,
}

impl Kdir {
    /// Reads the build directory at `path`.
    ///
    /// # Errors
    ///
    /// When it is not a prepared build directory of a 64-bit x86 kernel; the message says what to do.
    pub fn open(path: &Path) -> Result<Self> {
        let what = path.display();
        ensure!(
            path.join("Makefile").exists(),
            "{what}: no kernel headers here; install them (Debian: apt install linux-headers-$(uname -r)) \
             or name their directory with KDIR="
        );
        let auto_conf = path.join("include/config/auto.conf");
        let Ok(text) = std::fs::read_to_string(&auto_conf) else {
            bail!("{what}: not prepared (no include/config/auto.conf); run `make modules_prepare` in it");
        };
        let config = parse_config(&text);
        if config.get("X86_64").map(String::as_str) != Some("y") {
            bail!("{what}: not a 64-bit x86 kernel (CONFIG_X86_64 is off); Ferrule builds for x86-64 only");
        }
        // Not kernel.release: distributions override what `uname -r` and the modules' vermagic say.
        let utsrelease = std::fs::read_to_string(path.join("include/generated/utsrelease.h"))
            .with_context(|| format!("{what}: not prepared; run `make modules_prepare` in it"))?;
        let release = utsrelease
            .split('"')
            .nth(1)
            .with_context(|| format!("{what}: utsrelease.h names no release"))?;
        Ok(Self {
            path: path.to_owned(),
            release: release.to_owned(),
            config,
        })
    }
}

/// Parses `include/config/auto.conf`.
fn parse_config(text: &str) -> Config {
    text.lines()
        .filter_map(|line| line.strip_prefix("CONFIG_")?.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned()))
        .collect()
}
