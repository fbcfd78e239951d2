// SPDX-License-Identifier: GPL-2.0-only

//! The `ferrule` tool: one verb per thing that a Makefile should not do.

use clap::Parser;
use ferrule::building::module;
use ferrule::kernels;
use ferrule::machine::doctor;
use ferrule::machine::setup;
use ferrule::verbs::build;
use ferrule::verbs::builtin;
use ferrule::verbs::config;
use ferrule::verbs::demo;
use ferrule::verbs::dkms;
use ferrule::verbs::install;
use ferrule::verbs::lint;
use ferrule::verbs::new;
use ferrule::vm;
use std::process::ExitCode;

/// Rust kernel modules for the kernel you already run.
#[derive(Parser)]
#[command(name = "ferrule", version, subcommand_required = true)]
enum Verb {
    Build(build::Args),
    Builtin(builtin::Args),
    Config(config::Args),
    Demo(demo::Args),
    Dkms(dkms::Args),
    Doctor(doctor::Args),
    Install(install::Args),
    Kernels(kernels::Args),
    Lint(lint::Args),
    Module(module::Args),
    New(new::Args),
    Prepare(builtin::PrepareArgs),
    Setup(setup::Args),
    Vm(vm::Args),
}

fn main() -> ExitCode {
    let status = match Verb::parse() {
        Verb::Build(args) => build::run(&args),
        Verb::Builtin(args) => builtin::run(&args),
        Verb::New(args) => new::run(&args),
        Verb::Prepare(args) => builtin::prepare(&args),
        Verb::Config(args) => config::run(&args),
        Verb::Demo(args) => demo::run(&args),
        Verb::Dkms(args) => dkms::run(&args),
        Verb::Doctor(args) => doctor::run(&args),
        Verb::Install(args) => install::run(&args),
        Verb::Kernels(args) => kernels::run(&args),
        Verb::Lint(args) => lint::run(&args),
        Verb::Module(args) => module::run(&args),
        Verb::Setup(args) => setup::run(&args),
        Verb::Vm(args) => vm::run(&args),
    };
    status.unwrap_or_else(|error| {
        eprintln!("ferrule: {error:#}");
        ExitCode::FAILURE
    })
}
