// SPDX-License-Identifier: GPL-2.0-only

//! Links a module's object: what rustc made, helpers, runtime routines, and what exports symbols.

use super::heard::Heard;
use super::interface::Interface;
use super::{as_written, export, Args, Cc};
use crate::building::crates::ModuleSettings;
use crate::building::profile::kasan;
use crate::building::stack;
use crate::command;
use anyhow::{bail, Context, Result};
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSymbol};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The symbol of a `build_error!` that the optimiser could not prove unreachable.
const BUILD_ERROR: &str = "rust_build_error";

/// The counts that all objects of a module share, as weak symbols.
const COUNTS: [&str; 2] = ["rust_module_counted", "rust_module_calls"];

/// Cargo's build has a section for each function, and unwind tables that no kernel reads.
const BUILTINS_LAYOUT: &str = "SECTIONS {
    .text : { *(.text .text.*) }
    .rodata : { *(.rodata .rodata.*) }
    /DISCARD/ : { *(.eh_frame) }
}
";

/// Makes one object of what rustc put into `archive`, the helpers, compiler-rt's routines if needed, and
/// what exports symbols, which is also returned.
pub fn link(
    settings: &ModuleSettings,
    args: &Args,
    interfaces: &[Interface],
    cc: &Cc,
    archive: &Path,
    out: &Path,
    heard: &Heard,
) -> Result<Option<export::Stub>> {
    let here = std::env::current_dir().context("no current directory")?;
    let source_name = || as_written(&here.join(&args.source)).display().to_string();
    let dir = archive.parent().context("the archive has a directory")?;
    let data = fs::read(archive).context("rustc wrote no archive")?;
    let mut builtins = None;
    let mut stub = None;
    let mut objects = Vec::new();
    let mut symbols = Symbols::default();
    for (index, member) in ArchiveFile::parse(&*data)?.members().enumerate() {
        let member = member?;
        let bytes = member.data(&*data)?;
        let path = dir.join(format!("{index}.o"));
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        // Cargo's build of compiler_builtins is never bitcode; all else is one object by now.
        if member.name().starts_with(b"compiler_builtins-") {
            builtins = Some((path, Symbols::of(bytes)?));
        } else {
            symbols.add(bytes)?;
            // KASAN puts room between variables, for which the kernel's stacks are larger: how large a frame
            // is without it is judged in builds for other kernels.
            let judged = match kasan::is_on(&settings.args) {
                true => Vec::new(),
                false => stack::check(bytes, settings.frame_limit).with_context(source_name)?,
            };
            for warning in judged {
                heard.warn(&format!("{}: {warning}", source_name()));
            }
            // rustc's labels within functions are of no use in a trace.
            let mut objcopy = Command::new("objcopy");
            objcopy.arg(format!("--remove-section={}", stack::SECTION));
            command::output(objcopy.arg("--discard-locals").arg(&path))?;
            objects.push(path);
        }
    }
    let runtimes = builtins.as_ref().map(|(_, symbols)| &symbols.defined);
    for path in objects.clone() {
        let made = export::stub(settings, cc, interfaces, runtimes, &path);
        if let Some(made) = made.with_context(source_name)? {
            objects.insert(0, made.object.clone());
            stub = Some(made);
        }
    }

    if let Some(helper) = symbols
        .defined
        .iter()
        .find(|name| name.starts_with("rust_helper_"))
    {
        bail!(
            "{helper} is not inlined: clang compiled it without the kernel's mitigations; call it, \
             do not take its address"
        );
    }
    let exported = match &settings.symvers {
        Some(path) => {
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?
        }
        None => String::new(),
    };
    check_names(&symbols, &exported, runtimes).with_context(source_name)?;
    if symbols.undefined.contains(BUILD_ERROR) {
        bail!(
            "{}: a build_assert! does not hold, or a build_error! can be reached, with the values it is compiled for",
            source_name()
        );
    }
    let mut runtime = Vec::new();
    if let Some((path, builtins)) = builtins {
        // Wide integers and floating point; memcpy and its like are the kernel's.
        let needed: Vec<&String> = builtins
            .defined
            .intersection(&symbols.undefined)
            .filter(|name| name.starts_with("__"))
            .collect();
        if !needed.is_empty() {
            let part = dir.join("builtins.o");
            let script = dir.join("builtins.lds");
            fs::write(&script, BUILTINS_LAYOUT).context("cannot write a linker script")?;
            let mut ld = Command::new("ld");
            ld.args(["-r", "--gc-sections", "-T"]).arg(&script);
            ld.arg("-o").arg(&part);
            ld.args(needed.iter().map(|name| format!("--undefined={name}")));
            command::output(ld.arg(path))?;
            objects.push(part.clone());
            // Two modules in one kernel each have their own.
            let part = Symbols::of(&fs::read(&part).context("ld wrote no object")?)?;
            runtime.extend(
                part.defined
                    .iter()
                    .map(|name| format!("--localize-symbol={name}")),
            );
        }
    }
    let mut ld = Command::new("ld");
    ld.args(["-r", "-o"]).arg(out).args(&objects);
    if let Some(helpers) = &settings.helpers {
        ld.arg(helpers);
    } else if objects.len() == 1 {
        fs::rename(&objects[0], out).context("cannot rename the object")?;
        return Ok(stub);
    }
    command::output(&mut ld)?;
    // Each part names its file; objtool takes an object that names several for a whole module.
    let mut objcopy = Command::new("objcopy");
    objcopy.args([
        "--wildcard",
        "--strip-symbol=*.[co]",
        "--localize-symbol=rust_helper*",
    ]);
    command::output(objcopy.args(&runtime).arg(out))?;
    Ok(stub)
}

/// Looks that what the crates call is what they mean: an object's own symbol of that name would take its place,
/// whatever its type. `symvers` is the text of the kernel's Module.symvers, `runtime` what rustc may call.
fn check_names(symbols: &Symbols, symvers: &str, runtime: Option<&BTreeSet<String>>) -> Result<()> {
    let shared = |name| COUNTS.contains(&name) && symbols.weak.contains(name);
    let exported = symvers.lines().filter_map(|line| line.split('\t').nth(1));
    // Of the runtime's, the kernel has its own `memcpy` and its like.
    let runtime = runtime.into_iter().flatten().map(String::as_str);
    let taken = (exported.map(|name| (name, "the kernel exports")))
        .chain(runtime.map(|name| (name, "the compiler calls")))
        .chain([BUILD_ERROR].map(|name| (name, "build_error! calls")))
        .chain(COUNTS.map(|name| (name, "unloading looks at")));
    for (name, whose) in taken {
        if symbols.defined.contains(name) && !shared(name) {
            bail!("{name} is defined here, and is also what {whose}: give it another name");
        }
    }
    Ok(())
}

/// The names that an object defines, and those it wants.
#[derive(Default)]
pub struct Symbols {
    pub defined: BTreeSet<String>,
    /// Those of `defined` that give way to others.
    weak: BTreeSet<String>,
    undefined: BTreeSet<String>,
}

impl Symbols {
    pub fn of(object: &[u8]) -> Result<Self> {
        let mut symbols = Self::default();
        symbols.add(object)?;
        Ok(symbols)
    }

    fn add(&mut self, object: &[u8]) -> Result<()> {
        let file = object::File::parse(object)
            .context("rustc wrote no object; is this rustc's LTO broken?")?;
        for symbol in file.symbols().filter(ObjectSymbol::is_global) {
            let set = if symbol.is_undefined() {
                &mut self.undefined
            } else {
                &mut self.defined
            };
            set.insert(symbol.name()?.to_owned());
            if symbol.is_weak() && symbol.is_definition() {
                self.weak.insert(symbol.name()?.to_owned());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYMVERS: &str =
        "0x0\tkfree\tvmlinux\tEXPORT_SYMBOL\t\n0x0\tmemcpy\tvmlinux\tEXPORT_SYMBOL\t\n";

    fn refused(defined: &[&str], weak: &[&str]) -> Option<String> {
        let set = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let symbols = Symbols {
            defined: set(defined),
            weak: set(weak),
            undefined: set(&[]),
        };
        let runtime = set(&["memcpy", "__udivti3"]);
        let checked = check_names(&symbols, SYMVERS, Some(&runtime));
        checked.err().map(|error| error.to_string())
    }

    #[test]
    fn what_crates_call_cannot_be_replaced() {
        assert_eq!(refused(&["mine", "vmlinux"], &[]), None);
        for (name, whose) in [
            ("kfree", "the kernel exports"),
            ("memcpy", "the kernel exports"),
            ("__udivti3", "the compiler calls"),
            ("rust_build_error", "build_error!"),
            ("rust_module_calls", "unloading"),
        ] {
            let error = refused(&["mine", name], &[]).expect(name);
            assert!(error.starts_with(name) && error.contains(whose), "{error}");
        }
    }

    #[test]
    fn what_objects_share_is_weak() {
        assert_eq!(refused(&[COUNTS[0]], &[COUNTS[0]]), None);
    }
}
