// SPDX-License-Identifier: GPL-2.0-only

//! What the build makes of exports: kinds, namespaces, versions, and what it refuses.

use super::{changed, Stacks, KBUILD, RUST_IMPORT};
use crate::built::Built;
use crate::record;
use crate::report::{Report, Verdict};
use ferrule::kernels::Kernel;
use std::fs;
use std::path::Path;

/// A change: the file, what is there, and what takes its place.
pub type Change = (&'static str, &'static str, &'static str);

/// Nothing that an importer could see.
pub const BODY: &[Change] = &[
    (
        "rust_export_api.rs",
        "#[interface]\n",
        "// A comment.\n#[interface]\n",
    ),
    (
        "rust_export.h",
        "struct rust",
        "/* A comment. */\nstruct rust",
    ),
    ("rust_export.rs", "ready\\n", "ready too\\n"),
];
/// Another table of methods.
pub const TRAIT: &[Change] = &[(
    "rust_export_api.rs",
    "pub trait Counter: Sync {\n",
    "pub trait Counter: Sync {\n    /// New.\n    fn reset(&self) {}\n",
)];
/// A structure with another field, for both languages.
pub const LAYOUT: &[Change] = &[
    (
        "rust_export_api.rs",
        "pub second: c_int,",
        "pub second: c_int, #[allow(missing_docs)] pub third: c_int,",
    ),
    ("rust_export.h", "int second;", "int second;\n\tint third;"),
];

/// A function with another result, for both languages.
pub const SIGNATURE: &[Change] = &[
    (
        "rust_export_api.rs",
        "(pair: &Pair) -> c_int",
        "(pair: &Pair) -> i64",
    ),
    (
        "rust_export.rs",
        "-> c_int {\n    pair.first.saturating_add(pair.second)",
        "-> i64 {\n    i64::from(pair.first) + i64::from(pair.second)",
    ),
    (
        "rust_export.h",
        "int rust_export_sum",
        "long long rust_export_sum",
    ),
    ("c_import.c", "static int (*", "static long long (*"),
    ("c_import.c", "%d %d", "%lld %lld"),
];
/// An importer of another licence, and a lower module that does not start.
pub const NOT_GPL: &[Change] = &[
    (
        "stack_c_only.rs",
        "license: \"GPL\"",
        "license: \"Proprietary\"",
    ),
    (
        "rust_export.rs",
        "pr_info!(\"ready\\n\");\n        Ok(Self)",
        "pr_info!(\"ready\\n\");\n        Err(ENODEV)",
    ),
];

/// What does not build, and what the message has.
const REFUSED: &[(&str, &[Change], &str)] = &[
    (
        "a_prototype_that_is_not_the_headers",
        &[(
            "rust_export.h",
            "int rust_export_sum",
            "long rust_export_sum",
        )],
        "conflicting types for 'rust_export_sum'",
    ),
    (
        "a_structure_that_is_not_the_headers",
        &[("rust_export.h", "int second;", "int second;\n\tint third;")],
        "struct rust_export_pair is not what Rust believes: its size",
    ),
    (
        "a_field_of_another_type",
        &[("rust_export.h", "int second;", "unsigned int second;")],
        "struct rust_export_pair is not what Rust believes: the type of second",
    ),
    (
        "a_signature_that_is_not_the_interfaces",
        &[(
            "rust_export.rs",
            "fn counter() -> &'static dyn Counter {\n    &COUNTER",
            "fn counter() -> u32 {\n    1",
        )],
        "mismatched types",
    ),
    (
        "an_alignment_that_is_not_the_headers",
        &[(
            "rust_export_api.rs",
            "#[repr(C)]\n",
            "#[repr(C)]\n#[repr(align(8))]\n",
        )],
        "struct rust_export_pair is not what Rust believes: its alignment",
    ),
    // Each would be the other's type to whoever calls it.
    (
        "two_functions_of_one_name",
        &[(
            "rust_export_api.rs",
            "/// Adds all of",
            "/// Another.\npub mod other {\n    use kernel::prelude::*;\n    #[interface]\n    extern \"Rust\" {\n        \
             /// Another.\n        pub fn counter(text: &str);\n    }\n}\n\n/// Adds all of",
        )],
        "the interface rust_export_api declares rust_export_api_counter, which is declared elsewhere too",
    ),
    (
        "a_function_that_the_kernel_calls",
        &[
            (
                "rust_export_api.rs",
                "    pub fn rust_export_sum",
                "    /// C's.\n    pub fn cleanup_module(pair: &Pair);\n    /// Sum.\n    pub fn rust_export_sum",
            ),
            (
                "rust_export.rs",
                "struct RustExport;",
                "#[export_symbol(rust_export_api)]\nextern \"C\" fn cleanup_module(_pair: &Pair) {}\nstruct RustExport;",
            ),
        ],
        "cleanup_module",
    ),
    (
        "an_interface_of_a_crates_name",
        &[("Kbuild", "=$(src)/rust_export_api.rs\nCFLAGS", "=$(src)/rust_export_api.rs --interface=$(src)/rust_export_api.rs\nCFLAGS")],
        "a crate that the module uses has this name; choose another",
    ),
    (
        "a_function_of_another_interface",
        &[(
            "rust_export.rs",
            "#[export_symbol(rust_export_api)]",
            "mod mine { pub(crate) use rust_export_api::rust_export_sum; }\n#[export_symbol(mine)]",
        )],
        "the function is of another interface; name the one that declares it",
    ),
    (
        "functions_declared_outside_of_an_interface",
        &[(
            "rust_import.rs",
            "struct RustImport {",
            "#[interface]\nextern \"C\" { fn kfree(address: usize); }\nstruct RustImport {",
        )],
        "functions are declared in an interface, a file that Kbuild names",
    ),
    // The kernel's own would be called, with whatever is passed.
    (
        "a_function_that_nobody_exports",
        &[(
            "rust_export_api.rs",
            "    pub fn rust_export_sum",
            "    /// C's.\n    pub fn kfree(address: usize);\n    /// Sum.\n    pub fn rust_export_sum",
        )],
        "the interface rust_export_api declares kfree, which is not exported here",
    ),
    (
        "a_function_of_the_kernels",
        &[
            (
                "rust_export_api.rs",
                "    pub fn rust_export_sum",
                "    /// C's.\n    pub fn kfree(address: usize);\n    /// Sum.\n    pub fn rust_export_sum",
            ),
            (
                "rust_export.rs",
                "struct RustExport;",
                "#[export_symbol(rust_export_api)]\nextern \"C\" fn kfree(_address: usize) {}\nstruct RustExport;",
            ),
        ],
        "kfree",
    ),
    (
        "an_interface_that_kbuild_does_not_name",
        &[(
            "Kbuild",
            "RUSTFLAGS_rust_export.o := --interface=$(src)/rust_export_api.rs",
            "",
        )],
        "rust_export_api",
    ),
    (
        "an_interface_that_is_not_there",
        &[("Kbuild", "rust_export_api.rs", "gone.rs")],
        "gone.rs: no such file; RUSTFLAGS_x.o names it with --interface=",
    ),
    (
        "a_gpl_only_symbol_for_a_proprietary_module",
        &[(
            "rust_import.rs",
            "license: \"GPL\"",
            "license: \"Proprietary\"",
        )],
        "rust_export_api_counter",
    ),
];

/// Looks at what was built.
pub fn check(built: &Built, report: &mut Report) {
    let (stacks, has_versions) = (Stacks::new(built), has_versions(&built.kernel));
    report.add("exports_are_as_declared", exports(&stacks, has_versions));
    report.add(
        "versions_follow_the_interface",
        versions(&stacks, has_versions),
    );
}

/// Looks at what must not build.
pub fn check_refused(built: &Built, report: &mut Report) {
    for (name, changes, message) in REFUSED {
        let verdict = refused(built, report.job(), name, changes, message);
        report.add(name, verdict);
    }
}

/// Whether the kernel has CONFIG_MODVERSIONS.
pub fn has_versions(kernel: &Kernel) -> bool {
    fs::read_to_string(kernel.kdir.join("include/config/auto.conf"))
        .is_ok_and(|config| config.contains("\nCONFIG_MODVERSIONS=y"))
}

fn refused(built: &Built, job: &str, name: &str, changes: &[Change], message: &str) -> Verdict {
    let said = || {
        let files = changed(changes, &format!("{KBUILD}{RUST_IMPORT}"))?;
        let mut key = built.key()?;
        for (path, text) in &files {
            key = key.and(path.as_os_str().as_encoded_bytes()).and(text);
        }
        let said = record::kept(job, name, &key, || {
            let dir = format!("refused/{name}");
            Ok(match built.build_files(&dir, &files, None) {
                Ok(_) => None,
                Err(error) => Some(format!("{error:#}")),
            })
        })?;
        anyhow::Ok(said.0)
    };
    match said().map_err(|error| format!("{error:#}"))? {
        None => Err("it builds".to_owned()),
        // GCC's quotes depend on the locale.
        Some(text) => match text.replace(['‘', '’'], "'") {
            text if text.contains(message) => Ok(()),
            text => Err(format!("no {message:?} in:\n{text}")),
        },
    }
}

/// Symbol, version, kind and namespace of each line in a directory's `Module.symvers`.
fn symvers(dir: &Path) -> Result<Vec<[String; 4]>, String> {
    let path = dir.join("Module.symvers");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut symbols: Vec<_> = text
        .lines()
        .map(|line| {
            let mut fields = line.split('\t').map(str::to_owned);
            let mut field = || fields.next().unwrap_or_default();
            let (crc, symbol, _, kind, namespace) = (field(), field(), field(), field(), field());
            [symbol, crc, kind, namespace]
        })
        .collect();
    symbols.sort();
    Ok(symbols)
}

/// Each kind of export is what C's macro of its name makes.
fn exports(stacks: &Stacks, has_versions: bool) -> Verdict {
    let found = symvers(&stacks.dir)?;
    let expected = [
        ("stack_lower_api_boxed", "EXPORT_SYMBOL", "STACK_LOWER"),
        ("stack_lower_api_text", "EXPORT_SYMBOL", ""),
        ("stack_lower_last", "EXPORT_SYMBOL", ""),
        ("stack_lower_mixed", "EXPORT_SYMBOL_GPL", "STACK_LOWER"),
        ("stack_lower_nothing", "EXPORT_SYMBOL_GPL", ""),
    ];
    for expected in expected {
        let is_there = found
            .iter()
            .any(|[symbol, _, kind, namespace]| (&**symbol, &**kind, &**namespace) == expected);
        if !is_there {
            return Err(format!("no {expected:?} in {found:#?}"));
        }
    }
    let unversioned = found.iter().find(|symbol| symbol[1] == "0x00000000");
    match unversioned {
        Some(symbol) if has_versions => Err(format!("{symbol:?} has no version")),
        None if !has_versions => Err(format!("versions without CONFIG_MODVERSIONS: {found:#?}")),
        _ if found.len() != expected.len() + 1 => Err(format!("other exports: {found:#?}")),
        _ => Ok(()),
    }
}

/// Versions stay when nothing that is shared changes, and change with what they are for.
fn versions(stacks: &Stacks, has_versions: bool) -> Verdict {
    let base: Vec<_> = symvers(&stacks.samples)?;
    let of = |change: &str| symvers(&stacks.changed.join(change));
    if of("body")? != base {
        return Err(format!(
            "changed by a comment: {:#?}, not {base:#?}",
            of("body")?
        ));
    }
    let crc = |symbols: &[[String; 4]], name: &str| {
        let found = symbols.iter().find(|symbol| symbol[0] == name);
        found
            .map(|symbol| symbol[1].clone())
            .ok_or(format!("no {name} in {symbols:#?}"))
    };
    let anchor = |symbols: &[[String; 4]]| {
        let mut names = symbols.iter().map(|symbol| symbol[0].clone());
        let is_version =
            |text: &str| text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let found = names.find(|name| name.rsplit('_').next().is_some_and(is_version));
        found.ok_or(format!("no interface in {symbols:#?}"))
    };
    for (change, function, stays) in [
        ("trait", "counter", "sum"),
        ("layout", "sum", ""),
        ("signature", "sum", ""),
    ] {
        let changed = of(change)?;
        if anchor(&changed)? == anchor(&base)? {
            return Err(format!(
                "{change}: the interface's symbol is the same: {changed:#?}"
            ));
        }
        let symbol = |name: &str| match name {
            "counter" => "rust_export_api_counter",
            _ => "rust_export_sum",
        };
        if has_versions && crc(&changed, symbol(function))? == crc(&base, symbol(function))? {
            return Err(format!("{change}: {function} has the same version"));
        }
        if !stays.is_empty() && crc(&changed, symbol(stays))? != crc(&base, symbol(stays))? {
            return Err(format!("{change}: {stays} has another version"));
        }
    }
    Ok(())
}
