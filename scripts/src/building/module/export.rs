// SPDX-License-Identifier: GPL-2.0-only

//! Exports what `#[export_symbol]` marks.
//!
//! The macro leaves a record of each function in a section. From these a C file is written with a
//! prototype and `EXPORT_SYMBOL()` for each, so that the kernel's own headers say how symbols are
//! exported, its compiler compares the prototypes with the module's header, and its `genksyms` gives them
//! versions.

use super::interface::{self, Interface};
use super::link::Symbols;
use super::Cc;
use crate::building::crates::ModuleSettings;
use crate::command;
use anyhow::{bail, ensure, Context, Result};
use object::{Object, ObjectSection};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the macros put their records: of exported functions, and of those that an interface declares.
const EXPORTS: &str = ".ferrule.export";
const DECLARED: &str = ".ferrule.declare";

/// One exported function.
#[derive(Debug, PartialEq, Eq)]
struct Export<'a> {
    symbol: &'a str,
    is_gpl: bool,
    namespace: &'a str,
    interface: &'a str,
    /// C's assertions on the types in the prototype.
    layouts: &'a str,
    /// C's prototype; a function of Rust's ABI has none.
    prototype: Option<&'a str>,
}

/// What the exports of an object are made into.
pub struct Stub {
    pub object: PathBuf,
    /// The C files that it depends on.
    pub dep_info: String,
    /// The versions of the symbols, as modpost reads them, where the kernel keeps them.
    pub versions: Option<String>,
}

/// Makes the object that exports what the object in `path` has records of, and takes these out.
///
/// `runtime` are the routines that rustc may call.
pub fn stub(
    settings: &ModuleSettings,
    cc: &Cc,
    interfaces: &[Interface],
    runtime: Option<&BTreeSet<String>>,
    path: &Path,
) -> Result<Option<Stub>> {
    let data = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let file = object::File::parse(&*data).context("rustc wrote no object")?;
    let section = |name| match file.section_by_name(name) {
        Some(section) => texts(section.data()?),
        None => Ok(Vec::new()),
    };
    let (exports, declared) = (section(EXPORTS)?, section(DECLARED)?);
    if declared.is_empty() && exports.is_empty() {
        return Ok(None);
    }
    take_sections(path)?;
    let exports = read_exports(&exports)?;
    let mut own = Symbols::of(&data)?.defined;
    let none = BTreeSet::new();
    let runtime = runtime.unwrap_or(&none);
    check_names(&exports, runtime)?;
    own.extend(runtime.iter().cloned());
    check(&exports, &declared, &own)?;
    if exports.is_empty() {
        return Ok(None);
    }

    let dir = path.parent().context("the object has a directory")?;
    let source = dir.join("exports.c");
    let text = source_of(&exports, interfaces, settings.namespace_is_string)?;
    fs::write(&source, text).with_context(|| format!("cannot write {}", source.display()))?;
    let (object, deps) = (dir.join("exports.o"), dir.join("exports.d"));
    command::output(
        cc.command()
            .args(["-g0", "-MD", "-MF"])
            .arg(&deps)
            .arg("-c")
            .arg("-o")
            .arg(&object)
            .arg(&source),
    )
    .context("C and Rust disagree on an exported function")?;
    let deps = fs::read_to_string(&deps).context("the C compiler wrote no dependencies")?;
    // The file itself is a temporary one.
    let deps = deps.replace(&source.display().to_string(), "");
    let versions = match settings.modversions {
        true => Some(versions(cc, &exports, interfaces, &source)?),
        false => None,
    };
    Ok(Some(Stub {
        object,
        dep_info: deps.replace("\\\n", " "),
        versions,
    }))
}

/// The texts of a section.
fn texts(data: &[u8]) -> Result<Vec<&str>> {
    let text = std::str::from_utf8(data).context("the records of exports are damaged")?;
    let texts = text
        .strip_suffix('\0')
        .map(|text| text.split('\0').collect());
    Ok(texts.unwrap_or_default())
}

/// Takes the records out of an object.
fn take_sections(object: &Path) -> Result<()> {
    let mut objcopy = Command::new("objcopy");
    objcopy.args([EXPORTS, DECLARED].map(|name| format!("--remove-section={name}")));
    command::output(objcopy.arg(object)).map(drop)
}

/// Symbols that the kernel calls in a module, with no look at their type.
const ENTRIES: [&str; 2] = ["init_module", "cleanup_module"];

/// Looks that nobody calls an exported function but by way of its interface.
fn check_names(exports: &[Export<'_>], runtime: &BTreeSet<String>) -> Result<()> {
    let is_taken = |name: &str| ENTRIES.contains(&name) || runtime.contains(name);
    match exports.iter().find(|export| is_taken(export.symbol)) {
        Some(export) => bail!(
            "{} cannot be exported: the kernel or the compiler calls what has this name",
            export.symbol
        ),
        None => Ok(()),
    }
}

/// Looks that calls by way of an interface reach what it declares: interface and symbol, in pairs.
///
/// The exporting module has all of it, so no other module or the kernel can have a symbol of one of these
/// names too. And an importing module must not have one of its own.
fn check(exports: &[Export<'_>], declared: &[&str], own: &BTreeSet<String>) -> Result<()> {
    let mut seen = BTreeSet::new();
    for pair in declared.chunks_exact(2) {
        let &[interface, symbol] = pair else { continue };
        // In two modules of one interface, they could have two types.
        ensure!(
            seen.insert(symbol),
            "the interface {interface} declares {symbol}, which is declared elsewhere too"
        );
        let mut of_it = exports
            .iter()
            .filter(|export| export.interface == interface)
            .peekable();
        let exports_some = of_it.peek().is_some();
        if of_it.any(|export| export.symbol == symbol) {
            continue;
        }
        ensure!(
            !exports_some,
            "the interface {interface} declares {symbol}, which is not exported here: one module exports all of an interface"
        );
        ensure!(
            !own.contains(symbol),
            "the interface {interface} declares {symbol}, but this module has a function of that name"
        );
    }
    Ok(())
}

/// Reads the records of exports: six texts each, in no particular order.
fn read_exports<'a>(fields: &[&'a str]) -> Result<Vec<Export<'a>>> {
    ensure!(fields.len() % 6 == 0, "the records of exports are damaged");
    let mut exports: Vec<Export<'_>> = fields
        .chunks(6)
        .map(|fields| Export {
            symbol: fields[0],
            is_gpl: fields[1] == "GPL",
            namespace: fields[2],
            interface: fields[3],
            layouts: fields[4],
            prototype: Some(fields[5]).filter(|prototype| !prototype.is_empty()),
        })
        .collect();
    exports.sort_by_key(|export| export.symbol);
    Ok(exports)
}

fn find<'a>(interfaces: &'a [Interface], export: &Export<'_>) -> Result<&'a Interface> {
    let found = interfaces
        .iter()
        .find(|interface| interface.name == export.interface);
    found.with_context(|| {
        format!(
            "{} is exported by way of `{}`, which is no interface; Kbuild names it with \
             RUSTFLAGS_x.o := {}FILE",
            export.symbol,
            export.interface,
            interface::FLAG
        )
    })
}

/// The C file.
fn source_of(
    exports: &[Export<'_>],
    interfaces: &[Interface],
    namespace_is_string: bool,
) -> Result<String> {
    let mut text = "#include <linux/export.h>\n".to_owned();
    let mut layouts = Vec::new();
    for export in exports {
        for layout in export.layouts.lines() {
            // A type may be in several prototypes.
            if !layouts.contains(&layout) {
                layouts.push(layout);
                writeln!(text, "{layout}")?;
            }
        }
        match export.prototype {
            Some(prototype) => writeln!(text, "extern {prototype};")?,
            // C never calls it; with the prototype that it cannot have, it could not even by mistake.
            None => writeln!(text, "extern const char {}[];", export.symbol)?,
        }
        let gpl = if export.is_gpl { "_GPL" } else { "" };
        match export.namespace {
            "" => writeln!(text, "EXPORT_SYMBOL{gpl}({});", export.symbol)?,
            namespace if namespace_is_string => writeln!(
                text,
                "EXPORT_SYMBOL_NS{gpl}({}, \"{namespace}\");",
                export.symbol
            )?,
            namespace => writeln!(
                text,
                "EXPORT_SYMBOL_NS{gpl}({}, {namespace});",
                export.symbol
            )?,
        }
    }
    for interface in interfaces {
        let of_it = || {
            exports
                .iter()
                .filter(|export| export.interface == interface.name)
        };
        if of_it().next().is_none() {
            continue;
        }
        // Who may import a function must be able to import the interface.
        let gpl = if of_it().all(|export| export.is_gpl) {
            "_GPL"
        } else {
            ""
        };
        let anchor = &interface.anchor;
        writeln!(
            text,
            "extern const char {anchor};\nconst char {anchor} = 0;\nEXPORT_SYMBOL{gpl}({anchor});"
        )?;
    }
    for export in exports {
        find(interfaces, export)?;
    }
    Ok(text)
}

/// The versions of C's functions by the kernel's `genksyms`, of Rust's by their interface.
fn versions(
    cc: &Cc,
    exports: &[Export<'_>],
    interfaces: &[Interface],
    source: &Path,
) -> Result<String> {
    if !cc.genksyms.exists() {
        bail!(
            "this kernel versions its symbols without {}: exporting symbols to modules is not possible yet",
            cc.genksyms.display()
        );
    }
    let preprocessed = command::output(cc.command().args(["-E", "-D__GENKSYMS__"]).arg(source))?;
    let mut genksyms = Command::new(&cc.genksyms)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {}", cc.genksyms.display()))?;
    let mut input = genksyms.stdin.take().context("genksyms takes no input")?;
    let output = std::thread::scope(|scope| {
        // It may print before it has read all.
        let writer = scope.spawn(move || input.write_all(preprocessed.as_bytes()));
        let output = genksyms.wait_with_output();
        writer
            .join()
            .expect("writing does not panic")
            .map(|()| output)
    })
    .context("genksyms broke off")??;
    ensure!(
        output.status.success(),
        "genksyms failed ({})",
        output.status
    );
    let found = String::from_utf8_lossy(&output.stdout).into_owned();

    let mut text = String::new();
    for line in found.lines() {
        let name = line.split(' ').nth(1).unwrap_or_default();
        let of_rust = exports
            .iter()
            .find(|export| export.symbol == name && export.prototype.is_none());
        match of_rust {
            Some(export) => {
                let crc = find(interfaces, export)?.crc();
                writeln!(text, "#SYMVER {name} 0x{crc:08x}")?;
            }
            None => writeln!(text, "{line}")?,
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDS: &[u8] =
        b"api_b\0GPL\0\0api\0\0\0a\0\0NS\0api\0_Static_assert(1, \"\");\n\0int a(void)\0";

    fn exports() -> Vec<Export<'static>> {
        read_exports(&texts(RECORDS).unwrap()).unwrap()
    }

    #[test]
    fn an_interface_is_exported_as_a_whole() {
        let none = BTreeSet::new();
        let both = ["api", "a", "api", "api_b", "other", "c"];
        check(&exports(), &both, &none).unwrap();
        let error = check(&exports(), &["api", "missing"], &none).unwrap_err();
        assert!(error.to_string().contains("declares missing"), "{error}");
    }

    #[test]
    fn a_symbol_is_declared_once() {
        let none = BTreeSet::new();
        for declared in [["api", "a", "api", "a"], ["api", "a", "other", "a"]] {
            let error = check(&[], &declared, &none).unwrap_err();
            assert!(error.to_string().contains("declared elsewhere"), "{error}");
        }
    }

    #[test]
    fn what_others_call_is_not_exported() {
        let runtime = BTreeSet::from(["__udivti3".to_owned()]);
        let record = |name| read_exports(&[name, "", "", "api", "", "void f(void)"]).unwrap();
        check_names(&record("f"), &runtime).unwrap();
        for name in ["__udivti3", "init_module", "cleanup_module"] {
            let error = check_names(&record(name), &runtime).unwrap_err();
            assert!(error.to_string().starts_with(name), "{error}");
        }
    }

    #[test]
    fn what_is_imported_is_not_the_modules_own() {
        let own = BTreeSet::from(["c".to_owned()]);
        check(&[], &["other", "d"], &own).unwrap();
        let error = check(&[], &["other", "c"], &own).unwrap_err();
        assert!(error.to_string().contains("other declares c"), "{error}");
    }

    #[test]
    fn records_are_read_and_sorted() {
        let exports = exports();
        assert_eq!(exports.len(), 2);
        assert_eq!((exports[0].symbol, exports[0].is_gpl), ("a", false));
        assert_eq!(exports[0].prototype, Some("int a(void)"));
        assert_eq!((exports[1].symbol, exports[1].prototype), ("api_b", None));
        assert!(read_exports(&["a", "b"]).is_err());
    }

    #[test]
    fn a_function_without_its_interface_is_named() {
        let error = source_of(&exports(), &[], true).unwrap_err();
        let error = error.to_string();
        assert!(error.contains("a is exported by way of `api`"), "{error}");
    }
}
