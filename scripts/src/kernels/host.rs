// SPDX-License-Identifier: GPL-2.0-only

//! What a kernel built elsewhere needs to build modules on this host: its tools made to start, and
//! the make arguments that tell it which compiler and which pahole there really are.

use super::command::checked;
use crate::building::kdir::{Config, Kdir};
use crate::command;
use crate::elf;
use anyhow::{ensure, Context, Result};
use object::FileKind;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use walkdir::WalkDir;

/// Compiler flags that Kbuild passes because the kernel's own compiler had them.
const FLAGS: [(&str, &str); 1] = [(
    "CC_HAS_MIN_FUNCTION_ALIGNMENT",
    "-fmin-function-alignment=16",
)];

/// The extra make arguments that the kernel at `kdir` needs on this host.
pub fn make_vars(kdir: &Path) -> Result<Vec<String>> {
    let config = Kdir::open(kdir)?.config;
    let mut vars = Vec::new();
    let wanted = config
        .get("CC_VERSION_TEXT")
        .and_then(|text| text.split_whitespace().next())
        .unwrap_or("gcc");
    let is_here = |cc: &str| which::which(cc).is_ok();
    let substitute = if is_here(wanted) {
        None
    } else {
        substitutes(wanted).into_iter().find(|cc| is_here(cc))
    };
    let cc = substitute.as_deref().unwrap_or(wanted);
    // With no compiler at all there is nothing to probe: Kbuild then names the one that it misses.
    if is_here(cc) {
        let missing = FLAGS
            .iter()
            .filter(|(symbol, flag)| is_on(&config, symbol) && !has_flag(cc, flag));
        vars.extend(substitute.iter().map(|cc| format!("CC={cc}")));
        vars.extend(missing.map(|(symbol, _)| format!("CONFIG_{symbol}=")));
    }
    vars.extend(btf_vars(
        &config,
        pahole_version(),
        kdir.join("vmlinux").exists(),
    ));
    Ok(vars)
}

fn is_on(config: &Config, symbol: &str) -> bool {
    config.get(symbol).is_some_and(|value| value == "y")
}

/// What Kbuild must be told about BTF, given the host's `pahole` (0: none) and whether the kernel's
/// headers have the `vmlinux` that a module's BTF builds upon.
fn btf_vars(config: &Config, pahole: u32, has_vmlinux: bool) -> Vec<String> {
    if !is_on(config, "DEBUG_INFO_BTF_MODULES") {
        return Vec::new();
    }
    let built_with = config
        .get("PAHOLE_VERSION")
        .and_then(|value| value.parse().ok())
        .unwrap_or(pahole);
    let mut vars = Vec::new();
    if pahole == 0 || pahole < built_with || !has_vmlinux {
        vars.push("CONFIG_DEBUG_INFO_BTF_MODULES=".to_owned());
    }
    if pahole != built_with {
        // Newer kernels warn of the difference in each build, with BTF or without.
        vars.push(format!("PAHOLE_VERSION={built_with}"));
    }
    vars
}

/// Compilers to take for one that is not here: the nearest older gcc, then the nearest newer one.
fn substitutes(wanted: &str) -> Vec<String> {
    let Some(major) = wanted
        .rsplit_once("gcc-")
        .and_then(|(_, major)| major.parse::<u32>().ok())
    else {
        return vec!["gcc".to_owned()];
    };
    let older = (8..=major).rev();
    let newer = major + 1..major + 8;
    older
        .chain(newer)
        .map(|major| format!("gcc-{major}"))
        .chain(["gcc".to_owned()])
        .collect()
}

fn has_flag(cc: &str, flag: &str) -> bool {
    let mut command = Command::new(cc);
    command.args([flag, "-S", "-x", "c", "/dev/null", "-o", "/dev/null"]);
    command::succeeds(&mut command).unwrap_or(false)
}

/// pahole's version as the kernel's configuration counts it, 0 where there is none.
fn pahole_version() -> u32 {
    let output = command::output(Command::new("pahole").arg("--numeric_version"));
    let version = output.ok().and_then(|text| text.trim().parse().ok());
    version.unwrap_or(0)
}

/// The dynamically linked host tools of the kernel unpacked at `tree`.
pub fn tools(tree: &Path) -> Result<Vec<PathBuf>> {
    let mut tools = Vec::new();
    let lib = tree.join("usr/lib");
    for entry in fs::read_dir(&lib).with_context(|| format!("reading {}", lib.display()))? {
        let entry = entry?;
        if entry
            .file_name()
            .to_string_lossy()
            .starts_with("linux-kbuild")
        {
            let files = files(&entry.path())?;
            tools.extend(files.into_iter().filter(|file| is_elf(file)));
        }
    }
    ensure!(
        !tools.is_empty(),
        "{}: no host tools in the kernel's packages",
        lib.display()
    );
    Ok(tools)
}

/// Whether all `tools` find their libraries, of new enough versions, on this host.
pub fn start_here(tools: &[PathBuf]) -> Result<bool> {
    let mut ldd = Command::new("ldd");
    let output = command::capture(ldd.args(tools).env("LC_ALL", "C"))
        .context("it is in the package libc-bin")?;
    // A version that is too old is said on the error stream, a library that is missing is not.
    let said = [output.stdout, output.stderr].concat();
    Ok(!String::from_utf8_lossy(&said).contains("not found"))
}

/// Binds the `tools` of the kernel at `tree`, which will live at `root`, to the libraries that were
/// unpacked at `tree/host`.
pub fn bind_tools(tools: &[PathBuf], tree: &Path, root: &Path) -> Result<()> {
    let host = tree.join("host");
    let (mut loader, mut dirs) = (None, Vec::new());
    for file in files(&host)? {
        if file.ends_with("ld-linux-x86-64.so.2") {
            loader = Some(file.clone());
        }
        // Only the directories of the libraries themselves, not those of their plugins.
        if let Some(dir) = file
            .parent()
            .filter(|dir| dir.ends_with("lib/x86_64-linux-gnu"))
        {
            if !dirs.iter().any(|known| known == dir) {
                dirs.push(dir.to_owned());
            }
        }
    }
    let loader =
        loader.with_context(|| format!("{}: no ld-linux-x86-64.so.2 in it", host.display()))?;
    let join = |dirs: &[PathBuf]| {
        dirs.iter()
            .map(|dir| dir.display().to_string())
            .collect::<Vec<_>>()
            .join(":")
    };
    let at_root = |path: &Path| root.join(path.strip_prefix(tree).unwrap_or(path));
    let rpath = join(&dirs.iter().map(|dir| at_root(dir)).collect::<Vec<_>>());

    let mut patchelf = Command::new("patchelf");
    // An rpath, not a runpath: libraries of libraries are looked up by it too.
    patchelf.args(["--force-rpath", "--set-rpath", &rpath]);
    patchelf
        .arg("--set-interpreter")
        .arg(at_root(&loader))
        .args(tools);
    checked(&mut patchelf)?;
    for tool in tools {
        let mut list = Command::new(&loader);
        list.args(["--library-path", &join(&dirs), "--list"]);
        checked(list.arg(tool)).with_context(|| {
            format!(
                "{} does not start with the fetched libraries",
                tool.display()
            )
        })?;
    }
    Ok(())
}

/// Fails where `patchelf` is missing, before anything large is fetched for it.
pub fn need_patchelf(series: &str) -> Result<()> {
    ensure!(
        which::which("patchelf").is_ok(),
        "{series}: its host tools want newer libraries than this machine has, and binding them to others \
         needs patchelf: apt install patchelf"
    );
    Ok(())
}

/// The regular files below `dir`.
fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in WalkDir::new(dir).sort_by_file_name() {
        let entry = entry.with_context(|| format!("reading {}", dir.display()))?;
        if entry.file_type().is_file() {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

fn is_elf(file: &Path) -> bool {
    elf::kind(file) == Some(FileKind::Elf64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_older_compiler_is_tried_first() {
        let tried = substitutes("x86_64-linux-gnu-gcc-14");
        assert_eq!(tried[..3], ["gcc-14", "gcc-13", "gcc-12"]);
        let place = |cc: &str| tried.iter().position(|tried| tried == cc).unwrap();
        assert!(place("gcc-8") < place("gcc-15") && place("gcc-15") < place("gcc"));
        assert_eq!(substitutes("gcc"), ["gcc"]);
    }

    #[test]
    fn btf_is_off_where_it_cannot_be_made() {
        let config = |version: &str| {
            let symbols = [("DEBUG_INFO_BTF_MODULES", "y"), ("PAHOLE_VERSION", version)];
            symbols
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into()
        };
        let none: [&str; 0] = [];
        assert_eq!(btf_vars(&config("124"), 124, true), none);
        assert_eq!(
            btf_vars(&config("124"), 124, false),
            ["CONFIG_DEBUG_INFO_BTF_MODULES="]
        );
        let off = ["CONFIG_DEBUG_INFO_BTF_MODULES=", "PAHOLE_VERSION=130"];
        assert_eq!(btf_vars(&config("130"), 124, true), off);
        assert_eq!(btf_vars(&config("130"), 0, true), off);
        assert_eq!(btf_vars(&config("124"), 130, true), ["PAHOLE_VERSION=124"]);
        assert_eq!(btf_vars(&Config::new(), 0, false), none);
    }
}
