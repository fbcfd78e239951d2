// SPDX-License-Identifier: GPL-2.0-only

//! Which public items of the `kernel` crate are used: each is by a test module, a sample, a template or an example
//! of the docs, or it is in `tests/api-unused.txt`, which only gets shorter.
//!
//! It works on tokens and is an approximation. An item counts as used if its name is an identifier in such a source,
//! whatever it means there: names that many types have, as `new`, always count. It also counts if the signature of a
//! used function names it, as the guard that `lock()` returns; if a used macro does; and a trait if a method of it is
//! used. Items that a macro of the crate makes are not seen.
//!
//! `UPDATE=1` in the environment removes lines from the list; none is ever added, as an item needs a test.

mod items;

use items::Api;
use proc_macro2::{TokenStream, TokenTree};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const CRATE: &str = "rust/kernel";
const LIST: &str = "tests/api-unused.txt";

/// Where modules are that use the crate, in each directory with a `Kbuild`.
const USERS: [&str; 3] = ["samples", "templates", "tests"];

/// What `module!`, `#[vtable]` and their like make uses the crate, too.
const MACROS: &str = "rust/macros";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// An item's own name.
fn last(path: &str) -> &str {
    path.rsplit("::")
        .next()
        .unwrap_or_default()
        .trim_end_matches('!')
}

/// The examples in a documentation, without the `# ` of lines that are not shown.
fn examples(docs: &str) -> Vec<String> {
    let mut examples = Vec::new();
    let mut lines = docs.lines().map(str::trim_start);
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else {
            continue;
        };
        let text: Vec<&str> = lines
            .by_ref()
            .take_while(|line| !line.starts_with("```"))
            .collect();
        let shown = text
            .iter()
            .map(|line| line.strip_prefix("# ").unwrap_or(line));
        let is_compiled = |word: &str| ["", "rust", "no_run", "should_panic"].contains(&word);
        if info.split(',').all(|word| is_compiled(word.trim())) {
            let shown: Vec<&str> = shown.filter(|line| **line != *"#").collect();
            examples.push(shown.join("\n"));
        }
    }
    examples
}

fn identifiers(tokens: TokenStream, to: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(name) => drop(to.insert(name.to_string())),
            TokenTree::Group(group) => identifiers(group.stream(), to),
            _ => {}
        }
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Takes the identifiers of all Rust files that Kbuild compiles in `dir` and below.
fn users(dir: &Path, used: &mut BTreeSet<String>) {
    let is_module = dir.join("Kbuild").exists() || dir.starts_with(root().join(MACROS));
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            users(&path, used);
        } else if is_module && path.extension().is_some_and(|extension| extension == "rs") {
            let tokens = read(&path).parse::<TokenStream>();
            identifiers(
                tokens.unwrap_or_else(|error| panic!("{}: {error}", path.display())),
                used,
            );
        }
    }
}

fn api() -> Api {
    let mut api = Api::default();
    api.file(&root().join(CRATE).join("lib.rs"), "");
    for dir in USERS.iter().chain([&MACROS]) {
        users(&root().join(dir), &mut api.used);
    }
    api
}

#[test]
fn public_items_are_used_or_listed() {
    let api = api();
    assert!(api.items.len() > 1000, "only {} items", api.items.len());
    let unused = api.unused();
    let text = read(&root().join(LIST));
    let is_path = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let listed: Vec<&str> = text.lines().filter(is_path).collect();
    assert!(listed.is_sorted(), "{LIST} is not sorted");
    let stale: Vec<&str> = listed
        .iter()
        .copied()
        .filter(|path| !unused.contains(path))
        .collect();
    let mut wrong: Vec<String> = Vec::new();
    if std::env::var("UPDATE").is_ok_and(|value| value == "1") {
        let kept: Vec<&str> = text.lines().filter(|line| !stale.contains(line)).collect();
        fs::write(root().join(LIST), kept.join("\n") + "\n").unwrap();
    } else {
        wrong.extend(
            stale
                .iter()
                .map(|path| match api.items.contains_key(*path) {
                    true => format!("{path} is used: remove its line from {LIST}"),
                    false => format!("{path} is no public item: remove its line from {LIST}"),
                }),
        );
    }
    let missing = unused.iter().filter(|path| !listed.contains(path));
    wrong.extend(
        missing.map(|path| format!("{path} is used nowhere: add a test, a sample or an example")),
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_compiled_examples_count() {
    let docs = " a\n ```\n # use x::A;\n #\n b();\n ```\n ```text\n c\n ```\n\
                ```compile_fail\n d();\n ```\n ```no_run\n e();\n ```";
    assert_eq!(examples(docs), ["use x::A;\nb();", "e();"]);
}

#[test]
fn what_a_used_signature_names_is_used() {
    let mut api = Api::default();
    let items = "pub struct Lock; pub struct Guard; pub struct Other; struct Private;
        impl Lock { pub fn lock(&self) -> Guard {} fn own(&self) {} pub fn no(&self) -> Other {} }
        #[doc(hidden)] pub fn hidden() {}
        impl Clone for Lock { fn clone(&self) -> Self {} }";
    api.module(
        &syn::parse_file(items).unwrap().items,
        "sync::",
        Path::new("lock.rs"),
    );
    api.used.extend(["Lock", "lock"].map(str::to_owned));
    let unused: Vec<&str> = api.unused().into_iter().collect();
    assert_eq!(unused, ["sync::Lock::no", "sync::Other"]);
}
