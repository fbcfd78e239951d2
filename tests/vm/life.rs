// SPDX-License-Identifier: GPL-2.0-only

//! The life of modules, by kmod's own tools: a tree that `modules_install` made goes into the guest, and
//! there depmod, modprobe and rmmod do what an administrator does.

use crate::boot::{self, devices};
use crate::built::{Built, LIFE, SAMPLES};
use crate::log;
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

/// Commands that must succeed, and what they and the kernel then said, in this order.
struct Case {
    name: String,
    commands: String,
    said: Vec<&'static str>,
}

/// Where modules are installed, below the directory of the kernel's modules.
const INSTALLED: &str = "installed";

const SIGNER: &str = "Ferrule test key";

/// The shell prefers its own modprobe to any other that is called by a plain name, but not to a function.
const SETUP: &str = "mkdir -p /kmod /etc/modprobe.d
for tool in depmod insmod lsmod modinfo modprobe rmmod; do
    ln -s $kmod /kmod/$tool
    eval \"$tool() { /kmod/$tool \\\"\\$@\\\"; }\"
done
loaded() { grep -q \"^$1 \" /proc/modules; }
gone() { ! loaded $1 && test ! -e /sys/module/$1; }
conf() { echo \"$*\" >>/etc/modprobe.d/test.conf; }
before() { rm -f /etc/modprobe.d/*; }";

/// Name, commands, what is said.
const CASES: &[(&str, &str, &[&str])] = &[
    (
        "depmod_lists_the_modules",
        "depmod && sort /lib/modules/*/modules.dep && cat /lib/modules/*/modules.alias",
        &["life/life_main.ko.xz:", "samples/rust_minimal.ko.zst:", "alias ferrule:life* life_main"],
    ),
    (
        "modinfo_finds_by_name",
        "modinfo life_main && modinfo rust_minimal",
        &["/life/life_main.ko.xz", "alias:          ferrule:life*", "parm:           io:A number (u32)", SIGNER],
    ),
    (
        "modprobe_by_name_loads_xz",
        "modprobe life_main && loaded life_main && modprobe -r life_main && gone life_main",
        &["life_main: init, io=0x3f8 quiet=false", "life_main: exit"],
    ),
    (
        "modprobe_by_name_loads_zstd",
        "modprobe rust_minimal && modprobe -r rust_minimal && gone rust_minimal",
        &["rust_minimal: Rust minimal sample (init)", "rust_minimal: Rust minimal sample (exit)"],
    ),
    (
        "modprobe_by_alias",
        "modprobe ferrule:life-of-a-module && loaded life_main && modprobe -r life_main",
        &["life_main: init, io=0x3f8 quiet=false", "life_main: exit"],
    ),
    (
        "modprobe_by_a_pci_device",
        "modprobe $(cat /sys/bus/pci/devices/0000:00:08.0/modalias) && loaded rust_driver_pci && modprobe -r rust_driver_pci",
        &["rust_driver_pci 0000:00:08.0: REDHAT 0x5: 4 writes", "rust_driver_pci 0000:00:08.0: goodbye"],
    ),
    (
        "modprobe_by_an_acpi_device",
        "conf blacklist rust_debugfs; modprobe $(cat /sys/bus/platform/devices/LNUXBEEF:00/modalias) && modprobe -r rust_driver_platform",
        &["rust_driver_platform LNUXBEEF:00: found by ACPI, info: 42"],
    ),
    (
        "options_of_modprobe_d_reach_the_parameters",
        "conf options life_main io=0x2f8 quiet; modprobe ferrule:life && modprobe -r life_main",
        &["life_main: init, io=0x2f8 quiet=true"],
    ),
    (
        "the_command_line_comes_after_modprobe_d",
        "conf options life_main io=1 quiet; modprobe life_main io=0x2e8 && modprobe -r life_main",
        &["life_main: init, io=0x2e8 quiet=true"],
    ),
    (
        "a_wrong_option_is_refused",
        "conf options life_main io=COM1; modprobe life_main; test $? = 1 && gone life_main",
        &["could not insert 'life_main': Invalid argument", "life_main: `COM1' invalid for parameter `io'"],
    ),
    (
        "an_unknown_option_is_ignored_with_a_line",
        "modprobe life_main irq=4 && modprobe -r life_main",
        &["life_main: unknown parameter 'irq' ignored", "life_main: init"],
    ),
    (
        "a_blacklisted_alias_is_not_loaded",
        "conf blacklist life_main; modprobe ferrule:life && gone life_main",
        &[],
    ),
    (
        "modprobe_b_heeds_the_blacklist_for_names",
        "conf blacklist life_main; modprobe -b life_main && gone life_main && modprobe life_main && modprobe -r life_main",
        &["life_main: init"],
    ),
    (
        "softdeps_load_around_and_leave_in_reverse",
        "conf softdep life_main pre: rust_minimal post: rust_mixed; modprobe life_main && modprobe -r life_main \
         && gone life_main && gone rust_minimal && gone rust_mixed",
        &[
            "rust_minimal: Rust minimal sample (init)",
            "life_main: init",
            "rust_mixed: ",
            "rust_mixed: ",
            "life_main: exit",
            "rust_minimal: Rust minimal sample (exit)",
        ],
    ),
    (
        "a_missing_module_is_named",
        "modprobe life_of_brian; test $? = 1",
        &["modprobe: FATAL: Module life_of_brian not found in directory /lib/modules/"],
    ),
    (
        "what_is_not_loaded_cannot_be_removed",
        "rmmod life_main; test $? = 1",
        &["rmmod: ERROR: Module life_main is not currently loaded"],
    ),
    (
        "unloading_waits_for_work",
        "modprobe life_work && rmmod life_work && gone life_work",
        &["life_work: exit", "life_work: run 1", "life_work: run 2", "life_work: run 3", "life_work: work dropped"],
    ),
    (
        "a_failing_init_waits_for_work",
        "modprobe life_work fails; test $? = 1 && gone life_work",
        &["No such device", "life_work: run 1", "life_work: run 2", "life_work: run 3", "life_work: work dropped"],
    ),
    (
        "a_load_that_fails_before_init_waits_for_work_of_a_parameter",
        "modprobe life_work start=1 number=x; test $? = 1 && gone life_work && sleep 1 && modprobe life_work && rmmod life_work",
        &[
            "could not insert 'life_work': Invalid argument",
            "life_work: `x' invalid for parameter `number'",
            "life_work: run 1",
            "life_work: run 2",
            "life_work: run 3",
            "life_work: work dropped",
            "life_work: exit",
        ],
    ),
    // The writers meet every moment of a module's end, those after its wait too. What they start must have run by then.
    (
        "unloading_under_a_flood_of_writes_leaves_nothing",
        "file=/sys/module/life_work/parameters/start
         for writer in 1 2 3; do while test ! -e /tmp/enough; do echo 1 >$file; sleep 0.005; done 2>/tmp/refused & done
         for round in 1 2 3 4 5; do modprobe life_work; sleep 0.2; rmmod life_work || exit 3; dmesg -c >>/tmp/flood; done
         touch /tmp/enough; wait; sleep 1; gone life_work || exit 4
         dmesg -c >>/tmp/flood; grep -E \"BUG|Oops|general protection\" /tmp/flood && exit 5
         started=$(grep -c \"run 1\" /tmp/flood) ended=$(grep -c \"run 3\" /tmp/flood) dropped=$(grep -c \"work dropped\" /tmp/flood)
         echo \"flood: $((started > 5)) $((started - ended)) $((dropped - ended))\"; grep -om1 \"No such device\" /tmp/refused",
        &["flood: 1 0 0", "No such device"],
    ),
    (
        "unloading_waits_for_work_of_any_object_of_the_module",
        "modprobe life_two && rmmod life_two && gone life_two && sleep 1",
        &["life_two: exit, started: true", "life_two: run 1", "life_two: run 2", "life_two: run 3"],
    ),
    (
        "a_failing_init_waits_for_work_of_any_object_of_the_module",
        "modprobe life_two fails; test $? = 1 && gone life_two && sleep 1",
        &["No such device", "life_two: run 1", "life_two: run 2", "life_two: run 3"],
    ),
    (
        "a_failing_init_returns_its_error_and_leaves_nothing",
        "for errno in 1 12 16 19; do modprobe life_fails errno=$errno; test $? = 1 && gone life_fails || exit 9; done
         dmesg | grep -c dropped",
        &[
            "could not insert 'life_fails': Operation not permitted",
            "could not insert 'life_fails': Cannot allocate memory",
            "could not insert 'life_fails': Device or resource busy",
            "could not insert 'life_fails': No such device",
            "8",
            "life_fails: first made",
            "life_fails: second made",
            "life_fails: second dropped",
            "life_fails: first dropped",
        ],
    ),
    (
        "a_module_that_failed_can_be_loaded_again",
        "modprobe life_fails && loaded life_fails && rmmod life_fails && gone life_fails",
        &["life_fails: second made", "life_fails: second dropped", "life_fails: first dropped"],
    ),
    (
        "insmod_and_rmmod_take_a_file_and_a_name",
        "insmod /lib/modules/*/life/life_main.ko.xz io=0x3e8 && lsmod && rmmod life_main && gone life_main",
        &["life_main", "life_main: init, io=0x3e8 quiet=false", "life_main: exit"],
    ),
];

/// What has to come last: a module stays; nothing that is not signed by the kernel's own key can be loaded.
const LAST: &[(&str, &str, &[&str])] = &[
    (
        "unloading_waits_for_a_leaked_timer_and_says_so",
        "modprobe life_work leak; rmmod life_work & wait_for \"dmesg | grep -q 'unloading waits: '\" && loaded life_work",
        &["life_work: exit", "life_work: unloading waits: "],
    ),
    (
        "unloading_waits_for_a_leaked_registration_and_says_so",
        "modprobe life_leaks; rmmod life_leaks & wait_for \"dmesg | grep -q 'unloading waits: '\" && loaded life_leaks",
        &["life_leaks: exit", "life_leaks: unloading waits: "],
    ),
    // Without it, the parameter can be written.
    (
        "lockdown_keeps_hardware_parameters_as_they_are",
        "modprobe life_fails port=1 && echo 2 >/sys/module/life_fails/parameters/port || exit 3
         mount -t securityfs none /sys/kernel/security; echo integrity >/sys/kernel/security/lockdown || exit 4
         echo 3 >/sys/module/life_fails/parameters/port && exit 5
         grep -x 2 /sys/module/life_fails/parameters/port",
        &["write error: Operation not permitted", "2", "life_fails: second made", "Lockdown: "],
    ),
    (
    "signed_by_an_unknown_key_is_told_from_unsigned_and_both_refused",
    "echo 1 >/sys/module/module/parameters/sig_enforce || exit; modprobe rust_minimal; test $? = 1 || exit
     dmesg -c; insmod /life_main.ko; test $? = 1",
    &[
        "could not insert 'rust_minimal': Key was rejected by service",
        "Loading of module with unavailable key is rejected",
        "could not insert module /life_main.ko: Key was rejected by service",
        "Loading of unsigned module is rejected",
    ],
),
];

/// Takes modules from installation to removal with kmod's own tools, beside those that were built for `others`.
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
    /// Takes the installed modules of `built`, and has the modules of `others` tried beside them.
    fn new(built: &Built, others: &[Built]) -> Result<Self> {
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
            life.cases.push(case(&(
                "a_tampered_crc_is_refused",
                "insmod /tampered.ko; test $? = 1 && gone life_main",
                &[
                    "could not insert module /tampered.ko: Invalid parameters",
                    "life_main: disagrees about version of symbol _printk",
                ],
            )));
        }
        for other in others {
            let series = &other.kernel.series;
            let name = format!("/life_main-{series}.ko");
            life.files.push((other.life("life_main"), name.clone()));
            life.others.push(series.clone());
            life.cases.push(Case {
                name: built_for(series),
                commands: format!("insmod {name}; test $? = 1 && gone life_main"),
                said: vec!["Invalid module format"],
            });
        }
        life.files.push((module, "/life_main.ko".to_owned()));
        life.cases.extend(LAST.iter().map(case));
        Ok(life)
    }

    fn guest(&self, kernel: &Kernel) -> Result<vm::Guest> {
        let kmod = vm::with_libraries(Path::new("kmod"))?;
        let mut script = Script::new(&format!("kmod={}\n{SETUP}", kmod[0].1));
        for case in &self.cases {
            script.part(&case.name, &case.commands);
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

    /// Judges each case by the log.
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

fn case((name, commands, said): &(&'static str, &'static str, &'static [&'static str])) -> Case {
    Case {
        name: (*name).to_owned(),
        commands: (*commands).to_owned(),
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
            return Err(format!(
                "status {} of `{}`, {}",
                section.status,
                self.commands,
                all()
            ));
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
    // Without a change, the tree is as it would be.
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

/// What of the installed tree is for the guest.
fn installed(built: &Built) -> Result<Vec<(PathBuf, String)>> {
    let (kernel, tree) = (&built.kernel, built.dir(INSTALLED));
    let modules = format!("/lib/modules/{}", kernel.release);
    let mut files = Vec::new();
    // depmod wants to know what is built in.
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
    // Interrupted, it must not leave half a key.
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
