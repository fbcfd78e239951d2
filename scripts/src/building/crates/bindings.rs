// SPDX-License-Identifier: GPL-2.0-only

//! The bindings of one kernel, the proof of their layouts, and the headers that they were made from.

use super::{clang_flags, Crates, Facts};
use crate::building::kbuild::Cc;
use crate::command;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

impl Crates<'_> {
    /// Whether a header of the kernel is another one than the bindings were made from.
    pub fn headers_changed(&self) -> bool {
        let Ok(record) = fs::read_to_string(self.file("headers")) else {
            return false;
        };
        record.lines().any(|line| {
            let path = line.split('\t').next().unwrap_or_default();
            header_line(Path::new(path)) != line
        })
    }

    /// Forgets what was made from headers that have changed.
    pub(super) fn drop_stale(&self) -> Result<()> {
        if self.headers_changed() {
            for name in ["c.stamp", "facts.stamp", "headers"] {
                match fs::remove_file(self.file(name)) {
                    // A step that failed has left none.
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                    removed => removed.with_context(|| format!("cannot remove {name}"))?,
                }
            }
        }
        Ok(())
    }

    pub(super) fn bindings(&self, cc: &Cc, facts: &Facts) -> Result<()> {
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
            bindings: self.file("bindings.rs"),
            proof: self.file("layout.c"),
        };
        bindings_generator::generate(&job)?;
        let headers = fs::write(self.file("headers"), headers(&preprocessed, cc.dir()));
        headers.context("cannot write the list of headers")?;
        command::output(
            cc.command()
                .args(facts.defines())
                .arg("-fsyntax-only")
                .arg(self.file("layout.c")),
        )
        .context("libclang and the kernel's compiler disagree on the layout of a type")
        .map(drop)
    }
}

/// The headers that a preprocessed file names in its line markers, with their size and time.
fn headers(preprocessed: &str, dir: &Path) -> String {
    let markers = preprocessed
        .lines()
        .filter_map(|line| line.strip_prefix("# "));
    let names = markers.filter_map(|marker| marker.split('"').nth(1));
    let paths: std::collections::BTreeSet<PathBuf> = names
        .filter(|name| !name.starts_with('<'))
        .map(|name| dir.join(name))
        .collect();
    let lines = paths.iter().filter(|path| path.is_file());
    lines.map(|path| header_line(path) + "\n").collect()
}

fn header_line(path: &Path) -> String {
    let metadata = fs::metadata(path).ok();
    let size = metadata.as_ref().map(fs::Metadata::len);
    let time = metadata.and_then(|metadata| metadata.modified().ok());
    format!("{}\t{size:?}\t{time:?}", path.display())
}
