// SPDX-License-Identifier: GPL-2.0-only

//! Finds a kernel's own modules by name, with the modules that they need.
//!
//! Kernel packages that are only unpacked have no `modules.dep`: what a module needs is read from
//! the module itself, where `depmod` has it from too.

use super::initramfs::read_unpacked;
use anyhow::{bail, Context, Result};
use object::{Object, ObjectSection};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// The files of modules `names` below `dir` (`lib/modules/RELEASE`) and of all that they need,
/// in the order in which they have to be loaded. What is built in needs no file.
///
/// # Errors
///
/// When a module is not there or cannot be read; the message names it.
pub fn needed(dir: &Path, names: &[String]) -> Result<Vec<PathBuf>> {
    let modules =
        index(dir).with_context(|| format!("cannot list the modules in {}", dir.display()))?;
    let builtin = std::fs::read_to_string(dir.join("modules.builtin")).unwrap_or_default();
    let builtin = builtin
        .lines()
        .filter_map(|path| name_of(Path::new(path)))
        .collect();

    let mut resolver = Resolver {
        dir,
        modules,
        builtin,
        order: Vec::new(),
    };
    for name in names {
        resolver.add(&name.replace('-', "_"), &mut Vec::new())?;
    }
    Ok(resolver.order)
}

/// The name under which the kernel knows the module in `path`: `kernel/foo-bar.ko.xz` is `foo_bar`.
pub fn name_of(path: &Path) -> Option<String> {
    let file = path.file_name()?.to_str()?;
    let (name, packed) = file.split_once(".ko")?;
    matches!(packed, "" | ".xz" | ".zst" | ".gz").then(|| name.replace('-', "_"))
}

/// Every module below `dir`, by name. Links are not followed: `build` leads to the headers.
fn index(dir: &Path) -> Result<BTreeMap<String, PathBuf>> {
    let mut modules = BTreeMap::new();
    for entry in WalkDir::new(dir) {
        let entry = entry?;
        if let Some(name) = name_of(entry.path()).filter(|_| !entry.file_type().is_dir()) {
            modules.insert(name, entry.into_path());
        }
    }
    Ok(modules)
}

struct Resolver<'a> {
    dir: &'a Path,
    modules: BTreeMap<String, PathBuf>,
    builtin: Vec<String>,
    order: Vec<PathBuf>,
}

impl Resolver<'_> {
    /// Adds `name` behind what it needs. `above` are the modules that led here.
    fn add(&mut self, name: &str, above: &mut Vec<String>) -> Result<()> {
        let Some(path) = self.modules.get(name).cloned() else {
            if self.builtin.iter().any(|builtin| builtin == name) {
                return Ok(());
            }
            let by = above
                .last()
                .map(|by| format!(", which {by} needs"))
                .unwrap_or_default();
            bail!("no module `{name}`{by} in {}", self.dir.display());
        };
        if self.order.contains(&path) {
            return Ok(());
        }
        if above.iter().any(|by| by == name) {
            bail!(
                "module `{name}` needs itself (through {})",
                above.join(", ")
            );
        }
        above.push(name.to_owned());
        for needed in depends(&read_unpacked(&path)?)
            .with_context(|| format!("{}: not a kernel module", path.display()))?
        {
            self.add(&needed.replace('-', "_"), above)?;
        }
        above.pop();
        self.order.push(path);
        Ok(())
    }
}

/// The names in the `depends=` field of a module.
fn depends(module: &[u8]) -> Result<Vec<String>> {
    let elf = object::File::parse(module)?;
    let modinfo = elf
        .section_by_name(".modinfo")
        .context("it has no .modinfo section")?
        .data()?;
    let fields = modinfo.split(|&byte| byte == 0);
    let needed =
        fields.filter_map(|field| std::str::from_utf8(field).ok()?.strip_prefix("depends="));
    Ok(needed
        .flat_map(|list| list.split(','))
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(
            name_of(Path::new("kernel/a/foo-bar.ko")).as_deref(),
            Some("foo_bar")
        );
        assert_eq!(name_of(Path::new("foo.ko.xz")).as_deref(), Some("foo"));
        assert_eq!(name_of(Path::new("foo.konfig")), None);
        assert_eq!(name_of(Path::new("modules.builtin")), None);
    }

    #[test]
    fn what_is_missing_is_named_and_what_is_built_in_is_not_missing() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(
            dir.path().join("modules.builtin"),
            "kernel/drivers/tty/serial-core.ko\n",
        )
        .unwrap();
        assert!(needed(dir.path(), &["serial_core".into()])
            .unwrap()
            .is_empty());
        let error = needed(dir.path(), &["uio-demo".into()])
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("no module `uio_demo` in "), "{error}");
    }

    #[test]
    fn what_is_no_module_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("demo.ko"), "text").unwrap();
        let error = format!("{:#}", needed(dir.path(), &["demo".into()]).unwrap_err());
        assert!(error.contains("demo.ko: not a kernel module"), "{error}");
    }
}
