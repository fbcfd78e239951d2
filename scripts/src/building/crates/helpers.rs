// SPDX-License-Identifier: GPL-2.0-only

//! C for what the kernel has as inlines and macros, compiled to be inlined or to be called.

use super::{clang_flags, Crates, Facts};
use crate::building::kbuild::Cc;
use crate::building::profile::kasan;
use crate::command;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How helpers reach a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Helpers {
    /// As bitcode by clang of rustc's LLVM, inlined into Rust.
    Inline,
    /// As objects by the kernel's own compiler, called.
    Object,
}

/// Bitcode, under a name that rustc takes for its own.
pub(super) const INLINE: &str = "helpers.rcgu.o";

/// The archive of objects.
pub(super) const OBJECTS: &str = "libhelpers.a";

impl Crates<'_> {
    pub(super) fn helpers_source(&self) -> PathBuf {
        self.root.join("rust/helpers/helpers.c")
    }

    pub(super) fn helpers_inline(&self, cc: &Cc, facts: &Facts, out: &Path) -> Result<()> {
        let clang = self
            .toolchain
            .clang
            .as_ref()
            .context("inlined helpers need clang of rustc's LLVM")?;
        eprintln!("  CLANG   helpers.bc");
        // Null pointers: functions that may hold one cannot be inlined into those that may not, like Rust's.
        let flags = [
            "-fdelete-null-pointer-checks",
            "-DFERRULE_HELPERS_INLINE",
            "-O2",
        ];
        // KASAN's checks are one of the passes, and not one of link-time optimisation.
        let mut passes = kasan::clang(&self.kdir.config);
        if passes.is_empty() {
            // Optimised in the module, where it is known which sizes are constant. The pass that removes what
            // `likely()` and `unlikely()` are made of does not run there.
            passes = [
                "-Xclang",
                "-disable-llvm-passes",
                "-D__builtin_expect(x,y)=(x)",
            ]
            .map(str::to_owned)
            .into();
        }
        command::output(
            cc.other(clang, &clang_flags(cc))
                .args(facts.defines())
                .args(flags)
                .args(passes)
                .arg(self.prefix_map())
                .args(["-emit-llvm", "-c", "-o"])
                .arg(out.join(INLINE))
                .arg(self.helpers_source()),
        )
        .context("clang does not compile the helpers; HELPERS=object builds them with the kernel's compiler")
        .map(drop)
    }

    pub(super) fn helpers_object(&self, cc: &Cc, facts: &Facts, out: &Path) -> Result<()> {
        eprintln!("  CC      helpers");
        let dir = tempfile::tempdir().context("no temporary directory")?;
        let mut ar = Command::new("ar");
        ar.arg("rcsD").arg(out.join(OBJECTS));
        let main = fs::read_to_string(self.helpers_source())?;
        // One object for each helper's file, so that a module carries only those that it calls.
        for name in main
            .lines()
            .filter_map(|line| line.strip_prefix("#include \"")?.strip_suffix(".c\""))
        {
            let object = dir.path().join(format!("{name}.o"));
            let source = self.root.join("rust/helpers").join(format!("{name}.c"));
            let helpers = self.root.join("rust/helpers/helpers.h");
            let common = [
                Path::new("-include"),
                &helpers,
                Path::new("-c"),
                Path::new("-o"),
                &object,
                &source,
            ];
            command::output(
                cc.command()
                    .args(facts.defines())
                    .arg("-Wno-missing-prototypes")
                    .arg(self.prefix_map())
                    .args(common),
            )?;
            ar.arg(object);
        }
        command::output(&mut ar).map(drop)
    }
}
