// SPDX-License-Identifier: GPL-2.0-only

//! Hashes the sources of the tool that decide what is built. As long as these hashes stay the same, entries of the
//! store that an older or another clone's tool has made stay in use.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::Path;

/// The variables that get the hashes, each with the sources that it is a hash of.
const GROUPS: &[(&str, &[&str])] = &[
    (
        "FERRULE_CORE",
        &[
            "src/building/sysroot.rs",
            "src/building/profile.rs",
            "src/building/profile",
        ],
    ),
    (
        "FERRULE_CRATES",
        &[
            "src/building/crates.rs",
            "src/building/crates",
            "../rust/bindings/generator",
            "../Cargo.lock",
        ],
    ),
    (
        "FERRULE_MODULE",
        &[
            "src/building/module.rs",
            "src/building/module",
            "src/building/stack.rs",
        ],
    ),
];

fn main() {
    for (variable, sources) in GROUPS {
        let mut hash = DefaultHasher::new();
        for source in *sources {
            println!("cargo:rerun-if-changed={source}");
            add(&mut hash, Path::new(source));
        }
        println!("cargo:rustc-env={variable}={:016x}", hash.finish());
    }
}

fn add(hash: &mut DefaultHasher, path: &Path) {
    if !path.is_dir() {
        path.hash(hash);
        fs::read(path).expect("the source is there").hash(hash);
        return;
    }
    let entries = fs::read_dir(path).expect("the directory is there");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.is_dir() || name.ends_with(".rs") && !name.starts_with('.')
    });
    paths.sort();
    for path in paths {
        add(hash, &path);
    }
}
