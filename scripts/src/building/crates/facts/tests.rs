// SPDX-License-Identifier: GPL-2.0-only

//! What the source asks for and what there are probes for are the same names.

use super::*;
use crate::dirs;
use std::collections::BTreeSet;

/// The project's source files below `dir` that end in one of `extensions`, as one text.
fn sources(dir: &str, extensions: &[&str]) -> String {
    let mut text = String::new();
    let mut dirs = vec![dirs::root().unwrap().join(dir)];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
            } else if extensions
                .iter()
                .any(|e| path.extension().is_some_and(|x| x == *e))
            {
                text += &fs::read_to_string(path).unwrap();
            }
        }
    }
    text
}

/// The words of `text` that begin with `prefix`.
fn words<'a>(text: &'a str, prefix: &str) -> BTreeSet<&'a str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(|c| !is_word(c))
        .filter(|word| word.len() > prefix.len() && word.starts_with(prefix))
        .collect()
}

/// What `#[cfg(…)]`, `#[cfg_attr(…)]` and `cfg!(…)` of Rust code ask for.
fn conditions(text: &str) -> String {
    let mut all = String::new();
    for start in ["cfg(", "cfg_attr(", "cfg!("] {
        for (at, _) in text.match_indices(start) {
            let mut depth = 1;
            let inner = text[at + start.len()..].chars().take_while(|c| {
                depth += i32::from(*c == '(') - i32::from(*c == ')');
                depth > 0
            });
            all.extend(inner);
            all.push(' ');
        }
    }
    all
}

/// What the preprocessor's conditions ask for.
fn c_conditions(text: &str) -> String {
    let lines = text.lines().map(str::trim_start);
    lines
        .filter(|line| line.starts_with("#if") || line.starts_with("#elif"))
        .flat_map(|line| [line, "\n"])
        .collect()
}

#[test]
fn every_fact_that_is_asked_for_has_a_probe_and_every_probe_is_asked() {
    let root = dirs::root().unwrap();
    let known = known_facts(&root).unwrap();
    let known: BTreeSet<&str> = known.iter().map(String::as_str).collect();
    let rust = conditions(&sources("rust", &["rs"]));
    let c = c_conditions(&sources("rust", &["c", "h"])).to_lowercase();
    let tool = sources("scripts/src", &["rs"]);
    let mut asked = words(&rust, "has_");
    asked.extend(words(&c, "has_"));
    let unknown: Vec<_> = asked.difference(&known).collect();
    assert!(unknown.is_empty(), "no probe makes {unknown:?}");
    asked.extend(
        known
            .iter()
            .filter(|fact| tool.contains(&format!("\"{fact}\""))),
    );
    let dead: Vec<_> = known.difference(&asked).collect();
    assert!(dead.is_empty(), "nothing asks for {dead:?}");
}

#[test]
fn the_table_of_facts_is_complete() {
    let root = dirs::root().unwrap();
    let known = known_facts(&root).unwrap();
    let table = fs::read_to_string(root.join("rust/compat/README.md")).unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    let rows: BTreeSet<&str> = rows.filter_map(|row| row.split('`').next()).collect();
    assert_eq!(rows, known.iter().map(String::as_str).collect());
}

#[test]
fn every_symbol_that_is_asked_for_is_listed_and_every_listed_one_is_asked() {
    let listed = config_symbols(&dirs::root().unwrap()).unwrap();
    let text = ["kernel", "bindings"].map(|dir| sources(&format!("rust/{dir}"), &["rs"]));
    let text = conditions(&text.concat());
    assert_eq!(
        words(&text, "CONFIG_"),
        listed.iter().map(String::as_str).collect()
    );
}

#[test]
fn conditions_are_found_where_they_stand() {
    let text =
        "#[cfg(all(has_a, not(has_b)))] fn x(has_c: u8) {} #[cfg_attr(CONFIG_D, e)] cfg!(MODULE)";
    let found = conditions(text);
    assert_eq!(words(&found, "has_"), ["has_a", "has_b"].into());
    assert_eq!(words(&found, "CONFIG_"), ["CONFIG_D"].into());
    let c = c_conditions("#ifdef HAS_A\n #if !defined(HAS_B)\nHAS_C\n");
    assert_eq!(words(&c, "HAS_"), ["HAS_A", "HAS_B"].into());
}
