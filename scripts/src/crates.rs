// SPDX-License-Identifier: GPL-2.0-only

//! Builds what belongs to one kernel: its facts, bindings and helpers, and the `kernel` crate.

mod abi;

use crate::kbuild::Cc;
use crate::kdir::{Config, Kdir};
use crate::module::interface::{self, Interface};
use crate::profile::Profile;
use crate::sysroot::{Sysroot, LIBRARY};
use crate::toolchain::Toolchain;
use crate::{command, stamp};
use anyhow::{bail, Context, Result};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How helpers reach a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Helpers {
    /// As bitcode by clang of rustc's LLVM, inlined into Rust.
    Inline,
    /// As objects by the kernel's own compiler, called.
    Object,
}

/// What checks the source beyond compiling it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Lint {
    Clippy,
    Rustdoc,
}

/// Upstream's lints for all Rust code of a kernel.
const LINTS: &[&str] = &[
    "-Dnon_ascii_idents",
    "-Dunsafe_op_in_unsafe_fn",
    "-Wmissing_docs",
    "-Wrust_2018_idioms",
    "-Wunreachable_pub",
];

/// Upstream's choice of clippy's lints.
const CLIPPY: &[&str] = &[
    "all",
    "as_ptr_cast_mut",
    "as_underscore",
    "cast_lossless",
    "ignored_unit_patterns",
    "mut_mut",
    "needless_bitwise_bool",
    "no_mangle_with_rust_abi",
    "ptr_as_ptr",
    "ptr_cast_constness",
    "ref_as_ptr",
    "undocumented_unsafe_blocks",
    "unnecessary_safety_comment",
    "unnecessary_safety_doc",
];

/// What one kernel's modules are compiled with; all of it lies in `dir`.
pub struct Crates<'a> {
    pub root: &'a Path,
    pub dir: PathBuf,
    pub kdir: &'a Kdir,
    pub toolchain: &'a Toolchain,
    pub helpers: Helpers,
}

impl Crates<'_> {
    /// What all of it depends on.
    pub fn key(&self) -> Result<stamp::Key> {
        let tool = crate::build::tool()?;
        stamp::Key::new(&self.kdir.config)
            .and(&self.kdir.path)
            .and(self.toolchain)
            .and(self.helpers)
            .and_files(&self.kdir.path.join("Module.symvers"))?
            .and_files(&self.root.join("rust"))?
            .and_files(&self.root.join("Cargo.lock"))?
            .and_files(&tool)
    }

    /// Builds everything that is missing or out of date.
    pub fn prepare(&self, build: &Path, cc: &Cc) -> Result<()> {
        let profile = Profile::new(&self.kdir.config, &cc.flags)
            .with_context(|| format!("cannot build for {}", self.kdir.release))?;
        // core takes a core of the machine for half a minute; the C side needs the other meanwhile.
        let (sysroot, facts) = std::thread::scope(|scope| {
            let sysroot =
                scope.spawn(|| Sysroot::prepare(self.root, build, self.toolchain, &profile));
            let facts = self.c_side(cc);
            (
                sysroot.join().expect("no panic in the sysroot's build"),
                facts,
            )
        });
        self.rust_side(&sysroot?, &facts?)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Whether a header of the kernel is another one than the bindings were made from.
    pub fn headers_changed(&self) -> bool {
        let Ok(record) = fs::read_to_string(self.file("headers")) else {
            return false;
        };
        record.lines().any(|line| {
            let path = line.split('\t').next().unwrap_or_default();
            header_line(Path::new(path)) != line
        })
    }

    /// Forgets what was made from headers that have changed.
    fn drop_stale(&self) -> Result<()> {
        if self.headers_changed() {
            for name in ["c.stamp", "facts.stamp", "headers"] {
                fs::remove_file(self.file(name))
                    .with_context(|| format!("cannot remove {name}"))?;
            }
        }
        Ok(())
    }

    fn c_side(&self, cc: &Cc) -> Result<Facts> {
        self.drop_stale()?;
        let facts = Facts::probe(self, cc)?;
        let key = stamp::Key::new(&cc.flags)
            .and(&self.kdir.path)
            .and(self.prefix_map())
            .and(&cc.program)
            .and(&facts.0)
            .and(self.helpers)
            .and(&self.toolchain.clang)
            .and(&self.toolchain.libclang)
            .and(&self.kdir.config)
            .and_files(&self.root.join("rust/helpers"))?
            .and_files(&self.root.join("rust/bindings"))?;
        stamp::step(&self.file("c.stamp"), &key, || {
            self.bindings(cc, &facts)?;
            match self.helpers {
                Helpers::Inline => self.helpers_inline(cc, &facts),
                Helpers::Object => self.helpers_object(cc, &facts),
            }
        })?;
        Ok(facts)
    }

    /// Keeps the project's directory out of the file names that BUG() and its like report.
    fn prefix_map(&self) -> String {
        format!("-fmacro-prefix-map={}/=", self.root.display())
    }

    fn helpers_source(&self) -> PathBuf {
        self.root.join("rust/helpers/helpers.c")
    }

    fn bindings(&self, cc: &Cc, facts: &Facts) -> Result<()> {
        eprintln!("  BINDGEN {}", self.kdir.release);
        let header = self.helpers_source();
        let preprocessed =
            command::output(cc.command().args(facts.defines()).arg("-E").arg(&header))
                .context("the kernel's headers do not compile")?;
        let mut flags = clang_flags(cc);
        flags.extend(facts.defines());
        if let Some(libclang) = &self.toolchain.libclang {
            std::env::set_var("LIBCLANG_PATH", libclang);
        }
        let job = bindings_generator::Job {
            header: &header,
            dir: cc.dir(),
            flags: &flags,
            preprocessed: &preprocessed,
            bindings: self.file("bindings.rs"),
            proof: self.file("layout.c"),
        };
        bindings_generator::generate(&job)?;
        let headers = fs::write(self.file("headers"), headers(&preprocessed, cc.dir()));
        headers.context("cannot write the list of headers")?;
        command::output(
            cc.command()
                .args(facts.defines())
                .arg("-fsyntax-only")
                .arg(self.file("layout.c")),
        )
        .context("libclang and the kernel's compiler disagree on the layout of a type")
        .map(drop)
    }

    fn helpers_inline(&self, cc: &Cc, facts: &Facts) -> Result<()> {
        let clang = self
            .toolchain
            .clang
            .as_ref()
            .context("inlined helpers need clang of rustc's LLVM")?;
        eprintln!("  CLANG   helpers.bc");
        // Null pointers: functions that may hold one cannot be inlined into those that may not, like Rust's.
        let flags = [
            "-fdelete-null-pointer-checks",
            "-DFERRULE_HELPERS_INLINE",
            "-O2",
            "-Xclang",
            "-disable-llvm-passes",
        ];
        command::output(
            cc.other(clang, &clang_flags(cc))
                .args(facts.defines())
                .args(flags)
                .arg(self.prefix_map())
                .args(["-emit-llvm", "-c", "-o"])
                .arg(self.file("helpers.rcgu.o"))
                .arg(self.helpers_source()),
        )
        .context("clang does not compile the helpers; HELPERS=object builds them with the kernel's compiler")
        .map(drop)
    }

    fn helpers_object(&self, cc: &Cc, facts: &Facts) -> Result<()> {
        eprintln!("  CC      helpers");
        let dir = self.file("helpers");
        if dir.exists() {
            fs::remove_dir_all(&dir).with_context(|| format!("cannot remove {}", dir.display()))?;
        }
        fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
        let mut ar = Command::new("ar");
        ar.arg("rcs").arg(self.file("libhelpers.a"));
        let main = fs::read_to_string(self.helpers_source())?;
        // One object for each helper's file, so that a module carries only those that it calls.
        for name in main
            .lines()
            .filter_map(|line| line.strip_prefix("#include \"")?.strip_suffix(".c\""))
        {
            let object = dir.join(format!("{name}.o"));
            let source = self.root.join("rust/helpers").join(format!("{name}.c"));
            let helpers = self.root.join("rust/helpers/helpers.h");
            let common = [
                Path::new("-include"),
                &helpers,
                Path::new("-c"),
                Path::new("-o"),
                &object,
                &source,
            ];
            command::output(
                cc.command()
                    .args(facts.defines())
                    .arg("-Wno-missing-prototypes")
                    .arg(self.prefix_map())
                    .args(common),
            )?;
            ar.arg(object);
        }
        let _ = fs::remove_file(self.file("libhelpers.a"));
        command::output(&mut ar).map(drop)
    }

    fn rust_side(&self, sysroot: &Sysroot, facts: &Facts) -> Result<()> {
        let key = stamp::Key::new(sysroot.rustc_args())
            .and(&self.toolchain.version)
            .and(self.helpers)
            .and(&facts.0)
            .and(fs::read(self.file("c.stamp"))?)
            .and_files(&sysroot.macros)?
            .and_files(&self.root.join("rust/kernel"))?
            .and_files(&self.root.join("rust/ffi.rs"))?;
        stamp::step(&self.file("rust.stamp"), &key, || {
            fs::write(self.file("rustc_cfg"), config_cfg(&self.kdir.config))
                .context("cannot write rustc_cfg")?;
            self.rustc(sysroot, "ffi", "rust/ffi.rs", &[])?;
            self.rustc(sysroot, "bindings", "rust/bindings/lib.rs", &facts.cfgs())?;
            self.rustc(sysroot, "kernel", "rust/kernel/lib.rs", &[])?;
            if self.helpers == Helpers::Inline {
                // A member that looks like rustc's own takes part in a module's link-time optimisation.
                let mut ar = Command::new("ar");
                ar.arg("q")
                    .arg(self.file("libkernel.rlib"))
                    .arg(self.file("helpers.rcgu.o"));
                command::output(&mut ar)?;
            }
            self.write_module_args(sysroot, facts)
        })
    }

    fn rustc(&self, sysroot: &Sysroot, name: &str, source: &str, args: &[String]) -> Result<()> {
        eprintln!("  RUSTC   {name}");
        let mut rustc = self.crate_command(&self.toolchain.rustc, sysroot, name, source)?;
        rustc
            .args(["--crate-type=rlib", "--emit=link,metadata"])
            .args(LIBRARY)
            .args(args);
        rustc.arg("--out-dir").arg(&self.dir);
        command::run(&mut rustc).with_context(|| format!("cannot compile the {name} crate"))
    }

    /// rustc or a tool of its kind, to read the crate `name`.
    fn crate_command(
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
            .arg(format!("@{}", self.file("rustc_cfg").display()));
        if name == "kernel" {
            command.arg("--cfg=MODULE").args(LINTS);
        }
        command.arg(source);
        Ok(command)
    }

    /// Runs clippy or rustdoc over the `kernel` crate, and clippy over the modules; a warning fails.
    pub fn lint(&self, build: &Path, cc: &Cc, what: Lint) -> Result<()> {
        let profile = Profile::new(&self.kdir.config, &cc.flags)?;
        let sysroot = Sysroot::prepare(self.root, build, self.toolchain, &profile)?;
        let out = self.file("lint");
        fs::create_dir_all(&out).with_context(|| format!("cannot create {}", out.display()))?;
        if what == Lint::Rustdoc {
            let rustdoc = self.toolchain.beside("rustdoc");
            let mut command =
                self.crate_command(&rustdoc, &sysroot, "kernel", "rust/kernel/lib.rs")?;
            // Its own check forgets that `core` was built with the same flags.
            let mismatch = "-Cunsafe-allow-abi-mismatch=retpoline,retpoline-external-thunk";
            command
                .args([mismatch, "-Dwarnings", "--out-dir"])
                .arg(self.root.join("target/doc"));
            return command::run(&mut command);
        }
        let clippy = self.toolchain.beside("clippy-driver");
        let lints = || {
            CLIPPY
                .iter()
                .map(|lint| format!("-Wclippy::{lint}"))
                .chain(["-Dwarnings".to_owned()])
        };
        let mut command = self.crate_command(&clippy, &sysroot, "kernel", "rust/kernel/lib.rs")?;
        command
            .args(["--crate-type=rlib", "--emit=metadata"])
            .args(lints())
            .arg("--out-dir")
            .arg(&out);
        command::run(&mut command).context("clippy on the kernel crate")?;
        let settings: ModuleSettings =
            serde_json::from_str(&fs::read_to_string(self.file("module.json"))?)?;
        for dir in ["samples", "tests/kernel", "tests/out_of_tree"] {
            let kbuild = fs::read_to_string(self.root.join(dir).join("Kbuild"))?;
            let objects = kbuild
                .split_whitespace()
                .filter_map(|word| word.strip_suffix(".o"));
            for source in objects.map(|name| Path::new(dir).join(format!("{name}.rs"))) {
                if self.root.join(&source).exists() {
                    let name = source.file_stem().unwrap_or_default().to_string_lossy();
                    let flags = interface::of_kbuild(&kbuild, &self.root.join(dir), &name);
                    let scratch = tempfile::tempdir().context("no temporary directory")?;
                    let (interfaces, _) = interface::compile(&settings, &flags, scratch.path())?
                        .with_context(|| format!("the interfaces of {}", source.display()))?;
                    let mut command = Command::new(&clippy);
                    command.current_dir(self.root).env("RUSTC_BOOTSTRAP", "1");
                    command.args(&settings.args).args(lints());
                    command.args(interfaces.iter().map(Interface::external));
                    command
                        .arg("--emit=metadata")
                        .arg("--out-dir")
                        .arg(&out)
                        .arg(&source);
                    command::run(&mut command)
                        .with_context(|| format!("clippy on {}", source.display()))?;
                }
            }
        }
        Ok(())
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
                "--extern=pinned_init={}",
                sysroot.pinned_init()?.display()
            ));
        }
        if name == "kernel" {
            externs.push(library("bindings"));
            externs.push(format!("--extern=macros={}", sysroot.macros.display()));
        }
        Ok(externs)
    }

    /// Writes what the module command passes to rustc for every module of this kernel.
    fn write_module_args(&self, sysroot: &Sysroot, facts: &Facts) -> Result<()> {
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
                "--cfg=MODULE",
            ]
            .map(str::to_owned),
        );
        args.push(format!("@{}", self.file("rustc_cfg").display()));
        let settings = ModuleSettings {
            rustc: self.toolchain.rustc.clone(),
            frame_limit: self
                .kdir
                .config
                .get("FRAME_WARN")
                .and_then(|limit| limit.parse().ok())
                .unwrap_or(0),
            helpers: (self.helpers == Helpers::Object).then(|| self.file("libhelpers.a")),
            args,
            abi: self.abi(sysroot)?,
            modversions: self.kdir.config.contains_key("MODVERSIONS"),
            namespace_is_string: facts.0.iter().any(|fact| fact == "has_export_ns_string"),
        };
        let path = self.file("module.json");
        fs::write(&path, serde_json::to_string_pretty(&settings)?)
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

/// What the module command needs to know of a kernel.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct ModuleSettings {
    pub rustc: PathBuf,
    /// CONFIG_FRAME_WARN.
    pub frame_limit: u64,
    /// The archive of helpers to link, where they are not inlined.
    pub helpers: Option<PathBuf>,
    pub args: Vec<String>,
    /// What decides how Rust's types lie in memory, hashed: two modules agree on a type if it is the same.
    pub abi: String,
    /// CONFIG_MODVERSIONS.
    pub modversions: bool,
    /// Whether `EXPORT_SYMBOL_NS()` takes a string, not a name.
    pub namespace_is_string: bool,
}

/// The headers that a preprocessed file names in its line markers, with their size and time.
fn headers(preprocessed: &str, dir: &Path) -> String {
    let markers = preprocessed
        .lines()
        .filter_map(|line| line.strip_prefix("# "));
    let names = markers.filter_map(|marker| marker.split('"').nth(1));
    let paths: std::collections::BTreeSet<PathBuf> = names
        .filter(|name| !name.starts_with('<'))
        .map(|name| dir.join(name))
        .collect();
    let lines = paths.iter().filter(|path| path.is_file());
    lines.map(|path| header_line(path) + "\n").collect()
}

fn header_line(path: &Path) -> String {
    let metadata = fs::metadata(path).ok();
    let size = metadata.as_ref().map(fs::Metadata::len);
    let time = metadata.and_then(|metadata| metadata.modified().ok());
    format!("{}\t{size:?}\t{time:?}", path.display())
}

/// Facts of the kernel that probes found, as `has_…`.
pub struct Facts(Vec<String>);

impl Facts {
    /// Runs the probes in `rust/compat`: a C file holds where it compiles, a line of `symbols` where its
    /// symbol is exported.
    fn probe(crates: &Crates<'_>, cc: &Cc) -> Result<Self> {
        let compat = crates.root.join("rust/compat");
        let symvers = crates.kdir.path.join("Module.symvers");
        let exported = fs::read_to_string(&symvers)
            .with_context(|| format!("cannot read {}", symvers.display()))?;
        let key = stamp::Key::new(&cc.flags)
            .and(&crates.kdir.path)
            .and(&cc.program)
            .and(&exported)
            .and_files(&compat)?;
        let file = crates.file("facts");
        stamp::step(&crates.file("facts.stamp"), &key, || {
            let mut facts = String::new();
            let mut probes: Vec<PathBuf> = fs::read_dir(&compat)?
                .map(|entry| Ok(entry?.path()))
                .collect::<Result<_>>()?;
            probes.sort();
            for probe in probes
                .iter()
                .filter(|path| path.extension().is_some_and(|e| e == "c"))
            {
                let name = probe.file_stem().unwrap_or_default().to_string_lossy();
                if command::succeeds(cc.command().args(["-Werror", "-fsyntax-only"]).arg(probe))? {
                    writeln!(facts, "has_{name}")?;
                }
            }
            let symbols: Vec<&str> = exported
                .lines()
                .filter_map(|line| line.split('\t').nth(1))
                .collect();
            let rows = fs::read_to_string(compat.join("symbols")).unwrap_or_default();
            for row in rows
                .lines()
                .map(str::trim)
                .filter(|row| !row.is_empty() && !row.starts_with('#'))
            {
                let Some((fact, symbol)) = row.split_once(':') else {
                    bail!("rust/compat/symbols: not a row: {row}")
                };
                if symbols.contains(&symbol.trim()) {
                    writeln!(facts, "{}", fact.trim())?;
                }
            }
            fs::write(&file, facts).with_context(|| format!("cannot write {}", file.display()))
        })?;
        let text =
            fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        Ok(Self(text.lines().map(str::to_owned).collect()))
    }

    /// What the helpers are compiled with besides the kernel's own flags.
    fn defines(&self) -> Vec<String> {
        self.0
            .iter()
            .map(|fact| format!("-D{}", fact.to_uppercase()))
            .collect()
    }

    fn cfgs(&self) -> Vec<String> {
        self.0.iter().map(|fact| format!("--cfg={fact}")).collect()
    }
}

fn clang_flags(cc: &Cc) -> Vec<String> {
    bindings_generator::clang_flags(cc.flags.iter().map(String::as_str))
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
