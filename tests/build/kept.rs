// SPDX-License-Identifier: GPL-2.0-only

//! The store: only what has changed by content is built again. The tests change copies of the project.

use super::*;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use walkdir::WalkDir;

/// A copy of the project, as another clone is; the store is the user's.
struct Copy(tempfile::TempDir);

impl Copy {
    fn new() -> Self {
        let (dir, root) = (tempfile::tempdir().unwrap(), dirs::root().unwrap());
        for part in ["Cargo.lock", "Cargo.toml", "rust", "scripts", "tests"] {
            let mut cp = Command::new("cp");
            let status = cp.arg("-r").arg(root.join(part)).arg(dir.path()).status();
            assert!(status.unwrap().success(), "{part}");
        }
        Self(dir)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// `ferrule build` of `dir` with this copy.
    fn command(&self, dir: &Path) -> Command {
        let mut command = command(&kernel(), dir);
        command.env("FERRULE_ROOT", self.0.path());
        command
    }

    /// Builds `dir`, and returns the output.
    fn builds(&self, dir: &Path) -> String {
        let output = self.command(dir).output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
        text(&output)
    }

    /// The directory in the store that this copy's builds use.
    fn crates(&self) -> PathBuf {
        fs::read_link(self.file("build").join(kernel().release)).unwrap()
    }

    fn store(&self) -> PathBuf {
        self.crates().ancestors().nth(3).unwrap().to_owned()
    }
}

/// What was made that modules share: the tool's own lines.
fn shared(output: &str) -> Vec<&str> {
    let steps = ["CARGO", "BINDGEN", "CLANG", "CC", "RUSTC"];
    let lines = output.lines().map(str::trim_start);
    lines
        .filter(|line| {
            let mut words = line.split_whitespace();
            words.next().is_some_and(|word| steps.contains(&word)) && words.next() != Some("[M]")
        })
        .collect()
}

#[test]
fn touched_sources_and_editors_files_cost_nothing() {
    let (copy, dir) = (Copy::new(), module(HELLO));
    copy.builds(dir.path());
    for name in [
        "kernel/lib.rs",
        "macros/src/lib.rs",
        "helpers/slab.c",
        "compat/nbcon.c",
        "ffi.rs",
    ] {
        touch(&copy.file("rust").join(name));
    }
    for below in [
        "kernel",
        "kernel/alloc",
        "macros/src",
        "helpers",
        "compat",
        "bindings",
    ] {
        let below = copy.file("rust").join(below);
        for name in [".x.rs.swp", "x.rs~", "#x.c#", "4913"] {
            fs::write(below.join(name), "no Rust").unwrap();
        }
        std::os::unix::fs::symlink("user@host.1", below.join(".#x.rs")).unwrap();
    }
    assert_eq!(copy.builds(dir.path()), "");
}

#[test]
fn changed_crates_rebuild_and_back_costs_nothing() {
    let (copy, dir) = (Copy::new(), module(HELLO));
    copy.builds(dir.path());
    let (file, before) = (copy.file("rust/kernel/bits.rs"), copy.crates());
    let old = fs::read_to_string(&file).unwrap();
    append(&file, &unseen());
    let output = copy.builds(dir.path());
    assert!(shared(&output).contains(&"RUSTC   kernel"), "{output}");
    assert!(
        !output.contains("BINDGEN") && !output.contains("CARGO"),
        "{output}"
    );
    assert_eq!(compiled(&output), ["one.o"], "{output}");
    assert_ne!(copy.crates(), before);
    assert_eq!(copy.builds(dir.path()), "");
    fs::write(&file, old).unwrap();
    let output = copy.builds(dir.path());
    assert_eq!(
        (shared(&output), compiled(&output)),
        (vec![], vec![]),
        "{output}"
    );
    assert_eq!(copy.crates(), before);
    assert_eq!(copy.builds(dir.path()), "");
}

#[test]
fn another_clone_compiles_nothing() {
    let dir = module(HELLO);
    Copy::new().builds(dir.path());
    let (copy, dir) = (Copy::new(), module(HELLO));
    let output = copy.builds(dir.path());
    assert_eq!(asked(&output), ["one.o"], "{output}");
    assert_eq!(
        (shared(&output), compiled(&output)),
        (vec![], vec![]),
        "{output}"
    );
}

#[test]
fn changed_macros_leave_another_builds_alone() {
    let (copy, dir) = (Copy::new(), module(HELLO));
    copy.builds(dir.path());
    let sysroot = || {
        let settings = fs::read_to_string(copy.crates().join("module.json")).unwrap();
        let path = settings.split("--sysroot=").nth(1).unwrap();
        PathBuf::from(path.split('"').next().unwrap())
    };
    let old = sysroot();
    let time = || {
        fs::metadata(old.join("crates/libmacros.so"))
            .unwrap()
            .modified()
            .unwrap()
    };
    let before = time();
    append(&copy.file("rust/macros/src/lib.rs"), &unseen());
    copy.builds(dir.path());
    assert_ne!(sysroot(), old);
    assert_eq!(time(), before);
}

/// Starts a build in a process group of its own.
fn start(copy: &Copy, dir: &Path) -> Child {
    let mut command = copy.command(dir);
    command
        .process_group(0)
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command.spawn().unwrap()
}

#[test]
fn a_killed_build_is_made_by_one_of_the_next_two() {
    let (copy, dirs) = (Copy::new(), [module(HELLO), module(HELLO)]);
    append(&copy.file("rust/kernel/bits.rs"), &unseen());
    let mut killed = start(&copy, dirs[0].path());
    let mut lines = BufReader::new(killed.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("RUSTC   kernel")));
    let group = rustix::process::Pid::from_child(&killed);
    rustix::process::kill_process_group(group, rustix::process::Signal::KILL).unwrap();
    assert!(!killed.wait().unwrap().success());
    let children = dirs.each_ref().map(|dir| start(&copy, dir.path()));
    let outputs = children.map(|child| {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
        text(&output)
    });
    let made = outputs
        .iter()
        .filter(|output| output.contains("RUSTC   kernel"));
    assert_eq!(made.count(), 1, "{outputs:?}");
}

#[test]
fn a_store_that_cannot_be_written_to_is_named_and_done_without() {
    let (copy, dir) = (Copy::new(), module(HELLO));
    copy.builds(dir.path());
    // No user can make a directory in /proc. The next choice, build/store, leads to the store that has everything.
    std::os::unix::fs::symlink(copy.store(), copy.file("build/store")).unwrap();
    let output = copy
        .command(dir.path())
        .env("FERRULE_STORE", "/proc/store")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let line = format!("using the store {}\n", copy.file("build/store").display());
    let output = text(&output);
    assert!(
        output.contains("ferrule: cannot write to /proc/store"),
        "{output}"
    );
    assert!(
        output.contains(&line) && shared(&output).is_empty(),
        "{output}"
    );
}

#[test]
fn a_damaged_store_is_mended_and_kept_within_its_bound() {
    let (copy, dir) = (Copy::new(), module(HELLO));
    copy.builds(dir.path());
    let store = copy.file("build/store");
    // Hard links where possible: they can be removed here, and the files stay there.
    let copied = ["-al", "-a"].iter().any(|how| {
        let mut cp = Command::new("cp");
        cp.arg(how)
            .arg("--no-target-directory")
            .arg(copy.store())
            .arg(&store);
        cp.output().unwrap().status.success()
    });
    assert!(copied);
    // Locks are those of files: these must not be the files that other builds lock.
    for entry in WalkDir::new(&store) {
        let path = entry.unwrap().into_path();
        if path
            .extension()
            .is_some_and(|extension| extension == "lock")
        {
            fs::remove_file(path).unwrap();
        }
    }
    let below = |path: PathBuf| {
        let name = path.strip_prefix(copy.store()).unwrap().to_owned();
        store.join(name)
    };
    let crates = below(copy.crates());
    fs::remove_file(crates.join("libkernel.rlib")).unwrap();
    let build = |size: &str| {
        let mut command = copy.command(dir.path());
        command
            .env("FERRULE_STORE", &store)
            .env("FERRULE_STORE_SIZE", size);
        command.output().unwrap()
    };
    let output = text(&build("4G"));
    let line = format!(
        "ferrule: {} is damaged; building it again",
        crates.display()
    );
    assert!(
        output.contains(&line) && crates.join("libkernel.rlib").exists(),
        "{output}"
    );
    assert_eq!(shared(&output), [""; 0], "{output}");

    fs::remove_file(store.join("v1/swept")).unwrap();
    let output = build("1M");
    assert!(output.status.success(), "{}", text(&output));
    // What the build uses stays.
    assert!(
        crates.exists()
            && !below(copy.store().join("v1/libraries"))
                .read_dir()
                .unwrap()
                .any(|entry| { entry.unwrap().path().join("contents").exists() })
    );
    let output = text(&build("much"));
    assert_eq!(output.lines().count(), 1, "{output}");
    assert!(
        output.contains("FERRULE_STORE_SIZE=much: no size"),
        "{output}"
    );
}
