// SPDX-License-Identifier: GPL-2.0

//! Says what is missing to build and test modules, and how to install it.

use anyhow::Result;
use std::process::ExitCode;

/// Says what is missing to build and test modules, and how to install it.
#[derive(clap::Args)]
pub struct Args {}

pub fn run(_args: &Args) -> Result<ExitCode> {
    anyhow::bail!("not written yet")
}
