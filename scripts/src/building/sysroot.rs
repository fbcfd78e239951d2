// SPDX-License-Identifier: GPL-2.0-only

//! Builds what every kernel of one code-generation profile shares: `core` and the crates below `kernel`.
//!
//! Cargo builds them from rust-src and its registry. The libraries hold LLVM bitcode: a module is optimised as a whole,
//! after it is linked.

use crate::building::profile::Profile;
use crate::building::stamp::Key;
use crate::building::store::{Entry, Store};
use crate::command;
use crate::machine::toolchain::Toolchain;
use crate::verbs::install;
use anyhow::{ensure, Context, Result};
use serde_json::{json, Value};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The libraries of one profile, and how to compile against them.
///
/// An entry of the store, which stays while this is there.
pub struct Sysroot {
    /// The directory to give to `--sysroot`.
    pub path: PathBuf,
    /// The target specification; its file's stem is the target's name.
    pub target: PathBuf,
    /// Where the libraries of pin-init and what it stands on lie, and procedural macros.
    pub crates: PathBuf,
    pub macros: PathBuf,
    args: Vec<String>,
    _entry: Option<Entry>,
}

/// How a library is made: as bitcode, which has seen the passes that come before link-time optimisation. Some come only
/// there: the one that removes `likely()` and `unlikely()`, without which conditions that are constant stay branches, and
/// KASAN's.
pub const LIBRARY: &str = "-Clinker-plugin-lto";

/// Core's own arithmetic is that of the core that rustc comes with. What it has as `inline` for its users, like
/// `sum()`, has checks as they have.
const CORE: &str = "-Coverflow-checks=n";

/// The names of crates that every module is linked with, or might be.
pub const CRATES: [&str; 10] = [
    "alloc",
    "bindings",
    "compiler_builtins",
    "core",
    "ffi",
    "kernel",
    "macros",
    "pin_init",
    "pinned_init",
    "std",
];

const KIND: &str = "core";

/// What lies in the project's directory and goes into a sysroot.
const SOURCES: &[&str] = &[
    "rust/macros",
    "rust/pin-init",
    "rust/sysroot",
    "Cargo.toml",
    "Cargo.lock",
];

/// Cargo's own profile for releases, whatever a user's configuration says.
const PROFILE: [&str; 10] = [
    "opt-level=3",
    "debug=false",
    "strip='debuginfo'",
    "debug-assertions=false",
    "overflow-checks=false",
    "lto=false",
    "panic='unwind'",
    "incremental=false",
    "codegen-units=16",
    "rpath=false",
];

/// The prefixes of variables by which a user configures Cargo's builds.
const USERS: [&str; 3] = ["CARGO_PROFILE_", "CARGO_BUILD_", "CARGO_INCREMENTAL"];

/// What cargo says of a crate that it has built.
#[derive(serde::Deserialize)]
struct Artifact {
    target: Target,
    filenames: Vec<PathBuf>,
}

#[derive(serde::Deserialize)]
struct Target {
    name: String,
}

/// Which sysroot a profile needs.
pub struct Plan<'a> {
    profile: &'a Profile,
    /// The file of the target specification.
    target: String,
    /// The key of all that it is built from.
    pub key: String,
}

impl<'a> Plan<'a> {
    pub fn new(root: &Path, toolchain: &Toolchain, profile: &'a Profile) -> Result<Self> {
        let mut key = Key::new(profile)
            .and(&toolchain.version)
            .and(&toolchain.library);
        let target = format!("x86_64-{}.json", &key.hex()[..8]);
        key = key.and(env!("FERRULE_CORE")).and(toolchain.rustc_files());
        for source in SOURCES {
            key = key.and_files(&root.join(source))?;
        }
        Ok(Self {
            profile,
            target,
            key: key.hex(),
        })
    }
}

impl Sysroot {
    /// Builds the sysroot of `plan`, unless it is in the store.
    pub fn prepare(
        root: &Path,
        store: &Store,
        toolchain: &Toolchain,
        plan: &Plan<'_>,
    ) -> Result<Self> {
        let (target, profile) = (&plan.target, plan.profile);
        let entry = store.entry(KIND, &plan.key, |dir| {
            // Cargo reuses this target directory for other profiles and sources: one build at a time may use it.
            let cargo = Key::new(&toolchain.version)
                .and(&toolchain.library)
                .and(toolchain.rustc_files());
            let cargo = store.workshop("cargo", &cargo.hex())?;
            let spec = cargo.path.join(target);
            write_changed(&spec, &target_spec(toolchain, profile)?)?;
            copy(&spec, &dir.join(target))?;
            let sysroot = Self::at(dir, target, profile, None);
            sysroot.build(root, &spec, &cargo.path, toolchain)?;
            // The result may be of the old or the new files.
            ensure!(
                Plan::new(root, toolchain, profile)?.key == plan.key,
                "a file below {} or rustc has changed while core, pin-init and macros were compiled; build again",
                root.join("rust").display()
            );
            Ok(())
        })?;
        Ok(Self::of(plan, entry))
    }

    /// The sysroot of `plan`, if it is in the store.
    pub fn find(store: &Store, plan: &Plan<'_>) -> Result<Option<Self>> {
        let entry = store.find(KIND, &plan.key)?;
        Ok(entry.map(|entry| Self::of(plan, entry)))
    }

    fn of(plan: &Plan<'_>, entry: Entry) -> Self {
        let path = entry.path.clone();
        Self::at(&path, &plan.target, plan.profile, Some(entry))
    }

    fn at(path: &Path, target: &str, profile: &Profile, entry: Option<Entry>) -> Self {
        Self {
            target: path.join(target),
            crates: path.join("crates"),
            macros: path.join("crates/libmacros.so"),
            path: path.to_owned(),
            args: profile.args.clone(),
            _entry: entry,
        }
    }

    fn build(
        &self,
        root: &Path,
        spec: &Path,
        target_dir: &Path,
        toolchain: &Toolchain,
    ) -> Result<()> {
        eprintln!("  CARGO   core, pin-init, macros");
        let flags: Vec<&str> = self
            .args
            .iter()
            .map(String::as_str)
            .chain([LIBRARY, CORE])
            .collect();
        let mut cargo = Command::new(&toolchain.cargo);
        // All `--config` come behind the verb: Cargo forgets those before it if there are some behind it.
        cargo.args(["build", "--release", "--locked", "--quiet", "-p", "sysroot"]);
        if root.join(install::VENDOR).exists() {
            let crates = vendored(root, target_dir, toolchain)?;
            let source = format!("source.vendored.directory='{}'", crates.display());
            cargo.args([
                "--config",
                "source.crates-io.replace-with='vendored'",
                "--config",
                &source,
            ]);
            // Nothing of a user's, who may be root without a home.
            cargo
                .arg("--offline")
                .env("CARGO_HOME", target_dir.join("home"));
        }
        cargo
            .args([
                "-Zbuild-std=core",
                "--message-format=json-render-diagnostics",
            ])
            // Formatting is most of what a small module has of core: let it be small rather than fast.
            .arg("-Zbuild-std-features=optimize_for_size")
            .arg("--manifest-path")
            .arg(root.join("Cargo.toml"))
            .arg("--target")
            .arg(spec)
            .arg("--target-dir")
            .arg(target_dir)
            .env("RUSTC", &toolchain.rustc)
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"))
            // An empty one overrides that of a user's configuration.
            .env("RUSTC_WRAPPER", "")
            .env("RUSTC_WORKSPACE_WRAPPER", "")
            .stderr(Stdio::inherit());
        for setting in PROFILE {
            cargo
                .arg("--config")
                .arg(format!("profile.release.{setting}"));
        }
        let is_users = |name: &OsStr| {
            let name = name.as_encoded_bytes();
            USERS
                .iter()
                .any(|prefix| name.starts_with(prefix.as_bytes()))
        };
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_users(name)) {
            cargo.env_remove(name);
        }
        // Newer Cargos want to hear that a target may be a file.
        let options = command::output(
            Command::new(&toolchain.cargo)
                .arg("-Zhelp")
                .env("RUSTC_BOOTSTRAP", "1"),
        )?;
        if options.contains("json-target-spec") {
            cargo.arg("-Zjson-target-spec");
        }
        let messages = command::output(&mut cargo)?;

        let triple = self.target.file_stem().context("a target has a name")?;
        let libraries = self.path.join("lib/rustlib").join(triple).join("lib");
        for dir in [&libraries, &self.crates] {
            fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
        }
        let artifacts = messages
            .lines()
            .filter_map(|line| serde_json::from_str::<Artifact>(line).ok());
        for Artifact { target, filenames } in artifacts {
            for file in filenames {
                let name = file.file_name().context("a file has a name")?;
                let kind = file.extension().and_then(|e| e.to_str());
                let to = match (&*target.name, kind) {
                    // An older compiler_builtins names `core` by another one.
                    (
                        "core"
                        | "compiler_builtins"
                        | "rustc_std_workspace_core"
                        | "rustc-std-workspace-core",
                        Some("rlib"),
                    ) => libraries.join(name),
                    ("pin_init" | "pinned_init", Some("rlib")) => self.crates.join(name),
                    ("macros", Some("so")) => self.macros.clone(),
                    // Those of pinned-init.
                    (_, Some("so")) => self.crates.join(name),
                    _ => continue,
                };
                copy(&file, &to)?;
            }
        }
        for (dir, name) in [
            (&libraries, "libcore-"),
            (&libraries, "libcompiler_builtins-"),
            (&self.crates, "libpin_init-"),
            (&self.crates, "libmacros"),
        ] {
            find(dir, name).with_context(|| format!("cargo built no {name}"))?;
        }
        Ok(())
    }

    /// The library of pin-init.
    pub fn pin_init(&self) -> Result<PathBuf> {
        find(&self.crates, "libpin_init-")
    }

    /// The profile's flags alone, which name no directory.
    pub fn flags(&self) -> &[String] {
        &self.args
    }

    /// The arguments that name this profile's target and libraries.
    pub fn rustc_args(&self) -> Vec<String> {
        let mut args = vec!["--edition=2021".to_owned(), "-Zunstable-options".to_owned()];
        args.push(format!("--target={}", self.target.display()));
        args.push(format!("--sysroot={}", self.path.display()));
        args.push(format!("-Ldependency={}", self.crates.display()));
        args.extend(self.args.iter().cloned());
        args
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let context = || format!("cannot copy {} to {}", from.display(), to.display());
    fs::copy(from, to).with_context(context).map(drop)
}

/// Writes a file that others may be reading, and that is the same for all of them.
fn write_changed(path: &Path, text: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// The file in `dir` whose name begins with `prefix`.
fn find(dir: &Path, prefix: &str) -> Result<PathBuf> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    let mut names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let name = names.find(|name| name.starts_with(prefix));
    Ok(dir.join(name.with_context(|| format!("{}: no {prefix}*", dir.display()))?))
}

/// Makes one directory of an installed tree's crates and those that came with this toolchain's library:
/// Cargo takes one only, and the toolchain may have been upgraded since.
fn vendored(root: &Path, target_dir: &Path, toolchain: &Toolchain) -> Result<PathBuf> {
    let all = target_dir.join(install::VENDOR);
    if all.exists() {
        fs::remove_dir_all(&all).with_context(|| format!("cannot remove {}", all.display()))?;
    }
    fs::create_dir_all(&all).with_context(|| format!("cannot create {}", all.display()))?;
    for dir in [root, &toolchain.library].map(|dir| dir.join(install::VENDOR)) {
        if !dir.exists() {
            continue;
        }
        for entry in fs::read_dir(&dir).with_context(|| format!("cannot read {}", dir.display()))? {
            let entry = entry?;
            let link = all.join(entry.file_name());
            if !link.is_symlink() {
                symlink(entry.path(), &link)
                    .with_context(|| format!("cannot write {}", link.display()))?;
            }
        }
    }
    Ok(all)
}

/// The target: rustc's own bare-metal x86-64, placed like a kernel and with the profile's features.
///
/// It is derived from what this rustc prints, as the format differs between versions.
fn target_spec(toolchain: &Toolchain, profile: &Profile) -> Result<String> {
    let mut rustc = Command::new(&toolchain.rustc);
    rustc.args([
        "-Zunstable-options",
        "--print=target-spec-json",
        "--target=x86_64-unknown-none",
    ]);
    let text = command::output(rustc.env("RUSTC_BOOTSTRAP", "1"))?;
    let mut spec: Value =
        serde_json::from_str(&text).context("rustc printed no target specification")?;
    let fields = spec
        .as_object_mut()
        .context("rustc's target specification is no object")?;
    let unfit = [
        "metadata",
        "position-independent-executables",
        "relro-level",
        "static-position-independent-executables",
    ];
    for name in unfit.iter().chain(&[
        "stack-probes",
        "plt-by-default",
        "crt-objects-fallback",
        "is-builtin",
    ]) {
        fields.remove(*name);
    }
    fields.insert("llvm-target".into(), json!("x86_64-linux-gnu"));
    fields.insert("relocation-model".into(), json!("static"));
    fields.insert("features".into(), json!(profile.features));
    fields.insert("default-uwtable".into(), json!(false));
    Ok(serde_json::to_string_pretty(&spec)?)
}
