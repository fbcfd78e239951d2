// SPDX-License-Identifier: GPL-2.0-only

//! The keys of `module!` and their values.

use super::keys::comma;
use super::keys::fields;
use super::keys::missing_key;
use super::keys::optional;
use super::keys::required;
use super::keys::Key;
use super::param::Param;
use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::Parse;
use syn::parse::ParseStream;
use syn::token;
use syn::Error;
use syn::Ident;
use syn::Lit;
use syn::LitStr;
use syn::Result;
use syn::Token;
use syn::Type;

/// The keys of `module!`, in the order in which they must appear.
const KEYS: &[Key] = &[
    required("type"),
    required("name"),
    optional("authors"),
    optional("description"),
    optional("version"),
    required("license"),
    optional("alias"),
    optional("softdep"),
    optional("firmware"),
    optional("imports_ns"),
    optional("info"),
    optional("initcall"),
    optional("params"),
];

/// What C's `*_initcall()` puts after `.initcall` in the name of its section.
#[derive(Clone, Copy)]
pub(super) struct Initcall(pub(super) &'static str);

impl Initcall {
    /// The level; `rootfs` comes after `fs`, before the next one.
    pub(super) fn number(self) -> i8 {
        let digit = self.0.bytes().next().filter(u8::is_ascii_digit);
        digit.map_or(5, |digit| (digit - b'0') as i8)
    }
}

/// The level of `module_init()` in the kernel.
const DEVICE_INITCALL: &str = "6";

/// The levels at which a built-in module can start, in their order: C's `*_initcall()`.
const INITCALLS: &[(&str, &str)] = &[
    ("pure", "0"),
    ("core", "1"),
    ("core_sync", "1s"),
    ("postcore", "2"),
    ("postcore_sync", "2s"),
    ("arch", "3"),
    ("arch_sync", "3s"),
    ("subsys", "4"),
    ("subsys_sync", "4s"),
    ("fs", "5"),
    ("fs_sync", "5s"),
    ("rootfs", "rootfs"),
    ("device", DEVICE_INITCALL),
    ("device_sync", "6s"),
    ("late", "7"),
    ("late_sync", "7s"),
];

/// What `module!` was told.
pub(super) struct ModuleInfo {
    pub(super) type_: Type,
    pub(super) name: String,
    pub(super) authors: Vec<String>,
    pub(super) description: Option<String>,
    pub(super) version: Option<String>,
    pub(super) license: String,
    pub(super) alias: Vec<String>,
    pub(super) softdep: Vec<String>,
    pub(super) firmware: Vec<String>,
    pub(super) imports_ns: Vec<String>,
    /// Entries of `.modinfo` that have no key of their own.
    pub(super) info: Vec<(String, String)>,
    pub(super) initcall: Initcall,
    pub(super) params: Vec<Param>,
}

impl Parse for ModuleInfo {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut type_ = None;
        let mut name = None;
        let mut authors = Vec::new();
        let mut description = None;
        let mut version = None;
        let mut license = None;
        let mut alias = Vec::new();
        let mut softdep = Vec::new();
        let mut firmware = Vec::new();
        let mut imports_ns = Vec::new();
        let mut info = Vec::new();
        let mut initcall = Initcall(DEVICE_INITCALL);
        let mut params = Vec::new();

        fields(input, "`module!`", Span::call_site(), KEYS, |key, input| {
            match key {
                "type" => type_ = Some(type_path(input)?),
                "name" => name = Some(module_name(key, input)?),
                "authors" => authors = strings(key, input)?,
                "description" => description = Some(string(key, input)?),
                "version" => version = Some(filled_string(key, input)?),
                "license" => license = Some(filled_string(key, input)?),
                "alias" => alias = strings(key, input)?,
                "softdep" => softdep = softdeps(key, input)?,
                "firmware" => firmware = strings(key, input)?,
                "imports_ns" => imports_ns = strings(key, input)?,
                "info" => info = infos(input)?,
                "initcall" => initcall = initcall_level(input)?,
                "params" => params = Param::parse_all(input)?,
                _ => unreachable!("`fields` passes only keys of the table"),
            }
            Ok(())
        })?;

        let missing = |key| missing_key(Span::call_site(), "`module!`", key);
        Ok(Self {
            type_: type_.ok_or_else(|| missing("type"))?,
            name: name.ok_or_else(|| missing("name"))?,
            authors,
            description,
            version,
            license: license.ok_or_else(|| missing("license"))?,
            alias,
            softdep,
            firmware,
            imports_ns,
            info,
            initcall,
            params,
        })
    }
}

/// Reads the value of `type:`.
fn type_path(input: ParseStream<'_>) -> Result<Type> {
    input.parse().map_err(|error: Error| {
        let message = "expected the module's type, as in `type: MyModule`";
        Error::new(error.span(), message)
    })
}

/// Reads a string literal that a C string can hold.
pub(super) fn string(key: &str, input: ParseStream<'_>) -> Result<String> {
    literal(key, input).map(|literal| literal.value())
}

/// Reads a string literal that is not empty.
fn filled_string(key: &str, input: ParseStream<'_>) -> Result<String> {
    let literal = literal(key, input)?;
    let value = literal.value();
    if value.trim().is_empty() {
        return Err(Error::new(
            literal.span(),
            format!("`{key}` must not be empty"),
        ));
    }
    Ok(value)
}

fn literal(key: &str, input: ParseStream<'_>) -> Result<LitStr> {
    let message = format!("`{key}` takes a string literal, as in `{key}: \"...\"`");
    plain_literal(input, &message)
}

fn plain_literal(input: ParseStream<'_>, message: &str) -> Result<LitStr> {
    // The span is taken first: a list or a block given by mistake is pointed at by its start.
    let span = input.span();
    let literal = match input.parse() {
        Ok(Lit::Str(literal)) if literal.suffix().is_empty() => literal,
        _ => return Err(Error::new(span, message)),
    };
    if literal.value().contains('\0') {
        return Err(Error::new(
            literal.span(),
            "a string of a module must not contain a NUL byte",
        ));
    }
    Ok(literal)
}

/// Reads a module's name: what a kernel's command line and sysfs can have, and C's tables take.
fn module_name(key: &str, input: ParseStream<'_>) -> Result<String> {
    let span = input.span();
    let name = filled_string(key, input)?;
    let is_valid = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.chars().all(is_valid) {
        let message = "a module's name has letters, digits, `_` and `-` only";
        return Err(Error::new(span, message));
    }
    if name.len() > MAX_NAME {
        let message = format!("a module's name has at most {MAX_NAME} characters");
        return Err(Error::new(span, message));
    }
    Ok(name)
}

/// `MODULE_NAME_LEN` without the NUL byte, on 64-bit kernels.
const MAX_NAME: usize = 55;

/// Reads a list of string literals.
fn strings(key: &str, input: ParseStream<'_>) -> Result<Vec<String>> {
    let message = format!("`{key}` takes a list of string literals, as in `{key}: [\"...\"]`");
    if !input.peek(token::Bracket) {
        return Err(input.error(message));
    }
    let list;
    syn::bracketed!(list in input);

    let mut strings = Vec::new();
    while !list.is_empty() {
        let literal = plain_literal(&list, &message)?;
        if !list.is_empty() {
            comma(&list, literal.span(), &format!("a string of `{key}`"))?;
        }
        strings.push(literal.value());
    }
    Ok(strings)
}

/// Reads soft dependencies as modprobe has them: `pre:` and `post:`, each with modules' names.
fn softdeps(key: &str, input: ParseStream<'_>) -> Result<Vec<String>> {
    let span = input.span();
    let softdeps = strings(key, input)?;
    for softdep in &softdeps {
        let mut words = softdep.split_whitespace();
        let is_list = matches!(words.next(), Some("pre:" | "post:"));
        if !is_list || words.all(|word| word.ends_with(':')) {
            let message =
                format!("`{softdep}` is no dependency: write `pre:` or `post:` and modules' names");
            return Err(Error::new(span, message));
        }
    }
    Ok(softdeps)
}

/// Reads `{ tag: "text", }`.
fn infos(input: ParseStream<'_>) -> Result<Vec<(String, String)>> {
    let message = "`info` takes a block, as in `info: { intree: \"Y\", }`";
    if !input.peek(token::Brace) {
        return Err(input.error(message));
    }
    let block;
    syn::braced!(block in input);

    let mut infos = Vec::new();
    while !block.is_empty() {
        let tag = block
            .call(Ident::parse_any)
            .map_err(|error| Error::new(error.span(), message))?;
        let name = tag.to_string();
        if KEYS.iter().any(|key| key.name == name) || OWN_TAGS.contains(&name.as_str()) {
            let message = format!("`{name}` is not for `info`: `module!` or the build writes it");
            return Err(Error::new(tag.span(), message));
        }
        block
            .parse::<Token![:]>()
            .map_err(|error| Error::new(error.span(), message))?;
        let text = string(&name, &block)?;
        comma(&block, tag.span(), &format!("`{name}`"))?;
        infos.push((name, text));
    }
    Ok(infos)
}

/// What the build writes into `.modinfo`, or `module!` for other keys.
const OWN_TAGS: &[&str] = &[
    "author",
    "depends",
    "file",
    "import_ns",
    "name",
    "parm",
    "parmtype",
    "retpoline",
    "srcversion",
    "vermagic",
];

fn initcall_level(input: ParseStream<'_>) -> Result<Initcall> {
    let span = input.span();
    let word = input.call(Ident::parse_any).ok();
    word.and_then(|word| INITCALLS.iter().find(|(name, _)| word == name))
        .map(|(_, level)| Initcall(level))
        .ok_or_else(|| {
            let names: Vec<_> = INITCALLS
                .iter()
                .map(|(name, _)| format!("`{name}`"))
                .collect();
            Error::new(span, format!("`initcall` is one of {}", names.join(", ")))
        })
}
