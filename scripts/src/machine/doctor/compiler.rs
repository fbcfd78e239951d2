// SPDX-License-Identifier: GPL-2.0-only

//! Tells C compilers by what they say of themselves.

use crate::machine::toolchain::llvm;

/// What a compiler says of itself, or a kernel's `CONFIG_CC_VERSION_TEXT` of the one it was built with.
#[derive(Debug, PartialEq, Eq)]
pub struct Compiler {
    /// The program's name, as it was called.
    pub name: String,
    pub clang: bool,
    pub major: u32,
}

impl std::fmt::Display for Compiler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} {}",
            if self.clang { "clang" } else { "gcc" },
            self.major
        )
    }
}

impl Compiler {
    /// Parses the first line of `--version`, such as `gcc-12 (Debian 12.2.0-14) 12.2.0`.
    pub fn parse(text: &str) -> Option<Self> {
        let line = text.lines().next()?;
        if let Some(major) = llvm::parse_clang_version(line) {
            return Some(Self {
                name: "clang".into(),
                clang: true,
                major,
            });
        }
        let (name, rest) = line.split_once(' ')?;
        // What stands in brackets is the packager's, and may hold other numbers.
        let rest = rest.split_once(") ").map_or(rest, |(_, rest)| rest);
        let gcc = name.rsplit('/').next()?.contains("gcc") || name == "cc";
        let major = rest.split('.').next()?.trim().parse().ok()?;
        gcc.then(|| Self {
            name: name.into(),
            clang: false,
            major,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compilers() {
        let parse = |text| Compiler::parse(text).map(|found| found.to_string());
        assert_eq!(
            parse("gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0").unwrap(),
            "gcc 12"
        );
        assert_eq!(
            parse("x86_64-linux-gnu-gcc-14 (Debian 14.2.0-19) 14.2.0\nFree").unwrap(),
            "gcc 14"
        );
        assert_eq!(
            parse("gcc (GCC) 14.2.1 20240805 (Red Hat 14.2.1-3)").unwrap(),
            "gcc 14"
        );
        assert_eq!(
            parse("Debian clang version 19.1.7 (3~deb12u1)").unwrap(),
            "clang 19"
        );
        assert_eq!(parse("tcc version 0.9.27 (x86_64 Linux)"), None);
        assert_eq!(parse(""), None);
    }
}
