// SPDX-License-Identifier: GPL-2.0-only

//! Blocks of keys in a fixed order, each with a colon, a value and a comma.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::Error;
use syn::Ident;
use syn::Result;
use syn::Token;

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

pub(super) fn missing_key(span: Span, what: &str, key: &str) -> Error {
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
