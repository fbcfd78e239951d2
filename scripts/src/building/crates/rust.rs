// SPDX-License-Identifier: GPL-2.0-only

//! The crates `ffi`, `bindings` and `kernel` of one kernel, and how modules are compiled against them.

use super::{Crates, Facts, Helpers};
use crate::building::kdir::Config;
use crate::building::prepared::Use;
use crate::building::stamp;
use crate::building::sysroot::{self, Sysroot};
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
    pub(super) fn rust_side(&self, sysroot: &Sysroot, facts: &Facts) -> Result<()> {
        let config = self.file("rustc_cfg");
        fs::write(&config, config_cfg(&self.kdir.config)).context("cannot write rustc_cfg")?;
        let settings = serde_json::to_string_pretty(&self.module_settings(sysroot, facts)?)?;
        let key = stamp::Key::new(sysroot.rustc_args())
            .and(&settings)
            .and(&self.toolchain.version)
            .and(self.helpers)
            .and(&facts.0)
            .and(fs::read(self.file("c.stamp"))?)
            .and_files(&sysroot.macros)?
            .and_files(&sysroot.pin_init()?)?
            .and_files(&self.root.join("rust/compat"))?
            .and_files(&self.root.join("rust/kernel"))?
            .and_files(&self.root.join("rust/ffi.rs"))?;
        stamp::step(&self.file("rust.stamp"), &key, || {
            self.rustc(sysroot, "ffi", "rust/ffi.rs")?;
            self.rustc(sysroot, "bindings", "rust/bindings/lib.rs")?;
            self.rustc(sysroot, "kernel", "rust/kernel/lib.rs")?;
            if self.helpers == Helpers::Inline {
                // A member that looks like rustc's own takes part in a module's link-time optimisation.
                let mut ar = Command::new("ar");
                ar.arg("q")
                    .arg(self.file("libkernel.rlib"))
                    .arg(self.file("helpers.rcgu.o"));
                command::output(&mut ar)?;
            }
            fs::write(self.file("module.json"), settings).context("cannot write module.json")
        })
    }

    fn rustc(&self, sysroot: &Sysroot, name: &str, source: &str) -> Result<()> {
        eprintln!("  RUSTC   {name}");
        let mut rustc = self.crate_command(&self.toolchain.rustc, sysroot, name, source)?;
        rustc
            .args(["--crate-type=rlib", "--emit=link,metadata"])
            .args(sysroot::library(sysroot.flags()));
        rustc.arg("--out-dir").arg(&self.dir);
        command::run(&mut rustc).with_context(|| format!("cannot compile the {name} crate"))
    }

    /// rustc or a tool of its kind, to read the crate `name`.
    pub(super) fn crate_command(
        &self,
        program: &Path,
        sysroot: &Sysroot,
        name: &str,
        source: &str,
    ) -> Result<Command> {
        let mut command = Command::new(program);
        command
            .current_dir(self.root)
            .env("RUSTC_BOOTSTRAP", "1")
            .env("FERRULE_BINDINGS", self.file("bindings.rs"))
            .args(sysroot.rustc_args())
            .args(["--crate-name", name])
            .args(self.externs(sysroot, name)?)
            // What bindgen allows has a name in the newest rustc only.
            .arg("-Aunknown_lints")
            .arg(format!("@{}", self.file("rustc_cfg").display()));
        if name != "ffi" {
            command.args(Facts::read(self)?.cfgs(self.root)?);
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

    /// The crates that crate `name` sees.
    fn externs(&self, sysroot: &Sysroot, name: &str) -> Result<Vec<String>> {
        let library = |name: &str| {
            format!(
                "--extern={name}={}",
                self.file(&format!("lib{name}.rlib")).display()
            )
        };
        let mut externs = vec![format!("-Ldependency={}", self.dir.display())];
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

    /// Returns what the module command does for every module of this kernel.
    fn module_settings(&self, sysroot: &Sysroot, facts: &Facts) -> Result<ModuleSettings> {
        let mut args = sysroot.rustc_args();
        args.extend(self.externs(sysroot, "module")?);
        // Whatever a module uses, it needs the kernel crate's panic handler.
        args.push(format!(
            "--extern=force:kernel={}",
            self.file("libkernel.rlib").display()
        ));
        let attributes = [
            "no_std",
            "feature(arbitrary_self_types,derive_coerce_pointee,used_with_arg)",
        ];
        args.extend(attributes.map(|attribute| format!("-Zcrate-attr={attribute}")));
        args.extend(LINTS.iter().map(ToString::to_string));
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
        args.push(format!("@{}", self.file("rustc_cfg").display()));
        Ok(ModuleSettings {
            rustc: self.toolchain.rustc.clone(),
            frame_limit: self
                .kdir
                .config
                .get("FRAME_WARN")
                .and_then(|limit| limit.parse().ok())
                .unwrap_or(0),
            helpers: (self.helpers == Helpers::Object).then(|| self.file("libhelpers.a")),
            args,
            symvers: (self.goal == Use::External).then(|| self.kdir.path.join("Module.symvers")),
            abi: self.abi(sysroot)?,
            modversions: self.kdir.config.contains_key("MODVERSIONS"),
            namespace_is_string: facts.0.iter().any(|fact| fact == "has_export_ns_string"),
        })
    }
}

/// The configuration as rustc's `--cfg` arguments: `CONFIG_X`, and `CONFIG_X="value"`.
fn config_cfg(config: &Config) -> String {
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
