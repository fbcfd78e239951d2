// SPDX-License-Identifier: GPL-2.0-only

//! Installed modules and kmod's tools: the guest gets a tree that `modules_install` made, and runs depmod, modprobe and
//! rmmod there as an administrator does.

use crate::boot::{self, devices};
use crate::built::{Built, LIFE, SAMPLES};
use crate::log;
use crate::parts::Parts;
use crate::record::Key;
use crate::report::{Report, Verdict};
use crate::script::Script;
use anyhow::{Context, Result};
use ferrule::command;
use ferrule::kernels::Kernel;
use ferrule::vm;
use object::{Object, ObjectSection};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

mod said;

use said::{CASES, LAST, TAMPERED};

/// Commands that must succeed, and the lines that they and the kernel must print, in this order.
struct Case {
    name: String,
    /// `None`: the commands are the function of that name in `parts/life.sh`.
    commands: Option<String>,
    said: Vec<&'static str>,
}

/// Where modules are installed, below the directory of the kernel's modules.
const INSTALLED: &str = "installed";

const SIGNER: &str = "Ferrule test key";

const PARTS: Parts = Parts(include_str!("parts/life.sh"));

/// Installs, loads and unloads modules with kmod's tools; modules that were built for `others` must be refused.
pub fn run(built: &Built, others: &[Built], report: &mut Report) -> Result<()> {
    let life = Life::new(built, others)?;
    let log = boot::boot(report, &life.guest(&built.kernel)?)?;
    life.check(&log, report);
    Ok(())
}

/// The cases of a boot.
struct Life {
    cases: Vec<Case>,
    files: Vec<(PathBuf, String)>,
    others: Vec<String>,
}

impl Life {
    /// Uses the installed modules of `built`, and tries to load the modules of `others`.
    fn new(built: &Built, others: &[Built]) -> Result<Self> {
        let tables = CASES.iter().chain([&TAMPERED]).chain(LAST);
        PARTS.check(&tables.map(|(name, _)| *name).collect::<Vec<_>>())?;
        let mut life = Self {
            cases: CASES.iter().map(case).collect(),
            files: installed(built)?,
            others: Vec::new(),
        };
        let module = built.life("life_main");
        if let Some(tampered) = tampered(&module)? {
            let path = module.with_file_name("life_tampered.ko");
            fs::write(&path, tampered).context("cannot write the tampered module")?;
            life.files.push((path, "/tampered.ko".to_owned()));
            life.cases.push(case(&TAMPERED));
        }
        for other in others {
            let series = &other.kernel.series;
            let name = format!("/life_main-{series}.ko");
            life.files.push((other.life("life_main"), name.clone()));
            life.others.push(series.clone());
            life.cases.push(Case {
                name: built_for(series),
                commands: Some(format!("is_refused insmod {name} && gone life_main")),
                said: vec!["Invalid module format"],
            });
        }
        life.files.push((module, "/life_main.ko".to_owned()));
        life.cases.extend(LAST.iter().map(case));
        Ok(life)
    }

    fn guest(&self, kernel: &Kernel) -> Result<vm::Guest> {
        let kmod = vm::with_libraries(Path::new("kmod"))?;
        let mut script = Script::of(&format!("kmod={}", kmod[0].1), PARTS);
        for case in &self.cases {
            match &case.commands {
                Some(commands) => script.part_of(&case.name, commands),
                None => script.part(&case.name),
            }
        }
        Ok(vm::Guest {
            kernel: kernel.vmlinuz.clone(),
            files: self.files.iter().cloned().chain(kmod).collect(),
            script: script.without_end(),
            qemu_args: devices()?,
            timeout: Duration::from_secs(300),
            ..vm::Guest::default()
        })
    }

    /// Checks each case by the log.
    fn check(&self, text: &str, report: &mut Report) {
        for case in &self.cases {
            report.add(&case.name, case.judge(text));
        }
        for series in &self.others {
            report.add(
                format!("the_log_says_why_{series}_is_refused"),
                says_why(text, series),
            );
        }
    }
}

fn case((name, said): &(&'static str, &'static [&'static str])) -> Case {
    Case {
        name: (*name).to_owned(),
        commands: None,
        said: said.to_vec(),
    }
}

fn built_for(series: &str) -> String {
    format!("built_for_{series}_is_refused")
}

impl Case {
    fn judge(&self, text: &str) -> Verdict {
        let section = log::section(text, &self.name)?;
        let lines = section.lines();
        let all = || format!("in:\n{}", lines.join("\n"));
        if section.status != "0" {
            return Err(format!("status {}, {}", section.status, all()));
        }
        let mut lines = lines.iter();
        for wanted in &self.said {
            if !lines.any(|line| line.contains(wanted)) {
                return Err(format!("no {wanted:?}, or not in this order, {}", all()));
            }
        }
        Ok(())
    }
}

/// Kernels differ in what they look at first.
fn says_why(text: &str, series: &str) -> Verdict {
    let section = log::section(text, &built_for(series))?;
    let reasons = [
        "version magic",
        "disagrees about version of symbol",
        "section size must match",
    ];
    let known = |line: &&str| reasons.iter().any(|reason| line.contains(reason));
    match section.log.iter().any(known) {
        true => Ok(()),
        false => Err(section.lines().join("\n")),
    }
}

/// Installs the samples, signed and with zstd, and the life modules, with xz.
pub fn install(built: &Built) -> Result<()> {
    let (kernel, tree) = (&built.kernel, built.dir(INSTALLED));
    let key = key(&built.dir(""))?;
    let mut all = Key::default().and(&kernel.release).and_files(&key)?;
    for module in [SAMPLES, LIFE].map(|dir| modules(&built.dir(dir))) {
        for module in module? {
            all = all.and(fs::read(module)?);
        }
    }
    // Nothing has changed since the tree was installed.
    let stamp = built.dir("stamps/installed");
    if tree.exists() && fs::read_to_string(&stamp).is_ok_and(|done| done == all.hex()) {
        return Ok(());
    }
    if stamp.exists() {
        fs::remove_file(&stamp).with_context(|| format!("cannot remove {}", stamp.display()))?;
    }
    if tree.exists() {
        fs::remove_dir_all(&tree).with_context(|| format!("cannot remove {}", tree.display()))?;
    }
    let install = |dir: &str, to: &str, options: &[&str]| {
        let mut make = Command::new(env!("CARGO_BIN_EXE_ferrule"));
        make.args(["build", "--kdir"])
            .arg(&kernel.kdir)
            .args(options)
            .arg("-M")
            .arg(built.dir(dir));
        make.arg("modules_install")
            .arg(format!("INSTALL_MOD_PATH={}", tree.display()));
        command::output(make.arg(format!("INSTALL_MOD_DIR={to}")).arg("DEPMOD=:"))
    };
    let key = key.to_str().context("a path is not UTF-8")?;
    install(
        SAMPLES,
        "samples",
        &["--compress", "zstd", "--sign-key", key],
    )?;
    install(LIFE, "life", &["--compress", "xz"])?;
    fs::write(&stamp, all.hex()).with_context(|| format!("cannot write {}", stamp.display()))
}

/// The files of the installed tree that the guest gets.
fn installed(built: &Built) -> Result<Vec<(PathBuf, String)>> {
    let (kernel, tree) = (&built.kernel, built.dir(INSTALLED));
    let modules = format!("/lib/modules/{}", kernel.release);
    let mut files = Vec::new();
    // depmod needs the lists of built-in modules.
    for name in [
        "modules.order",
        "modules.builtin",
        "modules.builtin.modinfo",
    ] {
        files.push((kernel.modules.join(name), format!("{modules}/{name}")));
    }
    for dir in ["samples", "life"] {
        let path = tree.join(&modules[1..]).join(dir);
        for path in files_of(&path)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            files.push((path.clone(), format!("{modules}/{dir}/{name}")));
        }
    }
    Ok(files)
}

fn files_of(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// The built modules of a directory.
fn modules(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = files_of(dir)?;
    paths.retain(|path| path.extension().is_some_and(|end| end == "ko"));
    Ok(paths)
}

/// A private key with its certificate in one file, as the kernel's own build makes one.
fn key(dir: &Path) -> Result<PathBuf> {
    let key = dir.join("signing_key.pem");
    if key.exists() {
        return Ok(key);
    }
    // Renamed when complete: an interruption must not leave half a key.
    let part = dir.join("signing_key.part");
    let mut openssl = Command::new("openssl");
    openssl.args([
        "req", "-new", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "36500", "-subj",
    ]);
    openssl
        .arg(format!("/CN={SIGNER}/"))
        .arg("-keyout")
        .arg(&part)
        .arg("-out")
        .arg(&part);
    command::output(&mut openssl)?;
    fs::rename(&part, &key).context("cannot rename the key")?;
    Ok(key)
}

/// The module with another CRC for `_printk`; `None` if it has none.
fn tampered(module: &Path) -> Result<Option<Vec<u8>>> {
    let mut data = fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    let range = object::File::parse(&*data)?
        .section_by_name("__versions")
        .and_then(|section| section.file_range());
    let Some((start, size)) = range else {
        return Ok(None);
    };
    let versions = &mut data[start as usize..(start + size) as usize];
    // struct modversion_info: a CRC in 8 bytes, a name in 56.
    let entry = versions
        .chunks_exact_mut(64)
        .find(|entry| entry[8..].starts_with(b"_printk\0"))
        .context("life_main does not import _printk")?;
    entry[0] ^= 1;
    Ok(Some(data))
}
