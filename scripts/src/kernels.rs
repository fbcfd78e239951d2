// SPDX-License-Identifier: GPL-2.0

//! Fetches stock kernels into a cache, without installing them.

use anyhow::Result;
use std::process::ExitCode;

/// Fetches stock kernels into a cache, without installing them.
#[derive(clap::Args)]
pub struct Args {}

pub fn run(_args: &Args) -> Result<ExitCode> {
    anyhow::bail!("not written yet")
}
