// SPDX-License-Identifier: GPL-2.0-only

//! Builds modules: prepares what a kernel's modules need, then hands over to the kernel's own Kbuild.

use crate::crates::{Helpers, Lint};
use crate::kbuild::{self, Cc};
use crate::kdir::Kdir;
use crate::prepared::Prepared;
use crate::toolchain::{env_set, Toolchain};
use crate::{config, install, kernels, modinst, module, sources, stamp};
use anyhow::{anyhow, bail, ensure, Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

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

/// The project's directory: where the tool is if it has been installed, else where it was built.
pub fn root() -> Result<PathBuf> {
    if let Some(installed) = installed()? {
        return Ok(installed);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().with_context(|| {
        format!(
            "the project is no longer at {}; remove target/",
            root.display()
        )
    })
}

/// The directory that Ferrule was installed into, if this is an installed tool.
fn installed() -> Result<Option<PathBuf>> {
    let tool = tool()?;
    // Called by its link, it is still beside the rest.
    let tool = tool.canonicalize().unwrap_or(tool);
    Ok(tool
        .parent()
        .filter(|dir| dir.join(install::VENDOR).exists())
        .map(Path::to_owned))
}

/// Where all that is built goes: `$FERRULE_BUILD`; else below the project; or, if that is installed and
/// so is not for writing, root's or the user's cache.
pub fn build_dir(root: &Path) -> Result<PathBuf> {
    if let Some(dir) = env_set("FERRULE_BUILD") {
        return std::path::absolute(&dir).context("FERRULE_BUILD is no path");
    }
    Ok(match installed()? {
        None => root.join("build"),
        Some(_) if rustix::process::geteuid().is_root() => "/var/cache/ferrule".into(),
        Some(_) => kernels::cache_dir(None)?.join("build"),
    })
}

/// Checks the kernel crate and the samples beyond compiling them
#[derive(clap::Args)]
#[command(hide = true)]
pub struct LintArgs {
    what: Lint,
    /// The fetched kernel to do it for, in place of the newest
    #[arg(long)]
    kver: Option<String>,
}

/// Runs clippy or rustdoc, for a stock kernel that has been fetched.
pub fn lint(args: &LintArgs) -> Result<ExitCode> {
    let cache = kernels::cache_dir(None)?;
    let kernel = match &args.kver {
        Some(name) => kernels::named(&cache, name)?,
        None => kernels::cached(&cache)?.pop(),
    };
    let kernel = kernel.context("no such kernel has been fetched; run `make kernels`")?;
    let (root, toolchain) = (root()?, Toolchain::find()?);
    let build = root.join("build");
    let kdir = Kdir::open(&kernel.kdir)?;
    let prepared = Prepared::external(&root, &build, &kdir, &toolchain, None, &kernel.make_vars)?;
    let cc = Cc::ask(&kdir, &prepared.crates.dir, &kernel.make_vars)?;
    prepared.crates.lint(&build, &cc, args.what)?;
    Ok(ExitCode::SUCCESS)
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let root = root()?;
    let build = build_dir(&root)?;
    refuse_spaces(&root, "the project")?;
    refuse_spaces(&build, "FERRULE_BUILD")?;
    let helpers = args.helpers.as_deref().map(helpers).transpose()?;
    let (kdir, mut kbuild) = args.kernel.kernel()?;
    kbuild.extend(args.kbuild.iter().cloned());
    refuse_spaces(&kdir.path, "the kernel's build directory")?;
    let module = args.module.as_deref().map(module_dir).transpose()?;

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
    let lock = stamp::Lock::tree(&module, &build.join("locks"))?;
    remove_leftovers(&module)?;
    let mut make = kbuild::make(&kdir, &module, &kbuild);
    make.args(install);
    if let Some(prepared) = &prepared {
        let cwd = std::env::current_dir().context("no current directory")?;
        let command = module_command(&prepared.crates.dir)?;
        make.arg(format!("cmd_rustc_o_rs={command}"))
            .arg(format!(
                "cmd_and_fixdep={}{TAKE_VERSIONS}",
                Cc::fixdep(&prepared.crates.dir)?
            ))
            .env(module::CWD, cwd)
            .env(
                module::MODULE_DIR,
                args.module.as_deref().unwrap_or(&module),
            );
    }
    let status = make.status().context("cannot run make")?;
    drop((lock, prepared));
    if !status.success() {
        for missing in sources::missing(&module) {
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

/// Removes what an interrupted module command left in a module's directory.
fn remove_leftovers(dir: &Path) -> Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let entry = entry?;
        if entry
            .file_name()
            .to_string_lossy()
            .starts_with(module::SCRATCH)
        {
            fs::remove_dir_all(entry.path())
                .with_context(|| format!("cannot remove {}", entry.path().display()))?;
        }
    }
    Ok(())
}

/// The path of this tool, which another make may have replaced by a newer one meanwhile.
pub fn tool() -> Result<PathBuf> {
    let path = std::env::current_exe().context("cannot find the ferrule tool")?;
    let replaced = path
        .to_str()
        .and_then(|path| path.strip_suffix(" (deleted)"));
    Ok(replaced.map(PathBuf::from).unwrap_or(path))
}

/// Kbuild's rule for `.o` from `.rs` runs this. Kernels that run objtool on each object do it here;
/// in others the variable is empty.
fn module_command(dir: &Path) -> Result<String> {
    let tool = tool()?;
    Ok(format!(
        "{} module --kernel {} --depfile $(depfile) --modfile $(modfile) $< $@ -- $(rustflags-y) \
         $(or $(RUSTFLAGS_$(target-stem).o),$(RUSTFLAGS_$(basetarget).o)) \
         {} $(objtree)/scripts/genksyms/genksyms $(CC) $(c_flags) $(cmd_objtool)",
        tool.display(),
        dir.display(),
        module::CC_FOLLOWS
    ))
}

/// What comes behind the kernel's `cmd_and_fixdep`: what the module command has found out about exported
/// symbols goes to the file that fixdep writes, where modpost reads it. `builtin/rust.mk` has it too.
const TAKE_VERSIONS: &str = "$(if $(filter rustc_o_rs,$(1)),; \
    if [ -f $(dot-target).symvers ]; then cat $(dot-target).symvers >> $(dot-target).cmd; \
    rm -f $(dot-target).symvers; fi)";

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

pub fn module_dir(path: &Path) -> Result<PathBuf> {
    let what = path.display();
    ensure!(path.is_dir(), "M={what}: no such directory");
    let absolute = path
        .canonicalize()
        .with_context(|| format!("M={what}: cannot be resolved"))?;
    ensure!(
        absolute.join("Kbuild").exists() || absolute.join("Makefile").exists(),
        "M={what}: no Kbuild file here; it says `obj-m := x.o` for each module x"
    );
    refuse_spaces(&absolute, "M=")?;
    Ok(absolute)
}

/// Make splits words at spaces, and Kbuild does nothing against it.
pub fn refuse_spaces(path: &Path, what: &str) -> Result<()> {
    let text = path
        .to_str()
        .with_context(|| format!("{what}: {} is not UTF-8", path.display()))?;
    if let Some(bad) = text
        .chars()
        .find(|c| c.is_whitespace() || "'\"$#:\\".contains(*c))
    {
        bail!("{what}: make cannot handle the {bad:?} in {text:?}; move it to a path without");
    }
    Ok(())
}
