// SPDX-License-Identifier: GPL-2.0-only

//! Files of the tree that record results of builds: a table for each kernel, with the rustc that it is for.
//!
//! With `UPDATE=1` in the environment a test rewrites its table; comments stay, and entries are sorted.

use anyhow::{Context, Result};
use ferrule::dirs;
use ferrule::kernels::Kernel;
use ferrule::machine::toolchain::{env_set, Rustc};
use std::fs;
use std::sync::{Mutex, MutexGuard, PoisonError};
use toml_edit::{DocumentMut, InlineTable, Table, Value};

/// The reason why a test was skipped.
#[must_use]
pub struct Skipped(pub String);

/// The keys of a table that are no entries: the rustc and the kernel that it is for.
const RUSTC: &str = "rustc";
const RELEASE: &str = "linux";

/// Tests of several kernels share a file.
static FILES: Mutex<()> = Mutex::new(());

/// Whether `UPDATE=1` asks to update the files.
pub fn updates() -> bool {
    env_set("UPDATE").is_some_and(|value| value == "1")
}

/// How to update the files, for messages.
pub fn remedy(test: &str) -> String {
    format!("if that is intended, `make test T={test} UPDATE=1` updates the file")
}

/// One kernel's table; the file is locked against other tests while this exists.
pub struct Pinned<'a> {
    name: &'static str,
    document: DocumentMut,
    kernel: &'a Kernel,
    rustc: String,
    _alone: MutexGuard<'static, ()>,
}

impl<'a> Pinned<'a> {
    /// Reads a file of the tree.
    pub fn read(name: &'static str, kernel: &'a Kernel) -> Result<Self> {
        // After a panic the file is still complete.
        let alone = FILES.lock().unwrap_or_else(PoisonError::into_inner);
        let text = fs::read_to_string(dirs::root()?.join(name))
            .with_context(|| format!("cannot read {name}"))?;
        let document = text.parse().with_context(|| name.to_owned())?;
        // `rustc 1.96.0 (...)`
        let version = Rustc::find()?.version;
        let rustc = version.split(' ').nth(1).context("rustc has no version")?;
        Ok(Self {
            name,
            document,
            kernel,
            rustc: rustc.to_owned(),
            _alone: alone,
        })
    }

    fn table(&self) -> Option<&Table> {
        self.document.get(&self.kernel.series)?.as_table()
    }

    fn says(&self, key: &str) -> Option<&str> {
        self.table()?.get(key)?.as_str()
    }

    /// Why nothing can be compared: the table is for another rustc.
    pub fn skipped(&self) -> Option<Skipped> {
        let rustc = self.says(RUSTC).filter(|rustc| **rustc != self.rustc)?;
        let (name, series) = (self.name, &self.kernel.series);
        let skipped = format!(
            "{name} has what rustc {rustc} makes for Linux {series}, and this is rustc {}",
            self.rustc
        );
        (!updates()).then_some(Skipped(skipped))
    }

    /// What the file says of `name`.
    pub fn get(&self, name: &str) -> Option<&InlineTable> {
        self.table()?.get(name)?.as_inline_table()
    }

    /// The names that the file has.
    pub fn names(&self) -> Vec<String> {
        let entries = self.table().into_iter().flatten();
        let names = entries.map(|(name, _)| name.to_owned());
        names
            .filter(|name| ![RUSTC, RELEASE].contains(&name.as_str()))
            .collect()
    }

    /// A possible reason for a difference: the kernel's release is another.
    pub fn note(&self) -> String {
        match self.says(RELEASE) {
            Some(release) if release != self.kernel.release => {
                format!("; it was {release}, and this is {}", self.kernel.release)
            }
            _ => String::new(),
        }
    }

    /// Writes `entries` in place of the kernel's old ones.
    pub fn update(mut self, entries: Vec<(String, InlineTable)>) -> Result<()> {
        for name in self.names() {
            if entries.iter().all(|(new, _)| *new != name) {
                self.document[&self.kernel.series][&name] = toml_edit::Item::None;
            }
        }
        let table = self
            .document
            .entry(&self.kernel.series)
            .or_insert(Table::new().into())
            .as_table_mut()
            .context("a series is no table")?;
        let mut set = |name: &str, value: Value| match table
            .get_mut(name)
            .and_then(|item| item.as_value_mut())
        {
            // Keeps a comment behind the entry.
            Some(old) => {
                let decor = old.decor().clone();
                *old = value;
                *old.decor_mut() = decor;
            }
            None => drop(table.insert(name, value.into())),
        };
        set(RUSTC, self.rustc.into());
        set(RELEASE, self.kernel.release.as_str().into());
        for (name, entry) in entries {
            set(&name, entry.into());
        }
        let rank = |name: &str| {
            [RUSTC, RELEASE]
                .iter()
                .position(|key| *key == name)
                .unwrap_or(2)
        };
        table.sort_values_by(|a, _, b, _| (rank(a.get()), a.get()).cmp(&(rank(b.get()), b.get())));
        fs::write(dirs::root()?.join(self.name), self.document.to_string())
            .with_context(|| format!("cannot write {}", self.name))
    }
}
