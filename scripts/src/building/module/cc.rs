// SPDX-License-Identifier: GPL-2.0-only

//! The kernel's C compiler, as Kbuild calls it for an object.

use anyhow::{bail, Result};
use std::path::PathBuf;
use std::process::Command;

/// What stands between rustc's arguments and the C compiler's.
pub const CC_FOLLOWS: &str = "--cc-follows";

/// How Kbuild calls the C compiler for an object of this name.
pub struct Cc {
    pub genksyms: PathBuf,
    program: String,
    flags: Vec<String>,
}

impl Cc {
    /// Takes it off the end of `words`.
    pub fn split(words: &[String]) -> Result<(&[String], Self)> {
        let mut parts = words.splitn(2, |word| word == CC_FOLLOWS);
        let (Some(rustflags), Some([genksyms, program, flags @ ..])) = (parts.next(), parts.next())
        else {
            bail!("the C compiler is missing; build with Ferrule's make");
        };
        let cc = Self {
            genksyms: genksyms.into(),
            program: program.clone(),
            // Where to write dependencies is what the rule for C says.
            flags: flags
                .iter()
                .filter(|flag| !flag.starts_with("-Wp,-MMD") && !flag.starts_with("-Wp,-MD"))
                .cloned()
                .collect(),
        };
        Ok((rustflags, cc))
    }

    /// The compiler, with Kbuild's flags.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.flags);
        command
    }
}
