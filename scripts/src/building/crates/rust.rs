// SPDX-License-Identifier: GPL-2.0-only

//! What modules of one kernel are compiled against, and how.

use super::bindings::HEADERS;
use super::libraries::{Libraries, BINDINGS, CFG, FILES};
use super::{facts, helpers, Crates, Headers, Helpers, C, TOOL};
use crate::building::kdir::Config;
use crate::building::prepared::Use;
use crate::building::stamp::Key;
use crate::building::store::{Entry, Hashes, Store};
use crate::building::sysroot::{Plan, Sysroot};
use crate::command;
use anyhow::{Context, Result};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Upstream's lints for all Rust code of a kernel.
const LINTS: &[&str] = &[
    "-Dnon_ascii_idents",
    "-Dunsafe_op_in_unsafe_fn",
    "-Wmissing_docs",
    "-Wrust_2018_idioms",
    "-Wunreachable_pub",
];

/// What modules must not do without `unsafe`, and cannot allow themselves: edition 2021 takes attributes that place a
/// symbol or name it, such as `#[link_section]` and `#[no_mangle]`, without it.
const FORBIDDEN: &str = "-Funsafe_attr_outside_unsafe";

/// The entry of the store.
pub(super) const MODULES: &str = "crates";

/// What the module command reads.
pub const SETTINGS: &str = "module.json";

/// What the module command needs to know of a kernel.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct ModuleSettings {
    pub rustc: PathBuf,
    /// CONFIG_FRAME_WARN.
    pub frame_limit: u64,
    /// The archive of helpers to link, where they are not inlined.
    pub helpers: Option<PathBuf>,
    pub args: Vec<String>,
    /// What the kernel exports, where that is known.
    pub symvers: Option<PathBuf>,
    /// What decides how Rust's types lie in memory, hashed: two modules agree on a type if it is the same.
    pub abi: String,
    /// CONFIG_MODVERSIONS.
    pub modversions: bool,
    /// Whether `EXPORT_SYMBOL_NS()` takes a string, not a name.
    pub namespace_is_string: bool,
}

impl Crates<'_> {
    /// The key of all that a module's code depends on besides its own sources and flags.
    pub(super) fn crates_key(
        &self,
        plan: &Plan<'_>,
        headers: &Headers,
        libraries: &str,
        hashes: &mut Hashes<'_>,
    ) -> Result<String> {
        let mut key = Key::new(TOOL)
            .and(&plan.key)
            .and(&self.toolchain.rustc)
            .and(libraries)
            .and(&headers.helpers)
            .and(self.helpers)
            .and(self.goal)
            .and(&self.kdir.path);
        if self.goal == Use::External {
            // Names of a module must be no other's.
            key = key.and(hashes.of(&self.symvers())?);
        }
        Ok(key.hex())
    }

    /// What modules are compiled against: the libraries, helpers with them, and how to use both.
    pub(super) fn crates(
        &self,
        store: &Store,
        key: &str,
        sysroot: &Sysroot,
        c: &C,
        libraries: &Libraries,
    ) -> Result<Entry> {
        let place = store.path(MODULES, key);
        store.entry(MODULES, key, |dir| {
            for name in FILES {
                link(&libraries.entry.path.join(name), &dir.join(name))?;
            }
            for name in ["layout.c", HEADERS] {
                link(&c.file(name), &dir.join(name))?;
            }
            match self.helpers {
                Helpers::Inline => {
                    // A member that looks like rustc's own takes part in a module's link-time optimisation.
                    let library = dir.join("libkernel.rlib");
                    fs::remove_file(&library)?;
                    copy(&libraries.entry.path.join("libkernel.rlib"), &library)?;
                    let mut ar = Command::new("ar");
                    ar.arg("qD")
                        .arg(&library)
                        .arg(c.helpers.path.join(helpers::INLINE));
                    command::output(&mut ar)?;
                }
                Helpers::Object => link(
                    &c.helpers.path.join(helpers::OBJECTS),
                    &dir.join(helpers::OBJECTS),
                )?,
            }
            let settings = self.module_settings(sysroot, c, libraries, &place)?;
            let settings = serde_json::to_string_pretty(&settings)?;
            fs::write(dir.join(SETTINGS), settings).context("cannot write module.json")
        })
    }

    /// rustc or a tool of its kind, to read the crate `name`; those below it are in `dir`.
    pub(super) fn crate_command(
        &self,
        program: &Path,
        sysroot: &Sysroot,
        dir: &Path,
        name: &str,
        source: &str,
    ) -> Result<Command> {
        let mut command = Command::new(program);
        command
            .current_dir(self.root)
            .env("RUSTC_BOOTSTRAP", "1")
            .env("FERRULE_BINDINGS", dir.join(BINDINGS))
            .args(sysroot.rustc_args())
            .args(["--crate-name", name])
            .args(externs(sysroot, dir, name)?)
            // What bindgen allows has a name in the newest rustc only.
            .arg("-Aunknown_lints")
            .arg(format!("@{}", dir.join(CFG).display()));
        if name != "ffi" {
            command.args(facts::Facts::read(dir)?.cfgs(self.root)?);
        }
        if name == "kernel" {
            command.args(self.module_cfg()).args(LINTS);
        }
        command.arg(source);
        Ok(command)
    }

    /// What C has as `MODULE`.
    fn module_cfg(&self) -> Option<&'static str> {
        self.goal.is_module().then_some("--cfg=MODULE")
    }

    /// Returns what the module command does for every module of this kernel.
    fn module_settings(
        &self,
        sysroot: &Sysroot,
        c: &C,
        libraries: &Libraries,
        dir: &Path,
    ) -> Result<ModuleSettings> {
        let mut args = sysroot.rustc_args();
        args.extend(externs(sysroot, dir, "module")?);
        // Whatever a module uses, it needs the kernel crate's panic handler.
        args.push(format!(
            "--extern=force:kernel={}",
            dir.join("libkernel.rlib").display()
        ));
        let attributes = [
            "no_std",
            "feature(arbitrary_self_types,derive_coerce_pointee,used_with_arg)",
        ];
        args.extend(attributes.map(|attribute| format!("-Zcrate-attr={attribute}")));
        args.extend(LINTS.iter().map(ToString::to_string));
        args.push(FORBIDDEN.to_owned());
        // A module need not use each of these.
        args.extend(["-Aunknown_lints", "-Aunused_features"].map(str::to_owned));
        args.extend(
            [
                "--crate-type=staticlib",
                "-Clto=fat",
                "-Zfunction-sections=n",
                "-Zemit-stack-sizes",
            ]
            .map(str::to_owned),
        );
        args.extend(self.module_cfg().map(str::to_owned));
        args.push(format!("@{}", dir.join(CFG).display()));
        Ok(ModuleSettings {
            rustc: self.toolchain.rustc.clone(),
            frame_limit: self
                .kdir
                .config
                .get("FRAME_WARN")
                .and_then(|limit| limit.parse().ok())
                .unwrap_or(0),
            helpers: (self.helpers == Helpers::Object).then(|| dir.join(helpers::OBJECTS)),
            args,
            symvers: (self.goal == Use::External).then(|| self.symvers()),
            abi: self.abi(sysroot, c, libraries)?,
            modversions: self.kdir.config.contains_key("MODVERSIONS"),
            namespace_is_string: c.facts.0.iter().any(|fact| fact == "has_export_ns_string"),
        })
    }
}

/// The crates that crate `name` sees, which are in `dir`.
fn externs(sysroot: &Sysroot, dir: &Path, name: &str) -> Result<Vec<String>> {
    let library = |name: &str| {
        format!(
            "--extern={name}={}",
            dir.join(format!("lib{name}.rlib")).display()
        )
    };
    let mut externs = vec![format!("-Ldependency={}", dir.display())];
    if name != "ffi" {
        externs.push(library("ffi"));
        externs.push(format!(
            "--extern=pin_init={}",
            sysroot.pin_init()?.display()
        ));
    }
    if name == "kernel" {
        externs.push(library("bindings"));
        externs.push(format!("--extern=macros={}", sysroot.macros.display()));
    }
    Ok(externs)
}

/// Makes `to` the same file as `from`: what is in the store never changes.
pub(super) fn link(from: &Path, to: &Path) -> Result<()> {
    fs::hard_link(from, to).or_else(|_| copy(from, to))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let context = || format!("cannot copy {} to {}", from.display(), to.display());
    fs::copy(from, to).with_context(context).map(drop)
}

/// The configuration as rustc's `--cfg` arguments: `CONFIG_X`, and `CONFIG_X="value"`.
pub(super) fn config_cfg(config: &Config) -> String {
    let mut text = String::new();
    for (name, value) in config {
        if value == "y" || value == "m" {
            writeln!(text, "--cfg=CONFIG_{name}").expect("writing to a String");
        }
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        writeln!(text, "--cfg=CONFIG_{name}=\"{value}\"").expect("writing to a String");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn config_becomes_cfg() {
        let config = [("A", "y"), ("B", "say \"hi\""), ("C", "16")]
            .map(|(n, v)| (n.to_owned(), v.to_owned()))
            .into();
        assert_eq!(
            config_cfg(&config),
            "--cfg=CONFIG_A\n--cfg=CONFIG_A=\"y\"\n--cfg=CONFIG_B=\"say \\\"hi\\\"\"\n--cfg=CONFIG_C=\"16\"\n"
        );
    }
}
