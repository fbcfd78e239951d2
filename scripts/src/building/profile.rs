// SPDX-License-Identifier: GPL-2.0-only

//! What a kernel's configuration asks of generated code.
//!
//! `TABLE` is the one place that says which config symbol gives which flag of rustc.

use crate::building::kdir::Config;
use anyhow::{bail, Result};

pub mod kasan;
mod older;

/// What a config symbol means for Rust code.
enum Effect {
    /// Nothing: it acts at run time, or on C and assembly only.
    None,
    /// These arguments of rustc.
    Args(&'static [&'static str]),
    /// A feature of the target.
    Feature(&'static str),
    /// Padding before functions, of as many bytes as FUNCTION_PADDING_BYTES says.
    Padding,
    /// A stack protector, where the kernel keeps its guard where LLVM looks for it.
    StackProtector(&'static str),
    /// Checks of each access to memory, as KASAN's other symbols say.
    Kasan,
    /// Modules cannot be built for such a kernel, for this reason.
    Refused(&'static str),
}

use Effect::{Args, Feature, Kasan, None as Nothing, Padding, Refused, StackProtector};

const RETPOLINE: Effect = Args(&["-Zretpoline-external-thunk"]);
const RETHUNK: Effect = Args(&["-Zfunction-return=thunk-extern"]);
// With link-time optimisation rustc forgets the first one.
const FRAME_POINTER: Effect = Args(&[
    "-Cforce-frame-pointers=y",
    "-Zllvm_module_flag=frame-pointer:u32:2:max",
]);
const CFI: Effect =
    Refused("its indirect calls check hashes that C's and Rust's types do not share");
const RANDOM: Effect =
    Refused("its structures are laid out at random by the compiler that built it");
const SANITIZER: Effect =
    Refused("its instrumentation of memory accesses needs support of the compiler");
const LTO: Effect = Refused("its objects are linked as bitcode of the compiler that built it");

/// Config symbols that change how code is generated, and to what.
#[rustfmt::skip]
const TABLE: &[(&str, Effect)] = &[
    // Indirect branches and returns. The names without MITIGATION_ are those before 6.9.
    ("MITIGATION_RETPOLINE", RETPOLINE),
    ("RETPOLINE", RETPOLINE),
    ("MITIGATION_RETHUNK", RETHUNK),
    ("RETHUNK", RETHUNK),
    ("MITIGATION_SLS", Feature("+harden-sls-ijmp,+harden-sls-ret")),
    ("SLS", Feature("+harden-sls-ijmp,+harden-sls-ret")),
    ("X86_KERNEL_IBT", Args(&["-Zcf-protection=branch", "-Cjump-tables=n"])),
    ("X86_USER_SHADOW_STACK", Nothing),
    // Room before functions, for call thunks and CFI preambles.
    ("FUNCTION_PADDING_BYTES", Nothing),
    ("FUNCTION_PADDING_CFI", Nothing),
    ("FUNCTION_ALIGNMENT", Nothing),
    ("FUNCTION_ALIGNMENT_4B", Nothing),
    ("FUNCTION_ALIGNMENT_8B", Nothing),
    ("FUNCTION_ALIGNMENT_16B", Nothing),
    ("FUNCTION_ALIGNMENT_32B", Nothing),
    ("FUNCTION_ALIGNMENT_64B", Nothing),
    ("CALL_PADDING", Padding),
    ("CALL_THUNKS", Nothing),
    ("CALL_THUNKS_DEBUG", Nothing),
    ("PREFIX_SYMBOLS", Nothing),
    // Stacks.
    ("STACKPROTECTOR", Nothing),
    ("STACKPROTECTOR_STRONG", StackProtector("-Zstack-protector=strong")),
    ("UNWINDER_FRAME_POINTER", FRAME_POINTER),
    ("FRAME_POINTER", FRAME_POINTER),
    ("UNWINDER_ORC", Nothing),
    ("UNWINDER_GUESS", Nothing),
    ("SHADOW_CALL_STACK", Refused("its shadow call stack needs support of the compiler")),
    // What the compiler does to a whole kernel.
    ("CFI", CFI),
    ("CFI_CLANG", CFI),
    ("FINEIBT", CFI),
    ("RANDSTRUCT", RANDOM),
    ("RANDSTRUCT_FULL", RANDOM),
    ("RANDSTRUCT_PERFORMANCE", RANDOM),
    ("RANDSTRUCT_NONE", Nothing),
    ("GCC_PLUGINS", Nothing),
    ("GCC_PLUGIN_RANDSTRUCT", RANDOM),
    ("GCC_PLUGIN_LATENT_ENTROPY", Nothing),
    ("GCC_PLUGIN_STACKLEAK", Nothing),
    ("KCSAN", SANITIZER),
    ("KMSAN", SANITIZER),
    ("KASAN", Nothing),
    ("KASAN_SHADOW_OFFSET", Nothing),
    ("KASAN_GENERIC", Kasan),
    ("KASAN_INLINE", Nothing),
    ("KASAN_OUTLINE", Nothing),
    ("KASAN_STACK", Nothing),
    ("KASAN_VMALLOC", Nothing),
    ("KASAN_KUNIT_TEST", Nothing),
    ("KASAN_MODULE_TEST", Nothing),
    ("KASAN_EXTRA_INFO", Nothing),
    ("LTO_NONE", Nothing),
    ("LTO", LTO),
    ("LTO_CLANG", LTO),
    ("LTO_CLANG_FULL", LTO),
    ("LTO_CLANG_THIN", LTO),
    // As C: the last -Copt-level counts.
    ("CC_OPTIMIZE_FOR_SIZE", Args(&["-Copt-level=s"])),
    // Mitigations that act at run time.
    ("MITIGATION_CALL_DEPTH_TRACKING", Nothing),
    ("MITIGATION_GDS", Nothing),
    ("MITIGATION_GDS_FORCE", Nothing),
    ("MITIGATION_IBPB_ENTRY", Nothing),
    ("MITIGATION_IBRS_ENTRY", Nothing),
    ("MITIGATION_ITS", Nothing),
    ("MITIGATION_L1TF", Nothing),
    ("MITIGATION_MDS", Nothing),
    ("MITIGATION_MMIO_STALE_DATA", Nothing),
    ("MITIGATION_PAGE_TABLE_ISOLATION", Nothing),
    ("MITIGATION_RETBLEED", Nothing),
    ("MITIGATION_RFDS", Nothing),
    ("MITIGATION_SPECTRE_BHI", Nothing),
    ("MITIGATION_SPECTRE_V1", Nothing),
    ("MITIGATION_SPECTRE_V2", Nothing),
    ("MITIGATION_SRBDS", Nothing),
    ("MITIGATION_SRSO", Nothing),
    ("MITIGATION_SSB", Nothing),
    ("MITIGATION_TAA", Nothing),
    ("MITIGATION_TSA", Nothing),
    ("MITIGATION_UNRET_ENTRY", Nothing),
    ("MITIGATION_VMSCAPE", Nothing),
];

/// Families of config symbols that change generated code: one that is on and not in [`TABLE`] is an
/// error, as its effect is not known.
const FAMILIES: &[&str] = &[
    "MITIGATION_",
    "CFI",
    "FINEIBT",
    "RANDSTRUCT",
    "GCC_PLUGIN",
    "LTO",
    "STACKPROTECTOR",
    "FUNCTION_PADDING",
    "FUNCTION_ALIGNMENT",
    "CALL_PADDING",
    "CALL_THUNKS",
    "UNWINDER_",
    "SHADOW_CALL_STACK",
    "KASAN",
    "KCSAN",
    "KMSAN",
    "X86_KERNEL_",
    "PREFIX_SYMBOLS",
    "RETPOLINE",
    "RETHUNK",
    "SLS",
];

/// Symbols of those families that only say what a compiler can do or how a test is built.
const HARMLESS: &[&str] = &[
    "CFI_AUTO_DEFAULT",
    "CFI_PERMISSIVE",
    "CFI_ICALL_NORMALIZE_INTEGERS",
];

/// Flags that every kernel's Rust code gets.
const ALWAYS: &[&str] = &[
    "-Cpanic=abort",
    "-Copt-level=2",
    "-Ccodegen-units=1",
    "-Coverflow-checks=y",
    "-Cdebug-assertions=n",
    "-Cforce-unwind-tables=n",
    "-Crelocation-model=static",
    "-Ccode-model=kernel",
    // C keeps the stack aligned to 8 bytes only (-mpreferred-stack-boundary=3): what wants more aligns it.
    "-Zllvm_module_flag=override-stack-alignment:u32:8:error",
    "-Cno-redzone=y",
];

/// SSE and x87 stay off: the kernel does not save their registers.
const FEATURES: &str = "-mmx,-sse,-sse2,-sse3,-ssse3,-sse4.1,-sse4.2,-avx,-avx2,+soft-float";

/// How Rust code for a kernel is generated: two kernels of one profile share `core`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Profile {
    /// Arguments of rustc.
    pub args: Vec<String>,
    /// Features of the target, as a target specification lists them.
    pub features: String,
}

impl Profile {
    /// Derives the profile of a kernel from its configuration and its C flags.
    ///
    /// # Errors
    ///
    /// When a symbol that is on rules Rust modules out, or belongs to a family that changes generated
    /// code and is not known here.
    pub fn new(config: &Config, cflags: &[String]) -> Result<Self> {
        let mut args: Vec<String> = ALWAYS.iter().map(ToString::to_string).collect();
        let mut features = FEATURES.to_owned();
        // Newer kernels name the guard's symbol, which rustc has no flag for.
        let guard_at_gs_40 = !cflags
            .iter()
            .any(|flag| flag.starts_with("-mstack-protector-guard-symbol"));
        for (symbol, effect) in TABLE {
            let Some(value) = config.get(*symbol) else {
                continue;
            };
            match effect {
                Nothing => {}
                Args(more) => args.extend(more.iter().map(ToString::to_string)),
                Feature(more) => features = format!("{features},{more}"),
                Padding => {
                    let bytes = config
                        .get("FUNCTION_PADDING_BYTES")
                        .map_or("0", String::as_str);
                    if bytes != "0" {
                        args.push(format!("-Zpatchable-function-entry={bytes},{bytes}"));
                    }
                }
                Kasan => args.extend(kasan::rustc(config)),
                StackProtector(arg) if guard_at_gs_40 => args.push((*arg).to_owned()),
                StackProtector(_) => {}
                Refused(why) => bail!(
                    "this kernel has CONFIG_{symbol}={value}: {why}; build for one without it"
                ),
            }
        }
        let unknown = |symbol: &&String| {
            let name = symbol.as_str();
            FAMILIES.iter().any(|family| name.starts_with(family))
                && !HARMLESS.contains(&name)
                && !TABLE.iter().any(|(known, _)| *known == name)
        };
        if let Some(symbol) = config.keys().find(unknown) {
            bail!(
                "this kernel has CONFIG_{symbol}={}, which may change how code must be generated and is not known \
                 here; say what it does to code in scripts/src/building/profile.rs",
                config[symbol]
            );
        }
        args.dedup();
        Ok(Self { args, features })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(symbols: &[(&str, &str)]) -> Result<Profile> {
        let config = symbols
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Profile::new(&config, &[])
    }

    #[test]
    fn symbols_give_flags() {
        let profile = profile(&[
            ("RETPOLINE", "y"),
            ("SLS", "y"),
            ("CALL_PADDING", "y"),
            ("FUNCTION_PADDING_BYTES", "16"),
        ])
        .unwrap();
        assert!(profile
            .args
            .contains(&"-Zretpoline-external-thunk".to_owned()));
        assert!(profile
            .args
            .contains(&"-Zpatchable-function-entry=16,16".to_owned()));
        assert!(profile
            .features
            .ends_with("+soft-float,+harden-sls-ijmp,+harden-sls-ret"));
    }

    #[test]
    fn the_guard_decides_on_the_stack_protector() {
        let config: Config = [("STACKPROTECTOR_STRONG".to_owned(), "y".to_owned())].into();
        let has = |cflags: &[String]| {
            Profile::new(&config, cflags)
                .unwrap()
                .args
                .iter()
                .any(|arg| arg.contains("stack-protector"))
        };
        assert!(has(&[]));
        assert!(!has(&[
            "-mstack-protector-guard-symbol=__ref_stack_chk_guard".to_owned()
        ]));
    }

    #[test]
    fn unknown_and_impossible_symbols_are_errors() {
        let unknown = profile(&[("MITIGATION_TOMORROW", "y")])
            .unwrap_err()
            .to_string();
        assert!(
            unknown.contains("CONFIG_MITIGATION_TOMORROW=y"),
            "{unknown}"
        );
        let refused = profile(&[("CFI_CLANG", "y")]).unwrap_err().to_string();
        assert!(refused.contains("CONFIG_CFI_CLANG=y"), "{refused}");
        assert!(profile(&[("NET", "y"), ("LTO_NONE", "y")]).is_ok());
    }
}
