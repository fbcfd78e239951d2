// SPDX-License-Identifier: GPL-2.0-only

//! DKMS: a directory of modules becomes a package that the distribution's dkms builds for fetched kernels,
//! in trees of its own; and an installed Ferrule builds where there is neither network nor home.

use ferrule::dirs;
use ferrule::kernels::{self, Kernel};
use ferrule::verbs::demo;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const FERRULE: &str = env!("CARGO_BIN_EXE_ferrule");

/// The fetched kernels, newest first.
fn fetched() -> Vec<Kernel> {
    let mut kernels = kernels::cached(&kernels::cache_dir(None).unwrap()).unwrap();
    assert!(
        !kernels.is_empty(),
        "no kernel has been fetched: make kernels"
    );
    kernels.reverse();
    kernels
}

/// Two of the modules of `tests/fixture` in a directory named `demo`, one of them in a directory below.
fn package(parent: &Path) -> PathBuf {
    let dir = parent.join("demo");
    demo::copy_sources(&dirs::root().unwrap().join("tests/fixture"), &dir).unwrap();
    fs::create_dir(dir.join("sub")).unwrap();
    fs::rename(
        dir.join("fixture_hello.rs"),
        dir.join("sub/fixture_hello.rs"),
    )
    .unwrap();
    fs::write(dir.join("sub/Kbuild"), "obj-m := fixture_hello.o\n").unwrap();
    let kbuild =
        "obj-m := sub/ fixture_mixed.o\nfixture_mixed-y := fixture_mixed_main.o fixture_mixed_part.o\n";
    fs::write(dir.join("Kbuild"), kbuild).unwrap();
    dir
}

fn text(output: &Output) -> String {
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    format!("{out}{err}")
}

fn succeeds(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}; make setup"));
    assert!(output.status.success(), "{command:?}: {}", text(&output));
    text(&output)
}

/// dkms with private trees below `trees`.
fn dkms(trees: &Path, verb: &str) -> Command {
    let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap());
    // It insists on root for some verbs, though its trees are ours.
    let mut command = match rustix::process::geteuid().is_root() {
        true => Command::new("dkms"),
        false => {
            let mut unshare = Command::new("unshare");
            unshare.args(["--map-root-user", "dkms"]);
            unshare
        }
    };
    command.arg(verb).env("PATH", path).env("LC_ALL", "C");
    for (option, name) in [
        ("--dkmstree", "state"),
        ("--sourcetree", "src"),
        ("--installtree", "lib"),
    ] {
        let dir = trees.join(name);
        fs::create_dir_all(&dir).unwrap();
        command.arg(option).arg(dir);
    }
    command
}

/// The files below `dir`, without what leads there.
fn files(dir: &Path) -> Vec<String> {
    let list = succeeds(
        Command::new("find")
            .arg(dir)
            .args(["-type", "f", "-printf", "%P\n"]),
    );
    let mut files: Vec<String> = list.lines().map(str::to_owned).collect();
    files.sort();
    files
}

#[test]
fn dkms_adds_builds_installs_and_removes() {
    let temporary = tempfile::tempdir().unwrap();
    let (dir, trees) = (package(temporary.path()), temporary.path().join("trees"));
    // One after the other, where more than one has been fetched.
    let kernels: Vec<Kernel> = fetched().into_iter().take(2).collect();
    let said = succeeds(
        Command::new(FERRULE)
            .arg("dkms")
            .arg(&dir)
            .arg("--kdir")
            .arg(&kernels[0].kdir)
            .args(["--ferrule", FERRULE, "--package-version", "2.5"]),
    );
    // It may have waited for another test's build, and said so.
    assert!(said.contains("dkms install demo/2.5\n"), "{said}");

    succeeds(dkms(&trees, "add").arg(&dir));
    let status = || succeeds(&mut dkms(&trees, "status"));
    assert_eq!(status(), "demo/2.5: added\n");
    let modules = ["fixture_hello.ko", "fixture_mixed.ko"];
    for kernel in &kernels {
        // dkms wants to see that the kernel is installed.
        fs::create_dir(trees.join("lib").join(&kernel.release)).unwrap();
        for verb in ["build", "install"] {
            let mut dkms = dkms(&trees, verb);
            dkms.args([
                "demo/2.5",
                "-k",
                &kernel.release,
                "--no-depmod",
                "--kernelsourcedir",
            ]);
            succeeds(dkms.arg(&kernel.kdir));
        }
        let installed = trees.join("lib").join(&kernel.release).join("updates/dkms");
        assert_eq!(files(&installed), modules);
        let vermagic = Command::new("modinfo")
            .args(["-F", "vermagic"])
            .arg(installed.join(modules[0]))
            .output();
        let vermagic = text(&vermagic.unwrap());
        assert!(
            vermagic.starts_with(&format!("{} ", kernel.release)),
            "{vermagic}"
        );
        let line = format!("demo/2.5, {}, x86_64: installed", kernel.release);
        assert!(status().contains(&line), "{}", status());
    }
    assert_eq!(status().lines().count(), kernels.len());

    succeeds(dkms(&trees, "remove").args(["demo/2.5", "--all", "--no-depmod"]));
    assert_eq!(status(), "");
    assert_eq!(files(&trees.join("lib")), [""; 0]);
    assert_eq!(files(&trees.join("state")), [""; 0]);
}

#[test]
fn a_package_that_does_not_build_leaves_dkms_its_log() {
    let temporary = tempfile::tempdir().unwrap();
    let (dir, trees) = (package(temporary.path()), temporary.path().join("trees"));
    let kernel = &fetched()[0];
    succeeds(
        Command::new(FERRULE)
            .arg("dkms")
            .arg(&dir)
            .arg("--kdir")
            .arg(&kernel.kdir)
            .args(["--ferrule", FERRULE]),
    );
    fs::write(dir.join("fixture_mixed_main.rs"), "no Rust\n").unwrap();
    succeeds(dkms(&trees, "add").arg(&dir));
    let mut build = dkms(&trees, "build");
    build
        .args(["demo/1.0", "-k", &kernel.release, "--kernelsourcedir"])
        .arg(&kernel.kdir);
    let output = build.output().unwrap();
    assert!(!output.status.success(), "{}", text(&output));
    let log = fs::read_to_string(trees.join("state/demo/1.0/build/make.log")).unwrap();
    assert!(
        log.contains("error: expected") && log.contains("fixture_mixed_main.rs:1:"),
        "{log}"
    );
}

#[test]
fn what_is_no_package_is_refused_with_one_line() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = package(temporary.path());
    let refused = |args: &[&str], part: &str| {
        let output = Command::new(FERRULE)
            .arg("dkms")
            .arg(&dir)
            .args(args)
            .output()
            .unwrap();
        let said = text(&output);
        assert!(
            !output.status.success() && said.contains(part) && said.lines().count() == 1,
            "{said}"
        );
    };
    refused(&["--name", "my driver"], "is no name for a DKMS package");
    refused(
        &["--package-version", "../1"],
        "is no version for a DKMS package",
    );
    refused(&["--ferrule", "ferrule"], "absolute path");
    fs::write(dir.join("dkms.conf"), "PACKAGE_NAME=mine\n").unwrap();
    refused(&[], "dkms.conf: not written by this command");
    assert_eq!(
        fs::read_to_string(dir.join("dkms.conf")).unwrap(),
        "PACKAGE_NAME=mine\n"
    );
}

#[test]
fn an_installed_ferrule_builds_without_network_home_or_checkout() {
    let temporary = tempfile::tempdir().unwrap();
    let prefix = temporary.path().join("usr");
    succeeds(
        Command::new(FERRULE)
            .arg("install")
            .arg("--prefix")
            .arg(&prefix),
    );
    // A tree that is there is replaced.
    succeeds(
        Command::new(FERRULE)
            .arg("install")
            .arg("--prefix")
            .arg(&prefix),
    );
    let before = files(&prefix);
    // It stays where it is, also if it is told to install itself there.
    let output = Command::new(prefix.join("bin/ferrule"))
        .args(["install", "--prefix"])
        .arg(&prefix)
        .output()
        .unwrap();
    let said = text(&output);
    assert!(
        !output.status.success() && said.contains("this is the installed Ferrule itself"),
        "{said}"
    );
    assert_eq!(files(&prefix), before);

    let dir = package(temporary.path());
    let mut ferrule = Command::new(prefix.join("bin/ferrule"));
    ferrule
        .args(["build", "--kdir"])
        .arg(&fetched()[0].kdir)
        .arg("-M")
        .arg(&dir)
        .arg("modules");
    // What a kernel package's postinst has, and where this machine keeps kernels for tests. Cargo finds none
    // of the crates that it has fetched, and the tool lets it fetch none.
    ferrule
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    ferrule.env("FERRULE_CACHE", kernels::cache_dir(None).unwrap());
    ferrule.env("FERRULE_BUILD", temporary.path().join("build"));
    succeeds(&mut ferrule);
    assert!(dir.join("sub/fixture_hello.ko").exists());
    assert_eq!(
        files(&prefix),
        before,
        "a build wrote into the installed tree"
    );
}
