// SPDX-License-Identifier: GPL-2.0-only

//! The commands that guests run: the files of `tests/vm/parts`.

use anyhow::{ensure, Result};

/// The line above a file's parts. Setup and the functions that several parts use stand above it.
const MARK: &str = "\n# Parts, in their order:\n";

/// The text of such a file, with a shell function for each part, named like the part.
#[derive(Clone, Copy)]
pub struct Parts(pub &'static str);

impl Parts {
    /// The parts' names, in their order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let (_, parts) = self.0.split_once(MARK).unwrap_or_default();
        parts.lines().filter_map(|line| {
            let (name, _) = line.split_once("() {")?;
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            name.bytes().all(is_name).then_some(name)
        })
    }

    /// Fails unless `names` and the parts are the same.
    pub fn check(self, names: &[&str]) -> Result<()> {
        let missing = |name: &&&str| !self.names().any(|part| part == **name);
        let missing: Vec<_> = names.iter().filter(missing).collect();
        let extra: Vec<_> = self.names().filter(|part| !names.contains(part)).collect();
        ensure!(
            missing.is_empty() && extra.is_empty(),
            "{missing:?} have no function in tests/vm/parts, and nothing is expected of {extra:?}"
        );
        Ok(())
    }
}
