// SPDX-License-Identifier: GPL-2.0-only

//! Compiles the interfaces that a module shares with others: `--interface=FILE` among its `rustflags`.
//!
//! Every module compiles an interface for itself, with the same flags. Its version is a hash of its
//! sources and of what else decides how its types lie in memory; see `docs/stacking.md`.

use super::{as_written, cwd, Heard};
use crate::building::crates::ModuleSettings;
use crate::building::sysroot;
use anyhow::{bail, ensure, Context, Result};
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How Kbuild names an interface in `RUSTFLAGS_x.o`.
pub const FLAG: &str = "--interface=";

/// The variable by which `#[interface]` learns the symbol that stands for the interface it is in.
pub const SYMBOL: &str = "FERRULE_INTERFACE";

/// A compiled interface.
pub struct Interface {
    /// The crate's name: the file's, without `.rs`.
    pub name: String,
    /// The symbol that stands for it: the name, and what its version is hashed to.
    pub anchor: String,
    library: PathBuf,
    /// The files that it depends on, as rustc wrote them.
    pub dep_info: String,
}

impl Interface {
    /// What makes it a crate that can be used.
    pub fn external(&self) -> String {
        format!("--extern={}={}", self.name, self.library.display())
    }

    /// The version of its Rust functions, where the kernel keeps versions of symbols.
    pub fn crc(&self) -> u32 {
        u32::from_le_bytes(
            Sha256::digest(&self.anchor)[..4]
                .try_into()
                .expect("4 bytes"),
        )
    }
}

/// Compiles the interfaces that `rustflags` name into `dir`, and returns them with the other flags.
///
/// An interface can use those before it. `None` if rustc has refused one, and said why.
pub fn compile(
    settings: &ModuleSettings,
    rustflags: &[String],
    dir: &Path,
    heard: &Heard,
) -> Result<Option<(Vec<Interface>, Vec<String>)>> {
    let here = std::env::current_dir().context("no current directory")?;
    let (files, others): (Vec<String>, Vec<String>) = rustflags
        .iter()
        .cloned()
        .partition(|flag| flag.starts_with(FLAG));
    let generation = of_code_generation(&others);
    let mut interfaces = Vec::new();
    for file in files.iter().filter_map(|flag| flag.strip_prefix(FLAG)) {
        match one(
            settings,
            &here.join(file),
            &interfaces,
            &generation,
            dir,
            heard,
        )? {
            Some(interface) => interfaces.push(interface),
            None => return Ok(None),
        }
    }
    Ok(Some((interfaces, others)))
}

fn one(
    settings: &ModuleSettings,
    source: &Path,
    before: &[Interface],
    generation: &[&String],
    dir: &Path,
    heard: &Heard,
) -> Result<Option<Interface>> {
    let written = as_written(source);
    let name = source.file_stem().and_then(|stem| stem.to_str());
    let name = name.context("an interface's file has no name")?.to_owned();
    ensure!(
        source.is_file(),
        "{}: no such file; RUSTFLAGS_x.o names it with {FLAG}",
        written.display()
    );
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !name.chars().all(is_name) || name.starts_with(|c: char| c.is_ascii_digit()) {
        bail!(
            "{}: the name of an interface's file is a crate's: letters, digits and `_`",
            written.display()
        );
    }

    // In its place, whatever is declared in the other would be taken for it.
    ensure!(
        !sysroot::CRATES.contains(&&*name) && before.iter().all(|other| other.name != name),
        "{}: a crate that the module uses has this name; choose another",
        written.display()
    );

    let rustc = |anchor: &str| -> Result<Command> {
        let mut rustc = Command::new(&settings.rustc);
        rustc
            .current_dir(cwd()?)
            .args(settings.args.iter().filter(|arg| !is_of_modules(arg)))
            .arg(sysroot::LIBRARY)
            .args(["--crate-type=rlib", "--crate-name", &name])
            .arg(format!("-Cmetadata={anchor}"))
            .args(before.iter().map(Interface::external))
            .args(generation)
            .arg("--out-dir")
            .arg(dir)
            .arg(&written)
            .env("RUSTC_BOOTSTRAP", "1")
            .env(SYMBOL, anchor);
        Ok(rustc)
    };
    // What is compiled is part of its name: all its files, without macros and conditions.
    let mut expand = rustc(&format!("{name}_0"))?;
    let Some(expanded) = heard.stdout(expand.arg("-Zunpretty=expanded"))? else {
        return Ok(None);
    };
    let anchor = format!(
        "{name}_{}",
        version(settings, before, generation, &expanded)
    );
    let library = dir.join(format!("lib{name}.rlib"));
    let deps = dir.join(format!("{name}.d"));
    let emit = format!(
        "--emit=link={},dep-info={}",
        library.display(),
        deps.display()
    );
    if heard.stdout(rustc(&anchor)?.arg(emit))?.is_none() {
        return Ok(None);
    }
    let dep_info = fs::read_to_string(&deps).context("rustc wrote no dependencies")?;
    Ok(Some(Interface {
        name,
        anchor,
        library,
        dep_info,
    }))
}

/// Arguments of a module that are not a library's.
fn is_of_modules(arg: &str) -> bool {
    ["--crate-type=staticlib", "-Clto=fat"].contains(&arg)
}

/// A module's own flags that change how code is made, and so perhaps how types lie in memory.
fn of_code_generation(flags: &[String]) -> Vec<&String> {
    let is_one = |at: usize| {
        let before = at.checked_sub(1).map(|at| flags[at].as_str());
        ["-C", "-Z"].iter().any(|kind| flags[at].starts_with(kind))
            || matches!(before, Some("-C" | "-Z"))
    };
    (0..flags.len())
        .filter(|at| is_one(*at))
        .map(|at| &flags[at])
        .collect()
}

/// `tokens` without the documentation.
fn without_docs(tokens: TokenStream) -> TokenStream {
    let is = |token: &TokenTree, mark| matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark);
    let mut kept: Vec<TokenTree> = Vec::new();
    for token in tokens {
        let TokenTree::Group(group) = &token else {
            kept.push(token);
            continue;
        };
        let first = group.stream().into_iter().next();
        let is_doc = group.delimiter() == Delimiter::Bracket
            && matches!(first, Some(TokenTree::Ident(ident)) if ident == "doc");
        let before = match kept.as_slice() {
            [.., hash, bang] if is(hash, '#') && is(bang, '!') => 2,
            [.., hash] if is(hash, '#') => 1,
            _ => 0,
        };
        if is_doc && before > 0 {
            kept.truncate(kept.len() - before);
            continue;
        }
        let inner = Group::new(group.delimiter(), without_docs(group.stream()));
        kept.push(inner.into());
    }
    kept.into_iter().collect()
}

/// Whether a crate is named in `tokens`: it cannot be used without.
fn names(tokens: TokenStream, name: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident.to_string().trim_start_matches("r#") == name,
        TokenTree::Group(group) => names(group.stream(), name),
        _ => false,
    })
}

/// The hash of what the two sides must have in common.
fn version(
    settings: &ModuleSettings,
    before: &[Interface],
    generation: &[&String],
    expanded: &[u8],
) -> String {
    let mut hash = Sha256::new();
    hash.update(&settings.abi);
    for flag in generation {
        hash.update(flag);
        hash.update([0]);
    }
    // rustc keeps comments, and line breaks are only taste; documentation changes no type.
    let text = String::from_utf8_lossy(expanded);
    let tokens = text.parse().ok().map(without_docs);
    // Those that it uses: a module may share others before it with other modules.
    let uses = |name: &str| {
        tokens
            .as_ref()
            .is_none_or(|tokens| names(tokens.clone(), name))
    };
    for interface in before.iter().filter(|interface| uses(&interface.name)) {
        hash.update(&interface.anchor);
        hash.update([0]);
    }
    match &tokens {
        Some(tokens) => hash.update(tokens.to_string()),
        None => hash.update(&*text),
    }
    let hash = hash.finalize();
    hash[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_code_generation_are_told_from_others() {
        let flags = ["--cfg=a", "-C", "opt-level=1", "-Zx", "-Adead_code"].map(str::to_owned);
        assert_eq!(of_code_generation(&flags), ["-C", "opt-level=1", "-Zx"]);
    }

    fn interface(name: &str, anchor: &str) -> Interface {
        Interface {
            name: name.to_owned(),
            anchor: anchor.to_owned(),
            library: PathBuf::new(),
            dep_info: String::new(),
        }
    }

    fn settings(abi: &str) -> ModuleSettings {
        ModuleSettings {
            rustc: "rustc".into(),
            frame_limit: 0,
            helpers: None,
            args: Vec::new(),
            symvers: None,
            abi: abi.to_owned(),
            modversions: true,
            namespace_is_string: true,
        }
    }

    const TEXT: &str = "/// Doc.\npub fn f(a: u32) { low_api::g() } // Comment.";

    #[test]
    fn a_version_is_of_all_that_a_layout_depends_on() {
        let flag = "-Zrandomize-layout".to_owned();
        let low = |anchor| {
            [
                interface("low_api", anchor),
                interface("other_api", "other_api_1"),
            ]
        };
        let version = |abi, low: &[Interface], flags: &[&String], text: &str| {
            version(&settings(abi), low, flags, text.as_bytes())
        };
        let base = version("a", &low("low_api_1"), &[], TEXT);
        let changes = [
            (
                "the crates, the compiler",
                version("b", &low("low_api_1"), &[], TEXT),
            ),
            (
                "an interface below",
                version("a", &low("low_api_2"), &[], TEXT),
            ),
            ("a flag", version("a", &low("low_api_1"), &[&flag], TEXT)),
            (
                "a type",
                version("a", &low("low_api_1"), &[], &TEXT.replace("u32", "u64")),
            ),
        ];
        for (what, changed) in changes {
            assert_ne!(changed, base, "{what}");
        }
    }

    #[test]
    fn a_version_is_of_nothing_else() {
        let low = interface("low_api", "low_api_1");
        let base = version(&settings("a"), &[low], &[], TEXT.as_bytes());
        let others = [
            interface("low_api", "low_api_1"),
            interface("other_api", "other_api_2"),
        ];
        for text in [
            TEXT,
            "pub fn f(a:\nu32) { low_api::g() }",
            "#![doc = \"x\"] #[doc(hidden)] pub fn f(a: u32) { /* x */ low_api::g() }",
        ] {
            assert_eq!(
                version(&settings("a"), &others, &[], text.as_bytes()),
                base,
                "{text}"
            );
        }
    }

    #[test]
    fn an_interface_takes_no_other_crates_name() {
        let dir = tempfile::tempdir().unwrap();
        for (name, before) in [("kernel", "x"), ("core", "x"), ("twice_api", "twice_api")] {
            let file = dir.path().join(format!("{name}.rs"));
            fs::write(&file, "").unwrap();
            let before = [interface(before, "")];
            let error = one(
                &settings("a"),
                &file,
                &before,
                &[],
                dir.path(),
                &Heard::default(),
            )
            .err();
            let error = error.unwrap().to_string();
            assert!(
                error.contains("a crate that the module uses has this name"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_crate_is_used_where_it_is_named() {
        let names = |text: &str| names(text.parse().unwrap(), "low_api");
        assert!(names("pub fn f() { r#low_api::g() }"));
        assert!(names("pub use ::low_api as other;"));
        assert!(!names("pub fn low_api_f() { \"low_api\"; }"));
    }
}
