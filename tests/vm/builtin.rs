// SPDX-License-Identifier: GPL-2.0-only

//! The samples and `tests/builtin`, built into a small kernel by that kernel's own make, and booted.

use crate::boot;
use crate::log;
use crate::record::{self, Key};
use crate::report::{Report, Verdict};
use anyhow::{bail, Context, Result};
use ferrule::building::lock::Lock;
use ferrule::command;
use ferrule::dirs;
use ferrule::kernels;
use ferrule::vm::Guest;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// What the kernel's command line gives.
const COMMAND_LINE: &str = "rust_minimal.count=5 rust_mixed.pair=2,3 rust_params.level=7 rust_params.retries=6 \
    rust_params.io=0x3f8,0x2f8 rust_params.name=first rust_params.speed=full rust_params.verbose \
    rust_params.size=1x rust_params.mask=0x1ff test_builtin_early.sum=1,2,3 test_builtin_early.wide=2 \
    test-builtin-early.text=dashed test_builtin_early.soon=7 test_builtin_early.soon=x test_builtin_late.sum=4,x test_builtin_late.wide=10";

/// What the modules must log, in this order, and what must not be there.
const LOGGED: &[&str] = &[
    "Malformed early option 'test_builtin_early.soon'",
    "rust_mixed: C reads 2 and 3; Rust says the larger is 3",
    "early: sum 6, wide 92233720368547758075, text \"dashed\"",
    "early: no module of its own: true",
    "rust_minimal: Rust minimal sample (init)",
    "rust_minimal: squares of the first 5 numbers: [0, 1, 4, 9, 16]",
    "rust_params: ports [1016, 760], mask 0x1ff, verbose true, loud true, count 1",
    "rust_params: name \"first\", label unnamed, size 80x25",
    "rust_params: speed full, level 7, retries 6",
    "rust_mixed: hello from Rust",
    "rust_export: ready",
    "late: sum 0, wide 18446744073709551615, text \"none\"",
];

/// What sysfs shows.
const SHOWN: &[(&str, &str)] = &[
    ("rust_params/parameters/io", "1016,760"),
    ("rust_params/parameters/retries", "6"),
    ("rust_params/parameters/speed", "low"),
    ("test_builtin_early/version", "1.2-early"),
    ("test_builtin_early/parameters/sum", "6"),
    ("test_builtin_early/parameters/soon", "7"),
    ("test_builtin_late/version", "3-late"),
];

/// Boots the kernel, and checks its log.
pub fn run(report: &mut Report) -> Result<()> {
    let log = boot::boot(report, &guest(&copies()?))?;
    report.add("modules_start_in_order", logged(&log));
    report.add("sysfs_shows_parameters_and_versions", shown(&log));
    report.add("a_module_of_the_same_kernel_loads", loaded(&log));
    Ok(())
}

/// The directory of the kernel's source: in the user's cache, as all clones build from the same source.
fn tree() -> Result<PathBuf> {
    let series = kernels::source_series()?;
    let cache = kernels::cache_dir(None)?.join("builtin");
    Ok(cache.join(format!("linux-{series}")))
}

/// The files of the kernel's tree that the guest needs.
const FILES: [&str; 3] = [
    "arch/x86/boot/bzImage",
    "drivers/ferrule/samples/rust_print.ko",
    "drivers/ferrule/samples/rust_import.ko",
];

/// The directory that these files are copied to.
fn copies() -> Result<PathBuf> {
    Ok(record::dir()?.join("builtin"))
}

/// Where the modules of `linux` are installed.
fn installed(linux: &Path) -> PathBuf {
    linux.with_file_name("installed")
}

fn make(linux: &Path, args: &[&str]) -> Result<String> {
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let mut make = Command::new("make");
    make.arg("-C")
        .arg(linux)
        .arg(format!("-j{jobs}"))
        .args(args);
    // The kernel's make must not get the variables of this one's make.
    for name in ["MAKEFLAGS", "MAKEOVERRIDES", "MFLAGS", "MAKELEVEL"] {
        make.env_remove(name);
    }
    let output = make.output().context("cannot run make")?;
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    if !output.status.success() {
        bail!("make {args:?}: {}\n{text}", output.status);
    }
    Ok(text)
}

/// Unpacks the kernel's source once, builds the kernel if its inputs have changed, and checks the build.
pub fn build(report: &mut Report) -> Result<()> {
    let (root, linux) = (dirs::root()?, tree()?);
    let parent = linux.parent().context("the source has a directory")?;
    // Another clone's test may be building in the same tree.
    fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
    let _lock = Lock::exclusive(&parent.join(".lock"), parent)?;
    if !linux.exists() {
        kernels::source(
            &kernels::cache_dir(None)?,
            &kernels::source_series()?,
            &linux,
        )?;
    }
    let fragment = root.join("tests/builtin/kernel.config");
    let mut key = Key::default().and(root.as_os_str().as_encoded_bytes());
    for input in ["samples", "tests/builtin", "rust", "Cargo.lock"] {
        key = key.and_files(&root.join(input))?;
    }
    let key = key
        .and_files(Path::new(env!("CARGO_BIN_EXE_ferrule")))?
        .hex();
    let stamp = linux.with_file_name("stamp");
    if fs::read_to_string(&stamp).is_ok_and(|done| done == key) {
        report.note("nothing to build");
    } else {
        make_all(&root, &linux, &fragment)?;
        fs::write(&stamp, key).with_context(|| format!("cannot write {}", stamp.display()))?;
    }
    // Copy: another clone's test may build in the tree before this one's guest boots.
    let copies = copies()?;
    fs::create_dir_all(&copies).with_context(|| format!("cannot create {}", copies.display()))?;
    for file in FILES {
        let from = linux.join(file);
        let name = from.file_name().context("a file has a name")?;
        fs::copy(&from, copies.join(name))
            .with_context(|| format!("cannot copy {}", from.display()))?;
    }
    report.add("modinfo_finds_built_in_modules", modinfo(&linux));
    report.add("nothing_changed_compiles_nothing", again(&linux));
    report.add("the_kernel_exports_with_versions", exported(&linux));
    Ok(())
}

fn make_all(root: &Path, linux: &Path, fragment: &Path) -> Result<()> {
    let stamp = linux.with_file_name("stamp");
    if stamp.exists() {
        fs::remove_file(&stamp).with_context(|| format!("cannot remove {}", stamp.display()))?;
    }
    let ferrule = |args: &[&str]| {
        let mut ferrule = Command::new(env!("CARGO_BIN_EXE_ferrule"));
        ferrule.arg("builtin").arg("--linux").arg(linux).args(args);
        command::output(&mut ferrule)
    };
    let dirs = ["samples", "tests/builtin"].map(|dir| root.join(dir).display().to_string());
    let adds = ["-M", &dirs[0], "-M", &dirs[1]];
    // The tree may have the modules of another clone.
    if ferrule(&adds).is_err() {
        ferrule(&["--remove"])?;
        ferrule(&adds)?;
    }
    let config = format!("KCONFIG_ALLCONFIG={}", fragment.display());
    make(linux, &[&config, "allnoconfig"])?;
    let built = make(linux, &["bzImage", "modules"]);
    let warns = |text: &String| text.contains("warning:");
    if !built.as_ref().is_ok_and(|text| !warns(text)) {
        // Objects that are kept would not give their warnings the next time.
        make(linux, &["M=drivers/ferrule", "clean"])?;
    }
    let text = built?;
    if let Some(line) = text.lines().find(|line| line.contains("warning:")) {
        bail!("{line}\nin:\n{text}");
    }
    let path = format!("INSTALL_MOD_PATH={}", installed(linux).display());
    make(linux, &[&path, "modules_install"]).map(drop)
}

fn again(linux: &Path) -> Verdict {
    let text = make(linux, &["drivers/ferrule/"]).map_err(|error| format!("{error:#}"))?;
    match text
        .lines()
        .find(|line| line.contains("RUSTC") || line.contains("CC "))
    {
        Some(line) => Err(format!("ran again: {line}")),
        None => Ok(()),
    }
}

/// Checks what modinfo prints for built-in modules.
fn modinfo(linux: &Path) -> Verdict {
    let release = std::fs::read_to_string(linux.join("include/config/kernel.release"));
    let release = release.map_err(|error| error.to_string())?;
    let field = |module: &str, name: &str| {
        let mut modinfo = Command::new("modinfo");
        modinfo.arg("--basedir").arg(installed(linux));
        modinfo.args(["-k", release.trim(), "-F", name, module]);
        let text = command::output(&mut modinfo);
        text.map(|text| text.trim().to_owned())
            .map_err(|error| format!("{error:#}"))
    };
    for (module, name, value) in [
        ("rust_params", "filename", "(builtin)"),
        (
            "rust_params",
            "description",
            "Sample of all kinds of module parameters",
        ),
        ("rust_minimal", "license", "GPL"),
        (
            "rust_minimal",
            "file",
            "drivers/ferrule/samples/rust_minimal",
        ),
        ("test_builtin_early", "version", "1.2-early"),
        ("rust_print", "name", "rust_print"),
    ] {
        let found = field(module, name)?;
        if found != value {
            return Err(format!("{module}: {name} is {found:?}, not {value:?}"));
        }
    }
    let parm = field("rust_params", "parm")?;
    if !parm.contains("level:How much to say, 1 to 9") {
        return Err(format!("rust_params: parm is {parm:?}"));
    }
    Ok(())
}

fn guest(copies: &Path) -> Guest {
    let mut script = "echo low > /sys/module/rust_params/parameters/speed
echo 10 > /sys/module/rust_params/parameters/level && exit 1
echo '@@ begin shown'
"
    .to_owned();
    for (file, _) in SHOWN {
        script += &format!("echo {file} $(cat /sys/module/{file})\n");
    }
    script += "echo '@@ end shown 0'
echo '@@ begin boot'
dmesg
echo '@@ end boot 0'
dmesg -n 1
dmesg -c >/dev/null
insmod /rust_print.ko && rmmod rust_print && insmod /rust_import.ko && rmmod rust_import
status=$?
echo '@@ begin loaded'
dmesg
echo \"@@ end loaded $status\"
";
    Guest {
        kernel: copies.join("bzImage"),
        files: ["rust_print.ko", "rust_import.ko"]
            .map(|name| (copies.join(name), format!("/{name}")))
            .into(),
        script,
        append: COMMAND_LINE.to_owned(),
        timeout: Duration::from_secs(120),
        ..Guest::default()
    }
}

fn logged(text: &str) -> Verdict {
    let lines = log::section(text, "boot")?.said;
    let mut rest = lines.iter();
    for expected in LOGGED {
        if !rest.any(|line| line == expected) {
            return Err(format!(
                "no {expected:?}, or not in its place, in {lines:#?}"
            ));
        }
    }
    Ok(())
}

fn shown(text: &str) -> Verdict {
    let lines = log::section(text, "shown")?.said;
    let expected: Vec<String> = SHOWN
        .iter()
        .map(|(file, value)| format!("{file} {value}"))
        .collect();
    if lines != expected {
        return Err(format!("{lines:#?}, not {expected:#?}"));
    }
    Ok(())
}

fn loaded(text: &str) -> Verdict {
    let section = log::section(text, "loaded")?;
    let expected = [
        "rust_print: shared among 2: 42",
        "rust_import: 1 + 2 = 3",
        "rust_import: leaves the counter at 61",
    ];
    if section.status != "0" || expected.iter().any(|line| !section.said.contains(line)) {
        return Err(format!("status {}, {:#?}", section.status, section.said));
    }
    Ok(())
}

/// Checks that the kernel exports the symbols of built-in modules, with versions.
fn exported(linux: &Path) -> Verdict {
    let symbols = std::fs::read_to_string(linux.join("Module.symvers"));
    let symbols = symbols.map_err(|error| error.to_string())?;
    let fields = symbols.lines().map(|line| line.split('\t'));
    let mut of_sample = fields
        .map(Vec::from_iter)
        .filter(|fields| fields.len() > 3 && fields[1].starts_with("rust_export_"))
        .peekable();
    if of_sample.peek().is_none() {
        return Err("rust_export exports nothing".to_owned());
    }
    match of_sample.find(|fields| fields[2] != "vmlinux" || fields[0] == "0x00000000") {
        Some(fields) => Err(format!("{fields:?}")),
        None => Ok(()),
    }
}
