// SPDX-License-Identifier: GPL-2.0-only

//! Asks a kernel's Kbuild how it compiles C for a module.

use crate::building::kdir::Kdir;
use crate::building::stamp;
use crate::command;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A directory whose "build" writes the compiler and its flags to a file, and Kbuild's own definition of
/// what a rule does with dependencies to another.
const PROBE: &str = "# SPDX-License-Identifier: GPL-2.0-only
always-y := cflags
$(obj)/cflags: part-of-module := y
$(obj)/cflags: FORCE
\t$(file >$@,$(CC) $(c_flags))$(file >$@.fixdep,$(value cmd_and_fixdep))@:
";

/// How a kernel's own C compiler is called for a module.
pub struct Cc {
    pub program: String,
    pub flags: Vec<String>,
    /// The flags' paths may be relative to this directory.
    dir: PathBuf,
}

impl Cc {
    /// Asks the Kbuild of `kdir`, with `dir` as scratch space and `vars` as make's variables.
    pub fn ask(kdir: &Kdir, dir: &Path, vars: &[String]) -> Result<Self> {
        let dir = dir.join("cflags");
        let file = dir.join("cflags");
        let key = stamp::Key::new(&kdir.config)
            .and(&kdir.path)
            .and(vars)
            .and(PROBE);
        fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
        stamp::step(&dir.join("stamp"), &key, || {
            fs::write(dir.join("Kbuild"), PROBE)
                .with_context(|| format!("cannot write to {}", dir.display()))?;
            command::output(make(kdir, &dir, vars).arg("-s").arg("modules")).map(drop)
        })?;
        let text = fs::read_to_string(&file).with_context(|| {
            format!(
                "Kbuild of {} wrote no {}",
                kdir.path.display(),
                file.display()
            )
        })?;
        Self::read(kdir, &text)
    }

    /// Returns Kbuild's variable `cmd_and_fixdep`, as [`Cc::ask`] has found it with scratch space in `dir`.
    pub fn fixdep(dir: &Path) -> Result<String> {
        let file = dir.join("cflags/cflags.fixdep");
        let text = fs::read_to_string(&file)
            .with_context(|| format!("Kbuild wrote no {}", file.display()))?;
        Ok(text.trim().to_owned())
    }

    /// Takes the compiler and its flags from a line that the Kbuild of `kdir` wrote.
    pub fn read(kdir: &Kdir, text: &str) -> Result<Self> {
        let mut words = shlex::split(text)
            .context("Kbuild's flags are not words of a shell")?
            .into_iter();
        let program = words.next().context("Kbuild names no compiler")?;
        let flags = words
            .filter(|flag| !flag.starts_with("-Wp,-MMD") && !flag.starts_with("-Wp,-MD"))
            .collect();
        Ok(Self {
            program,
            flags,
            dir: kdir.path.clone(),
        })
    }

    /// The compiler, with Kbuild's flags.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.flags).current_dir(&self.dir);
        command
    }

    /// Another compiler that reads the same headers.
    pub fn other(&self, program: &Path, flags: &[String]) -> Command {
        let mut command = Command::new(program);
        command.args(flags).current_dir(&self.dir);
        command
    }

    /// Where relative paths in the flags start.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

/// `make` in `kdir` for the external module directory `module`.
pub fn make(kdir: &Kdir, module: &Path, vars: &[String]) -> Command {
    let mut make = Command::new("make");
    make.args(["--no-print-directory", "-C"])
        .arg(&kdir.path)
        .arg(format!("M={}", module.display()))
        .args(vars);
    // Variables of the make that called us are not meant for the kernel's.
    for name in ["MAKEOVERRIDES", "M", "KDIR", "KVER", "V"] {
        make.env_remove(name);
    }
    make
}
