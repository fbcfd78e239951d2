// SPDX-License-Identifier: GPL-2.0-only

//! How building modules behaves: what is rebuilt, what errors look like, and that bad input and bad luck
//! end in one clear line after which the next build works. They build for the newest fetched kernel.

use ferrule::dirs;
use ferrule::kernels::{self, Kernel};
use ferrule::verbs::demo;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

mod config;
mod input;
mod kept;
mod luck;

fn kernel() -> Kernel {
    let cache = kernels::cache_dir(None).unwrap();
    kernels::cached(&cache)
        .unwrap()
        .pop()
        .expect("a kernel has been fetched: make kernels")
}

/// `ferrule build` of `dir` for `kernel`, called there: so what one test has compiled is there for the others.
fn command(kernel: &Kernel, dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ferrule"));
    command.arg("build").arg("--kdir").arg(&kernel.kdir);
    match dir.is_dir() {
        true => command.current_dir(dir).args(["-M", "."]),
        false => command.arg("-M").arg(dir),
    };
    // Says why something is made, and what was in the store.
    command.env("KBUILD_VERBOSE", "2");
    command
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Builds, and expects success; returns the output.
fn builds(kernel: &Kernel, dir: &Path) -> String {
    let output = command(kernel, dir).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    text(&output)
}

/// Runs, and expects failure; returns the output.
fn fails(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(!output.status.success(), "{}", text(&output));
    text(&output)
}

/// A fresh copy of `tests/fixture`.
fn fixture() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    demo::copy_sources(&dirs::root().unwrap().join("tests/fixture"), dir.path()).unwrap();
    dir
}

/// A directory of one module.
fn module(source: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("Kbuild"), "obj-m := one.o\n").unwrap();
    fs::write(dir.path().join("one.rs"), source).unwrap();
    dir
}

const HELLO: &str = "//! One.
use kernel::prelude::*;
module! { type: One, name: \"one\", license: \"GPL\", }
struct One;
impl kernel::Module for One {
    fn init(_module: &'static ThisModule) -> Result<Self> { pr_info!(\"hello\\n\"); Ok(Self) }
}
";

fn touch(path: &Path) {
    // Not later than now: make would take the file for changed again and again until that time has come.
    fs::File::options()
        .append(true)
        .open(path)
        .unwrap()
        .set_modified(SystemTime::now())
        .unwrap();
}

/// The Rust objects that Kbuild asked for.
fn asked(output: &str) -> Vec<&str> {
    let lines = output
        .lines()
        .filter_map(|line| line.split("RUSTC [M]").nth(1));
    lines
        .filter_map(|line| line.split_whitespace().next()?.rsplit('/').next())
        .collect()
}

/// Those of them that were compiled, as they were not in the store.
fn compiled(output: &str) -> Vec<&str> {
    let lines = output
        .lines()
        .filter_map(|line| line.strip_suffix(" was in the store"));
    let kept: Vec<&str> = lines
        .filter_map(|line| line.rsplit(['/', ' ']).next())
        .collect();
    let mut objects = asked(output);
    objects.retain(|object| !kept.contains(object));
    objects
}

/// Text that no build has seen.
fn unseen() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    format!("// {} {:?}\n", std::process::id(), now.unwrap())
}

fn append(path: &Path, text: &str) {
    let old = fs::read_to_string(path).unwrap();
    fs::write(path, old + text).unwrap();
}

#[test]
fn only_what_changed_is_rebuilt() {
    let (kernel, dir) = (kernel(), fixture());
    let first = builds(&kernel, dir.path());
    // Other files are part of these.
    let kbuild = fs::read_to_string(dir.path().join("Kbuild")).unwrap();
    let sources = fs::read_dir(dir.path()).unwrap().flatten();
    let all = sources
        .filter_map(|entry| {
            entry
                .file_name()
                .to_str()?
                .strip_suffix(".rs")
                .map(str::to_owned)
        })
        .filter(|name| kbuild.contains(&format!(" {name}.o")))
        .count();
    assert_eq!(all, 4);
    assert_eq!(asked(&first).len(), all);
    assert_eq!(builds(&kernel, dir.path()), "");
    let source = dir.path().join("fixture_hello.rs");
    touch(&source);
    let output = builds(&kernel, dir.path());
    assert_eq!(asked(&output), ["fixture_hello.o"], "{output}");
    assert_eq!(compiled(&output), [""; 0], "{output}");
    assert_eq!(builds(&kernel, dir.path()), "");
    append(&source, &unseen());
    let output = builds(&kernel, dir.path());
    assert_eq!(compiled(&output), ["fixture_hello.o"], "{output}");
}

#[test]
fn a_changed_submodule_rebuilds_its_module() {
    let (kernel, dir) = (kernel(), module(&format!("{HELLO}mod part;\n")));
    let part = dir.path().join("part.rs");
    fs::write(&part, "//! A part.\n").unwrap();
    builds(&kernel, dir.path());
    append(&part, &unseen());
    assert_eq!(compiled(&builds(&kernel, dir.path())), ["one.o"]);
}

#[test]
fn a_changed_interface_rebuilds_both_sides() {
    let (kernel, dir) = (kernel(), fixture());
    fs::write(
        dir.path().join(".config"),
        "CONFIG_FIXTURE_EXPORT=m\nCONFIG_FIXTURE_IMPORT=m\n",
    )
    .unwrap();
    builds(&kernel, dir.path());
    let rebuilt = |changed: &str| -> Vec<String> {
        append(&dir.path().join(changed), &unseen());
        let output = builds(&kernel, dir.path());
        compiled(&output).into_iter().map(str::to_owned).collect()
    };
    let both = ["fixture_export.o", "fixture_import.o"];
    assert_eq!(rebuilt("fixture_export_api.rs"), both);
    // C's header is the exporting side's only.
    assert_eq!(rebuilt("fixture_export.h"), both[..1]);
    assert_eq!(builds(&kernel, dir.path()), "");
}

#[test]
fn subdirectories_and_flags_reach_the_compilers() {
    let kernel = kernel();
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("sub")).unwrap();
    fs::write(dir.path().join("Kbuild"), "obj-m += sub/\n").unwrap();
    let kbuild = "obj-m := both.o\nboth-y := main.o part.o\nccflags-y := -DPART=1\nrustflags-y := --cfg part\n\
                  RUSTFLAGS_main.o := --cfg main_only\n";
    fs::write(dir.path().join("sub/Kbuild"), kbuild).unwrap();
    let part = "int part(void);\n#ifdef PART\nint part(void) { return PART; }\n#endif\n";
    fs::write(dir.path().join("sub/part.c"), part).unwrap();
    let main = format!(
        "{HELLO}#[cfg(not(all(part, main_only)))]\ncompile_error!(\"flags are missing\");\n"
    );
    fs::write(dir.path().join("sub/main.rs"), main).unwrap();
    builds(&kernel, dir.path());
    let symbols = Command::new("nm")
        .arg(dir.path().join("sub/both.ko"))
        .output()
        .unwrap();
    assert!(text(&symbols).contains(" T part"), "{}", text(&symbols));
}

#[test]
fn errors_are_rustcs_with_the_path_as_written() {
    let (kernel, dir) = (kernel(), module(&HELLO.replace("Ok(Self)", "Ok(Other)")));
    let parent = dir.path().parent().unwrap();
    let written = dir.path().file_name().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ferrule"));
    command.arg("build").arg("--kdir").arg(&kernel.kdir);
    let output = fails(command.arg("-M").arg(written).current_dir(parent));
    let place = format!(" --> {}/one.rs:6:", written.to_str().unwrap());
    assert!(
        output.contains("error[E0425]") && output.contains(&place),
        "{output}"
    );
    let left: Vec<PathBuf> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(
        !left
            .iter()
            .any(|path| path.extension().is_some_and(|e| e == "o" || e == "ko")),
        "{left:?}"
    );
    fs::write(dir.path().join("one.rs"), HELLO).unwrap();
    builds(&kernel, dir.path());
}

#[test]
fn a_build_error_that_stays_is_named() {
    let source = HELLO.replace(
        "pr_info!",
        "build_assert!(_module.as_ptr().is_null()); pr_info!",
    );
    let (kernel, dir) = (kernel(), module(&source));
    let output = fails(&mut command(&kernel, dir.path()));
    assert!(
        output.contains("one.rs: a build_assert! does not hold"),
        "{output}"
    );
}

#[test]
fn a_frame_that_steps_over_the_guard_page_is_refused() {
    let big =
        "let big = core::array::from_fn::<u8, 40000, _>(|i| i as u8 ^ core::hint::black_box(7));
        pr_info!(\"{}\\n\", core::hint::black_box(&big)[9]); pr_info!";
    let (kernel, dir) = (kernel(), module(&HELLO.replace("pr_info!", big)));
    let output = fails(&mut command(&kernel, dir.path()));
    assert!(
        output.contains("one.rs: the stack frame of ") && output.contains("guard page"),
        "{output}"
    );
}

#[test]
fn two_rust_objects_make_one_module() {
    let (kernel, dir) = (kernel(), module(HELLO));
    fs::write(
        dir.path().join("Kbuild"),
        "obj-m := two.o\ntwo-y := one.o other.o\n",
    )
    .unwrap();
    let other = "//! The other.\nuse kernel::prelude::*;\n/// Takes a box.\n#[unsafe(no_mangle)]\n\
                 pub extern \"C\" fn other() -> bool { KBox::new(1, GFP_KERNEL).is_ok() }\n";
    fs::write(dir.path().join("other.rs"), other).unwrap();
    for helpers in ["inline", "object"] {
        let output = command(&kernel, dir.path())
            .args(["--helpers", helpers])
            .output()
            .unwrap();
        assert!(output.status.success(), "{helpers}: {}", text(&output));
    }
}

#[test]
fn wide_division_links() {
    let source = HELLO.replace(
        "pr_info!(\"hello\\n\")",
        "let d = _module.as_ptr() as u128 | 1; pr_info!(\"{}\\n\", u128::MAX / d)",
    );
    let (kernel, dir) = (kernel(), module(&source));
    builds(&kernel, dir.path());
}
