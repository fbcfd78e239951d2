// SPDX-License-Identifier: GPL-2.0

//! Finds the Rust toolchain and the LLVM tools that modules are built with.

use anyhow::{bail, ensure, Context, Result};
use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use which::which;

/// The oldest rustc that builds the tool, the macros and the kernel crate.
pub const MIN_RUSTC: Release = Release(1, 85);

/// A rustc that comes with the standard library's source, and the tools that match its LLVM.
#[derive(Debug, Clone)]
#[allow(dead_code)]
pub struct Toolchain {
    /// `$RUSTC` if set; else the first of `rustc` in `PATH`, `/usr/bin/rustc` that has rust-src.
    pub rustc: PathBuf,
    /// The cargo beside `rustc` if there is one, else that of `PATH`.
    pub cargo: PathBuf,
    /// `lib/rustlib/src/rust/library` of `rustc`'s sysroot.
    pub library: PathBuf,
    /// The line `rustc 1.96.0 (...)`.
    pub version: String,
    /// The major version of rustc's LLVM.
    pub llvm: u32,
    /// A clang of the same LLVM major: helpers can be inlined.
    pub clang: Option<PathBuf>,
    /// The newest libclang at hand, for bindgen.
    pub libclang: Option<PathBuf>,
}

impl Toolchain {
    /// Looks for a usable toolchain.
    ///
    /// # Errors
    ///
    /// When there is no rustc with rust-src, or `$RUSTC`, `$CLANG` or `$LIBCLANG_PATH` names
    /// something that does not fit; the message names the command that helps.
    pub fn find() -> Result<Self> {
        let rustc = Rustc::find()?;
        let cargo = rustc.cargo().with_context(|| {
            format!(
                "no cargo beside {} or in PATH; `make setup` installs it",
                rustc.path.display()
            )
        })?;
        Ok(Self {
            clang: find_clang(rustc.llvm)?,
            libclang: find_libclang()?,
            cargo,
            llvm: rustc.llvm,
            library: rustc.library.context("no rust-src")?,
            version: rustc.version,
            rustc: rustc.path,
        })
    }

    /// Finds `llvm-link`, `opt` or `llc` of rustc's LLVM; the helpers are inlined with them.
    #[allow(dead_code)]
    pub fn llvm_tool(&self, name: &str) -> Option<PathBuf> {
        find_llvm_tool(name, self.llvm, self.clang.as_deref())
    }
}

/// Major and minor version of a Rust release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release(pub u32, pub u32);

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// One rustc, usable or not.
#[derive(Debug, Clone)]
pub struct Rustc {
    pub path: PathBuf,
    /// The line `rustc 1.96.0 (...)`.
    pub version: String,
    pub release: Release,
    pub llvm: u32,
    pub sysroot: PathBuf,
    /// The standard library's source, if rust-src is installed.
    pub library: Option<PathBuf>,
}

impl Rustc {
    /// The rustc to build modules with.
    pub fn find() -> Result<Self> {
        if let Some(value) = env_set("RUSTC") {
            let path = which(&value).ok().with_context(|| {
                format!(
                    "RUSTC={}: no such program; unset RUSTC or correct it",
                    value.to_string_lossy()
                )
            })?;
            let rustc = Self::probe(&path)?;
            return match rustc.unfit() {
                None => Ok(rustc),
                Some(why) => bail!("RUSTC={why}"),
            };
        }
        let mut unfit = Vec::new();
        for path in rustc_candidates() {
            match Self::probe(&path) {
                Ok(rustc) => match rustc.unfit() {
                    None => return Ok(rustc),
                    Some(why) => unfit.push(why),
                },
                Err(error) => unfit.push(format!("{error:#}")),
            }
        }
        match unfit.first() {
            None => {
                bail!("no rustc in PATH or /usr/bin; `make setup` installs one with its source")
            }
            Some(why) => bail!("{why}"),
        }
    }

    /// Asks the rustc at `path` what it is.
    pub fn probe(path: &Path) -> Result<Self> {
        let text = output(path, &["-vV"])?;
        let (version, release, llvm) = parse_rustc_verbose(&text).with_context(|| {
            format!(
                "{}: `-vV` says nothing that a rustc would say",
                path.display()
            )
        })?;
        let sysroot = PathBuf::from(output(path, &["--print", "sysroot"])?.trim());
        let library = sysroot.join("lib/rustlib/src/rust/library");
        let library = library.join("core/src/lib.rs").exists().then_some(library);
        Ok(Self {
            path: path.to_owned(),
            version,
            release,
            llvm,
            sysroot,
            library,
        })
    }

    /// Why modules cannot be built with this one, and what helps.
    pub fn unfit(&self) -> Option<String> {
        let path = self.path.display();
        if self.release < MIN_RUSTC {
            let remedy = if self.is_rustup() {
                "`rustup update`"
            } else {
                "`make setup`"
            };
            return Some(format!(
                "{path}: rustc {} is older than {MIN_RUSTC}; {remedy} gets a newer one",
                self.release
            ));
        }
        if self.library.is_none() {
            let remedy = if self.is_rustup() {
                "`rustup component add rust-src`"
            } else {
                "`make setup`"
            };
            return Some(format!(
                "{path}: rustc {} has no rust-src; {remedy} installs it",
                self.release
            ));
        }
        None
    }

    /// Whether rustup keeps it: then rustup, not the distribution, adds what is missing.
    pub fn is_rustup(&self) -> bool {
        self.sysroot.parent().and_then(Path::file_name) == Some(OsStr::new("toolchains"))
    }

    /// The cargo beside this rustc if there is one, else that of `PATH`.
    pub fn cargo(&self) -> Option<PathBuf> {
        let beside = self.path.with_file_name("cargo");
        if beside.exists() {
            return Some(beside);
        }
        which("cargo").ok()
    }
}

/// Every rustc worth a try, in order of preference, each once.
fn rustc_candidates() -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = which::which_all("rustc").into_iter().flatten().collect();
    paths.push("/usr/bin/rustc".into());
    if let Some(home) = env_set("HOME").map(PathBuf::from) {
        paths.push(home.join(".cargo/bin/rustc"));
        let mut toolchains = list(&home.join(".rustup/toolchains"));
        toolchains.sort();
        paths.extend(
            toolchains
                .into_iter()
                .rev()
                .map(|toolchain| toolchain.join("bin/rustc")),
        );
    }
    let mut seen = Vec::new();
    paths.retain(|path| {
        // The links of a merged /usr (`/bin/rustc`) lead to one file.
        let Ok(real) = path.canonicalize() else {
            return false;
        };
        let new = !seen.contains(&real);
        seen.push(real);
        new
    });
    paths
}

/// A clang of LLVM `major`: `$CLANG`, else the first that fits; `None` if there is none.
pub fn find_clang(major: u32) -> Result<Option<PathBuf>> {
    if let Some(value) = env_set("CLANG") {
        let value = value.to_string_lossy();
        let path = which(&*value).with_context(|| {
            format!("CLANG={value}: no such program; unset CLANG or correct it")
        })?;
        let found = parse_clang_version(&output(&path, &["--version"])?)
            .with_context(|| format!("CLANG={value} is no clang; unset CLANG or correct it"))?;
        ensure!(
            found == major,
            "CLANG={value} is clang {found}, but rustc's LLVM is {major}; use CLANG=clang-{major} or unset CLANG"
        );
        return Ok(Some(path));
    }
    let fits = |path: &PathBuf| {
        output(path, &["--version"])
            .ok()
            .and_then(|text| parse_clang_version(&text))
            == Some(major)
    };
    let names = [
        format!("clang-{major}"),
        format!("/usr/lib/llvm-{major}/bin/clang"),
        format!("/usr/lib64/llvm{major}/bin/clang"),
        "clang".to_owned(),
    ];
    Ok(names.iter().filter_map(|name| which(name).ok()).find(fits))
}

/// `llvm-link`, `opt`, `llc` and the like of LLVM `major`: beside `clang`, else where distributions put them.
pub fn find_llvm_tool(name: &str, major: u32, clang: Option<&Path>) -> Option<PathBuf> {
    let beside = clang.and_then(|clang| Some(clang.canonicalize().ok()?.with_file_name(name)));
    let usual = [
        format!("/usr/lib/llvm-{major}/bin/{name}"),
        format!("/usr/lib64/llvm{major}/bin/{name}"),
        format!("{name}-{major}"),
        name.to_owned(),
    ];
    let candidates = beside
        .into_iter()
        .chain(usual.into_iter().map(PathBuf::from));
    candidates.filter_map(|path| which(path).ok()).find(|path| {
        output(path, &["--version"])
            .ok()
            .and_then(|text| parse_llvm_version(&text))
            == Some(major)
    })
}

/// The libclang that bindgen should load: `$LIBCLANG_PATH`, else the newest.
pub fn find_libclang() -> Result<Option<PathBuf>> {
    if let Some(value) = env_set("LIBCLANG_PATH").map(PathBuf::from) {
        let found = if value.is_dir() {
            newest_libclang(list(&value))
        } else {
            Some(value.clone())
        };
        return match found.filter(|path| is_x86_64_elf(path)) {
            Some(path) => Ok(Some(path)),
            None => bail!(
                "LIBCLANG_PATH={}: no 64-bit libclang.so there; unset LIBCLANG_PATH or correct it",
                value.display()
            ),
        };
    }
    let mut dirs: Vec<PathBuf> = [
        "/usr/lib64",
        "/usr/lib",
        "/usr/lib/x86_64-linux-gnu",
        "/usr/local/lib",
    ]
    .map(PathBuf::from)
    .into();
    // Debian and Arch have /usr/lib/llvm-22/lib and /usr/lib/llvm22/lib, Fedora /usr/lib64/llvm22/lib64.
    for parent in ["/usr/lib", "/usr/lib64"] {
        for dir in list(Path::new(parent)) {
            if dir
                .file_name()
                .is_some_and(|name| name.as_encoded_bytes().starts_with(b"llvm"))
            {
                dirs.extend([dir.join("lib"), dir.join("lib64")]);
            }
        }
    }
    Ok(newest_libclang(
        dirs.iter().flat_map(|dir| list(dir)).collect(),
    ))
}

/// The newest of the files that are a libclang for this machine.
fn newest_libclang(files: Vec<PathBuf>) -> Option<PathBuf> {
    let mut found: Vec<(Vec<u32>, PathBuf)> = files
        .into_iter()
        .filter(|path| is_libclang_name(path) && is_x86_64_elf(path))
        .filter_map(|path| Some((libclang_version(&path.canonicalize().ok()?), path)))
        .collect();
    // The plain name last among equals: it is the one that a developer knows.
    found.sort_by_key(|(version, path)| {
        (version.clone(), std::cmp::Reverse(path.as_os_str().len()))
    });
    found.pop().map(|(_, path)| path)
}

/// Whether a file's name is that of libclang itself (`libclang-cpp.so` is another library).
fn is_libclang_name(path: &Path) -> bool {
    let Some(rest) = path
        .file_name()
        .and_then(OsStr::to_str)
        .and_then(|name| name.strip_prefix("libclang"))
    else {
        return false;
    };
    let rest = rest.strip_prefix('-').map_or(rest, |r| {
        r.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.')
    });
    // `-22.so.1` is left as `so.1`, since the dot goes with the digits.
    let rest = rest.trim_start_matches('.');
    rest == "so" || rest.starts_with("so.")
}

/// The version in a libclang's full path: `…/llvm-22/lib/libclang-22.so.22.1.8`.
///
/// The numbers in the file's name are the version, but an ABI number 1 alone, which libclang bore
/// for years, is not; then the directory's name says it.
fn libclang_version(path: &Path) -> Vec<u32> {
    let numbers = |text: &str| -> Vec<u32> {
        text.split(|c: char| !c.is_ascii_digit())
            .filter_map(|n| n.parse().ok())
            .collect()
    };
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let (before, after) = name.split_once(".so").unwrap_or((name, ""));
    let (before, after) = (numbers(before), numbers(after));
    if after.first().is_some_and(|&major| major > 1) {
        return after;
    }
    if !before.is_empty() {
        return before;
    }
    let dir = path
        .iter()
        .rev()
        .filter_map(OsStr::to_str)
        .find(|part| part.starts_with("llvm"));
    dir.map(numbers).unwrap_or_default()
}

/// Whether `path` is an ELF file for x86-64: a 32-bit libclang beside the right one does not count.
fn is_x86_64_elf(path: &Path) -> bool {
    let mut header = [0; 20];
    std::fs::File::open(path)
        .and_then(|mut file| file.read_exact(&mut header))
        .is_ok()
        && header.starts_with(b"\x7fELF\x02")
        && header[18..] == [62, 0]
}

/// Parses `rustc -vV` into its first line, the release and LLVM's major version.
fn parse_rustc_verbose(text: &str) -> Option<(String, Release, u32)> {
    let line = text.lines().next()?;
    let mut numbers = line
        .strip_prefix("rustc ")?
        .split(['.', ' ', '-'])
        .map(str::parse);
    let release = Release(numbers.next()?.ok()?, numbers.next()?.ok()?);
    let llvm = text
        .lines()
        .find_map(|line| line.strip_prefix("LLVM version: "))?;
    Some((line.to_owned(), release, leading_number(llvm)?))
}

/// Parses the major version from `clang --version`.
pub fn parse_clang_version(text: &str) -> Option<u32> {
    leading_number(text.split_once("clang version ")?.1)
}

/// Parses the major version from `llc --version` and its siblings.
fn parse_llvm_version(text: &str) -> Option<u32> {
    leading_number(text.split_once("LLVM version ")?.1)
}

/// The number that `text` starts with.
pub fn leading_number(text: &str) -> Option<u32> {
    text.split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

/// An environment variable that is set to something: make exports empty ones too.
pub fn env_set(name: &str) -> Option<std::ffi::OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// What `program` prints, in the C locale.
pub fn output(program: &Path, args: &[&str]) -> Result<String> {
    let what = program.display();
    let output = Command::new(program)
        .args(args)
        .env("LC_ALL", "C")
        .output()
        .with_context(|| format!("{what}: cannot be run"))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{what} {}: failed: {}",
        args.join(" "),
        errors.lines().next().unwrap_or("it does not say why")
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The paths in a directory; none if it cannot be read.
fn list(dir: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rustc_verbose() {
        let text = "rustc 1.96.0-nightly (ac68faa20 2026-05-25)\nbinary: rustc\nrelease: 1.96.0\nLLVM version: 22.1.8\n";
        let (line, release, llvm) = parse_rustc_verbose(text).unwrap();
        assert_eq!(line, "rustc 1.96.0-nightly (ac68faa20 2026-05-25)");
        assert_eq!((release, llvm), (Release(1, 96), 22));
        assert!(release > MIN_RUSTC && Release(1, 84) < MIN_RUSTC && Release(2, 0) > MIN_RUSTC);
        assert_eq!(parse_rustc_verbose("rustc 1.96.0\n"), None);
        assert_eq!(parse_rustc_verbose("error: no default toolchain\n"), None);
    }

    #[test]
    fn tool_versions() {
        assert_eq!(
            parse_clang_version("Debian clang version 22.1.8 (1~deb12u1)\nTarget: x\n"),
            Some(22)
        );
        assert_eq!(parse_clang_version("gcc (Debian 12.2.0) 12.2.0\n"), None);
        assert_eq!(
            parse_llvm_version("Debian LLVM version 22.1.8\n  Optimized build.\n"),
            Some(22)
        );
    }

    #[test]
    fn libclang_names() {
        let is = |name: &str| is_libclang_name(Path::new(name));
        for name in [
            "libclang.so",
            "libclang.so.1",
            "libclang-22.so",
            "libclang-22.so.22",
            "libclang-22.1.8.so",
        ] {
            assert!(is(name), "{name}");
        }
        for name in [
            "libclang-cpp.so.22",
            "libclangBasic.a",
            "libclang_rt.so",
            "libclang.sox",
            "libLLVM.so",
        ] {
            assert!(!is(name), "{name}");
        }
    }

    #[test]
    fn libclang_versions() {
        let version = |path: &str| libclang_version(Path::new(path));
        assert_eq!(
            version("/usr/lib/x86_64-linux-gnu/libclang-22.so.22.1.8"),
            [22, 1, 8]
        );
        assert_eq!(version("/usr/lib/llvm-14/lib/libclang-14.so.1"), [14]);
        assert_eq!(version("/usr/lib/llvm-14/lib/libclang.so.1"), [14]);
        assert_eq!(version("/usr/lib64/libclang.so.20.1"), [20, 1]);
        assert_eq!(
            version("/usr/lib/llvm-19/lib/libclang-19.1.7.so"),
            [19, 1, 7]
        );
        assert!(
            version("/usr/lib/llvm-22/lib/libclang.so")
                > version("/usr/lib/llvm-9/lib/libclang.so")
        );
    }
}
