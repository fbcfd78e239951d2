// SPDX-License-Identifier: GPL-2.0-only

//! The parameters of a module: `params: { name: type { default: value, description: "…", }, }`.

use super::parse;
use super::parse::Key;
use proc_macro2::TokenStream;
use quote::quote;
use std::ops::RangeInclusive;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::token;
use syn::Error;
use syn::Ident;
use syn::Lit;
use syn::Result;
use syn::Token;

/// The keys of one parameter.
const KEYS: &[Key] = &[
    Key {
        name: "default",
        required: true,
    },
    Key {
        name: "description",
        required: true,
    },
];

/// The types that a parameter can have, with the range of the integers.
const TYPES: &[(&str, Kind)] = &[
    ("i8", Kind::Int(i8::MIN as i128..=i8::MAX as i128)),
    ("i16", Kind::Int(i16::MIN as i128..=i16::MAX as i128)),
    ("i32", Kind::Int(i32::MIN as i128..=i32::MAX as i128)),
    ("i64", Kind::Int(i64::MIN as i128..=i64::MAX as i128)),
    ("u8", Kind::Int(0..=u8::MAX as i128)),
    ("u16", Kind::Int(0..=u16::MAX as i128)),
    ("u32", Kind::Int(0..=u32::MAX as i128)),
    ("u64", Kind::Int(0..=u64::MAX as i128)),
    // As on a 64-bit kernel; on any other rustc checks the generated literal itself.
    ("isize", Kind::Int(i64::MIN as i128..=i64::MAX as i128)),
    ("usize", Kind::Int(0..=u64::MAX as i128)),
    ("bool", Kind::Bool),
];

enum Kind {
    Int(RangeInclusive<i128>),
    Bool,
}

/// One parameter.
pub(super) struct Param {
    /// The name as the source has it, possibly raw.
    pub(super) ident: Ident,
    /// The name as `insmod` has it.
    pub(super) name: String,
    /// The name of the primitive type.
    pub(super) type_: Ident,
    /// An expression of that type.
    pub(super) default: TokenStream,
    pub(super) description: String,
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
            if params.iter().any(|other| other.name == param.name) {
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
                &ident,
                &format!("expected `:` and a type after parameter `{name}`"),
            ));
        }
        input.parse::<Token![:]>()?;
        let (type_, kind) = parameter_type(input, &ident)?;

        if !input.peek(token::Brace) {
            let message =
                format!("expected `{{ default: ..., description: \"...\", }}` after `{type_}`");
            return Err(at_next(input, &type_, &message));
        }
        let block;
        syn::braced!(block in input);

        let what = format!("parameter `{name}`");
        let mut default = TokenStream::new();
        let mut description = String::new();
        parse::fields(&block, &what, ident.span(), KEYS, |key, input| {
            match key {
                "default" => default = kind.parse_default(&type_, input)?,
                "description" => description = parse::string(key, input)?,
                _ => unreachable!("`fields` passes only keys of the table"),
            }
            Ok(())
        })?;
        parse::comma(input, ident.span(), &what)?;

        Ok(Self {
            ident,
            name,
            type_,
            default,
            description,
        })
    }
}

fn parameter_type(input: ParseStream<'_>, param: &Ident) -> Result<(Ident, &'static Kind)> {
    let span = if input.is_empty() {
        param.span()
    } else {
        input.span()
    };
    let type_: Option<Ident> = input.parse().ok();
    type_
        .and_then(|type_| {
            let (_, kind) = TYPES.iter().find(|(name, _)| type_ == name)?;
            Some((type_, kind))
        })
        .ok_or_else(|| {
            let names: Vec<_> = TYPES.iter().map(|(name, _)| format!("`{name}`")).collect();
            let message = format!(
                "no type for a module parameter: the types are {}",
                names.join(", ")
            );
            Error::new(span, message)
        })
}

impl Kind {
    /// Reads a default value of this kind.
    fn parse_default(&self, type_: &Ident, input: ParseStream<'_>) -> Result<TokenStream> {
        match self {
            Self::Bool => {
                let span = input.span();
                match input.parse() {
                    Ok(Lit::Bool(value)) => Ok(quote!(#value)),
                    _ => Err(Error::new(
                        span,
                        "a default of type `bool` is `true` or `false`",
                    )),
                }
            }
            Self::Int(range) => parse_int(range, type_, input),
        }
    }
}

fn parse_int(
    range: &RangeInclusive<i128>,
    type_: &Ident,
    input: ParseStream<'_>,
) -> Result<TokenStream> {
    let span = input.span();
    let minus: Option<Token![-]> = input.parse()?;
    // Without this, `Lit` would take a second minus for part of the literal.
    let signed_twice = input.peek(Token![-]);
    let literal = match input.parse() {
        Ok(Lit::Int(literal)) if !signed_twice => literal,
        _ => {
            let message = format!("a default of type `{type_}` is an integer literal");
            return Err(Error::new(span, message));
        }
    };
    if type_ != literal.suffix() && !literal.suffix().is_empty() {
        let message = format!(
            "a default of type `{type_}` cannot be of type `{}`",
            literal.suffix()
        );
        return Err(Error::new(literal.span(), message));
    }

    let in_range = literal.base10_parse::<i128>().is_ok_and(|value| {
        let value = if minus.is_some() { -value } else { value };
        // `-0` is no literal of an unsigned type.
        range.contains(&value) && (minus.is_none() || *range.start() < 0)
    });
    let tokens = quote!(#minus #literal);
    if !in_range {
        let sign = if minus.is_some() { "-" } else { "" };
        let message = format!(
            "`{sign}{literal}` is out of range for `{type_}`: {} to {}",
            range.start(),
            range.end()
        );
        return Err(Error::new_spanned(tokens, message));
    }
    Ok(tokens)
}

/// An error at the next token, or at `ident` if there is none.
fn at_next(input: ParseStream<'_>, ident: &Ident, message: &str) -> Error {
    let span = if input.is_empty() {
        ident.span()
    } else {
        input.span()
    };
    Error::new(span, message)
}
