// SPDX-License-Identifier: GPL-2.0-only

//! What a guest runs: parts that have a name, one after the other.

use crate::debug;
use crate::parts::Parts;
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

    /// Begins with the functions of `parts`, which read `variables`.
    pub fn of(variables: &str, parts: Parts) -> Self {
        Self::new(&format!("{variables}\n{}", parts.0))
    }

    /// Adds a part: a function whose status, output and log are judged by its name.
    pub fn part(&mut self, name: &str) {
        self.add(&format!("part {name}"));
    }

    /// Adds parts.
    pub fn parts<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) {
        for name in names {
            self.part(name);
        }
    }

    /// Adds a part that is not in a file.
    pub fn part_of(&mut self, name: &str, commands: &str) {
        let quoted = commands.replace('\'', "'\\''");
        self.add(&format!("part_of {name} '{quoted}'"));
    }

    /// Adds commands between parts.
    pub fn add(&mut self, commands: &str) {
        self.0.push_str(commands);
        self.0.push('\n');
    }

    /// Adds the search for leaks, if the kernel has one.
    pub fn look_for_leaks(&mut self, kernel: &Kernel) {
        if debug::is(kernel) {
            self.add(debug::LEAKS.0);
            self.parts(debug::LEAKS.names());
        }
    }

    pub fn without_end(self) -> String {
        self.0
    }

    /// Ends with what a kernel has to be asked at last.
    pub fn end(mut self, kernel: &Kernel) -> String {
        self.look_for_leaks(kernel);
        self.0
    }
}
