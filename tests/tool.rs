// SPDX-License-Identifier: GPL-2.0-only

//! `make tool` puts the tool where the Makefile looks for it, whatever the user's Cargo is told.

use ferrule::command;
use ferrule::dirs;
use ferrule::machine::toolchain::Toolchain;
use std::fs;
use std::path::Path;
use std::process::Command;

/// A tree with the scripts, and a tool that says `new` and compiles in no time; an old one says `old`.
fn tree() -> tempfile::TempDir {
    let tree = tempfile::tempdir().unwrap();
    let root = dirs::root().unwrap();
    let write = |name: &str, text: &str| {
        let path = tree.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("src/main.rs", "fn main() { println!(\"new\") }\n");
    let package = "name = \"ferrule\"\nversion = \"0.1.0\"\n";
    write(
        "Cargo.toml",
        &format!("[package]\n{package}edition = \"2021\"\nrust-version = \"1.85\"\n[workspace]\n"),
    );
    write(
        "Cargo.lock",
        &format!("version = 3\n[[package]]\n{package}"),
    );
    write("target/debug/ferrule", "#!/bin/sh\necho old\n");
    for script in ["tool.sh", "bootstrap.sh"] {
        write(&format!("scripts/{script}"), "");
        let to = tree.path().join("scripts").join(script);
        fs::copy(root.join("scripts").join(script), to).unwrap();
    }
    tree
}

/// Builds the tool in `tree`, after `change`, and returns what it says.
fn built(tree: &Path, change: impl FnOnce(&mut Command)) -> String {
    let mut script = Command::new(tree.join("scripts/tool.sh"));
    script.env("RUSTC", Toolchain::find().unwrap().rustc);
    change(&mut script);
    command::output(&mut script).unwrap();
    command::output(&mut Command::new(tree.join("target/debug/ferrule"))).unwrap()
}

#[test]
fn the_tool_is_where_the_makefile_looks_for_it() {
    let tree = tree();
    assert_eq!(built(tree.path(), |_| {}), "new\n");
}

#[test]
fn cargos_variables_do_not_move_it() {
    let tree = tree();
    let said = built(tree.path(), |script| {
        script.env("CARGO_TARGET_DIR", tree.path().join("elsewhere"));
        script.env("CARGO_BUILD_TARGET", "x86_64-unknown-linux-gnu");
    });
    assert_eq!(said, "new\n");
    assert!(!tree.path().join("elsewhere").exists());
}

#[test]
fn cargos_configuration_does_not_move_it() {
    let tree = tree();
    fs::create_dir(tree.path().join(".cargo")).unwrap();
    let config = "[build]\ntarget = \"x86_64-unknown-linux-gnu\"\ntarget-dir = \"elsewhere\"\n";
    fs::write(tree.path().join(".cargo/config.toml"), config).unwrap();
    assert_eq!(built(tree.path(), |_| {}), "new\n");
    assert!(!tree.path().join("elsewhere").exists());
    // Again, as each make does.
    assert_eq!(built(tree.path(), |_| {}), "new\n");
}
