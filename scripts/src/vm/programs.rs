// SPDX-License-Identifier: GPL-2.0-only

//! Programs of this machine for the guest, with the libraries that they start with.

use crate::command;
use anyhow::{ensure, Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// `program` and all that its dynamic loader loads, each with its path in the guest: the same as here.
///
/// # Errors
///
/// When there is no such program, or a library of it is missing.
pub fn with_libraries(program: &Path) -> Result<Vec<(PathBuf, String)>> {
    let path =
        which::which(program).with_context(|| format!("{}: no such program", program.display()))?;
    let mut ldd = Command::new("ldd");
    let said = match command::output(ldd.arg(&path).env("LC_ALL", "C")) {
        Ok(said) => said,
        Err(error) if format!("{error:#}").contains("not a dynamic executable") => String::new(),
        Err(error) => return Err(error),
    };
    let mut files = vec![path];
    files.extend(libraries(&said).with_context(|| program.display().to_string())?);
    let there = |path: PathBuf| {
        let guest = path.to_str().context("a path is not UTF-8")?.to_owned();
        Ok((path, guest))
    };
    files.into_iter().map(there).collect()
}

/// The paths in what ldd says.
fn libraries(said: &str) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for line in said.lines() {
        // `name => path (address)`, `path (address)`; what the kernel maps has a name only.
        let words: Vec<&str> = line.split_whitespace().collect();
        ensure!(
            !line.contains("not found"),
            "a library is missing: {}",
            line.trim()
        );
        paths.extend(
            words
                .iter()
                .find(|word| word.starts_with('/'))
                .map(PathBuf::from),
        );
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ldd_says() {
        let said = "\tlinux-vdso.so.1 (0x00007ffd)\n\tlibzstd.so.1 => /lib/x86_64-linux-gnu/libzstd.so.1 (0x00007f)\n\
                    \t/lib64/ld-linux-x86-64.so.2 (0x00007f)\n";
        let expected = [
            "/lib/x86_64-linux-gnu/libzstd.so.1",
            "/lib64/ld-linux-x86-64.so.2",
        ];
        assert_eq!(libraries(said).unwrap(), expected.map(PathBuf::from));
        assert!(libraries("\tstatically linked\n").unwrap().is_empty());
        let error = libraries("\tlibgone.so.1 => not found\n").unwrap_err();
        assert!(error.to_string().contains("libgone.so.1"), "{error}");
    }

    #[test]
    fn a_program_comes_with_its_loader() {
        let files = with_libraries(Path::new("sh")).unwrap();
        assert!(
            files.len() > 1 && files.iter().any(|(_, guest)| guest.contains("/ld-linux")),
            "{files:?}"
        );
        assert!(with_libraries(Path::new("no-such-program")).is_err());
    }
}
