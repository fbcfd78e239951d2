// SPDX-License-Identifier: GPL-2.0-only

//! The parameters of a module: `params: { name: type { default: value, description: "…", }, }`.

use super::keys;
use super::keys::Key;
use super::kind::Kind;
use super::parse;
use proc_macro2::Span;
use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::token;
use syn::Error;
use syn::Expr;
use syn::Ident;
use syn::Lit;
use syn::LitBool;
use syn::LitInt;
use syn::Result;
use syn::Token;

/// The keys of one parameter.
const KEYS: &[Key] = &[
    keys::required("default"),
    keys::required("description"),
    keys::optional("permissions"),
    keys::optional("min"),
    keys::optional("max"),
    keys::optional("name"),
    keys::optional("set"),
    keys::optional("get"),
    keys::optional("unsafe"),
    keys::optional("hardware"),
    keys::optional("level"),
    keys::optional("early"),
];

/// What a hardware parameter can be about: C's `enum hwparam_type`.
const HARDWARE: &[&str] = &[
    "ioport",
    "iomem",
    "ioport_or_iomem",
    "irq",
    "dma",
    "dma_addr",
    "other",
];

/// The initcall levels before which a built-in module's parameter can be read; the first is 1.
const LEVELS: &[&str] = &["core", "postcore", "arch", "subsys", "fs", "device", "late"];

/// One parameter.
pub(super) struct Param {
    /// The name as the source has it, possibly raw.
    pub(super) ident: Ident,
    /// The name as `insmod` has it.
    pub(super) name: String,
    pub(super) kind: Kind,
    /// An expression of the kind's type.
    pub(super) default: TokenStream,
    pub(super) description: String,
    /// The mode of its file in sysfs.
    pub(super) permissions: u16,
    pub(super) min: Option<TokenStream>,
    pub(super) max: Option<TokenStream>,
    pub(super) set: Option<Expr>,
    pub(super) get: Option<Expr>,
    /// Whether setting it taints the kernel.
    pub(super) is_unsafe: bool,
    /// Whether it is refused when the kernel is locked down.
    pub(super) is_hardware: bool,
    /// The initcall level, -1 for none.
    pub(super) level: i8,
    /// Whether a built-in module's parameter is also read before anything else starts.
    pub(super) is_early: bool,
}

impl Param {
    /// Reads the value of `params:`.
    ///
    /// # Errors
    ///
    /// Any mistake within, and a name that is given twice.
    pub(super) fn parse_all(input: ParseStream<'_>) -> Result<Vec<Self>> {
        if !input.peek(token::Brace) {
            return Err(
                input.error("`params` takes a block, as in `params: { name: u32 { ... }, }`")
            );
        }
        let block;
        syn::braced!(block in input);

        let mut params: Vec<Self> = Vec::new();
        while !block.is_empty() {
            let param = Self::parse(&block)?;
            // C takes `-` for `_` in a parameter's name.
            let same = |other: &Self| {
                other.ident.unraw() == param.ident.unraw()
                    || other.name.replace('-', "_") == param.name.replace('-', "_")
            };
            if params.iter().any(same) {
                let message = format!("duplicate parameter `{}`", param.name);
                return Err(Error::new(param.ident.span(), message));
            }
            params.push(param);
        }
        Ok(params)
    }

    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let ident: Ident = input.parse().map_err(|error: Error| {
            Error::new(
                error.span(),
                "expected the name of a parameter, as in `name: u32 { ... }`",
            )
        })?;
        let name = ident.unraw().to_string();
        if !input.peek(Token![:]) {
            return Err(at_next(
                input,
                ident.span(),
                &format!("expected `:` and a type after parameter `{name}`"),
            ));
        }
        input.parse::<Token![:]>()?;
        let (kind, span) = Kind::parse(input, &ident)?;

        if !input.peek(token::Brace) {
            let message =
                format!("expected `{{ default: ..., description: \"...\", }}` after `{kind}`");
            return Err(at_next(input, span, &message));
        }
        let block;
        syn::braced!(block in input);

        let mut param = Self {
            ident,
            name,
            kind,
            default: TokenStream::new(),
            description: String::new(),
            permissions: 0,
            min: None,
            max: None,
            set: None,
            get: None,
            is_unsafe: false,
            is_hardware: false,
            level: -1,
            is_early: false,
        };
        let what = format!("parameter `{}`", param.name);
        let owner = param.ident.span();
        let mut bounds = Bounds::default();
        keys::fields(&block, &what, owner, KEYS, |key, input| {
            param.field(key, input, &mut bounds)
        })?;
        bounds.check()?;
        keys::comma(input, owner, &what)?;
        Ok(param)
    }

    /// Reads the value of one key.
    fn field(&mut self, key: &str, input: ParseStream<'_>, bounds: &mut Bounds) -> Result<()> {
        match key {
            "default" => {
                let default = self.kind.parse_default(input)?;
                bounds.defaults = default.values;
                self.default = default.tokens;
            }
            "description" => self.description = parse::string(key, input)?,
            "permissions" => self.permissions = permissions(input)?,
            "min" => self.min = Some(bounds.parse(&self.kind, key, input)?),
            "max" => self.max = Some(bounds.parse(&self.kind, key, input)?),
            "name" => self.name = name(key, input)?,
            "set" => self.set = Some(function(key, input)?),
            "get" => self.get = Some(function(key, input)?),
            "unsafe" => self.is_unsafe = boolean(key, input)?,
            "hardware" => {
                one_of(key, HARDWARE, input)?;
                self.is_hardware = true;
            }
            "level" => self.level = 1 + one_of(key, LEVELS, input)? as i8,
            "early" => {
                let span = input.span();
                self.is_early = boolean(key, input)?;
                // C checks the lockdown and taints only where it reads parameters in their turn.
                if self.is_early && (self.is_unsafe || self.is_hardware || self.level >= 0) {
                    let message = "`early` does not go with `unsafe`, `hardware` or `level`";
                    return Err(Error::new(span, message));
                }
                if self.is_early && self.runs_code() {
                    let message =
                        "`early` is for C's types without `set`: no code of a module can run then";
                    return Err(Error::new(span, message));
                }
            }
            _ => unreachable!("`fields` passes only keys of the table"),
        }
        Ok(())
    }

    /// Whether the value can change after `init` of a module that starts at `initcall`.
    pub(super) fn is_run_time(&self, initcall: i8) -> bool {
        self.permissions & 0o222 != 0 || self.level > initcall
    }

    /// Whether code of the module runs to give this parameter a value.
    pub(super) fn runs_code(&self) -> bool {
        self.kind.runs_code() || self.set.is_some()
    }

    /// The initcall level before which a built-in module's parameter is read, -1 for before all.
    ///
    /// The module's own code has to wait until memory can be allocated.
    pub(super) fn built_in_level(&self, initcall: i8) -> i8 {
        match self.level {
            -1 if self.runs_code() => initcall,
            level => level,
        }
    }
}

/// The bounds of a parameter, and what is known to be within.
#[derive(Default)]
struct Bounds {
    /// The defaults that are literals, with their places.
    defaults: Vec<(i128, TokenStream)>,
    min: Option<i128>,
    max: Option<(i128, TokenStream)>,
}

impl Bounds {
    fn parse(&mut self, kind: &Kind, key: &str, input: ParseStream<'_>) -> Result<TokenStream> {
        let span = input.span();
        let Some(integer) = kind.integer() else {
            let message = format!("`{key}` is for integers and arrays of them, not for `{kind}`");
            return Err(Error::new(span, message));
        };
        let (value, tokens) = integer.parse(key, input)?;
        match key {
            "min" => self.min = Some(value),
            _ => self.max = Some((value, tokens.clone())),
        }
        Ok(tokens)
    }

    /// # Errors
    ///
    /// A default that is not within, or bounds that nothing is within.
    fn check(&self) -> Result<()> {
        if let (Some(min), Some((max, tokens))) = (self.min, &self.max) {
            if min > *max {
                let message = format!("`max` is less than `min`, which is {min}");
                return Err(Error::new_spanned(tokens, message));
            }
        }
        for (value, tokens) in &self.defaults {
            if let Some(min) = self.min.filter(|min| value < min) {
                let message = format!("the default `{value}` is less than `min`, which is {min}");
                return Err(Error::new_spanned(tokens, message));
            }
            if let Some((max, _)) = self.max.as_ref().filter(|(max, _)| value > max) {
                let message = format!("the default `{value}` is more than `max`, which is {max}");
                return Err(Error::new_spanned(tokens, message));
            }
        }
        Ok(())
    }
}

/// Reads a file's mode, which must be one that C takes: `VERIFY_OCTAL_PERMISSIONS()`.
fn permissions(input: ParseStream<'_>) -> Result<u16> {
    let span = input.span();
    let literal: LitInt = match input.parse() {
        Ok(Lit::Int(literal)) if literal.suffix().is_empty() => literal,
        _ => {
            return Err(Error::new(
                span,
                "`permissions` takes the mode of a file, as in `permissions: 0o644`",
            ))
        }
    };
    let text = literal.to_string();
    let error = |message: String| Error::new(literal.span(), message);
    if !text.starts_with("0o") && text != "0" {
        return Err(error(format!(
            "`permissions` is in octal: write `0o{}`",
            text.trim_start_matches('0')
        )));
    }
    let mode: u16 = literal
        .base10_parse()
        .ok()
        .filter(|&mode| mode <= 0o777)
        .ok_or_else(|| error("`permissions` is at most 0o777".to_owned()))?;
    let (user, group, other) = (mode >> 6, mode >> 3, mode);
    let problem = if mode & 0o111 != 0 {
        "a parameter cannot be executed"
    } else if other & 2 != 0 {
        "a parameter must not be writable for everybody"
    } else if user & 4 < group & 4 || group & 4 < other & 4 {
        "who may read must include those with more rights: user, group, others"
    } else if user & 2 < group & 2 {
        "a parameter that its group may write must be writable for its owner"
    } else {
        return Ok(mode);
    };
    Err(error(problem.to_owned()))
}

/// Reads a name for users, which must be one that a command line can have.
fn name(key: &str, input: ParseStream<'_>) -> Result<String> {
    let span = input.span();
    let name = parse::string(key, input)?;
    let is_valid = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.is_empty() || !name.chars().all(is_valid) {
        let message = "`name` takes letters, digits, `_` and `-`, as in `name: \"debug\"`";
        return Err(Error::new(span, message));
    }
    Ok(name)
}

fn function(key: &str, input: ParseStream<'_>) -> Result<Expr> {
    let span = input.span();
    match input.parse() {
        Ok(function @ (Expr::Path(_) | Expr::Closure(_))) => Ok(function),
        _ => Err(Error::new(
            span,
            format!("`{key}` takes a function, as in `{key}: {key}_value`"),
        )),
    }
}

fn boolean(key: &str, input: ParseStream<'_>) -> Result<bool> {
    let span = input.span();
    match input.parse::<LitBool>() {
        Ok(value) => Ok(value.value),
        Err(_) => Err(Error::new(span, format!("`{key}` is `true` or `false`"))),
    }
}

/// Reads one of several words, and returns which.
fn one_of(key: &str, words: &[&str], input: ParseStream<'_>) -> Result<usize> {
    let span = input.span();
    let word = input.call(Ident::parse_any).ok();
    word.and_then(|word| words.iter().position(|other| word == other))
        .ok_or_else(|| {
            let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
            Error::new(span, format!("`{key}` is one of {}", words.join(", ")))
        })
}

/// An error at the next token, or at `at` if there is none.
pub(super) fn at_next(input: ParseStream<'_>, at: Span, message: &str) -> Error {
    let span = if input.is_empty() { at } else { input.span() };
    Error::new(span, message)
}

/// An `Option` of tokens, as tokens.
pub(super) fn option(tokens: Option<&TokenStream>) -> TokenStream {
    match tokens {
        Some(tokens) => quote!(::core::option::Option::Some(#tokens)),
        None => quote!(::core::option::Option::None),
    }
}
