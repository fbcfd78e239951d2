// SPDX-License-Identifier: GPL-2.0-only

//! Finds the reason for make's "No rule to make target": objects in a Kbuild file that have no source.

use super::listing::{Choice, Listing};
use std::path::Path;

/// What an object can be made from.
const KINDS: &[&str] = &["rs", "c", "S"];

/// The objects that the Kbuild files of `dir` and of the directories that they name want, and that have
/// no source: a line for each. `kdir` and `vars` are those of the build.
///
/// Sources that another rule makes are named, too: call this only after a build has failed.
pub fn missing(dir: &Path, kdir: &Path, vars: &[String]) -> Vec<String> {
    // The build has already reported what cannot be read.
    let Ok(listing) = Listing::of(dir, Some(kdir), vars) else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    for object in listing.sources() {
        let name = &object.name;
        let has_source = || {
            KINDS
                .iter()
                .any(|kind| dir.join(format!("{name}.{kind}")).exists())
        };
        if object.choice != Choice::No && !has_source() {
            lines.push(format!(
                "{} names {name}.o, but there is neither {name}.rs nor {name}.c",
                listing.file.display()
            ));
        }
    }
    for (choice, below) in &listing.dirs {
        if *choice != Choice::No {
            lines.extend(missing(&dir.join(below), kdir, vars));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn only_objects_without_a_source_are_named() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("sub")).unwrap();
        let kbuild =
            "# obj-m := comment.o\nobj-m := one.o two.o\nobj-$(CONFIG_X) += sub/\nobj-$(CONFIG_Y) += off.o\n\
                      two-y := a.o \\\n\tb.o\nccflags-y := -DX=y.o\n";
        fs::write(dir.path().join("Kbuild"), kbuild).unwrap();
        fs::write(dir.path().join("sub/Makefile"), "obj-m += gone.o\n").unwrap();
        for source in ["one.rs", "a.c"] {
            fs::write(dir.path().join(source), "").unwrap();
        }
        let at = |file: &str| dir.path().join(file).display().to_string();
        let expected = [
            format!(
                "{} names b.o, but there is neither b.rs nor b.c",
                at("Kbuild")
            ),
            format!(
                "{} names gone.o, but there is neither gone.rs nor gone.c",
                at("sub/Makefile")
            ),
        ];
        let vars = ["CONFIG_X=m".to_owned()];
        assert_eq!(missing(dir.path(), dir.path(), &vars), expected);
    }
}
