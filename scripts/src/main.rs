// SPDX-License-Identifier: GPL-2.0

//! The `ferrule` tool: one verb per thing that a Makefile should not do.

use clap::Parser;
use std::process::ExitCode;

mod build;
mod command;
mod crates;
mod doctor;
mod kbuild;
mod kdir;
mod kernels;
mod module;
mod profile;
mod setup;
mod stamp;
mod sysroot;
mod toolchain;
mod vm;

/// Rust kernel modules for the kernel you already run.
#[derive(Parser)]
#[command(name = "ferrule", version, subcommand_required = true)]
enum Verb {
    Build(build::Args),
    Doctor(doctor::Args),
    Setup(setup::Args),
    Kernels(kernels::Args),
    Module(module::Args),
    Vm(vm::Args),
}

fn main() -> ExitCode {
    let status = match Verb::parse() {
        Verb::Build(args) => build::run(&args),
        Verb::Doctor(args) => doctor::run(&args),
        Verb::Setup(args) => setup::run(&args),
        Verb::Kernels(args) => kernels::run(&args),
        Verb::Module(args) => module::run(&args),
        Verb::Vm(args) => vm::run(&args),
    };
    status.unwrap_or_else(|error| {
        eprintln!("ferrule: {error:#}");
        ExitCode::FAILURE
    })
}
