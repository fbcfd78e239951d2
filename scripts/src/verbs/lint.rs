// SPDX-License-Identifier: GPL-2.0-only

//! Checks the `kernel` crate and the modules of this tree beyond compiling them.

use crate::building::crates::Lint;
use crate::building::kdir::Kdir;
use crate::building::prepared::Prepared;
use crate::dirs;
use crate::kernels;
use crate::machine::toolchain::Toolchain;
use anyhow::{Context, Result};
use std::process::ExitCode;

/// Checks the kernel crate and the samples beyond compiling them
#[derive(clap::Args)]
#[command(hide = true)]
pub struct Args {
    what: Lint,
    /// The fetched kernel to do it for, in place of the newest
    #[arg(long)]
    kver: Option<String>,
}

/// Runs clippy or rustdoc, for a stock kernel that has been fetched.
pub fn run(args: &Args) -> Result<ExitCode> {
    let cache = kernels::cache_dir(None)?;
    let kernel = match &args.kver {
        Some(name) => kernels::named(&cache, name)?,
        None => kernels::cached(&cache)?.pop(),
    };
    let kernel = kernel.context("no such kernel has been fetched; run `make kernels`")?;
    let (root, toolchain) = (dirs::root()?, Toolchain::find()?);
    let build = root.join("build");
    let kdir = Kdir::open(&kernel.kdir)?;
    let prepared = Prepared::external(&root, &build, &kdir, &toolchain, None, &kernel.make_vars)?;
    let out = build.join("lint").join(&kdir.release);
    prepared.crates.lint(&prepared.sysroot, &out, args.what)?;
    Ok(ExitCode::SUCCESS)
}
