// SPDX-License-Identifier: GPL-2.0

//! Says what is missing to build and test modules, and how to install it.

use crate::toolchain::Toolchain;
use anyhow::Result;
use std::process::ExitCode;

/// Says what is missing to build and test modules, and how to install it.
#[derive(clap::Args)]
pub struct Args {}

pub fn run(_args: &Args) -> Result<ExitCode> {
    let tools = Toolchain::find()?;
    let link = tools.llvm_tool("llvm-link");
    println!("{tools:#?}\nllvm-link: {link:?}");
    Ok(ExitCode::SUCCESS)
}
