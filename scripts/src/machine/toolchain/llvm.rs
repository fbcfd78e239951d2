// SPDX-License-Identifier: GPL-2.0-only

//! Finds a clang of rustc's LLVM, and libclang, where the distributions put them.

use super::{env_set, leading_number, list, output};
use crate::elf::is_x86_64;
use anyhow::{bail, ensure, Context, Result};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use which::which;

/// A clang of LLVM `major`: `$CLANG`, else the first that fits; `None` if there is none.
pub fn find_clang(major: u32) -> Result<Option<PathBuf>> {
    if let Some(value) = env_set("CLANG") {
        let value = value.to_string_lossy();
        let path = which(&*value).ok();
        let text = path
            .as_deref()
            .and_then(|path| output(path, &["--version"]).ok());
        let (path, found) = path
            .zip(text.and_then(|text| parse_clang_version(&text)))
            .with_context(|| {
                format!("CLANG={value} is no clang that runs; unset CLANG or correct it")
            })?;
        ensure!(
            found == major,
            "CLANG={value} is clang {found}, but rustc's LLVM is {major}; use CLANG=clang-{major} or unset CLANG"
        );
        return Ok(Some(path));
    }
    let fits = |path: &PathBuf| {
        output(path, &["--version"])
            .ok()
            .and_then(|text| parse_clang_version(&text))
            == Some(major)
    };
    let names = [
        format!("clang-{major}"),
        format!("/usr/lib/llvm-{major}/bin/clang"),
        format!("/usr/lib64/llvm{major}/bin/clang"),
        "clang".to_owned(),
    ];
    Ok(names.iter().filter_map(|name| which(name).ok()).find(fits))
}

/// The libclang that bindgen should load: `$LIBCLANG_PATH`, else the newest.
pub fn find_libclang() -> Result<Option<PathBuf>> {
    if let Some(value) = env_set("LIBCLANG_PATH").map(PathBuf::from) {
        let found = if value.is_dir() {
            newest_libclang(list(&value))
        } else {
            Some(value.clone())
        };
        return match found.filter(|path| is_x86_64(path)) {
            Some(path) => Ok(Some(path)),
            None => bail!(
                "LIBCLANG_PATH={}: no 64-bit libclang.so there; unset LIBCLANG_PATH or correct it",
                value.display()
            ),
        };
    }
    let mut dirs: Vec<PathBuf> = [
        "/usr/lib64",
        "/usr/lib",
        "/usr/lib/x86_64-linux-gnu",
        "/usr/local/lib",
    ]
    .map(PathBuf::from)
    .into();
    // Debian and Arch have /usr/lib/llvm-22/lib and /usr/lib/llvm22/lib, Fedora /usr/lib64/llvm22/lib64.
    for parent in ["/usr/lib", "/usr/lib64"] {
        for dir in list(Path::new(parent)) {
            if dir
                .file_name()
                .is_some_and(|name| name.as_encoded_bytes().starts_with(b"llvm"))
            {
                dirs.extend([dir.join("lib"), dir.join("lib64")]);
            }
        }
    }
    Ok(newest_libclang(
        dirs.iter().flat_map(|dir| list(dir)).collect(),
    ))
}

/// The newest of the files that are a libclang for this machine.
fn newest_libclang(files: Vec<PathBuf>) -> Option<PathBuf> {
    let mut found: Vec<(Vec<u32>, PathBuf)> = files
        .into_iter()
        // A 32-bit libclang beside the right one does not count.
        .filter(|path| is_libclang_name(path) && is_x86_64(path))
        .filter_map(|path| Some((libclang_version(&path.canonicalize().ok()?), path)))
        .collect();
    // The plain name last among equals: it is the one that a developer knows.
    found.sort_by_key(|(version, path)| {
        (version.clone(), std::cmp::Reverse(path.as_os_str().len()))
    });
    found.pop().map(|(_, path)| path)
}

/// Whether a file's name is that of libclang itself (`libclang-cpp.so` is another library).
fn is_libclang_name(path: &Path) -> bool {
    let Some(rest) = path
        .file_name()
        .and_then(OsStr::to_str)
        .and_then(|name| name.strip_prefix("libclang"))
    else {
        return false;
    };
    let rest = rest.strip_prefix('-').map_or(rest, |r| {
        r.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.')
    });
    // `-22.so.1` is left as `so.1`, since the dot goes with the digits.
    let rest = rest.trim_start_matches('.');
    rest == "so" || rest.starts_with("so.")
}

/// LLVM's major version of a libclang, as its path has it; 0 if it has none.
pub fn major(libclang: &Path) -> u32 {
    let real = libclang.canonicalize();
    let version = libclang_version(&real.unwrap_or_else(|_| libclang.to_owned()));
    version.first().copied().unwrap_or_default()
}

/// The version in a libclang's full path: `…/llvm-22/lib/libclang-22.so.22.1.8`.
///
/// The numbers in the file's name are the version, but an ABI number 1 alone, which libclang bore
/// for years, is not; then the directory's name says it.
fn libclang_version(path: &Path) -> Vec<u32> {
    let numbers = |text: &str| -> Vec<u32> {
        text.split(|c: char| !c.is_ascii_digit())
            .filter_map(|n| n.parse().ok())
            .collect()
    };
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let (before, after) = name.split_once(".so").unwrap_or((name, ""));
    let (before, after) = (numbers(before), numbers(after));
    if after.first().is_some_and(|&major| major > 1) {
        return after;
    }
    if !before.is_empty() {
        return before;
    }
    let dir = path
        .iter()
        .rev()
        .filter_map(OsStr::to_str)
        .find(|part| part.starts_with("llvm"));
    dir.map(numbers).unwrap_or_default()
}

/// Parses the major version from `clang --version`.
pub fn parse_clang_version(text: &str) -> Option<u32> {
    leading_number(text.split_once("clang version ")?.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tool_versions() {
        assert_eq!(
            parse_clang_version("Debian clang version 22.1.8 (1~deb12u1)\nTarget: x\n"),
            Some(22)
        );
        assert_eq!(parse_clang_version("gcc (Debian 12.2.0) 12.2.0\n"), None);
    }

    #[test]
    fn libclang_names() {
        let is = |name: &str| is_libclang_name(Path::new(name));
        for name in [
            "libclang.so",
            "libclang.so.1",
            "libclang-22.so",
            "libclang-22.so.22",
            "libclang-22.1.8.so",
        ] {
            assert!(is(name), "{name}");
        }
        for name in [
            "libclang-cpp.so.22",
            "libclangBasic.a",
            "libclang_rt.so",
            "libclang.sox",
            "libLLVM.so",
        ] {
            assert!(!is(name), "{name}");
        }
    }

    #[test]
    fn libclang_versions() {
        let version = |path: &str| libclang_version(Path::new(path));
        assert_eq!(
            version("/usr/lib/x86_64-linux-gnu/libclang-22.so.22.1.8"),
            [22, 1, 8]
        );
        assert_eq!(version("/usr/lib/llvm-14/lib/libclang-14.so.1"), [14]);
        assert_eq!(version("/usr/lib/llvm-14/lib/libclang.so.1"), [14]);
        assert_eq!(version("/usr/lib64/libclang.so.20.1"), [20, 1]);
        assert_eq!(
            version("/usr/lib/llvm-19/lib/libclang-19.1.7.so"),
            [19, 1, 7]
        );
        assert!(
            version("/usr/lib/llvm-22/lib/libclang.so")
                > version("/usr/lib/llvm-9/lib/libclang.so")
        );
    }
}
