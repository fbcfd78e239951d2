// SPDX-License-Identifier: GPL-2.0-only

//! The script that a guest runs: named parts, one after the other.

use crate::debug;
use crate::parts::Parts;
use ferrule::kernels::Kernel;

/// The shell functions that every script begins with.
const PRELUDE: &str = include_str!("prelude.sh");

/// A guest's script.
pub struct Script(String);

impl Script {
    /// A script that begins with the prelude and `setup`.
    pub fn new(setup: &str) -> Self {
        Self(format!("{PRELUDE}\n{setup}\n"))
    }

    /// A script that begins with `variables`, and the functions of `parts`, which read these.
    pub fn of(variables: &str, parts: Parts) -> Self {
        Self::new(&format!("{variables}\n{}", parts.0))
    }

    /// Adds a part: runs the function `name`, and logs its status, output and kernel log under that name.
    pub fn part(&mut self, name: &str) {
        self.add(&format!("part {name}"));
    }

    /// Adds parts.
    pub fn parts<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) {
        for name in names {
            self.part(name);
        }
    }

    /// Adds a part with these commands, for which there is no function in a file.
    pub fn part_of(&mut self, name: &str, commands: &str) {
        let quoted = commands.replace('\'', "'\\''");
        self.add(&format!("part_of {name} '{quoted}'"));
    }

    /// Adds commands between parts.
    pub fn add(&mut self, commands: &str) {
        self.0.push_str(commands);
        self.0.push('\n');
    }

    /// Adds kmemleak's scan, if the kernel has it.
    pub fn look_for_leaks(&mut self, kernel: &Kernel) {
        if debug::is(kernel) {
            self.add(debug::LEAKS.0);
            self.parts(debug::LEAKS.names());
        }
    }

    /// Ends the script with what every guest says last.
    pub fn without_end(mut self) -> String {
        self.add("end");
        self.0
    }

    /// Ends the script with the checks that come last.
    pub fn end(mut self, kernel: &Kernel) -> String {
        self.look_for_leaks(kernel);
        self.without_end()
    }
}
