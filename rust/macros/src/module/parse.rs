// SPDX-License-Identifier: GPL-2.0-only

//! The grammar of `module!`: keys in a fixed order, a comma after each.

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

/// One key of a block.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) required: bool,
}

pub(super) const fn required(name: &'static str) -> Key {
    Key {
        name,
        required: true,
    }
}

pub(super) const fn optional(name: &'static str) -> Key {
    Key {
        name,
        required: false,
    }
}

/// The keys of `module!`, in the order in which they must appear.
const KEYS: &[Key] = &[
    required("type"),
    required("name"),
    optional("authors"),
    optional("description"),
    required("license"),
    optional("alias"),
    optional("firmware"),
    optional("imports_ns"),
    optional("params"),
];

/// What `module!` was told.
pub(super) struct ModuleInfo {
    pub(super) type_: Type,
    pub(super) name: String,
    pub(super) authors: Vec<String>,
    pub(super) description: Option<String>,
    pub(super) license: String,
    pub(super) alias: Vec<String>,
    pub(super) firmware: Vec<String>,
    pub(super) imports_ns: Vec<String>,
    pub(super) params: Vec<Param>,
}

impl Parse for ModuleInfo {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut type_ = None;
        let mut name = None;
        let mut authors = Vec::new();
        let mut description = None;
        let mut license = None;
        let mut alias = Vec::new();
        let mut firmware = Vec::new();
        let mut imports_ns = Vec::new();
        let mut params = Vec::new();

        fields(input, "`module!`", Span::call_site(), KEYS, |key, input| {
            match key {
                "type" => type_ = Some(type_path(input)?),
                "name" => name = Some(filled_string(key, input)?),
                "authors" => authors = strings(key, input)?,
                "description" => description = Some(string(key, input)?),
                "license" => license = Some(filled_string(key, input)?),
                "alias" => alias = strings(key, input)?,
                "firmware" => firmware = strings(key, input)?,
                "imports_ns" => imports_ns = strings(key, input)?,
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
            license: license.ok_or_else(|| missing("license"))?,
            alias,
            firmware,
            imports_ns,
            params,
        })
    }
}

/// Reads `key: value,` up to the end of `input`, calling `value` to read each value.
///
/// `what` names the block in messages; `owner` is where a missing key is reported.
///
/// # Errors
///
/// Those of `value`, and: a key that is unknown, doubled or out of order, a missing colon or
/// comma, a required key that is not there.
pub(super) fn fields(
    input: ParseStream<'_>,
    what: &str,
    owner: Span,
    keys: &[Key],
    mut value: impl FnMut(&str, ParseStream<'_>) -> Result<()>,
) -> Result<()> {
    let mut seen = vec![false; keys.len()];
    let mut last = None;

    while !input.is_empty() {
        // `parse_any`, because `type` is a keyword.
        let ident = input.call(Ident::parse_any).map_err(|error| {
            Error::new(
                error.span(),
                format!("expected a key of {what}: {}", list(keys)),
            )
        })?;
        let name = ident.to_string();
        let Some(index) = keys.iter().position(|key| key.name == name) else {
            return Err(unknown_key(&ident, what, keys));
        };
        if seen[index] {
            let message = format!("duplicate key `{name}`: {what} takes each key once");
            return Err(Error::new(ident.span(), message));
        }
        if let Some(last) = last.filter(|&last| index < last) {
            let message = format!(
                "key `{name}` must come before `{}`: the order is {}",
                keys[last].name,
                list(keys)
            );
            return Err(Error::new(ident.span(), message));
        }
        seen[index] = true;
        last = Some(index);

        if !input.peek(Token![:]) {
            return Err(found(
                input,
                ident.span(),
                &format!("expected `:` after key `{name}`"),
            ));
        }
        input.parse::<Token![:]>()?;
        if input.is_empty() {
            let message = format!("expected a value after `{name}:`");
            return Err(Error::new(ident.span(), message));
        }
        let at = input.span();
        value(&name, input)?;
        comma(input, at, &format!("the value of `{name}`"))?;
    }

    match keys
        .iter()
        .zip(seen)
        .find(|(key, seen)| key.required && !seen)
    {
        Some((key, _)) => Err(missing_key(owner, what, key.name)),
        None => Ok(()),
    }
}

/// Reads the comma that ends every entry; `at` is reported where the input is over.
pub(super) fn comma(input: ParseStream<'_>, at: Span, after: &str) -> Result<()> {
    if !input.peek(Token![,]) {
        return Err(found(input, at, &format!("expected `,` after {after}")));
    }
    input.parse::<Token![,]>().map(|_| ())
}

/// An error at the next token, or at `at` if there is none.
fn found(input: ParseStream<'_>, at: Span, message: &str) -> Error {
    let span = if input.is_empty() { at } else { input.span() };
    Error::new(span, message)
}

fn missing_key(span: Span, what: &str, key: &str) -> Error {
    Error::new(span, format!("{what} lacks the required key `{key}`"))
}

fn unknown_key(key: &Ident, what: &str, keys: &[Key]) -> Error {
    // What samples for older kernels have.
    let hint = match key.to_string().as_str() {
        "author" if keys.iter().any(|key| key.name == "authors") => {
            "; write `authors: [\"...\"]`, after `name`".to_owned()
        }
        _ => format!("; the keys are {}", list(keys)),
    };
    Error::new(key.span(), format!("unknown key `{key}` of {what}{hint}"))
}

/// The keys as a message shows them, the required ones marked.
fn list(keys: &[Key]) -> String {
    let names: Vec<_> = keys
        .iter()
        .map(|key| {
            let mark = if key.required { " (required)" } else { "" };
            format!("`{}`{mark}", key.name)
        })
        .collect();
    names.join(", ")
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
