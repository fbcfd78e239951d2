// SPDX-License-Identifier: GPL-2.0-only

//! Builds what every kernel of one code-generation profile shares: `core` and the crates below `kernel`.
//!
//! Cargo builds them from rust-src and its registry. The libraries hold LLVM bitcode that has seen no
//! optimisation yet: a module is optimised as a whole, after it is linked.

use crate::profile::Profile;
use crate::toolchain::Toolchain;
use crate::{command, stamp};
use anyhow::{bail, Context, Result};
use serde_json::{json, Value};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The libraries of one profile, and how to compile against them.
pub struct Sysroot {
    /// The directory to give to `--sysroot`.
    pub path: PathBuf,
    /// The target specification; its file's stem is the target's name.
    pub target: PathBuf,
    /// Where pinned-init's library lies, under the name that rustc looks for, and the macros.
    pub crates: PathBuf,
    pub macros: PathBuf,
    /// Where the procedural macros of pinned-init lie.
    pub host_deps: PathBuf,
    args: Vec<String>,
}

/// Libraries hold bitcode as the front end made it.
pub const LIBRARY: &[&str] = &["-Clinker-plugin-lto", "-Cno-prepopulate-passes"];

impl Sysroot {
    /// Builds the sysroot for `profile` below `build`, unless it is there.
    pub fn prepare(
        root: &Path,
        build: &Path,
        toolchain: &Toolchain,
        profile: &Profile,
    ) -> Result<Self> {
        let dir = build.join("rust");
        let _lock = stamp::Lock::exclusive(&dir)?;
        let name = format!(
            "x86_64-{}",
            &stamp::Key::new(profile).and(&toolchain.version).hex()[..8]
        );
        let sysroot = Self {
            path: dir.join("sysroot"),
            target: dir.join(format!("{name}.json")),
            crates: dir.join(&name),
            macros: dir.join(&name).join("libmacros.so"),
            host_deps: dir.join("target/release/deps"),
            args: profile.args.clone(),
        };
        let key = stamp::Key::new(profile)
            .and(&toolchain.version)
            .and_files(&root.join("rust/macros"))?
            .and_files(&root.join("rust/sysroot"))?
            .and_files(&root.join("Cargo.toml"))?
            .and_files(&root.join("Cargo.lock"))?;
        stamp::step(&dir.join(format!("{name}.stamp")), &key, || {
            fs::write(&sysroot.target, target_spec(toolchain, profile)?)
                .with_context(|| format!("cannot write {}", sysroot.target.display()))?;
            sysroot.build(root, &dir.join("target"), toolchain)
        })?;
        Ok(sysroot)
    }

    fn build(&self, root: &Path, target_dir: &Path, toolchain: &Toolchain) -> Result<()> {
        eprintln!("  CARGO   core, pinned-init, macros");
        let flags: Vec<&str> = self
            .args
            .iter()
            .map(String::as_str)
            .chain(LIBRARY.iter().copied())
            .collect();
        let mut cargo = Command::new(&toolchain.cargo);
        cargo
            .args(["build", "--release", "--locked", "--quiet", "-p", "sysroot"])
            .args([
                "-Zbuild-std=core",
                "--message-format=json-render-diagnostics",
            ])
            // Formatting is most of what a small module has of core: let it be small rather than fast.
            .arg("-Zbuild-std-features=optimize_for_size")
            .arg("--manifest-path")
            .arg(root.join("Cargo.toml"))
            .arg("--target")
            .arg(&self.target)
            .arg("--target-dir")
            .arg(target_dir)
            .env("RUSTC", &toolchain.rustc)
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"))
            .env_remove("RUSTC_WRAPPER")
            .env_remove("RUSTC_WORKSPACE_WRAPPER")
            .stderr(Stdio::inherit());
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
            // What an earlier build left would be found too.
            if dir.exists() {
                fs::remove_dir_all(dir)
                    .with_context(|| format!("cannot remove {}", dir.display()))?;
            }
            fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
        }
        let mut seen = 0;
        for artifact in messages
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        {
            let files = artifact["filenames"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str);
            for file in files.map(Path::new) {
                let name = file.file_name().context("a file has a name")?;
                let to = match (
                    artifact["target"]["name"].as_str(),
                    file.extension().and_then(|e| e.to_str()),
                ) {
                    (Some("core" | "compiler_builtins"), Some("rlib")) => libraries.join(name),
                    (Some("pinned_init" | "pinned-init"), Some("rlib")) => self.crates.join(name),
                    (Some("macros"), Some("so")) => self.macros.clone(),
                    _ => continue,
                };
                fs::copy(file, &to).with_context(|| {
                    format!("cannot copy {} to {}", file.display(), to.display())
                })?;
                seen += 1;
            }
        }
        if seen != 4 {
            bail!("cargo built {seen} of core, compiler_builtins, pinned-init and macros; remove build/rust and retry");
        }
        Ok(())
    }

    /// The library of pinned-init.
    pub fn pinned_init(&self) -> Result<PathBuf> {
        let context = || {
            format!(
                "{} is damaged; remove build/rust and retry",
                self.crates.display()
            )
        };
        let entries = fs::read_dir(&self.crates).with_context(context)?;
        let mut names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let name = names.find(|name| name.starts_with("libpinned_init"));
        Ok(self.crates.join(name.with_context(context)?))
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
        args.push(format!("-Ldependency={}", self.host_deps.display()));
        args.push(format!("-Ldependency={}", self.crates.display()));
        args.extend(self.args.iter().cloned());
        args
    }
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
