// SPDX-License-Identifier: GPL-2.0-only

//! Looks for what make means by "No rule to make target": objects of a Kbuild file without a source.

use std::fs;
use std::path::Path;

/// What an object can be made from.
const KINDS: &[&str] = &["rs", "c", "S"];

/// The objects that the Kbuild files of `dir` and of the directories that they name want, and that have
/// no source: a line for each.
///
/// Only what a Kbuild file names literally is seen. A source that another rule makes would be named too:
/// this is for a build that has failed.
pub fn missing(dir: &Path) -> Vec<String> {
    let files = ["Kbuild", "Makefile"].map(|name| dir.join(name));
    let Some((file, text)) = files
        .iter()
        .find_map(|file| Some((file, fs::read_to_string(file).ok()?)))
    else {
        return Vec::new();
    };
    let text = text.replace("\\\n", " ");
    let lists: Vec<(&str, &str)> = text.lines().filter_map(list).collect();
    let mut lines = Vec::new();
    for word in lists.iter().flat_map(|(_, words)| words.split_whitespace()) {
        if word.contains('$') {
            continue;
        }
        if let Some(below) = word.strip_suffix('/') {
            lines.extend(missing(&dir.join(below)));
        } else if let Some(name) = word.strip_suffix(".o") {
            let has_parts = lists.iter().any(|(list, _)| {
                list.strip_prefix(name)
                    .is_some_and(|rest| rest.starts_with('-'))
            });
            let has_source = KINDS
                .iter()
                .any(|kind| dir.join(format!("{name}.{kind}")).exists());
            if !has_parts && !has_source {
                lines.push(format!(
                    "{} names {word}, but there is neither {name}.rs nor {name}.c",
                    file.display()
                ));
            }
        }
    }
    lines
}

/// The name and the words of a line such as `obj-m += x.o` or `x-y := a.o b.o`.
fn list(line: &str) -> Option<(&str, &str)> {
    let line = line.split('#').next()?;
    let (name, words) = line.split_once('=')?;
    let name = name
        .trim_end_matches([':', '+', '?', ' ', '\t'])
        .trim_start();
    let (what, kind) = name.rsplit_once('-')?;
    let selects = ["y", "m", "objs"].contains(&kind) || kind.starts_with("$(CONFIG_");
    (selects && !what.ends_with("flags")).then_some((name, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_objects_without_a_source_are_named() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("sub")).unwrap();
        let kbuild =
            "# obj-m := comment.o\nobj-m := one.o two.o $(more).o\nobj-$(CONFIG_X) += sub/\n\
                      two-y := a.o \\\n\tb.o\nccflags-y := -DX=y.o\n";
        fs::write(dir.path().join("Kbuild"), kbuild).unwrap();
        fs::write(dir.path().join("sub/Makefile"), "obj-m += gone.o\n").unwrap();
        for source in ["one.rs", "a.c"] {
            fs::write(dir.path().join(source), "").unwrap();
        }
        let at = |file: &str| dir.path().join(file).display().to_string();
        let expected = [
            format!(
                "{} names gone.o, but there is neither gone.rs nor gone.c",
                at("sub/Makefile")
            ),
            format!(
                "{} names b.o, but there is neither b.rs nor b.c",
                at("Kbuild")
            ),
        ];
        assert_eq!(missing(dir.path()), expected);
    }
}
