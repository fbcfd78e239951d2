// SPDX-License-Identifier: GPL-2.0-only

//! The listings in docs/ are in the files that they are said to be from, which the tests build and run; files that
//! docs/tool.md names are there, and so are the tests that tables of rules name; samples and templates are safe code.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A listing, and the file that was named last before it.
struct Listing {
    file: String,
    lines: Vec<String>,
}

fn listings(text: &str) -> Vec<Listing> {
    let mut file = None;
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        // `[`FILE`](../FILE)`
        for link in line.split("](../").skip(1) {
            let link = link.split(')').next().unwrap_or_default();
            if link.ends_with(".rs") {
                file = Some(link.to_owned());
            }
        }
        if line == "```rust" {
            let listing = lines.by_ref().take_while(|line| *line != "```");
            found.push(Listing {
                lines: listing.map(|line| line.trim_end().to_owned()).collect(),
                file: file.clone().expect("a listing follows a link to its file"),
            });
        }
    }
    found
}

fn has(text: &str, listing: &[String]) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines
        .windows(listing.len())
        .any(|window| window.iter().zip(listing).all(|(a, b)| a == b))
}

#[test]
fn the_tutorials_listings_are_in_their_files() {
    let text = fs::read_to_string(root().join("docs/serial-tutorial.md")).unwrap();
    let listings = listings(&text);
    assert!(listings.len() >= 12, "{}", listings.len());
    for Listing { file, lines } in &listings {
        let source = fs::read_to_string(root().join(file)).unwrap();
        let all = lines.join("\n");
        assert!(!lines.is_empty(), "{file}:\n{all}");
        assert!(has(&source, lines), "{file} has not:\n{all}");
    }
    for entry in fs::read_dir(root().join("tests/tutorial")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let named = |listing: &Listing| listing.file.ends_with(&name);
        if name.ends_with(".rs") && !name.ends_with(".mod.rs") {
            assert!(listings.iter().any(named), "no listing is from {name}");
        }
    }
}

#[test]
fn the_files_that_the_tools_page_names_are_there() {
    let text = fs::read_to_string(root().join("docs/tool.md")).unwrap();
    let is_file = |word: &&str| {
        let ends = [".rs", ".mk", ".sh", ".toml", "/"];
        ends.iter().any(|end| word.ends_with(end)) && !word.contains([' ', '*'])
    };
    let names: Vec<&str> = text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(is_file)
        .filter(|name| {
            name.contains('/')
                || name.ends_with(".rs") && ![".rs", "rust_minimal.rs"].contains(name)
        })
        .collect();
    assert!(names.len() > 40, "{names:?}");
    for name in names {
        let places = ["scripts/src", "."].map(|dir| root().join(dir).join(name));
        assert!(places.iter().any(|place| place.exists()), "{name}");
    }
}

/// The texts of the files below a directory.
fn texts(dir: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(texts(&path));
        } else if let Ok(text) = fs::read_to_string(&path) {
            found.push((path, text));
        }
    }
    found
}

/// The names in backquotes of the last column of a page's tables, below a heading `test`.
fn named_tests(page: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_table = false;
    for line in page.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        match cells[..] {
            ["", .., "test", ""] => is_table = true,
            ["", .., last, ""] if is_table => {
                let words = last.split('`').skip(1).step_by(2);
                names.extend(words.map(str::to_owned));
            }
            _ => is_table = false,
        }
    }
    names
}

#[test]
fn the_tests_that_rules_name_are_there() {
    let tests = root().join("tests");
    let [kernel, vm, mut host] = ["kernel", "vm", "build"].map(|dir| texts(&tests.join(dir)));
    let this = tests.join("docs.rs");
    host.push((this.clone(), fs::read_to_string(this).unwrap()));
    let is_there = |name: &str| {
        if let Some((module, case)) = name
            .split_once("::")
            .filter(|(part, _)| part.starts_with("test_"))
        {
            let is_module = |path: &Path| {
                path.file_stem()
                    .is_some_and(|stem| stem.to_str() == Some(module))
            };
            return kernel
                .iter()
                .any(|(path, text)| is_module(path) && text.contains(&format!("fn {case}() ")));
        }
        let part = name.rsplit("::").next().unwrap_or(name);
        let has = |text: &str| {
            text.contains(&format!("\"{part}\"")) || text.contains(&format!("\n{part}() {{"))
        };
        ["core", "serial"]
            .iter()
            .any(|dir| tests.join(format!("ui/{dir}/{name}.rs")).exists())
            || vm.iter().any(|(_, text)| has(text))
            || host
                .iter()
                .any(|(_, text)| text.contains(&format!("\nfn {part}() {{")))
    };
    for (page, least) in [("docs/soundness.md", 12), ("docs/serial-hazards.md", 30)] {
        let names = named_tests(&fs::read_to_string(root().join(page)).unwrap());
        assert!(names.len() >= least, "{page}: {names:?}");
        for name in names {
            assert!(is_there(&name), "{page} names {name}");
        }
    }
}

/// The files of samples and templates in Rust, which users start from.
fn examples() -> Vec<PathBuf> {
    let entries = |dir: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(dir).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    };
    let templates = entries(&root().join("templates"));
    let mut files = entries(&root().join("samples"));
    files.extend(templates.iter().flat_map(|dir| entries(dir)));
    let is_source = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.ends_with(".rs") && !name.ends_with(".mod.rs")
    };
    files.retain(is_source);
    files
}

#[test]
fn samples_and_templates_are_safe_code() {
    let files = examples();
    assert!(files.len() >= 20, "{files:?}");
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        // A function that C of the same module calls has a symbol of its own: that takes an unsafe attribute.
        let (lint, most) = match path.ends_with("rust_mixed_main.rs") {
            true => ("#![deny(unsafe_code)]", 1),
            false => ("#![forbid(unsafe_code)]", 0),
        };
        let has = |line: &str| text.lines().any(|found| found == line);
        assert!(has(lint), "{} has no {lint}", path.display());
        let allowed = text.matches("    unsafe_code,").count();
        assert_eq!(allowed, most, "{}", path.display());
    }
}
