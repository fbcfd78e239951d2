// SPDX-License-Identifier: GPL-2.0-only

//! Asks a kernel's Kbuild how it compiles C for a module.

use crate::building::kdir::Kdir;
use crate::building::programs::Files;
use crate::building::stamp::Key;
use crate::building::store::Store;
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
    /// Kbuild's variable `cmd_and_fixdep`; empty where Kbuild was not asked.
    pub fixdep: String,
    /// The flags' paths may be relative to this directory.
    dir: PathBuf,
}

/// What Kbuild is made to write.
const CFLAGS: &str = "cflags";
const FIXDEP: &str = "cflags.fixdep";

/// The files of a kernel that say how C is compiled, besides its configuration.
const MAKEFILES: [&str; 5] = [
    "Makefile",
    "arch/x86/Makefile",
    "scripts/Makefile.build",
    "scripts/Makefile.extrawarn",
    "scripts/Makefile.lib",
];

/// The environment's variables that Kbuild compiles C by.
const ENV: [&str; 6] = [
    "CC",
    "CROSS_COMPILE",
    "KCFLAGS",
    "KCPPFLAGS",
    "LLVM",
    "LLVM_IAS",
];

/// What a make passes on to those below it, and warnings that a user may ask for.
const MAKES: [&str; 7] = [
    "MAKEFLAGS",
    "MFLAGS",
    "GNUMAKEFLAGS",
    "MAKEFILES",
    "MAKELEVEL",
    "W",
    "KBUILD_EXTRA_WARN",
];

/// How the kernel's Makefile names the C compiler, with `vars` as its variables, else those of the environment.
fn compiler(vars: &[String], env: impl Fn(&str) -> Option<String>) -> String {
    let given = |name: &str| {
        let of_make = |var: &String| var.strip_prefix(name)?.strip_prefix('=').map(str::to_owned);
        vars.iter().rev().find_map(of_make)
    };
    // The Makefile sets it itself, so that of the environment does not count.
    if let Some(cc) = given("CC") {
        return cc;
    }
    let value = |name: &str| given(name).or_else(|| env(name)).unwrap_or_default();
    match &*value("LLVM") {
        "" => value("CROSS_COMPILE") + "gcc",
        dir if dir.ends_with('/') => format!("{dir}clang"),
        suffix if suffix.starts_with('-') => format!("clang{suffix}"),
        _ => "clang".to_owned(),
    }
}

fn env_text(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
}

fn answer(kdir: &Kdir, file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| {
        format!(
            "Kbuild of {} wrote no {}",
            kdir.path.display(),
            file.display()
        )
    })
}

impl Cc {
    /// Asks the Kbuild of `kdir`, with `vars` as make's variables, unless `store` has the answer.
    pub fn ask(kdir: &Kdir, store: &Store, vars: &[String]) -> Result<Self> {
        let env = ENV.map(std::env::var_os);
        let mut key = Key::new(&kdir.config)
            .and(&kdir.path)
            .and(vars)
            .and(PROBE)
            .and(env)
            .and(Files::of_command(words(&compiler(vars, env_text))));
        for name in MAKEFILES {
            let file = kdir.path.join(name);
            if file.exists() {
                key = key.and_files(&file)?;
            }
        }
        let entry = store.entry("kbuild", &key.hex(), |dir| {
            fs::write(dir.join("Kbuild"), PROBE)
                .with_context(|| format!("cannot write to {}", dir.display()))?;
            let mut make = make(kdir, dir, vars);
            // A make that has called us would pass on all of its variables; the key has `vars`.
            for name in MAKES {
                make.env_remove(name);
            }
            command::output(make.arg("-s").arg("modules"))?;
            let at = dir.display().to_string();
            for name in [CFLAGS, FIXDEP] {
                let text = answer(kdir, &dir.join(name))?;
                // The directory is a temporary one.
                fs::write(dir.join(name), text.replace(&at, "/ferrule"))
                    .with_context(|| format!("cannot write to {}", dir.display()))?;
            }
            Ok(())
        })?;
        let text = answer(kdir, &entry.path.join(CFLAGS))?;
        let fixdep = answer(kdir, &entry.path.join(FIXDEP))?;
        Ok(Self {
            fixdep: fixdep.trim().to_owned(),
            ..Self::read(kdir, &text)?
        })
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
            fixdep: String::new(),
            dir: kdir.path.clone(),
        })
    }

    /// Which files the compiler is.
    pub fn files(&self) -> Files {
        let flags = self.flags.iter().map(String::as_str);
        Files::of_command([&*self.program].into_iter().chain(flags))
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

    /// The files that the rule of the target `x` names, which a compiler wrote.
    pub fn read_by(&self, rule: &str) -> Vec<PathBuf> {
        let rule = rule.replace("\\\n", " ");
        let files = rule.trim_start_matches("x:").split_whitespace();
        files.map(|file| self.dir.join(file)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiler_is_as_make_would_call_it() {
        let of = |vars: &[&str], env: &[(&str, &str)]| {
            let vars: Vec<String> = vars.iter().map(|&var| var.to_owned()).collect();
            let value = |name: &str| env.iter().find(|(set, _)| *set == name);
            compiler(&vars, |name| {
                value(name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(of(&[], &[]), "gcc");
        assert_eq!(of(&["CC=gcc-12", "CC=ccache gcc"], &[]), "ccache gcc");
        assert_eq!(
            of(&["V=1"], &[("CROSS_COMPILE", "x86_64-linux-gnu-")]),
            "x86_64-linux-gnu-gcc"
        );
        assert_eq!(of(&["LLVM=1"], &[("LLVM", "-19")]), "clang");
        assert_eq!(of(&[], &[("LLVM", "-19")]), "clang-19");
        assert_eq!(of(&["LLVM=/opt/llvm/bin/"], &[]), "/opt/llvm/bin/clang");
        assert_eq!(of(&["LLVM="], &[("LLVM", "1"), ("CC", "tcc")]), "gcc");
    }
}
