// SPDX-License-Identifier: GPL-2.0-only

//! Makes a module's directory a DKMS package: DKMS then builds it for each kernel that gets installed.

use crate::verbs::build;
use crate::verbs::install;
use anyhow::{bail, ensure, Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Makes a module's directory a DKMS package: builds it, and writes its dkms.conf.
#[derive(clap::Args)]
pub struct Args {
    /// The modules' directory
    dir: PathBuf,
    /// The kernel's build directory, for the build now
    #[arg(long)]
    kdir: Option<PathBuf>,
    /// The release of an installed kernel, or a fetched one as `6.12`, in place of --kdir
    #[arg(long, conflicts_with = "kdir")]
    kver: Option<String>,
    /// The package's name [default: the directory's]
    #[arg(long)]
    name: Option<String>,
    /// The package's version
    #[arg(
        long = "package-version",
        value_name = "VERSION",
        default_value = "1.0"
    )]
    version: String,
    /// The tool that DKMS will run, as root
    #[arg(long, value_name = "PATH", default_value_os_t = install::default_tool())]
    ferrule: PathBuf,
}

/// The first line of what this writes; a file that begins otherwise is the author's.
const MARK: &str = "# Written by `ferrule dkms`";

pub fn run(args: &Args) -> Result<ExitCode> {
    let dir = &args.dir;
    let name = match &args.name {
        Some(name) => name.clone(),
        None => directory_name(dir)?,
    };
    let file = dir.join("dkms.conf");
    let old = fs::read_to_string(&file).unwrap_or_default();
    ensure!(
        old.is_empty() || old.starts_with(MARK),
        "{}: not written by this command; move it away first",
        file.display()
    );
    for (what, text) in [("name", &name), ("version", &args.version)] {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._+-~".contains(c);
        ensure!(
            text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(plain),
            "{text:?} is no {what} for a DKMS package: letters, digits and ._+-~ make one"
        );
    }
    ensure!(
        args.ferrule.is_absolute(),
        "--ferrule {}: DKMS needs an absolute path",
        args.ferrule.display()
    );

    // What modules there are is known to Kbuild only; and a package that does not build is none.
    let built = build::run(&build::Args::modules(
        dir,
        args.kdir.clone(),
        args.kver.clone(),
    ))?;
    if built != ExitCode::SUCCESS {
        return Ok(built);
    }
    let order = dir.join("modules.order");
    let order =
        fs::read_to_string(&order).with_context(|| format!("cannot read {}", order.display()))?;
    let modules = modules(&order, dir)?;
    let text = conf(&name, &args.version, &args.ferrule, &modules)?;
    fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;

    println!("wrote {}; now, as root:", file.display());
    if !args.ferrule.exists() {
        println!(
            "  make install                    # in Ferrule's directory, once: DKMS will run {}",
            args.ferrule.display()
        );
    }
    println!("  dkms add {}", dir.display());
    println!("  dkms install {name}/{}", args.version);
    Ok(ExitCode::SUCCESS)
}

fn directory_name(dir: &Path) -> Result<String> {
    let path = dir
        .canonicalize()
        .with_context(|| format!("M={}: no such directory", dir.display()))?;
    let name = path.file_name().and_then(|name| name.to_str());
    Ok(name
        .context("the modules' directory has no name; give --name")?
        .to_owned())
}

/// The modules in Kbuild's `modules.order`, each with its directory below `dir`.
///
/// Kernels differ: `/abs/sub/x.ko`, `/abs/sub/x.o`, `sub/x.o`.
fn modules(order: &str, dir: &Path) -> Result<Vec<(String, String)>> {
    let absolute = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let mut modules = Vec::new();
    for line in order.lines() {
        let path = Path::new(line);
        let path = path.strip_prefix(&absolute).unwrap_or(path);
        let path = path.strip_prefix("./").unwrap_or(path).with_extension("");
        let (Some(name), Some(below)) = (path.file_name(), path.parent()) else {
            bail!("modules.order: {line:?} names no module");
        };
        let text = |name: &std::ffi::OsStr| {
            name.to_str()
                .map(str::to_owned)
                .context("a module's name is not UTF-8")
        };
        modules.push((text(name)?, text(below.as_os_str())?));
    }
    ensure!(
        !modules.is_empty(),
        "{}: no modules here: Kbuild has no obj-m",
        dir.display()
    );
    Ok(modules)
}

/// The text of dkms.conf, which bash reads.
fn conf(name: &str, version: &str, ferrule: &Path, modules: &[(String, String)]) -> Result<String> {
    let ferrule =
        shlex::try_quote(ferrule.to_str().context("--ferrule is not UTF-8")?)?.into_owned();
    // Clang's kernels: DKMS appends CC= and LD=, which the tool passes on.
    let mut text = format!(
        "{MARK}; run it again when modules have come or gone.
PACKAGE_NAME={name}
PACKAGE_VERSION={version}
AUTOINSTALL=yes
BUILD_EXCLUSIVE_ARCH=x86_64
ferrule={ferrule}
CLEAN=\"'$ferrule' build --kdir '$kernel_source_dir' -M . clean\"
MAKE[0]=\"'$ferrule' build --kdir '$kernel_source_dir' -M . modules\"
"
    );
    for (index, (name, below)) in modules.iter().enumerate() {
        let below = if below.is_empty() { "." } else { below };
        text += &format!(
            "BUILT_MODULE_NAME[{index}]={}\nBUILT_MODULE_LOCATION[{index}]={}\nDEST_MODULE_LOCATION[{index}]=/updates/dkms\n",
            shlex::try_quote(name)?,
            shlex::try_quote(below)?
        );
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_found_however_the_kernel_lists_them() {
        let expected = [
            ("a".to_owned(), String::new()),
            ("b".to_owned(), "sub".to_owned()),
        ];
        for order in [
            "/m/d/a.ko\n/m/d/sub/b.ko\n",
            "/m/d/a.o\n/m/d/sub/b.o\n",
            "a.o\nsub/b.o\n",
            "./a.o\n./sub/b.o\n",
        ] {
            assert_eq!(
                modules(order, Path::new("/m/d")).unwrap(),
                expected,
                "{order}"
            );
        }
        assert!(modules("", Path::new("/m/d")).is_err());
    }

    #[test]
    fn the_file_is_bash() {
        let modules = [
            ("a".to_owned(), String::new()),
            ("b".to_owned(), "sub".to_owned()),
        ];
        let text = conf("hello", "1.0", Path::new("/opt/my tools/ferrule"), &modules).unwrap();
        let script = format!(
            "kernel_source_dir=/k\n{text}\necho \"$MAKE\"; echo ${{BUILT_MODULE_LOCATION[*]}}"
        );
        let mut bash = std::process::Command::new("bash");
        let said = crate::command::output(bash.args(["-ec", &script])).unwrap();
        assert_eq!(
            said,
            "'/opt/my tools/ferrule' build --kdir '/k' -M . modules\n. sub\n"
        );
    }
}
