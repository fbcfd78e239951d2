// SPDX-License-Identifier: GPL-2.0-only

//! Finds the Rust toolchain and the LLVM tools that modules are built with.

pub mod llvm;

use crate::building::programs::Files;
use crate::command;
use crate::machine::doctor::{self, Id};
use anyhow::{bail, Context, Result};
use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use which::which;

/// The oldest rustc that builds the tool, the macros and the kernel crate.
pub const MIN_RUSTC: Release = Release(1, 85);

/// A rustc that comes with the standard library's source, and the tools that match its LLVM.
#[derive(Debug, Clone, Hash)]
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
            let path = rustc.path.display();
            format!(
                "no cargo beside {path} or in PATH; {}",
                doctor::remedy(Id::Cargo)
            )
        })?;
        Ok(Self {
            clang: llvm::find_clang(rustc.llvm)?,
            libclang: llvm::find_libclang()?,
            cargo,
            llvm: rustc.llvm,
            library: rustc.library.context("no rust-src")?,
            version: rustc.version,
            rustc: rustc.path,
        })
    }

    /// Which files rustc is, by its own path and in its sysroot: the first may be rustup's.
    pub fn rustc_files(&self) -> Files {
        // Of `lib/rustlib/src/rust/library`.
        let sysroot = self.library.ancestors().nth(5).unwrap_or(&self.library);
        let rustc = sysroot.join("bin/rustc");
        Files::of(&self.rustc).and(Files::with_libraries(&rustc, self.llvm))
    }

    /// Which files clang is.
    pub fn clang_files(&self) -> Option<Files> {
        let clang = self.clang.as_ref()?;
        Some(Files::of(clang).and(Files::with_libraries(clang, self.llvm)))
    }

    /// Which files libclang is, and the LLVM that it loads.
    pub fn libclang_files(&self) -> Option<Files> {
        let libclang = self.libclang.as_ref()?;
        Some(Files::with_libraries(libclang, llvm::major(libclang)))
    }

    /// What rustc says of its flags for code generation, the unstable ones included.
    pub fn flags_help(&self) -> Result<String> {
        let mut rustc = Command::new(&self.rustc);
        command::output(rustc.args(["-Chelp", "-Zhelp"]).env("RUSTC_BOOTSTRAP", "1"))
    }

    /// A tool that comes with `rustc`: `rustdoc`, `rustfmt`, `clippy-driver`.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.rustc.with_file_name(name)
    }
}

/// Major and minor version of a Rust release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release(pub u32, pub u32);

impl Release {
    /// Parses `1.96.0-nightly` after `prefix` in what a Rust tool says of itself.
    pub fn parse(text: &str, prefix: &str) -> Option<Self> {
        let mut numbers = text.strip_prefix(prefix)?.split('.').map(leading_number);
        Some(Self(numbers.next()??, numbers.next()??))
    }
}

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
    ///
    /// # Errors
    ///
    /// When there is none that can; the message says how to get one.
    pub fn find() -> Result<Self> {
        let Some(rustc) = Self::best()? else {
            bail!(
                "no rustc in PATH or /usr/bin; {}",
                doctor::remedy(Id::RustSrc)
            );
        };
        if rustc.release < MIN_RUSTC {
            bail!("{}; {}", rustc.too_old(), doctor::remedy(Id::Rustc));
        }
        if rustc.library.is_none() {
            bail!("{}; {}", rustc.no_source(), doctor::remedy(Id::RustSrc));
        }
        Ok(rustc)
    }

    /// `$RUSTC` if set, else the first that can build modules, else the first of all.
    ///
    /// # Errors
    ///
    /// When `$RUSTC` is set and is no rustc.
    pub fn best() -> Result<Option<Self>> {
        if let Some(value) = env_set("RUSTC") {
            let wrong = || {
                let value = value.to_string_lossy();
                format!("RUSTC={value} is no rustc that runs; unset RUSTC or correct it")
            };
            let rustc = which(&value).ok().and_then(|path| Self::probe(&path).ok());
            return rustc.with_context(wrong).map(Some);
        }
        // One that does not even run is as good as none, such as rustup's without a toolchain.
        let mut unfit = None;
        for path in candidates() {
            match Self::probe(&path) {
                Ok(rustc) if rustc.is_fit() => return Ok(Some(rustc)),
                Ok(rustc) => _ = unfit.get_or_insert(rustc),
                Err(_) => {}
            }
        }
        Ok(unfit)
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

    fn is_fit(&self) -> bool {
        self.release >= MIN_RUSTC && self.library.is_some()
    }

    /// Says that this one is too old.
    pub fn too_old(&self) -> String {
        let Self { path, release, .. } = self;
        format!(
            "{}: rustc {release} is older than {MIN_RUSTC}",
            path.display()
        )
    }

    /// Says that this one's library source is not there.
    pub fn no_source(&self) -> String {
        let Self { path, release, .. } = self;
        format!("{}: rustc {release} has no rust-src", path.display())
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
fn candidates() -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = which::which_all("rustc").into_iter().flatten().collect();
    paths.push("/usr/bin/rustc".into());
    // Ubuntu's newer ones are /usr/lib/rust-1.85 and the like, beside an older /usr/bin/rustc.
    let mut homes = list(Path::new("/usr/lib"));
    homes.retain(|path| {
        path.as_os_str()
            .as_encoded_bytes()
            .starts_with(b"/usr/lib/rust-")
    });
    if let Some(home) = env_set("HOME").map(PathBuf::from) {
        paths.push(home.join(".cargo/bin/rustc"));
        homes.extend(list(&home.join(".rustup/toolchains")));
    }
    homes.sort();
    paths.extend(homes.iter().rev().map(|home| home.join("bin/rustc")));
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

/// Parses `rustc -vV` into its first line, the release and LLVM's major version.
fn parse_rustc_verbose(text: &str) -> Option<(String, Release, u32)> {
    let line = text.lines().next()?;
    let release = Release::parse(line, "rustc ")?;
    let llvm = text
        .lines()
        .find_map(|line| line.strip_prefix("LLVM version: "))?;
    Some((line.to_owned(), release, leading_number(llvm)?))
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
    command::line_output(Command::new(program).args(args))
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
}
