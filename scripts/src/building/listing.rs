// SPDX-License-Identifier: GPL-2.0-only

//! Asks make what a directory's Kbuild file lists: its objects, their parts and flags, and directories.

use crate::command;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a directory's Kbuild file lists.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The file: `Kbuild`, or `Makefile` where there is none.
    pub file: PathBuf,
    pub objects: Vec<Object>,
    /// The directories to descend into, by their names there.
    pub dirs: Vec<(Choice, String)>,
}

/// How the configuration chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    BuiltIn,
    Module,
    /// Not at all: the symbol is not set.
    No,
}

/// An object, or a part of one.
#[derive(Debug, PartialEq, Eq)]
pub struct Object {
    /// Its file without `.o`.
    pub name: String,
    pub choice: Choice,
    /// rustc's flags for it.
    pub rustflags: Vec<String>,
    /// What it is linked from, where that is not one source of its name.
    pub parts: Vec<Object>,
}

impl Listing {
    /// Asks about `dir`. `kdir` is the kernel whose configuration counts; without one, and without `vars`, no
    /// symbol is set. `vars` are variables of make's command line.
    ///
    /// # Errors
    ///
    /// When the file is not one that make can read without Kbuild around it.
    pub fn of(dir: &Path, kdir: Option<&Path>, vars: &[String]) -> Result<Self> {
        let kbuild = dir.join("Kbuild");
        let file = match kbuild.exists() {
            true => kbuild,
            false => dir.join("Makefile"),
        };
        Self::of_file(dir, file, kdir, vars)
    }

    /// Asks about another file than the usual one.
    pub fn of_file(
        dir: &Path,
        file: PathBuf,
        kdir: Option<&Path>,
        vars: &[String],
    ) -> Result<Self> {
        let mut make = Command::new("make");
        make.args(["-rRs", "--no-print-directory", "-f", "/dev/null"])
            .arg(concat!("--eval=", include_str!("listing.mk")))
            .arg(format!("src={}", dir.display()))
            .arg(format!("kbuild-file={}", file.display()))
            .arg(match kdir {
                Some(kdir) => format!("srctree={}", kdir.display()),
                None => "srctree=".to_owned(),
            })
            .args(vars)
            .arg("ferrule-listing")
            .current_dir(kdir.unwrap_or(dir));
        // The make that called us may have options and variables that are not meant for this one.
        for name in ["MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKELEVEL"] {
            make.env_remove(name);
        }
        let text = command::output(&mut make).with_context(|| file.display().to_string())?;
        let mut listing = Self {
            file,
            ..Self::default()
        };
        for line in text.lines() {
            if let Some(line) = line.strip_prefix("ferrule: ") {
                listing.add(line).with_context(|| line.to_owned())?;
            }
        }
        Ok(listing)
    }

    /// Takes a line of `listing.mk`'s.
    fn add(&mut self, line: &str) -> Result<()> {
        let mut words = shlex::split(line)
            .context("its flags are not words of a shell")?
            .into_iter();
        let mut word = || words.next().context("too few words");
        let (what, choice, name) = (word()?, word()?, word()?);
        let choice = match choice.as_str() {
            "y" => Choice::BuiltIn,
            "m" => Choice::Module,
            _ => Choice::No,
        };
        let object = |name: &str, rustflags| Object {
            name: name.trim_end_matches(".o").to_owned(),
            choice,
            rustflags,
            parts: Vec::new(),
        };
        match (what.as_str(), self.objects.last_mut()) {
            ("dir", _) => self
                .dirs
                .push((choice, name.trim_end_matches('/').to_owned())),
            ("part", Some(whole)) => whole.parts.push(object(&name, words.collect())),
            _ => self.objects.push(object(&name, words.collect())),
        }
        Ok(())
    }

    /// The objects that have a source: those without parts, and parts.
    pub fn sources(&self) -> impl Iterator<Item = &Object> {
        self.objects.iter().flat_map(|object| {
            let whole = object.parts.is_empty().then_some(object);
            whole.into_iter().chain(&object.parts)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const KBUILD: &str = "obj-m := one.o two.o sub/
obj-$(CONFIG_A) += a.o
obj-$(CONFIG_B) += b.o b/
two-y := x.o \\
  y.o
two-$(CONFIG_B) += z.o
RUSTFLAGS_one.o := --interface=$(src)/one_api.rs --cfg 'f=\"g h\"'
ccflags-y := -DX=y.o $(call cc-option,-Wx)
$(info noise)
$(obj)/one.o: $(obj)/generated
";

    fn names(objects: &[Object]) -> Vec<(&str, Choice)> {
        objects
            .iter()
            .map(|object| (object.name.as_str(), object.choice))
            .collect()
    }

    #[test]
    fn a_kbuild_file_is_read_as_make_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("Kbuild"), KBUILD).unwrap();
        let vars = ["CONFIG_A=y".to_owned()];
        let listing = Listing::of(dir.path(), None, &vars).unwrap();
        assert_eq!(
            names(&listing.objects),
            [
                ("a", Choice::BuiltIn),
                ("one", Choice::Module),
                ("two", Choice::Module),
                ("b", Choice::No)
            ]
        );
        let dirs = [
            (Choice::Module, "sub".to_owned()),
            (Choice::No, "b".to_owned()),
        ];
        assert_eq!(listing.dirs, dirs);
        let [_, one, two, _] = &listing.objects[..] else {
            panic!("{listing:?}");
        };
        let interface = format!("--interface={}/one_api.rs", dir.path().display());
        assert_eq!(one.rustflags, [&*interface, "--cfg", "f=\"g h\""]);
        assert_eq!(
            names(&two.parts),
            [
                ("x", Choice::BuiltIn),
                ("y", Choice::BuiltIn),
                ("z", Choice::No)
            ]
        );
        assert_eq!(listing.sources().count(), 6);
    }

    #[test]
    fn the_kernels_configuration_counts() {
        let (dir, kdir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir_all(kdir.path().join("include/config")).unwrap();
        let auto_conf = kdir.path().join("include/config/auto.conf");
        fs::write(auto_conf, "CONFIG_PCI=y\n").unwrap();
        // As many Makefiles outside of the kernel are.
        let makefile =
            "ifneq ($(KERNELRELEASE),)\nobj-$(CONFIG_PCI) += a.o\nelse\nall:\n\tfalse\nendif\n";
        fs::write(dir.path().join("Makefile"), makefile).unwrap();
        let listing = Listing::of(dir.path(), Some(kdir.path()), &[]).unwrap();
        assert_eq!(names(&listing.objects), [("a", Choice::BuiltIn)]);
        let error = Listing::of(&dir.path().join("none"), Some(kdir.path()), &[]);
        assert!(format!("{:#}", error.unwrap_err()).contains("none/Makefile"));
    }
}
