// SPDX-License-Identifier: GPL-2.0-only

//! Installs Ferrule itself: the tool, what it builds modules from, and the crates for that, so that root
//! can build modules when a kernel is upgraded, without the network and without a user's files.

use crate::command;
use crate::dirs;
use anyhow::{ensure, Context, Result};
use rustix::fs::{flock, renameat_with, FlockOperation, RenameFlags, CWD};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use walkdir::WalkDir;

/// Installs Ferrule for all users: PREFIX/lib/ferrule and PREFIX/bin/ferrule.
#[derive(clap::Args)]
pub struct Args {
    #[arg(long, default_value = PREFIX)]
    prefix: PathBuf,
    /// A directory to prepend to the prefix, to build a package
    #[arg(long, default_value = "")]
    destdir: String,
}

/// The default prefix.
const PREFIX: &str = "/usr/local";

/// Where an installation is below a prefix, and the tool in it.
const LIB: &str = "lib/ferrule";
pub const TOOL: &str = "lib/ferrule/ferrule";

/// The tool as it is installed without options.
pub fn default_tool() -> PathBuf {
    Path::new(PREFIX).join(TOOL)
}

/// Where an installed tree has its crates; a checkout has none.
pub const VENDOR: &str = "vendor";

/// The prefix of temporary directories in which an installation is prepared, beside its final place.
const STAGING: &str = ".ferrule-install-";

/// Runs `ferrule install`.
///
/// The new tree takes the old one's place in one step: a build that DKMS runs meanwhile finds one or the other.
///
/// # Errors
///
/// When the place is that of this tool itself, or something cannot be written: then what was there stays.
pub fn run(args: &Args) -> Result<ExitCode> {
    let from = dirs::root()?;
    let mut to = PathBuf::from(format!("{}{}", args.destdir, args.prefix.display()));
    to = std::path::absolute(&to).with_context(|| format!("{}: not a path", to.display()))?;
    let (lib, bin) = (to.join(LIB), to.join("bin"));
    ensure!(
        lib.canonicalize().ok().as_ref() != Some(&from),
        "{}: this is the installed Ferrule itself, which stays as it is; `make install` in the source of another \
         version replaces it",
        lib.display()
    );
    let link = bin.join("ferrule");
    ensure!(
        link.is_symlink() || !link.exists(),
        "{}: not a link that an earlier installation made; move it away first",
        link.display()
    );

    let parent = lib.parent().context("the prefix has no place for it")?;
    fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
    let _lock = lock(parent)?;
    remove_staging(parent)?;
    let staging = tempfile::Builder::new()
        .prefix(STAGING)
        .tempdir_in(parent)
        .with_context(|| format!("cannot write to {}", parent.display()))?;
    let new = staging.path().join("new");
    fill(&from, &new)?;
    exchange(&new, &lib)?;

    fs::create_dir_all(&bin).with_context(|| format!("cannot create {}", bin.display()))?;
    let new = staging.path().join("link");
    std::os::unix::fs::symlink(Path::new("..").join(TOOL), &new)
        .and_then(|()| fs::rename(&new, &link))
        .with_context(|| format!("cannot write {}", link.display()))?;
    println!("installed {} and {}", lib.display(), link.display());
    Ok(ExitCode::SUCCESS)
}

/// Puts the tree of an installation into `lib`, a new directory.
fn fill(from: &Path, lib: &Path) -> Result<()> {
    for dir in ["rust", "LICENSES"] {
        copy(&from.join(dir), &lib.join(dir))?;
    }
    manifest(
        &from.join("Cargo.toml"),
        &lib.join("Cargo.toml"),
        |manifest| {
            let workspace = manifest
                .get_mut("workspace")
                .and_then(toml::Value::as_table_mut);
            let workspace = workspace.context("Cargo.toml has no [workspace]")?;
            workspace.remove("default-members");
            workspace.insert("members".into(), vec!["rust/macros", "rust/sysroot"].into());
            Ok(())
        },
    )?;
    // What only tests need would have to be fetched too.
    let macros = lib.join("rust/macros/Cargo.toml");
    manifest(&macros, &macros, |manifest| {
        manifest.remove("dev-dependencies");
        Ok(())
    })?;
    copy(&from.join("Cargo.lock"), &lib.join("Cargo.lock"))?;
    match from.join(VENDOR) {
        // An installed tool that installs itself elsewhere.
        vendored if vendored.exists() => copy_all(&vendored, &lib.join(VENDOR))?,
        _ => vendor(lib)?,
    }
    copy(&dirs::tool()?, &lib.join("ferrule"))
}

/// The right to install into `parent`, until it is dropped.
fn lock(parent: &Path) -> Result<File> {
    let dir = File::open(parent).with_context(|| format!("cannot open {}", parent.display()))?;
    flock(&dir, FlockOperation::LockExclusive)
        .with_context(|| format!("cannot lock {}", parent.display()))?;
    Ok(dir)
}

/// Removes what an installation that was stopped has left. `parent` must be locked.
fn remove_staging(parent: &Path) -> Result<()> {
    let context = || format!("cannot clean up {}", parent.display());
    for entry in fs::read_dir(parent).with_context(context)? {
        let entry = entry.with_context(context)?;
        if entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(STAGING.as_bytes())
        {
            fs::remove_dir_all(entry.path()).with_context(context)?;
        }
    }
    Ok(())
}

/// Puts `new` in the place of `old`, which is at `new` then, if it was there.
fn exchange(new: &Path, old: &Path) -> Result<()> {
    let context = || format!("cannot replace {}", old.display());
    if !old.exists() {
        return fs::rename(new, old).with_context(context);
    }
    match renameat_with(CWD, new, CWD, old, RenameFlags::EXCHANGE) {
        // The file system cannot exchange directories: for a moment neither is there.
        Err(Errno::INVAL | Errno::NOSYS) => {
            let away = new.with_extension("old");
            fs::rename(old, &away)
                .and_then(|()| fs::rename(new, old))
                .with_context(context)
        }
        result => result.with_context(context),
    }
}

/// Puts the crates that building modules needs beside their lock file.
fn vendor(lib: &Path) -> Result<()> {
    let toolchain = crate::machine::toolchain::Toolchain::find()?;
    let mut cargo = Command::new(&toolchain.cargo);
    cargo
        .args(["vendor", "--versioned-dirs", VENDOR])
        .current_dir(lib);
    cargo.env("RUSTC", &toolchain.rustc);
    // Newer toolchains bring what `core` is resolved with; see `sysroot::vendored`.
    if !toolchain.library.join(VENDOR).exists() {
        cargo
            .arg("--sync")
            .arg(toolchain.library.join("Cargo.toml"));
    }
    command::output(&mut cargo).map(drop)
}

/// Copies a Cargo.toml with a change.
fn manifest(
    from: &Path,
    to: &Path,
    change: impl FnOnce(&mut toml::Table) -> Result<()>,
) -> Result<()> {
    let text =
        fs::read_to_string(from).with_context(|| format!("cannot read {}", from.display()))?;
    let mut table: toml::Table = text
        .parse()
        .with_context(|| format!("{}: not TOML", from.display()))?;
    change(&mut table)?;
    fs::write(to, table.to_string()).with_context(|| format!("cannot write {}", to.display()))
}

/// Copies a file, or a directory with the sources below it: not what editors keep beside them.
fn copy(from: &Path, to: &Path) -> Result<()> {
    copy_if(from, to, &|name| !dirs::is_editors(name))
}

/// Copies a directory with all that is below it.
fn copy_all(from: &Path, to: &Path) -> Result<()> {
    copy_if(from, to, &|_| true)
}

fn copy_if(from: &Path, to: &Path, wanted: &dyn Fn(&OsStr) -> bool) -> Result<()> {
    let context = || format!("cannot copy {} to {}", from.display(), to.display());
    let entries = WalkDir::new(from).into_iter();
    for entry in entries.filter_entry(|entry| entry.depth() == 0 || wanted(entry.file_name())) {
        let entry = entry.with_context(context)?;
        let below = entry.path().strip_prefix(from).with_context(context)?;
        // Joined to nothing, a path would get a slash at its end.
        let target = match entry.depth() {
            0 => to.to_owned(),
            _ => to.join(below),
        };
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target).with_context(context)?;
        } else {
            fs::copy(entry.path(), &target).with_context(context)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_copied_and_what_editors_leave_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let from = dir.path().join("from");
        fs::create_dir_all(from.join("sub")).unwrap();
        for name in ["a.rs", "sub/b.c", "a.rs~", ".a.rs.swp", "sub/#b.c#"] {
            fs::write(from.join(name), name).unwrap();
        }
        // Emacs' lock is a link that leads nowhere.
        std::os::unix::fs::symlink("user@host.1", from.join(".#a.rs")).unwrap();
        let to = dir.path().join("to");
        copy(&from, &to).unwrap();
        let mut found: Vec<PathBuf> = WalkDir::new(&to)
            .into_iter()
            .map(|entry| entry.unwrap().into_path())
            .filter(|path| path.is_file())
            .collect();
        found.sort();
        assert_eq!(found, [to.join("a.rs"), to.join("sub/b.c")]);
    }

    #[test]
    fn a_tree_takes_anothers_place() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let put = |name: &str| {
            fs::create_dir(path(name)).unwrap();
            fs::write(path(name).join("file"), name).unwrap();
        };
        let text = |name: &str| fs::read_to_string(path(name).join("file")).unwrap();
        put("one");
        exchange(&path("one"), &path("lib")).unwrap();
        assert_eq!(text("lib"), "one");
        // A build that is at work in the old tree keeps what it has opened.
        let open = fs::read_dir(path("lib")).unwrap();
        put("two");
        exchange(&path("two"), &path("lib")).unwrap();
        assert_eq!(
            (&*text("lib"), &*text("two"), open.count()),
            ("two", "one", 1)
        );
    }

    #[test]
    fn what_a_stopped_installation_left_goes() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join(".ferrule-install-x/new")).unwrap();
        fs::create_dir(dir.path().join("python3")).unwrap();
        let _lock = lock(dir.path()).unwrap();
        remove_staging(dir.path()).unwrap();
        let left = fs::read_dir(dir.path()).unwrap();
        assert_eq!(left.count(), 1);
    }
}
