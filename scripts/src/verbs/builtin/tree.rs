// SPDX-License-Identifier: GPL-2.0-only

//! The directory `drivers/ferrule` of a kernel's source.

use super::Use;
use crate::building::listing::{Choice, Listing};
use crate::building::rule;
use anyhow::{bail, ensure, Context, Result};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// The menu of the kernel's configuration.
pub const MENU: &str = "Rust modules of Ferrule";

/// What a module's own Kbuild file is called beside ours.
const KBUILD: &str = "Kbuild.module";

/// Where the crates of the kernel that is built are, for the code at hand; as make says it. That is the entry of the
/// store and not the link to it, so that Kbuild sees when they are others.
const CRATES: &str = "$(realpath $(objtree)/drivers/ferrule/crates-$(if $(part-of-module),m,y))";

/// What the tool's module command is: as make says it, and the file where `ferrule prepare` writes it.
const MODULE: &str = "$(file <$(objtree)/drivers/ferrule/made-by)";
pub const MADE_BY: &str = "made-by";

const NOTE: &str = "# SPDX-License-Identifier: GPL-2.0-only
# Made by `ferrule builtin`.
";
const SOURCE: &str = "source \"drivers/ferrule/Kconfig\"\n";
const OBJECT: &str = "obj-y += ferrule/\n";

/// A kernel's source, by its own path.
pub struct Tree {
    linux: PathBuf,
    dir: PathBuf,
}

impl Tree {
    /// Checks that `linux` is a kernel's source.
    pub fn open(linux: &Path) -> Result<Self> {
        let what = linux.display();
        let path = linux
            .canonicalize()
            .with_context(|| format!("LINUX={what}: no such directory"))?;
        let rules = fs::read_to_string(path.join("scripts/Makefile.build")).unwrap_or_default();
        ensure!(
            path.join("drivers/Kconfig").is_file() && !rules.is_empty(),
            "LINUX={what}: not a kernel's source (headers are not enough: its drivers are needed)"
        );
        ensure!(
            rules.contains("cmd_rustc_o_rs"),
            "LINUX={what}: this kernel has no rule for .rs files; it is older than 6.1"
        );
        crate::dirs::refuse_spaces(&path, "LINUX=")?;
        Ok(Self {
            dir: path.join("drivers/ferrule"),
            linux: path,
        })
    }

    /// Links the files of the modules' directory `module`.
    pub fn add(&self, module: &Path) -> Result<()> {
        let what = module.display();
        ensure!(
            module.join("Kconfig").is_file(),
            "M={what}: no Kconfig here, in which each module says how it is chosen; see samples/Kconfig"
        );
        let name = module
            .file_name()
            .context("M=: a directory without a name")?;
        let to = self.dir.join(name);
        if let Ok(other) = fs::read_link(to.join("Kconfig")) {
            ensure!(
                other == module.join("Kconfig"),
                "M={what}: {} is there already, for {}; `ferrule builtin --remove` takes it out",
                to.display(),
                other.parent().unwrap_or(&other).display()
            );
        }
        link_sources(module, &to)
    }

    /// Writes what belongs to all modules' directories, and names it in the kernel's own files.
    pub fn finish(&self, tool: &Path) -> Result<()> {
        let mut names: Vec<String> = fs::read_dir(&self.dir)?
            .filter_map(|entry| {
                let entry = entry.ok()?;
                entry.path().join("Kconfig").is_file().then_some(entry)
            })
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        let sources: String = names
            .iter()
            .map(|name| format!("source \"drivers/ferrule/{name}/Kconfig\"\n"))
            .collect();
        let kconfig = format!("{NOTE}\nmenu \"{MENU}\"\n\n{sources}\nendmenu\n");
        let rust = include_str!("rust.mk").replace("@FERRULE@", &tool.display().to_string());
        let makefile = format!(
            "{NOTE}\nferrule-dirs := {}\n{}",
            names.join(" "),
            include_str!("dirs.mk")
        );
        write_changed(&self.dir.join("Kconfig"), &kconfig)?;
        write_changed(&self.dir.join("rust.mk"), &rust)?;
        write_changed(
            &self.dir.join("rule.mk"),
            &rule::included(tool, MODULE, CRATES),
        )?;
        write_changed(&self.dir.join("Makefile"), &makefile)?;
        write_changed(&self.dir.join(".gitignore"), "*\n")?;

        self.edit(
            "drivers/Makefile",
            |text| {
                Some(if text.ends_with('\n') { "" } else { "\n" })
                    .map(|end| text.to_owned() + end + OBJECT)
            },
            OBJECT,
        )?;
        self.edit(
            "drivers/Kconfig",
            |text| {
                let (before, after) = text.rsplit_once("endmenu")?;
                Some(format!("{before}{SOURCE}\nendmenu{after}"))
            },
            SOURCE,
        )
    }

    /// Undoes everything.
    pub fn remove(&self) -> Result<()> {
        let without = |line: &str, name: &str| -> Result<()> {
            let path = self.linux.join(name);
            let text = read(&path)?;
            // The empty line that came with it goes too.
            let spaced = format!("{line}\n");
            let found = if name.ends_with("Kconfig") {
                &spaced
            } else {
                line
            };
            write_changed(&path, &text.replace(found, ""))
        };
        without(OBJECT, "drivers/Makefile")?;
        without(SOURCE, "drivers/Kconfig")?;
        if self.dir.exists() {
            fs::remove_dir_all(&self.dir)
                .with_context(|| format!("cannot remove {}", self.dir.display()))?;
        }
        Ok(())
    }

    /// Adds `line` to one of the kernel's files, unless it is there.
    fn edit(&self, name: &str, add: impl Fn(&str) -> Option<String>, line: &str) -> Result<()> {
        let path = self.linux.join(name);
        let text = read(&path)?;
        if text.contains(line) {
            return Ok(());
        }
        let Some(text) = add(&text) else {
            bail!(
                "{}: not as expected; add this line by hand: {line}",
                path.display()
            );
        };
        write_changed(&path, &text)
    }
}

/// Links each source below `from` into a directory of its own, and wraps each Kbuild file.
///
/// Objects of the kernel's build so stay in the kernel's tree, and those of other kernels in `from`.
fn link_sources(from: &Path, to: &Path) -> Result<()> {
    let entries = WalkDir::new(from).into_iter();
    for entry in entries.filter_entry(|entry| entry.depth() == 0 || is_wanted(entry.file_name())) {
        let entry = entry.with_context(|| format!("cannot read {}", from.display()))?;
        let (path, below) = (entry.path(), entry.path().strip_prefix(from)?);
        if entry.file_type().is_dir() {
            make_dir(&to.join(below))?;
            continue;
        }
        let (to, name) = (to.join(below), entry.file_name());
        let has_kbuild = path.with_file_name("Kbuild").exists();
        if name == "Kbuild" || name == "Makefile" && !has_kbuild {
            link(path, &to.with_file_name(KBUILD))?;
            let wrapper = format!(
                "{NOTE}include $(srctree)/drivers/ferrule/rust.mk\ninclude $(srctree)/$(obj)/{KBUILD}\n"
            );
            write_changed(&to.with_file_name("Kbuild"), &wrapper)?;
        } else if name != "Makefile" && !is_made(&name.to_string_lossy()) {
            link(path, &to)?;
        }
    }
    Ok(())
}

/// Makes the directory `dir`; in one that is there, removes the links to what has gone since the last time.
fn make_dir(dir: &Path) -> Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_symlink() && !path.exists() {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}

/// Whether a name is neither hidden nor an editor's.
fn is_wanted(name: &OsStr) -> bool {
    !crate::dirs::is_editors(name) && !name.as_encoded_bytes().starts_with(b".")
}

/// Whether Kbuild has made a file of that name.
fn is_made(name: &str) -> bool {
    let extensions = ["o", "ko", "a", "cmd", "mod", "order", "symvers"];
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    extensions.contains(&extension) || name.ends_with(".mod.c")
}

/// Makes `link` lead to `to`, whatever it was.
pub fn link(to: &Path, link: &Path) -> Result<()> {
    if fs::read_link(link).is_ok_and(|old| old == to) {
        return Ok(());
    }
    if link.symlink_metadata().is_ok() {
        fs::remove_file(link).with_context(|| format!("cannot remove {}", link.display()))?;
    }
    std::os::unix::fs::symlink(to, link).with_context(|| format!("cannot link {}", link.display()))
}

/// Which kinds of code the configuration of the kernel that is built at `kdir` wants of the directories below `dir`.
pub fn wanted(dir: &Path, kdir: &Path) -> Result<Vec<Use>> {
    let mut choices = Vec::new();
    for entry in WalkDir::new(dir) {
        let entry = entry.with_context(|| format!("cannot read {}", dir.display()))?;
        if entry.file_name() == KBUILD {
            let below = entry.path().parent().unwrap_or(dir);
            let kbuild = entry.path().to_owned();
            let listing = Listing::of_file(below, kbuild, Some(kdir), &[])?;
            choices.extend(listing.objects.iter().map(|object| object.choice));
        }
    }
    let kinds = [
        (Use::BuiltIn, Choice::BuiltIn),
        (Use::Module, Choice::Module),
    ];
    let wanted = kinds
        .into_iter()
        .filter(|(_, choice)| choices.contains(choice));
    Ok(wanted.map(|(goal, _)| goal).collect())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

pub fn write_changed(path: &Path, text: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chosen_says_which_code_is_wanted() {
        let (dir, kdir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let below = dir.path().join("samples");
        fs::create_dir(&below).unwrap();
        fs::create_dir_all(kdir.path().join("include/config")).unwrap();
        let kbuild = "obj-$(CONFIG_A) += a.o\nobj-$(CONFIG_B) += b.o\n";
        fs::write(below.join(KBUILD), kbuild).unwrap();
        for (config, expected) in [
            ("", &[][..]),
            ("CONFIG_A=m\n", &[Use::Module]),
            ("CONFIG_A=y\nCONFIG_B=m\n", &[Use::BuiltIn, Use::Module]),
        ] {
            fs::write(kdir.path().join("include/config/auto.conf"), config).unwrap();
            assert_eq!(
                wanted(dir.path(), kdir.path()).unwrap(),
                expected,
                "{config}"
            );
        }
    }

    #[test]
    fn sources_are_linked_and_taken_out_again() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let write = |name: &str, text: &str| {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("linux/scripts/Makefile.build", "cmd_rustc_o_rs = x\n");
        write("linux/drivers/Kconfig", "menu \"Drivers\"\nendmenu\n");
        write("linux/drivers/Makefile", "obj-y += base/\n");
        let sources = ["Kconfig", "Kbuild", "a.rs", "sub/Makefile", "sub/b.c"];
        let others = [
            "a.o",
            "a.mod.c",
            "Module.symvers",
            ".a.o.cmd",
            ".#a.rs",
            "sub/b.c~",
        ];
        for name in sources.iter().chain(&others) {
            write(&format!("m/{name}"), "");
        }
        let tree = Tree::open(&root.join("linux")).unwrap();
        for _ in 0..2 {
            tree.add(&root.join("m")).unwrap();
            tree.finish(Path::new("/t/ferrule")).unwrap();
        }
        let ours = root.join("linux/drivers/ferrule");
        let mut found: Vec<String> = WalkDir::new(&ours)
            .into_iter()
            .map(|entry| entry.unwrap().into_path())
            .filter(|path| !path.is_dir())
            .map(|path| path.strip_prefix(&ours).unwrap().display().to_string())
            .collect();
        found.sort();
        let expected = [
            ".gitignore",
            "Kconfig",
            "Makefile",
            "m/Kbuild",
            "m/Kbuild.module",
            "m/Kconfig",
            "m/a.rs",
            "m/sub/Kbuild",
            "m/sub/Kbuild.module",
            "m/sub/b.c",
            "rule.mk",
            "rust.mk",
        ];
        assert_eq!(found, expected);
        assert_eq!(
            fs::read_link(ours.join("m/sub/b.c")).unwrap(),
            root.join("m/sub/b.c")
        );
        // What goes is forgotten.
        fs::remove_file(root.join("m/sub/b.c")).unwrap();
        tree.add(&root.join("m")).unwrap();
        assert!(!ours.join("m/sub/b.c").is_symlink());
        tree.remove().unwrap();
        assert!(!ours.exists());
        assert_eq!(
            read(&root.join("linux/drivers/Makefile")).unwrap(),
            "obj-y += base/\n"
        );
        assert_eq!(
            read(&root.join("linux/drivers/Kconfig")).unwrap(),
            "menu \"Drivers\"\nendmenu\n"
        );
    }
}
