// SPDX-License-Identifier: GPL-2.0-only

//! How each item of the table is looked for on this machine.

use super::compiler::Compiler;
use super::files::{
    any_file, programs, python_with, static_busybox, CERTIFICATES, LIBC_HEADERS, LIBELF,
    LIBELF_HEADERS,
};
use super::items::{Group, Id, Item};
use super::packages::Facts;
use crate::building::kdir::Kdir;
use crate::machine::toolchain::{env_set, llvm, output, Release, Rustc, MIN_RUSTC};
use anyhow::Result;
use std::path::{Path, PathBuf};
use which::which;

/// What was found of an item.
#[derive(Debug)]
pub enum State {
    /// It is there: what and where.
    Ok(String),
    /// It is there, but may not fit: why.
    Doubtful(String),
    /// It is not there; a detail if the item's purpose does not say all.
    Missing(Option<String>),
    /// What the user chose does not fit; the text says what to do.
    Wrong(String),
    /// It depends on something that is missing itself.
    Unknown(String),
}

/// What the checks share: each of these is looked up once.
pub struct Machine {
    rustc: Result<Option<Rustc>>,
    kernel: Kernel,
    clang: Result<Option<PathBuf>>,
}

/// The kernel that modules would be built for.
struct Kernel {
    release: Option<String>,
    path: PathBuf,
    /// Whether the user named it.
    named: bool,
    kdir: Result<Kdir>,
}

impl Kernel {
    /// Whether this system has no modules for the kernel that runs.
    fn is_foreign(&self) -> bool {
        let modules = |release| Path::new("/lib/modules").join(release).exists();
        !self.release.as_ref().is_some_and(modules)
    }
}

impl Machine {
    /// Looks at this machine, and at the kernel whose build directory is `kdir` or else the running one.
    pub fn look(kdir: Option<&Path>) -> Self {
        let rustc = Rustc::best();
        let llvm = rustc
            .as_ref()
            .ok()
            .and_then(|rustc| Some(rustc.as_ref()?.llvm));
        let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").ok();
        let release = release.map(|text| text.trim().to_owned());
        let running = || {
            format!(
                "/lib/modules/{}/build",
                release.as_deref().unwrap_or("unknown")
            )
            .into()
        };
        let path = kdir.map_or_else(running, Path::to_owned);
        Self {
            rustc,
            clang: llvm.map_or(Ok(None), llvm::find_clang),
            kernel: Kernel {
                kdir: Kdir::open(&path),
                named: kdir.is_some(),
                path,
                release,
            },
        }
    }

    /// What package names may depend on.
    pub fn facts(&self) -> Facts {
        let compiler = self.kernel_compiler().filter(|compiler| !compiler.clang);
        Facts {
            llvm: self.rustc().map(|rustc| rustc.llvm),
            gcc: compiler.map(|compiler| compiler.major),
            release: self.kernel.release.clone(),
        }
    }

    /// The rustc that would be used, fit or not.
    pub fn rustc(&self) -> Option<&Rustc> {
        self.rustc.as_ref().ok()?.as_ref()
    }

    /// The group that an item has here: headers that the user asks for are no option.
    pub fn group(&self, item: &Item) -> Group {
        if item.id == Id::Headers && self.kernel.named {
            return Group::Build;
        }
        item.group
    }

    /// Looks for one item.
    pub fn check(&self, id: Id) -> State {
        match id {
            Id::Rustc => self.check_rustc(),
            Id::RustSrc => self.check_rust_src(),
            Id::Cargo => self.check_cargo(),
            Id::Certificates => any_file(&CERTIFICATES),
            Id::Libclang => match llvm::find_libclang() {
                Ok(Some(path)) => State::Ok(format!("libclang ({})", path.display())),
                Ok(None) => State::Missing(None),
                Err(error) => State::Wrong(format!("{error:#}")),
            },
            Id::Cc => self.check_cc(),
            Id::Libc => any_file(&LIBC_HEADERS),
            Id::Binutils => programs(&["ld", "ar", "nm", "objcopy"]),
            Id::Make => programs(&["make"]),
            Id::Headers => self.check_headers(),
            Id::Clang => match (&self.clang, self.rustc()) {
                (Err(error), _) => State::Wrong(format!("{error:#}")),
                (_, None) => self.awaits_rustc(),
                (Ok(Some(path)), Some(rustc)) => {
                    State::Ok(format!("clang {} ({})", rustc.llvm, path.display()))
                }
                (Ok(None), Some(rustc)) => State::Missing(Some(format!("clang {}", rustc.llvm))),
            },
            Id::Kmod => programs(&["modinfo", "insmod", "depmod"]),
            Id::Compressors => programs(&["xz", "zstd"]),
            Id::Pahole => programs(&["pahole"]),
            Id::Libelf => any_file(&LIBELF),
            Id::Menuconfig => match python_with("menuconfig") {
                Some(python) => State::Ok(format!("Kconfiglib (of {python})")),
                None => State::Missing(None),
            },
            Id::KernelTools => match any_file(&LIBELF_HEADERS) {
                State::Ok(_) => programs(&["flex", "bison", "bc", "xz"]),
                missing => missing,
            },
            Id::Qemu => programs(&["qemu-system-x86_64"]),
            Id::Busybox => static_busybox(),
            Id::Apt => programs(&["apt-get", "dpkg-deb"]),
            Id::Iasl => programs(&["iasl"]),
            Id::Patchelf => programs(&["patchelf"]),
            Id::Openssl => programs(&["openssl"]),
            Id::Dkms => programs(&["dkms"]),
            Id::Rustfmt => self.check_rust_tool(&["rustfmt", "cargo-fmt"]),
            Id::Clippy => self.check_clippy(),
            Id::Shellcheck => programs(&["shellcheck"]),
            Id::Reuse => programs(&["reuse"]),
        }
    }

    fn check_rustc(&self) -> State {
        match &self.rustc {
            Err(error) => State::Wrong(format!("{error:#}")),
            Ok(None) => State::Missing(None),
            Ok(Some(rustc)) if rustc.release < MIN_RUSTC => State::Missing(Some(rustc.too_old())),
            Ok(Some(rustc)) => State::Ok(format!(
                "{} ({})",
                short(&rustc.version),
                rustc.path.display()
            )),
        }
    }

    /// The state of what must fit a rustc that is not there yet.
    fn awaits_rustc(&self) -> State {
        let what = if self.rustc.is_err() {
            "RUSTC is put right"
        } else {
            "rustc is installed"
        };
        State::Unknown(format!(
            "it must fit rustc, so it is not looked for until {what}"
        ))
    }

    fn check_rust_src(&self) -> State {
        match self.rustc().map(|rustc| (rustc, &rustc.library)) {
            None if self.rustc.is_err() => self.awaits_rustc(),
            None => State::Missing(None),
            Some((_, Some(library))) => State::Ok(format!("rust-src ({})", library.display())),
            Some((rustc, None)) => State::Missing(Some(rustc.no_source())),
        }
    }

    fn check_cargo(&self) -> State {
        let Some(cargo) = self
            .rustc()
            .map_or_else(|| which("cargo").ok(), Rustc::cargo)
        else {
            return State::Missing(None);
        };
        let path = cargo.display();
        match output(&cargo, &["-V"]).map(|text| (Release::parse(&text, "cargo "), text)) {
            Ok((Some(release), text)) if release >= MIN_RUSTC => {
                State::Ok(format!("{} ({path})", short(&text)))
            }
            Ok((Some(release), _)) => State::Missing(Some(format!(
                "{path}: cargo {release} is older than {MIN_RUSTC}"
            ))),
            Ok((None, _)) => State::Missing(Some(format!("{path} does not say its version"))),
            Err(error) => State::Missing(Some(format!("{error:#}"))),
        }
    }

    /// Clippy is a rustc of its own: one of another release reads no crate that ours has made.
    fn check_clippy(&self) -> State {
        let state = self.check_rust_tool(&["clippy-driver", "cargo-clippy"]);
        let (State::Ok(_), Some(rustc)) = (&state, self.rustc()) else {
            return state;
        };
        let path = rustc.path.with_file_name("clippy-driver");
        let version = output(&path, &["--rustc", "--version"]);
        match version.map(|text| Release::parse(&text, "rustc ")) {
            Ok(Some(release)) if release == rustc.release => state,
            Ok(Some(release)) => State::Missing(Some(format!(
                "{} is of Rust {release}, and rustc of {}",
                path.display(),
                rustc.release
            ))),
            Ok(None) => {
                State::Missing(Some(format!("{} does not say its version", path.display())))
            }
            Err(error) => State::Missing(Some(format!("{error:#}"))),
        }
    }

    /// A tool that must be of the same release as rustc.
    fn check_rust_tool(&self, names: &[&str]) -> State {
        let Some(rustc) = self.rustc() else {
            return if self.rustc.is_err() {
                self.awaits_rustc()
            } else {
                State::Missing(None)
            };
        };
        let paths: Vec<PathBuf> = names
            .iter()
            .map(|name| rustc.path.with_file_name(name))
            .collect();
        match paths.iter().find(|path| !path.exists()) {
            None => State::Ok(format!("{} ({})", names[0], paths[0].display())),
            Some(path) => State::Missing(Some(format!("no {}", path.display()))),
        }
    }

    fn check_headers(&self) -> State {
        let path = self.kernel.path.display();
        match &self.kernel.kdir {
            Ok(kdir) => State::Ok(format!("kernel headers {} ({path})", kdir.release)),
            Err(error) if self.kernel.named => State::Wrong(format!("{error:#}")),
            Err(error) if self.kernel.path.exists() => State::Doubtful(format!("{error:#}")),
            // In a container the kernel is another system's: no package here has its headers.
            Err(_) if self.kernel.is_foreign() => State::Doubtful(format!(
                "kernel headers: the running kernel {} is not this system's; name another's with KDIR=",
                self.kernel.release.as_deref().unwrap_or_default()
            )),
            Err(_) => State::Missing(Some(format!("no {path}"))),
        }
    }

    /// The compiler that the kernel was built with.
    fn kernel_compiler(&self) -> Option<Compiler> {
        Compiler::parse(
            self.kernel
                .kdir
                .as_ref()
                .ok()?
                .config
                .get("CC_VERSION_TEXT")?,
        )
    }

    fn check_cc(&self) -> State {
        let wanted = self.kernel_compiler();
        let chosen = env_set("CC").map(|cc| cc.to_string_lossy().into_owned());
        let names = match (&chosen, &wanted) {
            (Some(cc), _) => vec![cc.clone()],
            (
                None,
                Some(Compiler {
                    clang: true,
                    major,
                    name,
                }),
            ) => {
                vec![name.clone(), format!("clang-{major}"), "clang".into()]
            }
            (
                None,
                Some(Compiler {
                    clang: false,
                    major,
                    name,
                }),
            ) => {
                vec![
                    name.clone(),
                    format!("gcc-{major}"),
                    "gcc".into(),
                    "cc".into(),
                ]
            }
            (None, None) => vec!["gcc".into(), "cc".into()],
        };
        let Some(path) = names.iter().find_map(|name| which(name).ok()) else {
            return match chosen {
                Some(cc) => {
                    State::Wrong(format!("CC={cc}: no such program; unset CC or correct it"))
                }
                None => State::Missing(
                    wanted.map(|compiler| format!("the kernel was built with {compiler}")),
                ),
            };
        };
        let Some(found) = output(&path, &["--version"])
            .ok()
            .and_then(|text| Compiler::parse(&text))
        else {
            return State::Ok(format!("C compiler ({})", path.display()));
        };
        let text = format!("{found} ({})", path.display());
        match wanted {
            Some(wanted) if (wanted.clang, wanted.major) != (found.clang, found.major) => {
                State::Doubtful(format!(
                    "{text}: the kernel was built with {wanted}; CC= names another compiler"
                ))
            }
            _ => State::Ok(text),
        }
    }
}

/// `rustc 1.96.0` of `rustc 1.96.0 (ac68faa20 2026-05-25)`.
fn short(version: &str) -> &str {
    version.split(" (").next().unwrap_or(version).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_versions() {
        assert_eq!(
            short("rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)"),
            "rustc 1.96.0"
        );
        assert_eq!(short("cargo 1.96.0\n"), "cargo 1.96.0");
    }

    #[test]
    fn a_named_kernel_is_no_option() {
        let headers = super::super::items::item(Id::Headers);
        let machine = Machine::look(Some(Path::new("/nonexistent")));
        assert_eq!(machine.group(headers), Group::Build);
        assert!(
            matches!(machine.check(Id::Headers), State::Wrong(text) if text.starts_with("/nonexistent: "))
        );
        assert_eq!(Machine::look(None).group(headers), Group::Optional);
    }
}
