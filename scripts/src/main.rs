// SPDX-License-Identifier: GPL-2.0

//! The `ferrule` tool: one verb per thing that a Makefile should not do.

use clap::Parser;
use std::process::ExitCode;

mod doctor;
mod kdir;
mod kernels;
mod setup;
mod toolchain;
mod vm;

/// Rust kernel modules for the kernel you already run.
#[derive(Parser)]
#[command(name = "ferrule", version, subcommand_required = true)]
enum Verb {
    Doctor(doctor::Args),
    Setup(setup::Args),
    Kernels(kernels::Args),
    Vm(vm::Args),
}

fn main() -> ExitCode {
    let status = match Verb::parse() {
        Verb::Doctor(args) => doctor::run(&args),
        Verb::Setup(args) => setup::run(&args),
        Verb::Kernels(args) => kernels::run(&args),
        Verb::Vm(args) => vm::run(&args),
    };
    status.unwrap_or_else(|error| {
        eprintln!("ferrule: {error:#}");
        ExitCode::FAILURE
    })
}
