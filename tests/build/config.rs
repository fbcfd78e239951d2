// SPDX-License-Identifier: GPL-2.0-only

//! Choosing what is built: beside a kernel by `.config`, and in a kernel's own tree.

use super::*;
use ferrule::building::kdir::Kdir;
use ferrule::verbs::config;
use std::io::Write as _;
use std::process::Stdio;

/// `ferrule config` for `dir`.
fn configure(dir: &Path, target: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ferrule"));
    command.arg("config").arg("--kdir").arg(kernel().kdir);
    command.arg("-M").arg(dir).arg(target);
    command
}

fn succeeds(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
}

/// The modules of `dir` that would be built.
fn chosen(dir: &Path) -> Vec<String> {
    let kdir = Kdir::open(&kernel().kdir).unwrap();
    let variables = config::variables(dir, &kdir).unwrap();
    assert_eq!(variables.len(), all(dir).len(), "{variables:?}");
    let prefix = "CONFIG_FIXTURE_";
    let chosen = variables.iter().filter_map(|word| word.strip_suffix("=m"));
    chosen
        .map(|name| name.trim_start_matches(prefix).to_lowercase())
        .collect()
}

/// What the directory's Kconfig has, in its order.
fn all(dir: &Path) -> Vec<String> {
    let kconfig = fs::read_to_string(dir.join("Kconfig")).unwrap();
    let names = kconfig
        .lines()
        .filter_map(|line| line.strip_prefix("config FIXTURE_"));
    names.map(str::to_lowercase).collect()
}

#[test]
fn modules_are_chosen_in_every_way_that_a_kernel_has() {
    let dir = fixture();
    let all = all(dir.path());
    assert_eq!(all, ["export", "hello", "import", "mixed"]);
    let config = dir.path().join(".config");
    assert_eq!(chosen(dir.path()), all, "all without a .config");
    succeeds(&mut configure(dir.path(), "allnoconfig"));
    assert!(chosen(dir.path()).is_empty());
    fs::write(&config, "CONFIG_FIXTURE_HELLO=m\n").unwrap();
    assert_eq!(chosen(dir.path()), ["hello"]);
    succeeds(&mut configure(dir.path(), "olddefconfig"));
    let written = fs::read_to_string(&config).unwrap();
    assert!(
        written.contains("# CONFIG_FIXTURE_MIXED is not set"),
        "{written}"
    );
    succeeds(&mut configure(dir.path(), "savedefconfig"));
    succeeds(&mut configure(dir.path(), "allmodconfig"));
    assert_eq!(chosen(dir.path()), all);
    // From the file that was saved, and without it all.
    succeeds(&mut configure(dir.path(), "defconfig"));
    assert_eq!(chosen(dir.path()), ["hello"]);
    fs::remove_file(dir.path().join("defconfig")).unwrap();
    succeeds(&mut configure(dir.path(), "defconfig"));
    assert_eq!(chosen(dir.path()), all);
    let mut asked = configure(dir.path(), "config");
    let mut asked = asked.stdin(Stdio::piped()).spawn().unwrap();
    let mut answers = asked.stdin.take().unwrap();
    let yes = |name: &String| if name == "mixed" { "m\n" } else { "n\n" };
    // It is not asked for where what it depends on is not chosen.
    let asked_for = all.iter().filter(|name| *name != "import");
    let lines: String = asked_for.map(yes).collect();
    answers.write_all(lines.as_bytes()).unwrap();
    drop(answers);
    assert!(asked.wait().unwrap().success());
    assert_eq!(chosen(dir.path()), ["mixed"]);
}

#[test]
fn only_what_is_new_is_asked() {
    let dir = fixture();
    let config = dir.path().join(".config");
    succeeds(&mut configure(dir.path(), "allnoconfig"));
    let old = fs::read_to_string(&config).unwrap();
    let unset = "# CONFIG_FIXTURE_HELLO is not set\n";
    assert!(old.contains(unset), "{old}");
    fs::write(&config, old.replace(unset, "")).unwrap();
    let listed = configure(dir.path(), "listnewconfig").output().unwrap();
    let listed = String::from_utf8_lossy(&listed.stdout);
    assert_eq!(listed.trim(), "CONFIG_FIXTURE_HELLO=n");
    let mut asked = configure(dir.path(), "oldconfig");
    let mut asked = asked.stdin(Stdio::piped()).spawn().unwrap();
    // One answer; a second question would find none.
    asked.stdin.take().unwrap().write_all(b"m\n").unwrap();
    assert!(asked.wait().unwrap().success());
    assert_eq!(chosen(dir.path()), ["hello"]);
}

#[test]
fn a_module_is_chosen_in_the_menu() {
    let dir = fixture();
    succeeds(&mut configure(dir.path(), "allnoconfig"));
    // It wants a terminal.
    let menu = format!("{:?}", configure(dir.path(), "menuconfig"));
    let mut terminal = Command::new("script");
    terminal.args(["-qec", &menu, "/dev/null"]);
    terminal.env("TERM", "xterm").stdout(Stdio::null());
    let mut terminal = terminal.stdin(Stdio::piped()).spawn().unwrap();
    let mut keys = terminal.stdin.take().unwrap();
    // Into the directory's menu, its first module, and out with what was chosen.
    for key in ["\r", "m", "q", "y"] {
        std::thread::sleep(Duration::from_secs(2));
        keys.write_all(key.as_bytes()).unwrap();
    }
    assert!(terminal.wait().unwrap().success());
    assert_eq!(chosen(dir.path()), all(dir.path())[..1]);
}

#[test]
fn what_is_not_chosen_is_not_built() {
    let (kernel, dir) = (kernel(), fixture());
    fs::write(dir.path().join(".config"), "CONFIG_FIXTURE_EXPORT=m\n").unwrap();
    let output = builds(&kernel, dir.path());
    assert_eq!(asked(&output), ["fixture_export.o"], "{output}");
    // The command line has the last word.
    let output = command(&kernel, dir.path())
        .args(["modules", "CONFIG_FIXTURE_MIXED=m"])
        .output()
        .unwrap();
    let output = text(&output);
    assert_eq!(asked(&output), ["fixture_mixed_main.o"], "{output}");
}

#[test]
fn a_bad_configuration_is_one_line_that_says_where() {
    let (kernel, dir) = (kernel(), fixture());
    let config = dir.path().join(".config");
    for (line, complaint) in [
        ("CONFIG_FIXTURE_HELLO=y", "beside a kernel it is m or n"),
        (
            "CONFIG_FIXTURE_HELLO=x",
            "symbol value 'x' invalid for FIXTURE_HELLO",
        ),
        ("CONFIG_FIXTURE_HELO=m", "has no such symbol"),
        ("FIXTURE_HELLO=m", "unexpected data"),
    ] {
        fs::write(&config, format!("{line}\n")).unwrap();
        let output = fails(&mut command(&kernel, dir.path()));
        assert!(
            output.contains(complaint) && output.contains(".config"),
            "{output}"
        );
        assert_eq!(output.lines().count(), 1, "{output}");
    }
    // Cleaning up does not depend on it.
    succeeds(command(&kernel, dir.path()).arg("clean"));
    let nothing = module(HELLO);
    let output = fails(&mut configure(nothing.path(), "oldconfig"));
    assert!(output.contains("no Kconfig here"), "{output}");
    fs::remove_file(&config).unwrap();
    let output = fails(&mut configure(dir.path(), "savedefconfig"));
    assert!(output.contains("no .config yet"), "{output}");
}

/// What `ferrule builtin` looks at in a kernel's source.
fn source() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [
        (
            "drivers/Kconfig",
            "menu \"Device Drivers\"\n\nsource \"a\"\n\nendmenu\n",
        ),
        ("drivers/Makefile", "obj-y += a/\n"),
        ("scripts/Makefile.build", "cmd_rustc_o_rs = x\n"),
    ] {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn builtin(linux: &Path, args: &[&Path]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ferrule"));
    command.arg("builtin").arg("--linux").arg(linux).args(args);
    command
}

#[test]
fn a_kernels_source_takes_modules_and_gives_them_back() {
    let (linux, dir) = (source(), fixture());
    let m = Path::new("-M");
    let read = |name: &str| fs::read_to_string(linux.path().join(name)).unwrap();
    let before = ["drivers/Kconfig", "drivers/Makefile"].map(read);
    succeeds(&mut builtin(linux.path(), &[m, dir.path()]));
    let once = ["drivers/Kconfig", "drivers/Makefile"].map(read);
    assert!(
        once[0].ends_with("\nsource \"drivers/ferrule/Kconfig\"\n\nendmenu\n"),
        "{}",
        once[0]
    );
    assert!(once[1].ends_with("obj-y += ferrule/\n"), "{}", once[1]);
    let name = dir.path().file_name().unwrap();
    let linked = linux.path().join("drivers/ferrule").join(name);
    let source = dir.path().join("fixture_hello.rs");
    assert_eq!(
        fs::read_link(linked.join("fixture_hello.rs")).unwrap(),
        source
    );

    // Again, after a file has gone.
    fs::remove_file(source).unwrap();
    succeeds(&mut builtin(linux.path(), &[m, dir.path()]));
    assert_eq!(once, ["drivers/Kconfig", "drivers/Makefile"].map(read));
    assert!(linked.join("fixture_hello.rs").symlink_metadata().is_err());

    succeeds(&mut builtin(linux.path(), &[Path::new("--remove")]));
    assert_eq!(before, ["drivers/Kconfig", "drivers/Makefile"].map(read));
    assert!(!linux.path().join("drivers/ferrule").exists());
}

#[test]
fn what_cannot_be_built_in_is_refused() {
    let (linux, bare, m) = (source(), module(HELLO), Path::new("-M"));
    let output = fails(&mut builtin(linux.path(), &[m, bare.path()]));
    assert!(output.contains("no Kconfig here"), "{output}");
    let output = fails(&mut builtin(&kernel().kdir, &[m, bare.path()]));
    assert!(output.contains("not a kernel's source"), "{output}");
    let output = fails(&mut builtin(linux.path(), &[]));
    assert!(output.contains("M= is missing"), "{output}");
}
