// SPDX-License-Identifier: GPL-2.0-only

//! Builds modules: prepares what a kernel's modules need, then hands over to the kernel's own Kbuild.

use crate::building::crates::Helpers;
use crate::building::kbuild;
use crate::building::kdir::Kdir;
use crate::building::lock::Lock;
use crate::building::modinst;
use crate::building::module;
use crate::building::prepared::Prepared;
use crate::building::rule;
use crate::building::sources;
use crate::command;
use crate::dirs;
use crate::kernels;
use crate::machine::toolchain::Toolchain;
use crate::verbs::config;
use anyhow::{anyhow, bail, Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use walkdir::{DirEntry, WalkDir};

/// Builds a directory's modules with the kernel's own Kbuild.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    kernel: Choice,
    /// How helpers reach a module, `inline` or `object` [default: inline where clang of rustc's LLVM is at hand]
    #[arg(long)]
    helpers: Option<String>,
    /// The modules' directory
    #[arg(short = 'M', long)]
    module: Option<PathBuf>,
    #[command(flatten)]
    install: modinst::Args,
    /// Targets and variables for Kbuild, as `modules` or `V=1`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    kbuild: Vec<String>,
}

/// Which kernel to build for.
#[derive(clap::Args)]
pub struct Choice {
    /// The kernel's build directory
    #[arg(long)]
    kdir: Option<PathBuf>,
    /// The release of an installed kernel, or a fetched one as `6.12`, in place of --kdir
    #[arg(long, conflicts_with = "kdir")]
    kver: Option<String>,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let root = dirs::root()?;
    let build = dirs::build_dir(&root)?;
    dirs::refuse_spaces(&root, "the project")?;
    dirs::refuse_spaces(&build, "FERRULE_BUILD")?;
    let helpers = args.helpers.as_deref().map(helpers).transpose()?;
    let (kdir, mut kbuild) = args.kernel.kernel()?;
    kbuild.extend(args.kbuild.iter().cloned());
    dirs::refuse_spaces(&kdir.path, "the kernel's build directory")?;
    let module = args.module.as_deref().map(dirs::module_dir).transpose()?;

    let mut targets = kbuild.iter().filter(|arg| !arg.contains('='));
    let cleans = targets.next().is_some_and(|target| target == "clean") && targets.next().is_none();
    let chosen = match &module {
        Some(module) if !cleans => config::variables(module, &kdir)?,
        _ => Vec::new(),
    };
    let name = |arg: &str| arg.split('=').next().unwrap_or_default().to_owned();
    let chooses = |arg: &str| chosen.iter().any(|word| name(word) == name(arg));
    let variables: Vec<String> = kbuild
        .iter()
        .filter(|arg| arg.contains('=') && !changes_no_code(arg) && !chooses(arg))
        .cloned()
        .collect();
    // Before the user's own, which have the last word.
    kbuild.splice(0..0, chosen);
    let install = args.install.make_args(&kdir, &args.kbuild)?;
    // Installing is often root's, who need not have the toolchain.
    let toolchain = compiles(&args.kbuild).then(Toolchain::find).transpose()?;
    let prepare =
        |toolchain| Prepared::external(&root, &build, &kdir, toolchain, helpers, &variables);
    let prepared = toolchain.as_ref().map(prepare).transpose()?;
    let Some(module) = module else {
        return Ok(ExitCode::SUCCESS);
    };

    // Kbuild works in the module's directory: two at once would trip over each other's files.
    let lock = Lock::tree(&module)?;
    remove_leftovers(&module)?;
    let mut make = kbuild::make(&kdir, &module, &kbuild);
    make.args(install);
    if let Some(prepared) = &prepared {
        let cwd = std::env::current_dir().context("no current directory")?;
        make.args(rule::arguments(prepared)?)
            .env(module::CWD, cwd)
            .env(
                module::MODULE_DIR,
                args.module.as_deref().unwrap_or(&module),
            );
    }
    let status = command::status(&mut make)?;
    drop((lock, prepared));
    if !status.success() {
        kbuild.retain(|arg| arg.contains('='));
        for missing in sources::missing(&module, &kdir.path, &kbuild) {
            eprintln!("ferrule: {missing}");
        }
    }
    Ok(ExitCode::from(
        u8::try_from(status.code().unwrap_or(1)).unwrap_or(1),
    ))
}

/// Whether one of the targets compiles: without any, Kbuild's is `modules`.
fn compiles(kbuild: &[String]) -> bool {
    let mut targets = kbuild
        .iter()
        .filter(|arg| !arg.contains('=') && !arg.starts_with('-'))
        .peekable();
    targets.peek().is_none()
        || targets.any(|target| ![modinst::TARGET, "clean", "help"].contains(&target.as_str()))
}

/// Variables of Kbuild's that say what to show, check and install, not how to compile.
fn changes_no_code(variable: &str) -> bool {
    let names = [
        "V=",
        "W=",
        "C=",
        "CF=",
        "MODLIB=",
        "INSTALL_",
        "DEPMOD=",
        "KBUILD_SIGN_PIN=",
        "CONFIG_MODULE_SIG_",
        "CONFIG_MODULE_COMPRESS",
    ];
    names.iter().any(|name| variable.starts_with(name))
}

/// Removes what interrupted module commands left in a module's directory and below. `dir` must be locked.
fn remove_leftovers(dir: &Path) -> Result<()> {
    let is_leftover = |entry: &DirEntry| {
        entry
            .file_name()
            .to_string_lossy()
            .starts_with(module::SCRATCH)
    };
    let is_hidden = |entry: &DirEntry| {
        entry.depth() > 0 && entry.file_name().as_encoded_bytes().starts_with(b".")
    };
    let context = || format!("cannot clean up {}", dir.display());
    let mut entries = WalkDir::new(dir)
        .into_iter()
        .filter_entry(|entry| is_leftover(entry) || !is_hidden(entry));
    while let Some(entry) = entries.next() {
        // What this user may not read, this user's build has not written.
        let Ok(entry) = entry else { continue };
        if is_leftover(&entry) && entry.file_type().is_dir() {
            entries.skip_current_dir();
            fs::remove_dir_all(entry.path()).with_context(context)?;
        }
    }
    Ok(())
}

impl Args {
    /// Builds the modules of `dir`.
    pub fn modules(dir: &Path, kdir: Option<PathBuf>, kver: Option<String>) -> Self {
        Self {
            kernel: Choice { kdir, kver },
            helpers: None,
            module: Some(dir.to_owned()),
            install: modinst::Args::default(),
            kbuild: vec!["modules".to_owned()],
        }
    }
}

impl Choice {
    /// The kernel to build for, and the make variables that it needs on this machine.
    pub fn kernel(&self) -> Result<(Kdir, Vec<String>)> {
        let fetched = match &self.kver {
            Some(name) => fetched_kernel(name)?,
            None => None,
        };
        let path = match (&self.kdir, &self.kver, &fetched) {
            (Some(path), ..) => path.clone(),
            (None, _, Some(kernel)) => kernel.kdir.clone(),
            (None, Some(release), None) => installed_kernel(release)?,
            (None, None, None) => {
                let uname = rustix::system::uname();
                format!("/lib/modules/{}/build", uname.release().to_string_lossy()).into()
            }
        };
        let kdir = Kdir::open(&path)?;
        let path = path
            .canonicalize()
            .with_context(|| format!("cannot resolve {}", path.display()))?;
        let kernel = match fetched {
            Some(kernel) => Some(kernel),
            None => fetched_kernel(&kdir.release)?.filter(|kernel| kernel.kdir == path),
        };
        let vars = kernel.map(|kernel| kernel.make_vars).unwrap_or_default();
        Ok((Kdir { path, ..kdir }, vars))
    }
}

/// The fetched kernel of that release or series, if there is one.
fn fetched_kernel(name: &str) -> Result<Option<kernels::Kernel>> {
    // Root's environment may have no HOME: then nothing was fetched.
    match kernels::cache_dir(None) {
        Ok(cache) => kernels::named(&cache, name),
        Err(_) => Ok(None),
    }
}

/// The build directory of an installed kernel.
fn installed_kernel(release: &str) -> Result<PathBuf> {
    let path = PathBuf::from(format!("/lib/modules/{release}/build"));
    if !path.exists() {
        let cached = kernels::cache_dir(None).and_then(|cache| kernels::cached(&cache));
        let fetched = cached.unwrap_or_default();
        bail!(
            "KVER={release}: no such kernel is installed (no {}) or fetched ({}), or name a build directory with KDIR=",
            path.display(),
            kernels::remedy(&fetched, release)?
        );
    }
    Ok(path)
}

fn helpers(name: &str) -> Result<Helpers> {
    <Helpers as clap::ValueEnum>::from_str(name, false).map_err(|_| {
        anyhow!("HELPERS={name}: it is `inline` or `object`; without it, inline where clang of rustc's LLVM is at hand")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_goes_in_directories_below_too() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        for name in [
            ".ferrule-a",
            "sub/.ferrule-b/deep",
            ".git/.ferrule-c",
            "sub/other",
        ] {
            fs::create_dir_all(path(name)).unwrap();
        }
        fs::write(path("sub/.ferrule-b/deep/x.o"), "").unwrap();
        remove_leftovers(dir.path()).unwrap();
        assert!(!path(".ferrule-a").exists() && !path("sub/.ferrule-b").exists());
        assert!(path(".git/.ferrule-c").exists() && path("sub/other").exists());
    }
}
