// SPDX-License-Identifier: GPL-2.0-only

//! Turns the flags that Kbuild gives gcc into flags that clang understands.

/// Warnings do not matter for a second reading of the headers, and these options are gcc's own or
/// change only code generation.
const DROPPED: &[&str] = &[
    "-W",
    "-O",
    "-g",
    "-falign-",
    "-fconserve-stack",
    "-fno-allow-store-data-races",
    "-fno-var-tracking-assignments",
    "-fno-ipa-",
    "-fplugin",
    "-fpatchable-function-entry",
    "-fmin-function-alignment",
    "-fasan-",
    "-fsanitize",
    "-fno-sanitize",
    "-fcf-protection",
    "-fstack-protector",
    "-fno-stack-",
    "-fstrict-flex-arrays",
    "-ftrivial-auto-var-init",
    "-fzero-",
    "-fdiagnostics",
    "-fmacro-prefix-map",
    "-ffile-prefix-map",
    "-femit-struct-debug",
    "-fno-stack-clash-protection",
    "-mindirect-branch",
    "-mfunction-return",
    "-mharden-sls",
    "-mpreferred-stack-boundary",
    "-mno-fp-ret-in-387",
    "-mrecord-mcount",
    "-mfentry",
    "-mskip-rax-setup",
    "-mstack-protector-guard",
    "-mtune",
    "-pg",
    "-DKBUILD_BASENAME",
    "-DKBUILD_MODNAME",
    "-D__KBUILD_MODNAME",
];

/// Filters `flags`, which Kbuild made for gcc or clang, for libclang and clang.
///
/// # Examples
///
/// ```
/// let kbuild = "-Iinclude -D__KERNEL__ -Wall -fconserve-stack -mskip-rax-setup -mno-sse";
/// let flags = bindings_generator::clang_flags(kbuild.split(' '));
/// assert_eq!(&flags[..3], ["-Iinclude", "-D__KERNEL__", "-mno-sse"]);
/// ```
pub fn clang_flags<'a>(flags: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    flags
        .into_iter()
        .filter(|flag| !DROPPED.iter().any(|dropped| flag.starts_with(dropped)))
        .map(str::to_owned)
        .chain(["-w", "--target=x86_64-linux-gnu", "-fno-builtin"].map(str::to_owned))
        .collect()
}
