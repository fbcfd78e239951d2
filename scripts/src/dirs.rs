// SPDX-License-Identifier: GPL-2.0-only

//! Finds directories: the project, the build output, the store, the tool itself, and a directory of modules.

use crate::kernels;
use crate::machine::toolchain::env_set;
use crate::verbs::install;
use anyhow::{bail, ensure, Context, Result};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The project's directory: `$FERRULE_ROOT`; else where the tool is if it has been installed, else where it was
/// built.
pub fn root() -> Result<PathBuf> {
    if let Some(root) = env_set("FERRULE_ROOT") {
        return std::path::absolute(&root).context("FERRULE_ROOT is no path");
    }
    if let Some(installed) = installed()? {
        return Ok(installed);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().with_context(|| {
        format!(
            "the project is no longer at {}; remove target/",
            root.display()
        )
    })
}

/// The directory that Ferrule was installed into, if this is an installed tool.
fn installed() -> Result<Option<PathBuf>> {
    let tool = tool()?;
    // Called by its link, it is still beside the rest.
    let tool = tool.canonicalize().unwrap_or(tool);
    Ok(tool
        .parent()
        .filter(|dir| dir.join(install::VENDOR).exists())
        .map(Path::to_owned))
}

/// The directory for build output: `$FERRULE_BUILD`; else `build` of the project; or, for an installed tool, whose
/// directory is not writable, root's or the user's cache.
pub fn build_dir(root: &Path) -> Result<PathBuf> {
    if let Some(dir) = env_set("FERRULE_BUILD") {
        return std::path::absolute(&dir).context("FERRULE_BUILD is no path");
    }
    Ok(match installed()? {
        None => root.join("build"),
        Some(_) if rustix::process::geteuid().is_root() => "/var/cache/ferrule".into(),
        Some(_) => kernels::cache_dir(None)?.join("build"),
    })
}

/// The directory of the store: `$FERRULE_STORE`; else in the user's cache; or in the directory for build output, if
/// `$FERRULE_BUILD` is set or the tool is installed.
pub fn store_dir(build: &Path) -> Result<PathBuf> {
    if let Some(dir) = env_set("FERRULE_STORE") {
        return std::path::absolute(&dir).context("FERRULE_STORE is no path");
    }
    let own = build.join("store");
    if env_set("FERRULE_BUILD").is_some() || installed()?.is_some() {
        return Ok(own);
    }
    // Root's environment may have no HOME.
    Ok(kernels::cache_dir(None).map_or(own, |cache| cache.join("store")))
}

/// The path of this tool, as it was when first asked for: another make or an installation may replace it meanwhile.
pub fn tool() -> Result<PathBuf> {
    static TOOL: OnceLock<PathBuf> = OnceLock::new();
    if let Some(path) = TOOL.get() {
        return Ok(path.clone());
    }
    let path = std::env::current_exe().context("cannot find the ferrule tool")?;
    let replaced = path
        .to_str()
        .and_then(|path| path.strip_suffix(" (deleted)"));
    let path = replaced.map(PathBuf::from).unwrap_or(path);
    Ok(TOOL.get_or_init(|| path).clone())
}

pub fn module_dir(path: &Path) -> Result<PathBuf> {
    let what = path.display();
    ensure!(path.is_dir(), "M={what}: no such directory");
    let absolute = path
        .canonicalize()
        .with_context(|| format!("M={what}: cannot be resolved"))?;
    ensure!(
        absolute.join("Kbuild").exists() || absolute.join("Makefile").exists(),
        "M={what}: no Kbuild file here; it says `obj-m := x.o` for each module x"
    );
    refuse_spaces(&absolute, "M=")?;
    Ok(absolute)
}

/// Whether a file of that name is an editor's, not a source: its lock, backup or swap file.
pub fn is_editors(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    // `.x.rs.swp`, `.#x.rs`; `#x.rs#`, `x.rs~`.
    let hidden = name.starts_with(b".") && !name.starts_with(b".git");
    hidden || name.starts_with(b"#") || name.ends_with(b"~") || name.ends_with(b".swp")
}

/// Refuses paths with spaces: make splits words at them.
pub fn refuse_spaces(path: &Path, what: &str) -> Result<()> {
    let text = path
        .to_str()
        .with_context(|| format!("{what}: {} is not UTF-8", path.display()))?;
    if let Some(bad) = text
        .chars()
        .find(|c| c.is_whitespace() || "'\"$#:\\".contains(*c))
    {
        bail!("{what}: make cannot handle the {bad:?} in {text:?}; move it to a path without");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editors_files_are_known_by_their_names() {
        let is = |name: &str| is_editors(OsStr::new(name));
        for name in [
            ".#x.rs",
            ".x.rs.swp",
            ".x.rs.swo",
            "x.rs.swp",
            "x.rs~",
            "#x.rs#",
        ] {
            assert!(is(name), "{name}");
        }
        for name in ["x.rs", "Kbuild", "x_swp.rs", ".gitignore"] {
            assert!(!is(name), "{name}");
        }
    }
}
