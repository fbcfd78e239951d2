// SPDX-License-Identifier: GPL-2.0-only

//! Compiles modules from `tests/ui/expand` as the build of a kernel module does, for the host, and
//! looks at the objects and at what the code does.

use object::Object;
use object::ObjectSection;
use object::ObjectSymbol;
use object::SectionFlags;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

/// Compiles an example of the stand-in `kernel` crate to `output`.
fn compile(example: &str, output: &Path, flags: &[&str]) -> Vec<u8> {
    let emit = format!("--emit=obj={}", output.display());
    let run = Command::new(std::env::var_os("CARGO").expect("cargo runs the tests"))
        .args(["rustc", "--quiet", "-p", "ui-kernel", "--example", example])
        .arg("--manifest-path")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        // Apart from the usual directory: RUSTC_BOOTSTRAP makes Cargo build all anew.
        .arg("--target-dir")
        .arg(directory())
        .args(["--", "-Zcrate-attr=feature(used_with_arg)", &emit])
        .args(flags)
        .env("RUSTC_BOOTSTRAP", "1")
        .output()
        .expect("cargo starts");
    let stderr = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{example}: {stderr}");
    assert_eq!(stderr, "", "{example} compiles without a warning");
    std::fs::read(output).expect("rustc wrote the object")
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("expand")
}

/// What the linker script of a module sees of one object.
fn object(name: &str, flags: &[&str]) -> Vec<u8> {
    let mut all = vec![
        "-Crelocation-model=static",
        "-Copt-level=2",
        "-Ccodegen-units=1",
    ];
    all.extend(flags);
    std::fs::create_dir_all(directory()).expect("the directory can be made");
    compile("module_object", &directory().join(name), &all)
}

/// The strings of `.modinfo`, in order.
fn modinfo(file: &object::File<'_>) -> Vec<String> {
    let section = file.section_by_name(".modinfo").expect("there is modinfo");
    let data = section.data().expect("it can be read");
    let strings = data.strip_suffix(b"\0").expect("each entry ends in NUL");
    strings
        .split(|&byte| byte == 0)
        .map(|entry| String::from_utf8(entry.to_vec()).expect("UTF-8"))
        .collect()
}

const MODINFO: &[&str] = &[
    "license=GPL",
    "author=First <first@example.org>",
    "author=Zweite Ä",
    "description=Every key",
    "version=1.0-rc2",
    "alias=pci:v00001B36d00000005sv*",
    "alias=full",
    "softdep=pre: one two post: three",
    "firmware=full/a.bin",
    "firmware=full/b.bin",
    "import_ns=NET_NS",
    "import_ns=USB_STORAGE",
    "staging=Y",
    "weakdep=other",
    "parm=level:The level",
    "parmtype=level:i8",
    "parm=debug:Whether to debug",
    "parmtype=debug:bool",
    "parm=loop:A keyword",
    "parmtype=loop:u64",
    "parm=even:What the module itself looks at",
    "parmtype=even:u8",
    "parm=first:Needed before all else",
    "parmtype=first:u8",
];

/// The `sh_flags` of a section.
fn section_flags(file: &object::File<'_>, name: &str) -> u64 {
    let section = file.section_by_name(name);
    match section.unwrap_or_else(|| panic!("no {name}")).flags() {
        SectionFlags::Elf { sh_flags } => sh_flags,
        flags => panic!("{name}: {flags:?}"),
    }
}

fn symbol_section<'a>(file: &'a object::File<'_>, name: &str) -> Option<&'a str> {
    let symbol = file.symbols().find(|symbol| symbol.name() == Ok(name))?;
    let index = symbol.section_index()?;
    file.section_by_index(index).ok()?.name().ok()
}

const ALLOC: u64 = 2;

/// The initcall levels of the parameters, sorted: a byte of each of the stand-in's `kernel_param`.
fn levels(file: &object::File<'_>) -> Vec<i8> {
    let section = file.section_by_name("__param").expect("parameters");
    let entries = section.data().expect("data").chunks_exact(40);
    let mut levels: Vec<i8> = entries
        .map(|entry| i8::from_ne_bytes([entry[26]]))
        .collect();
    levels.sort_unstable();
    levels
}

#[test]
fn loadable_module_has_what_the_loader_looks_for() {
    let data = object("loadable.o", &["--cfg", "MODULE"]);
    let file = object::File::parse(&*data).expect("an object");

    let expected: Vec<_> = MODINFO.iter().map(|entry| entry.to_string()).collect();
    assert_eq!(modinfo(&file), expected);
    // Exactly C's flags: neither RETAIN nor WRITE.
    assert_eq!(section_flags(&file, ".modinfo"), ALLOC);
    assert_eq!(section_flags(&file, "__param"), ALLOC);

    assert_eq!(symbol_section(&file, "init_module"), Some(".init.text"));
    assert_eq!(symbol_section(&file, "cleanup_module"), Some(".exit.text"));
    for (section, function) in [
        (".init.data", "init_module"),
        (".exit.data", "cleanup_module"),
    ] {
        let section = file.section_by_name(section).expect(section);
        let targets: Vec<_> = section
            .relocations()
            .map(|(_, relocation)| relocation.target())
            .collect();
        let symbol = file.symbols().find(|symbol| symbol.name() == Ok(function));
        let symbol = symbol.expect(function).index();
        assert_eq!(targets, [object::RelocationTarget::Symbol(symbol)]);
    }

    assert_eq!(levels(&file), [-1; 5]);
    assert!(file.section_by_name(".init.setup").is_none());
    let undefined: Vec<_> = file
        .symbols()
        .filter(|symbol| symbol.is_undefined())
        .filter_map(|symbol| symbol.name().ok())
        .collect();
    assert!(undefined.contains(&"__this_module"), "{undefined:?}");
    assert!(file.section_by_name(".initcall4.init").is_none());
}

#[test]
fn built_in_module_is_an_initcall_with_prefixed_modinfo() {
    let data = object("built_in.o", &[]);
    let file = object::File::parse(&*data).expect("an object");

    let expected: Vec<_> = MODINFO
        .iter()
        .map(|entry| format!("full_name.{entry}"))
        .collect();
    assert_eq!(modinfo(&file), expected);

    assert_eq!(
        symbol_section(&file, "__full_name_init"),
        Some(".init.text")
    );
    assert_eq!(symbol_section(&file, "init_module"), None);
    assert_eq!(symbol_section(&file, "__this_module"), None);
    let initcall = file
        .section_by_name(".initcall4.init")
        .expect("an initcall");
    assert_eq!(initcall.size(), 4);
    assert_eq!(initcall.relocations().count(), 1);
    // What runs the module's code waits for its level, when memory can be allocated.
    assert_eq!(levels(&file), [-1, -1, -1, -1, 4]);
    let early = file.section_by_name(".init.setup").expect("early_param()");
    assert_eq!(early.size(), 24, "one of struct obs_kernel_param");
    assert_eq!(section_flags(&file, ".init.setup"), ALLOC);
    let contains = |needle: &[u8]| data.windows(needle.len()).any(|window| window == needle);
    assert!(contains(b"full_name.loop\0"));
}

#[test]
fn module_is_initialised_and_dropped_once() {
    let object = directory().join("module_life.o");
    compile(
        "module_life",
        &object,
        &["--cfg", "MODULE", "-Clink-arg=-znostart-stop-gc"],
    );
    let program = directory().join("debug/examples/module_life");
    let run = Command::new(program).output().expect("the program starts");
    let stderr = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{stderr}");
    assert_eq!(String::from_utf8_lossy(&run.stdout), "life: done\n");
}
