// SPDX-License-Identifier: GPL-2.0-only

//! Builds modules: prepares what a kernel's modules need, then hands over to the kernel's own Kbuild.

use crate::crates::{Crates, Helpers, Lint};
use crate::kbuild::{self, Cc};
use crate::kdir::Kdir;
use crate::kernels::Kernel;
use crate::toolchain::Toolchain;
use crate::{kernels, module, stamp};
use anyhow::{bail, ensure, Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Builds a directory's modules with the kernel's own Kbuild.
#[derive(clap::Args)]
pub struct Args {
    /// The kernel's build directory
    #[arg(long)]
    kdir: Option<PathBuf>,
    /// The release of an installed kernel, or a fetched one as `6.12`, in place of --kdir
    #[arg(long, conflicts_with = "kdir")]
    kver: Option<String>,
    /// How helpers reach a module [default: inline where clang of rustc's LLVM is at hand]
    #[arg(long)]
    helpers: Option<Helpers>,
    /// The modules' directory
    #[arg(short = 'M', long)]
    module: Option<PathBuf>,
    /// Targets and variables for Kbuild, as `modules` or `V=1`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    kbuild: Vec<String>,
}

/// The project's directory.
pub fn root() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().with_context(|| {
        format!(
            "the project is no longer at {}; remove target/",
            root.display()
        )
    })
}

/// Checks the kernel crate and the samples beyond compiling them
#[derive(clap::Args)]
#[command(hide = true)]
pub struct LintArgs {
    what: Lint,
}

/// Runs clippy or rustdoc, for the newest stock kernel that has been fetched.
pub fn lint(args: &LintArgs) -> Result<ExitCode> {
    let kernel = kernels::cached(&kernels::cache_dir(None)?)?.pop();
    let kernel = kernel.context("no kernel has been fetched; run `make kernels`")?;
    let (root, toolchain) = (root()?, Toolchain::find()?);
    let build = root.join("build");
    let kdir = Kdir::open(&kernel.kdir)?;
    let prepared = Prepared::new(&root, &build, &kdir, &toolchain, None, &kernel.make_vars)?;
    let cc = Cc::ask(&kdir, &prepared.crates.dir, &kernel.make_vars)?;
    prepared.crates.lint(&build, &cc, args.what)?;
    Ok(ExitCode::SUCCESS)
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let root = root()?;
    let build = root.join("build");
    refuse_spaces(&root, "the project")?;
    let (kdir, mut kbuild) = args.kernel()?;
    kbuild.extend(args.kbuild.iter().cloned());
    refuse_spaces(&kdir.path, "the kernel's build directory")?;
    let module = args.module.as_deref().map(module_dir).transpose()?;

    let variables: Vec<String> = kbuild
        .iter()
        .filter(|arg| arg.contains('=') && !changes_no_code(arg))
        .cloned()
        .collect();
    let toolchain = Toolchain::find()?;
    let prepared = Prepared::new(&root, &build, &kdir, &toolchain, args.helpers, &variables)?;
    let Some(module) = module else {
        return Ok(ExitCode::SUCCESS);
    };

    // Kbuild works in the module's directory: two at once would trip over each other's files.
    let lock = stamp::Lock::exclusive(&build.join("lock").join(stamp::Key::new(&module).hex()))?;
    remove_leftovers(&module)?;
    let mut make = kbuild::make(&kdir, &module, &kbuild);
    let cwd = std::env::current_dir().context("no current directory")?;
    make.arg(format!(
        "cmd_rustc_o_rs={}",
        module_command(&prepared.crates.dir)?
    ))
    .arg(format!(
        "cmd_and_fixdep={}",
        fixdep_command(&Cc::ask(&kdir, &prepared.crates.dir, &variables)?)
    ))
    .env(module::CWD, cwd)
    .env(
        module::MODULE_DIR,
        args.module.as_deref().unwrap_or(&module),
    );
    let status = make.status().context("cannot run make")?;
    drop((lock, prepared));
    Ok(ExitCode::from(
        u8::try_from(status.code().unwrap_or(1)).unwrap_or(1),
    ))
}

/// Variables of Kbuild's that say what to show, check and install, not how to compile.
fn changes_no_code(variable: &str) -> bool {
    let names = ["V=", "W=", "C=", "CF=", "MODLIB=", "INSTALL_"];
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

/// What the modules of one kernel need, built, and locked so that it stays as it is.
struct Prepared<'a> {
    crates: Crates<'a>,
    _lock: stamp::Lock,
}

impl<'a> Prepared<'a> {
    fn new(
        root: &'a Path,
        build: &Path,
        kdir: &'a Kdir,
        toolchain: &'a Toolchain,
        helpers: Option<Helpers>,
        vars: &[String],
    ) -> Result<Self> {
        let helpers = helpers.unwrap_or(match toolchain.clang {
            Some(_) => Helpers::Inline,
            None => Helpers::Object,
        });
        if helpers == Helpers::Inline && toolchain.clang.is_none() {
            let llvm = toolchain.llvm;
            bail!("HELPERS=inline needs clang {llvm} (rustc's LLVM is {llvm}): apt install clang-{llvm}, or HELPERS=object");
        }
        let suffix = if helpers == Helpers::Inline {
            ""
        } else {
            "-object"
        };
        let dir = build.join(format!("{}{suffix}", kdir.release));
        let crates = Crates {
            root,
            dir,
            kdir,
            toolchain,
            helpers,
        };
        let (ready, key) = (crates.dir.join("ready"), crates.key()?.and(vars));
        let mut lock = stamp::Lock::shared(&crates.dir)?;
        // Changing a lock is not atomic: another build may come in between, for other variables.
        while !stamp::is_fresh(&ready, &key) || crates.headers_changed() {
            drop(lock);
            lock = stamp::Lock::exclusive(&crates.dir)?;
            if crates.headers_changed() && ready.exists() {
                fs::remove_file(&ready)
                    .with_context(|| format!("cannot remove {}", ready.display()))?;
            }
            // Another build may have done it while this one waited: then no step runs.
            stamp::step(&ready, &key, || {
                crates.prepare(build, &Cc::ask(kdir, &crates.dir, vars)?)
            })?;
            lock = lock.share()?;
        }
        Ok(Self {
            crates,
            _lock: lock,
        })
    }
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

/// The kernel's `cmd_and_fixdep`, and then what the module command has found out about exported symbols:
/// modpost reads it in the file that fixdep writes.
fn fixdep_command(cc: &Cc) -> String {
    let file = "$(dot-target).symvers";
    format!(
        "{}$(if $(filter rustc_o_rs,$(1)),; if [ -f {file} ]; then cat {file} >> $(dot-target).cmd; \
         rm -f {file}; fi)",
        cc.fixdep
    )
}

impl Args {
    /// The kernel to build for, and the make variables that it needs on this machine.
    fn kernel(&self) -> Result<(Kdir, Vec<String>)> {
        let path = match (&self.kdir, &self.kver) {
            (Some(path), _) => path.clone(),
            (None, Some(release)) => match self.fetched(release)? {
                Some(kernel) => kernel.kdir,
                None => format!("/lib/modules/{release}/build").into(),
            },
            (None, None) => {
                let uname = rustix::system::uname();
                format!("/lib/modules/{}/build", uname.release().to_string_lossy()).into()
            }
        };
        let kdir = Kdir::open(&path)?;
        let path = path
            .canonicalize()
            .with_context(|| format!("cannot resolve {}", path.display()))?;
        let vars = self
            .fetched(&kdir.release)?
            .filter(|kernel| kernel.kdir == path)
            .map(|kernel| kernel.make_vars);
        Ok((Kdir { path, ..kdir }, vars.unwrap_or_default()))
    }

    /// The fetched kernel of that release or series, if there is one.
    fn fetched(&self, name: &str) -> Result<Option<Kernel>> {
        let kernels = kernels::cached(&kernels::cache_dir(None)?)?;
        Ok(kernels.into_iter().find(|kernel| kernel.is_called(name)))
    }
}

fn module_dir(path: &Path) -> Result<PathBuf> {
    let absolute = path
        .canonicalize()
        .with_context(|| format!("M={}: no such directory", path.display()))?;
    ensure!(
        absolute.join("Kbuild").exists() || absolute.join("Makefile").exists(),
        "M={}: no Kbuild file here; it says `obj-m := x.o` for each module x",
        path.display()
    );
    refuse_spaces(&absolute, "M=")?;
    Ok(absolute)
}

/// Make splits words at spaces, and Kbuild does nothing against it.
fn refuse_spaces(path: &Path, what: &str) -> Result<()> {
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
