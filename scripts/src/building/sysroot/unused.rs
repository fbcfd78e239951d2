// SPDX-License-Identifier: GPL-2.0-only

//! Cleans up sysroots that nothing is compiled against any more.

use super::RECORD;
use crate::building::stamp;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// Removes the sysroots below `build` that no kernel there names in its file [`RECORD`] and no build uses.
pub fn remove_unused(build: &Path) -> Result<()> {
    let dir = build.join("rust");
    let Some(_writer) = stamp::Lock::try_exclusive(&dir)? else {
        return Ok(());
    };
    let named: Vec<PathBuf> = paths(build)?
        .iter()
        .filter_map(|kernel| fs::read_to_string(kernel.join(RECORD)).ok())
        .map(PathBuf::from)
        .collect();
    let mut targets = Vec::new();
    for path in paths(&dir)?
        .iter()
        .filter(|path| path.join(".lock").exists())
    {
        if !named.contains(path) && stamp::Lock::try_exclusive(path)?.is_some() {
            fs::remove_dir_all(path)
                .with_context(|| format!("cannot remove {}", path.display()))?;
        } else {
            targets.extend(path.file_stem().map(ToOwned::to_owned));
        }
    }
    // What Cargo built them from: one directory for each target, besides the host's.
    let built = if dir.join("target").exists() {
        paths(&dir.join("target"))?
    } else {
        Vec::new()
    };
    for path in built {
        let name = path.file_name().unwrap_or_default();
        if name.to_string_lossy().starts_with("x86_64-") && !targets.iter().any(|used| used == name)
        {
            fs::remove_dir_all(&path)
                .with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}

fn paths(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    entries.map(|entry| Ok(entry?.path())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::building::sysroot::{lock, STAMP};

    #[test]
    fn sysroots_that_nothing_uses_are_removed() {
        let build = tempfile::tempdir().unwrap();
        let rust = build.path().join("rust");
        let sysroot = |name: &str| {
            let path = rust.join(name);
            drop(stamp::Lock::exclusive(&path).unwrap());
            fs::write(path.join(STAMP), "").unwrap();
            path
        };
        let (named, in_use, old) = (
            sysroot("x86_64-a.1"),
            sysroot("x86_64-a.2"),
            sysroot("x86_64-b.1"),
        );
        for target in ["x86_64-a", "x86_64-b", "release"] {
            fs::create_dir_all(rust.join("target").join(target)).unwrap();
        }
        let kernel = build.path().join("6.12.0");
        fs::create_dir(&kernel).unwrap();
        fs::write(kernel.join(RECORD), named.to_str().unwrap()).unwrap();
        let user = lock(&in_use).unwrap();
        assert!(user.is_some() && lock(&rust.join("x86_64-none.1")).unwrap().is_none());

        remove_unused(build.path()).unwrap();
        let there = |path: &Path| path.exists();
        assert!(there(&named) && there(&in_use) && !there(&old));
        let target = |name: &str| there(&rust.join("target").join(name));
        assert!(target("x86_64-a") && !target("x86_64-b") && target("release"));
        drop(user);
        remove_unused(build.path()).unwrap();
        assert!(there(&named) && !there(&in_use));
    }
}
