// SPDX-License-Identifier: GPL-2.0-only

//! What KASAN asks of Rust code, and of helpers that clang compiles: the same checks as C has.

use crate::building::kdir::Config;

/// What says in rustc's flags that memory accesses are checked.
const SANITIZER: &str = "-Zsanitizer=kernel-address";

/// Whether code made with these flags of rustc is checked.
pub fn is_on(flags: &[String]) -> bool {
    flags.iter().any(|flag| flag == SANITIZER)
}

/// The flags of rustc for a kernel with generic KASAN.
pub fn rustc(config: &Config) -> Vec<String> {
    let llvm = llvm(config, config.contains_key("KASAN_STACK")).into_iter();
    [SANITIZER, "-Zsanitizer-recover=kernel-address"]
        .map(str::to_owned)
        .into_iter()
        .chain(llvm.map(|option| format!("-Cllvm-args={option}")))
        .collect()
}

/// The flags of clang for helpers; none if the kernel is without generic KASAN.
///
/// A checked frame notes its function's address, which would keep a helper that has been inlined.
pub fn clang(config: &Config) -> Vec<String> {
    if !config.contains_key("KASAN_GENERIC") {
        return Vec::new();
    }
    let llvm = llvm(config, false).into_iter();
    ["-fsanitize=kernel-address".to_owned()]
        .into_iter()
        .chain(llvm.flat_map(|option| ["-mllvm".to_owned(), option]))
        .collect()
}

/// LLVM's own options, with checked frames or without.
fn llvm(config: &Config, stack: bool) -> Vec<String> {
    let mut options = Vec::new();
    if let Some(offset) = config.get("KASAN_SHADOW_OFFSET") {
        options.push(format!("-asan-mapping-offset={offset}"));
    }
    // Checks in place in any function but a huge one, or calls of the kernel's functions only.
    let threshold = match config.contains_key("KASAN_INLINE") {
        true => 10000,
        false => 0,
    };
    options.push(format!(
        "-asan-instrumentation-with-call-threshold={threshold}"
    ));
    options.push(format!("-asan-stack={}", u8::from(stack)));
    // Room around globals would go into tables too that the linker puts together. Without it, there is
    // nothing to construct when a module is loaded.
    options.extend(["-asan-globals=0", "-asan-constructor-kind=none"].map(str::to_owned));
    // memcpy() itself does not check.
    options.push("-asan-kernel-mem-intrinsic-prefix=1".to_owned());
    options
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::building::profile::Profile;

    #[test]
    fn checks_are_as_the_configuration_says() {
        let config = |symbols: &[(&str, &str)]| -> Config {
            let symbols = symbols.iter();
            symbols
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect()
        };
        let offset = ("KASAN_SHADOW_OFFSET", "0xdffffc0000000000");
        let on = config(&[
            ("KASAN_GENERIC", "y"),
            ("KASAN_INLINE", "y"),
            ("KASAN_STACK", "y"),
            offset,
        ]);
        let args = Profile::new(&on, &[]).unwrap().args;
        assert!(is_on(&args));
        for arg in [
            "-Cllvm-args=-asan-mapping-offset=0xdffffc0000000000",
            "-Cllvm-args=-asan-instrumentation-with-call-threshold=10000",
            "-Cllvm-args=-asan-stack=1",
        ] {
            assert!(args.iter().any(|have| have == arg), "{arg}");
        }
        assert!(clang(&on).contains(&"-asan-stack=0".to_owned()));
        let outline = config(&[("KASAN_GENERIC", "y"), offset]);
        assert!(rustc(&outline)
            .iter()
            .any(|arg| arg.ends_with("threshold=0")));
        assert!(rustc(&outline)
            .iter()
            .any(|arg| arg.ends_with("-asan-stack=0")));
        let off = config(&[offset]);
        assert!(!is_on(&Profile::new(&off, &[]).unwrap().args) && clang(&off).is_empty());
    }
}
