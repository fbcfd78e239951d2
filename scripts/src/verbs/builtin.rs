// SPDX-License-Identifier: GPL-2.0-only

//! Puts directories of modules into a kernel's source tree, where its own `make` builds them, as
//! modules or into the kernel.

use crate::building::kdir::Kdir;
use crate::building::module;
use crate::building::prepared::{Prepared, Use};
use crate::dirs;
use crate::machine::toolchain::Toolchain;
use anyhow::{ensure, Result};
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

mod tree;

use tree::Tree;

/// Puts modules' directories into a kernel's source, to be built in or as modules by the kernel's make.
///
/// The sources are linked, not copied. Run it again when a file has come or gone.
#[derive(clap::Args)]
pub struct Args {
    /// The kernel's source
    #[arg(long, value_name = "DIR")]
    linux: PathBuf,
    /// A modules' directory; those of earlier runs stay
    #[arg(short = 'M', long)]
    module: Vec<PathBuf>,
    /// Takes everything out of the kernel's source again
    #[arg(long, conflicts_with = "module")]
    remove: bool,
}

/// Runs `ferrule builtin`.
///
/// # Errors
///
/// When a directory is not what it should be; the message says what to do.
pub fn run(args: &Args) -> Result<ExitCode> {
    let tree = Tree::open(&args.linux)?;
    if args.remove {
        tree.remove()?;
        return Ok(ExitCode::SUCCESS);
    }
    ensure!(
        !args.module.is_empty(),
        "M= is missing: name the modules' directory, as in `make M=samples LINUX=DIR builtin`"
    );
    for module in &args.module {
        tree.add(&dirs::module_dir(module)?)?;
    }
    tree.finish(&dirs::tool()?)?;
    println!(
        "{}: choose the modules below Device Drivers, {}; then build the kernel as always",
        args.linux.display(),
        tree::MENU
    );
    Ok(ExitCode::SUCCESS)
}

/// Builds what Rust code of a kernel shares (called by the kernel's make).
#[derive(clap::Args)]
#[command(hide = true)]
pub struct PrepareArgs {
    /// Where the kernel is built
    #[arg(long)]
    kdir: PathBuf,
    /// Where the modules' directories are in the kernel's source
    source: PathBuf,
    /// The same below the directory where the kernel is built
    object: PathBuf,
}

/// Runs `ferrule prepare`.
///
/// # Errors
///
/// When the kernel cannot have Rust code, or something of it does not build.
pub fn prepare(args: &PrepareArgs) -> Result<ExitCode> {
    // The kernel's Makefile names one whether or not the user did.
    if std::env::var_os("RUSTC").is_some_and(|rustc| rustc == "rustc") {
        std::env::remove_var("RUSTC");
    }
    let root = dirs::root()?;
    let build = dirs::build_dir(&root)?;
    let kdir = Kdir::open(&args.kdir)?;
    let wanted = tree::wanted(&args.source, &kdir.path)?;
    if wanted.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    ensure!(
        !kdir.config.contains_key("RUST"),
        "CONFIG_RUST is on: this kernel builds Rust code of its own; turn it off, or build modules beside the kernel"
    );
    let toolchain = Toolchain::find()?;
    tree::write_changed(&args.object.join(tree::MADE_BY), module::TOOL)?;
    for goal in wanted {
        let letter = if goal.is_module() { "m" } else { "y" };
        let cflags = args.object.join(format!("cflags-{letter}"));
        let prepared = Prepared::in_tree(&root, &build, &kdir, &toolchain, goal, &cflags)?;
        let link = args.object.join(format!("crates-{letter}"));
        if fs::read_link(&link).ok().as_ref() != Some(&prepared.crates.dir) {
            tree::link(&prepared.crates.dir, &link)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
