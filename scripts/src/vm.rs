// SPDX-License-Identifier: GPL-2.0

//! Boots a kernel with modules and a script in QEMU.

use anyhow::Result;
use std::process::ExitCode;

/// Boots a kernel with modules and a script in QEMU.
#[derive(clap::Args)]
pub struct Args {}

pub fn run(_args: &Args) -> Result<ExitCode> {
    anyhow::bail!("not written yet")
}
