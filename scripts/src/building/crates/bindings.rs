// SPDX-License-Identifier: GPL-2.0-only

//! The bindings of one kernel, the proof of their layouts, and the headers that they were made from.

use super::{clang_flags, facts, Crates, Facts, Headers, Helpers, C, TOOL};
use crate::building::kbuild::Cc;
use crate::building::prepared::Use;
use crate::building::profile::kasan;
use crate::building::stamp::Key;
use crate::building::store::{result, Hashes, Input, Manifest, Store, Variant};
use crate::command;
use anyhow::{ensure, Context, Result};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The list of those headers, and of our own files that they were read by.
pub(super) const HEADERS: &str = "headers";

impl Crates<'_> {
    /// What facts, bindings and helpers are made from.
    pub(super) fn headers(
        &self,
        store: &Store,
        cc: &Cc,
        hashes: &mut Hashes<'_>,
    ) -> Result<Headers> {
        let mut base = Key::new(TOOL)
            .and(&cc.flags)
            .and(&cc.program)
            .and(cc.files())
            .and(&self.kdir.path)
            .and(&self.kdir.config)
            .and(&self.toolchain.libclang)
            .and(self.toolchain.libclang_files())
            .and(self.goal)
            .and_files(&self.root.join("rust/compat"))?;
        if self.goal == Use::External {
            base = base.and(hashes.of(&self.symvers())?);
        }
        let mut manifest = Manifest::open(store, &base);
        let known = manifest.find(None, |path| hashes.of(&self.root.join(path)).ok());
        let files = match known {
            Some(variant) => variant.files.clone(),
            None => {
                let files = self.inputs(cc, hashes)?;
                manifest.add(Variant {
                    files: files.clone(),
                    variables: Vec::new(),
                    other: None,
                    result: result(&base, &files),
                })?;
                files
            }
        };
        let key = result(&base, &files);
        let helpers = Key::new(&key)
            .and(self.helpers)
            .and(&self.toolchain.clang)
            .and(self.toolchain.clang_files())
            .and(kasan::clang(&self.kdir.config));
        Ok(Headers {
            files,
            helpers: helpers.hex(),
            key,
        })
    }

    /// Facts, bindings and helpers.
    pub(super) fn c_side(
        &self,
        store: &Store,
        cc: &Cc,
        headers: &Headers,
        hashes: &mut Hashes<'_>,
    ) -> Result<C> {
        let entry = store.entry("c", &headers.key, |dir| {
            let facts = Facts::probe(self, cc, dir)?;
            self.bindings(cc, &facts, dir)?;
            let paths = headers
                .files
                .iter()
                .map(|input| format!("{}\n", input.path));
            fs::write(dir.join(HEADERS), paths.collect::<String>())
                .with_context(|| format!("cannot write to {}", dir.display()))?;
            self.are_still(&headers.files, hashes)
        })?;
        let facts = Facts::read(&entry.path)?;
        let helpers = store.entry("helpers", &headers.helpers, |dir| {
            match self.helpers {
                Helpers::Inline => self.helpers_inline(cc, &facts, dir)?,
                Helpers::Object => self.helpers_object(cc, &facts, dir)?,
            }
            self.are_still(&headers.files, hashes)
        })?;
        Ok(C {
            entry,
            facts,
            helpers,
        })
    }

    /// The kernel's list of what it exports.
    pub(super) fn symvers(&self) -> PathBuf {
        self.kdir.path.join("Module.symvers")
    }

    /// The files that the helpers and the bindings are made from, as the kernel's compiler and clang read them.
    fn inputs(&self, cc: &Cc, hashes: &mut Hashes<'_>) -> Result<Vec<Input>> {
        let mut paths = BTreeSet::new();
        let header = self.helpers_source();
        let mut preprocess = vec![(cc.command(), "the kernel's headers do not compile")];
        if let Some(clang) = &self.toolchain.clang {
            preprocess.push((
                cc.other(clang, &clang_flags(cc)),
                "clang does not read the kernel's headers",
            ));
        }
        for (mut compiler, wrong) in preprocess {
            // With facts or without, a header is named in the same files.
            let rule =
                command::output(compiler.args(["-M", "-MT", "x"]).arg(&header)).context(wrong)?;
            paths.extend(cc.read_by(&rule));
        }
        paths.extend(facts::inputs(self.root, cc)?);
        let inputs = paths.iter().map(|path| {
            Ok(Input {
                path: self.relative(path),
                hash: hashes.of(path)?,
            })
        });
        inputs.collect()
    }

    /// Fails if a file was written to since it was hashed: the result may be of the old or the new file.
    pub(super) fn are_still(&self, files: &[Input], hashes: &mut Hashes<'_>) -> Result<()> {
        for input in files {
            let is_same = hashes.of(&self.root.join(&input.path))? == input.hash;
            ensure!(
                is_same,
                "{} has changed while it was compiled; build again",
                input.path
            );
        }
        Ok(())
    }

    fn bindings(&self, cc: &Cc, facts: &Facts, dir: &Path) -> Result<()> {
        eprintln!("  BINDGEN {}", self.kdir.release);
        let header = self.helpers_source();
        let preprocessed =
            command::output(cc.command().args(facts.defines()).arg("-E").arg(&header))
                .context("the kernel's headers do not compile")?;
        let mut flags = clang_flags(cc);
        flags.extend(facts.defines());
        if let Some(libclang) = &self.toolchain.libclang {
            std::env::set_var("LIBCLANG_PATH", libclang);
        }
        let job = bindings_generator::Job {
            header: &header,
            dir: cc.dir(),
            flags: &flags,
            preprocessed: &preprocessed,
            bindings: dir.join("bindings.rs"),
            proof: dir.join("layout.c"),
        };
        bindings_generator::generate(&job)?;
        command::output(
            cc.command()
                .args(facts.defines())
                .arg("-fsyntax-only")
                .arg(dir.join("layout.c")),
        )
        .context("libclang and the kernel's compiler disagree on the layout of a type")
        .map(drop)
    }
}
