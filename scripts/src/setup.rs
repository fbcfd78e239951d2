// SPDX-License-Identifier: GPL-2.0

//! Installs what is missing.

use anyhow::Result;
use std::process::ExitCode;

/// Installs what is missing.
#[derive(clap::Args)]
pub struct Args {}

pub fn run(_args: &Args) -> Result<ExitCode> {
    anyhow::bail!("not written yet")
}
