// SPDX-License-Identifier: GPL-2.0-only

//! Builds that meet other builds, or come to no end.

use super::*;
use ferrule::building::lock::Lock;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::Stdio;

#[test]
fn two_builds_at_once_both_succeed() {
    let (kernel, dir) = (kernel(), fixture());
    let start = || {
        command(&kernel, dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    for child in [start(), start()] {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
    }
    assert!(dir.path().join("fixture_hello.ko").exists());
}

#[test]
fn an_interrupted_build_is_taken_up_again() {
    let (kernel, dir) = (kernel(), module(HELLO));
    builds(&kernel, dir.path());
    for delay in [100, 400, 800, 1500] {
        append(&dir.path().join("one.rs"), &unseen());
        // Its own process group, so that the signal reaches make and rustc as a terminal's would.
        let mut child = command(&kernel, dir.path())
            .process_group(0)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(delay));
        let group = rustix::process::Pid::from_child(&child);
        // It may have ended already: then there is nothing to interrupt.
        let interrupted =
            rustix::process::kill_process_group(group, rustix::process::Signal::INT).is_ok();
        let status = child.wait().unwrap();
        assert!(interrupted || status.success());
        builds(&kernel, dir.path());
        assert!(Command::new("modinfo")
            .arg(dir.path().join("one.ko"))
            .output()
            .unwrap()
            .status
            .success());
    }
}

#[test]
fn a_full_disk_is_named_and_leaves_nothing_behind() {
    let (kernel, dir) = (kernel(), module(HELLO));
    builds(&kernel, dir.path());
    append(&dir.path().join("one.rs"), &unseen());
    // A limit on the size of files fails writes as a full disk does.
    let limited = |command: &Command| {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", "trap '' XFSZ; ulimit -f 4; exec \"$@\"", "sh"])
            .arg(command.get_program());
        shell.args(command.get_args()).current_dir(dir.path());
        shell
    };
    let output = fails(&mut limited(&command(&kernel, dir.path())));
    assert!(output.contains("File too large"), "{output}");
    let left = fs::read_dir(dir.path())
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    assert!(!left.into_iter().any(|name| name.starts_with(".ferrule-")));
    builds(&kernel, dir.path());
}

#[test]
fn a_build_waits_for_one_in_a_directory_above() {
    let (kernel, dir) = (kernel(), tempfile::tempdir().unwrap());
    let dir = dir.path().canonicalize().unwrap();
    let below = dir.join("below");
    fs::create_dir(&below).unwrap();
    fs::write(below.join("Kbuild"), "obj-m := one.o\n").unwrap();
    fs::write(below.join("one.rs"), HELLO).unwrap();
    fs::write(dir.join("Kbuild"), "obj-m := below/\n").unwrap();
    builds(&kernel, &below);
    let above = Lock::tree(&dir).unwrap();
    let mut child = command(&kernel, &below)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut messages = BufReader::new(child.stderr.take().unwrap()).lines();
    let waiting = format!("waiting for another build that uses {}", dir.display());
    // Builds of other tests may be waited for as well.
    let said = messages.find(|line| line.as_ref().unwrap().contains(&waiting));
    assert!(said.is_some());
    assert!(child.try_wait().unwrap().is_none());
    drop(above);
    assert!(child.wait().unwrap().success());
}
