// SPDX-License-Identifier: GPL-2.0-only

//! Programs in C that ask drivers in the guest.

use crate::record;
use anyhow::{Context, Result};
use ferrule::command;
use ferrule::dirs;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// Their sources, below the project's root.
const SOURCES: [&str; 6] = [
    "tests/debug/fail.c",
    "tests/params/replay.c",
    "tests/serial/cable.c",
    "tests/serial/formats.c",
    "tests/serial/stub.c",
    "tests/serial/tty.c",
];

/// The job that builds them.
pub const JOB: &str = "programs::build_without_a_warning";

/// Where the program `name` is.
pub fn path(name: &str) -> Result<PathBuf> {
    Ok(record::dir()?.join("programs").join(name))
}

/// Builds all of them.
pub fn build() -> Result<()> {
    for source in SOURCES {
        let source = dirs::root()?.join(source);
        let name = source.file_stem().context("a source has a name")?;
        let out = path(&name.to_string_lossy())?;
        let parent = out.parent().context("a program has a directory")?;
        fs::create_dir_all(parent)
            .with_context(|| format!("cannot create {}", parent.display()))?;
        let flags = [
            "-std=gnu11",
            "-D_GNU_SOURCE",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-O1",
            "-static",
            "-o",
        ];
        command::output(Command::new("cc").args(flags).arg(&out).arg(&source))
            .with_context(|| source.display().to_string())?;
    }
    Ok(())
}
