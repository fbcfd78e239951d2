// SPDX-License-Identifier: GPL-2.0-only

//! What a guest runs: parts that have a name, one after the other.

use crate::debug;
use ferrule::kernels::Kernel;

/// What every script begins with.
const PRELUDE: &str = include_str!("prelude.sh");

/// A guest's script.
pub struct Script(String);

impl Script {
    /// Begins with `setup`, after what all have in common.
    pub fn new(setup: &str) -> Self {
        Self(format!("{PRELUDE}\n{setup}\n"))
    }

    /// Adds a part: commands whose status, output and log are judged by its name.
    pub fn part(&mut self, name: &str, commands: &str) {
        let quoted = commands.replace('\'', "'\\''");
        self.add(&format!("part {name} '{quoted}'"));
    }

    /// Adds the parts of a table.
    pub fn parts<'a>(&mut self, parts: impl IntoIterator<Item = &'a (&'a str, &'a str)>) {
        for (name, commands) in parts {
            self.part(name, commands);
        }
    }

    /// Adds commands between parts.
    pub fn add(&mut self, commands: &str) {
        self.0.push_str(commands);
        self.0.push('\n');
    }

    pub fn without_end(self) -> String {
        self.0
    }

    /// Ends with what a kernel has to be asked at last.
    pub fn end(mut self, kernel: &Kernel) -> String {
        self.0.push_str(debug::end(kernel));
        self.0
    }
}
