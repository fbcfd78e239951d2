// SPDX-License-Identifier: GPL-2.0-only

//! The types that a parameter can have, and their defaults.

use super::param::at_next;
use proc_macro2::Literal;
use proc_macro2::Span;
use proc_macro2::TokenStream;
use quote::quote;
use quote::ToTokens;
use std::ffi::CString;
use std::fmt;
use std::ops::RangeInclusive;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::token;
use syn::Error;
use syn::Expr;
use syn::GenericArgument;
use syn::Ident;
use syn::Lit;
use syn::PathArguments;
use syn::Result;
use syn::Token;
use syn::Type;

/// The integers, with their ranges.
const INTEGERS: &[(&str, RangeInclusive<i128>)] = &[
    ("i8", i8::MIN as i128..=i8::MAX as i128),
    ("i16", i16::MIN as i128..=i16::MAX as i128),
    ("i32", i32::MIN as i128..=i32::MAX as i128),
    ("i64", i64::MIN as i128..=i64::MAX as i128),
    ("u8", 0..=u8::MAX as i128),
    ("u16", 0..=u16::MAX as i128),
    ("u32", 0..=u32::MAX as i128),
    ("u64", 0..=u64::MAX as i128),
    // As on a 64-bit kernel; on any other rustc checks the generated literal itself.
    ("isize", i64::MIN as i128..=i64::MAX as i128),
    ("usize", 0..=u64::MAX as i128),
];

/// C's names for what has no type of its own in Rust: the kernel's name of it, and the type's.
const NAMED: &[(&str, &str, &str)] = &[
    ("hexint", "Hexint", "u32"),
    ("bint", "Bint", "i32"),
    ("invbool", "Invbool", "bool"),
    ("bool_enable_only", "BoolEnableOnly", "bool"),
];

/// A type of a parameter.
pub(super) enum Kind {
    Integer(Integer),
    /// `bool`, and what C has of it; the field is the kernel's type.
    Bool(&'static str, TokenStream),
    Charp,
    /// `string<N>`.
    String(Expr),
    /// `[T; N]`.
    Array(Box<Kind>, Expr),
    /// A type of the driver.
    Custom(Type),
}

/// An integer type.
pub(super) struct Integer {
    /// As the source has it.
    name: String,
    /// The type of its value.
    type_: String,
    /// The kernel's type that stands for it.
    tokens: TokenStream,
    range: RangeInclusive<i128>,
}

/// A default, and those of its values that are literals.
pub(super) struct Default {
    pub(super) tokens: TokenStream,
    pub(super) values: Vec<(i128, TokenStream)>,
}

impl Default {
    fn opaque(tokens: TokenStream) -> Self {
        Self {
            tokens,
            values: Vec::new(),
        }
    }
}

impl Kind {
    /// Reads a type; also returns its place.
    ///
    /// # Errors
    ///
    /// What is no type, and types that no parameter can have.
    pub(super) fn parse(input: ParseStream<'_>, param: &Ident) -> Result<(Self, Span)> {
        if input.is_empty() || input.peek(token::Brace) {
            return Err(at_next(input, param.span(), &no_type()));
        }
        let type_: Type = input.parse()?;
        let span = type_.span();
        Ok((Self::of(type_)?, span))
    }

    fn of(type_: Type) -> Result<Self> {
        let span = type_.span();
        match type_ {
            Type::Array(array) => {
                let element = Self::of(*array.elem)?;
                if matches!(element, Self::Array(..)) {
                    return Err(Error::new(span, "an array of arrays is no parameter"));
                }
                Ok(Self::Array(Box::new(element), array.len))
            }
            Type::Path(ref path) if path.qself.is_none() => {
                if let Some(ident) = path.path.get_ident() {
                    if let Some(kind) = Self::named(ident) {
                        return Ok(kind);
                    }
                }
                match string_len(path)? {
                    Some(len) => Ok(Self::String(len)),
                    None => Ok(Self::Custom(type_)),
                }
            }
            // What a `macro_rules!` macro passes on.
            Type::Group(group) => Self::of(*group.elem),
            Type::Paren(paren) => Self::of(*paren.elem),
            Type::Reference(_) => Err(Error::new(
                span,
                format!("{}; a string is `charp`", no_type()),
            )),
            _ => Err(Error::new(span, no_type())),
        }
    }

    fn named(ident: &Ident) -> Option<Self> {
        let integer = |name: &str, type_: &str, tokens| {
            let (_, range) = INTEGERS.iter().find(|(name, _)| *name == type_)?;
            Some(Self::Integer(Integer {
                name: name.to_owned(),
                type_: type_.to_owned(),
                tokens,
                range: range.clone(),
            }))
        };
        let name = ident.to_string();
        if name == "charp" {
            return Some(Self::Charp);
        }
        if name == "bool" {
            return Some(Self::Bool("bool", quote!(::core::primitive::bool)));
        }
        if let Some((name, kernel, type_)) = NAMED.iter().find(|(other, ..)| *other == name) {
            let kernel = Ident::new(kernel, ident.span());
            let tokens = quote!(::kernel::module_param::#kernel);
            return match *type_ {
                "bool" => Some(Self::Bool(name, tokens)),
                type_ => integer(name, type_, tokens),
            };
        }
        integer(&name, &name, quote!(::core::primitive::#ident))
    }

    /// The kernel's type that stands for it.
    pub(super) fn tokens(&self) -> TokenStream {
        match self {
            Self::Integer(integer) => integer.tokens.clone(),
            Self::Bool(_, tokens) => tokens.clone(),
            Self::Charp => quote!(::kernel::module_param::Charp),
            Self::String(len) => quote!(::kernel::module_param::FixedString<{ #len }>),
            Self::Array(element, len) => {
                let element = element.tokens();
                quote!(::kernel::module_param::ArrayOf<#element, { #len }>)
            }
            Self::Custom(type_) => quote!(::kernel::module_param::Custom<#type_>),
        }
    }

    /// The type of the value.
    pub(super) fn value(&self) -> TokenStream {
        let primitive = |name: &str| {
            let name = Ident::new(name, Span::call_site());
            quote!(::core::primitive::#name)
        };
        match self {
            Self::Integer(integer) => primitive(&integer.type_),
            Self::Bool(..) => primitive("bool"),
            Self::Array(element, len) => {
                let element = element.value();
                quote!(::kernel::module_param::Array<#element, { #len }>)
            }
            Self::Custom(type_) => type_.to_token_stream(),
            Self::Charp | Self::String(_) => self.tokens(),
        }
    }

    /// The integer that it is, or whose array it is.
    pub(super) fn integer(&self) -> Option<&Integer> {
        match self {
            Self::Integer(integer) => Some(integer),
            Self::Array(element, _) => element.integer(),
            _ => None,
        }
    }

    /// Whether it is one word that is read and written whole.
    pub(super) fn is_scalar(&self) -> bool {
        matches!(self, Self::Integer(_) | Self::Bool(..))
    }

    /// Whether a value can own memory.
    pub(super) fn owns(&self) -> bool {
        match self {
            Self::Array(element, _) => element.owns(),
            _ => matches!(self, Self::Charp),
        }
    }

    /// Whether code of the driver reads and prints it.
    pub(super) fn runs_code(&self) -> bool {
        match self {
            Self::Custom(_) => true,
            Self::Array(element, _) => element.runs_code(),
            _ => false,
        }
    }

    /// What `modinfo` says of the type.
    pub(super) fn parmtype(&self) -> String {
        match self {
            Self::String(_) => "string".to_owned(),
            Self::Array(element, _) => format!("array of {}", element.parmtype()),
            _ => self.to_string(),
        }
    }

    /// Reads a default value.
    pub(super) fn parse_default(&self, input: ParseStream<'_>) -> Result<Default> {
        let span = input.span();
        match self {
            // A constant's name; rustc checks its type.
            Self::Integer(_) | Self::Bool(..) if input.peek(syn::Ident) && !input.peek(Lit) => {
                let path: syn::ExprPath = input.parse()?;
                Ok(Default::opaque(path.into_token_stream()))
            }
            Self::Integer(integer) => {
                let (value, tokens) = integer.parse("default", input)?;
                Ok(Default {
                    values: vec![(value, tokens.clone())],
                    tokens,
                })
            }
            Self::Bool(..) => match input.parse() {
                Ok(Lit::Bool(value)) => Ok(Default::opaque(quote!(#value))),
                _ => {
                    let message = format!("a default of type `{self}` is `true` or `false`");
                    Err(Error::new(span, message))
                }
            },
            Self::Charp => charp(input).map(Default::opaque),
            Self::String(len) => {
                let text = text(
                    &format!("a default of type `{self}` is a string literal"),
                    input,
                )?;
                let room = text.value().len() + 1;
                // A length that is a constant's name is checked by `FixedString::new()`.
                if literal_len(len).is_some_and(|len| len < room) {
                    let message = format!("the default needs {room} bytes, with its NUL byte");
                    return Err(Error::new(text.span(), message));
                }
                let kind = self.tokens();
                Ok(Default::opaque(quote!(<#kind>::new(#text))))
            }
            Self::Array(element, len) => array(element, len, input),
            Self::Custom(_) => {
                let value: Expr = input.parse()?;
                Ok(Default::opaque(value.into_token_stream()))
            }
        }
    }
}

impl fmt::Display for Kind {
    /// Prints the type as the source has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(integer) => f.write_str(&integer.name),
            Self::Bool(name, _) => f.write_str(name),
            Self::Charp => f.write_str("charp"),
            Self::String(len) => write!(f, "string<{}>", len.to_token_stream()),
            Self::Array(element, len) => write!(f, "[{element}; {}]", len.to_token_stream()),
            Self::Custom(type_) => write!(f, "{}", type_.to_token_stream()),
        }
    }
}

impl Integer {
    /// Reads a literal of this type, after key `key`.
    pub(super) fn parse(&self, key: &str, input: ParseStream<'_>) -> Result<(i128, TokenStream)> {
        let (name, type_, range) = (&self.name, &self.type_, &self.range);
        let what = if key == "default" {
            format!("a default of type `{name}`")
        } else {
            format!("`{key}` of a parameter of type `{name}`")
        };
        let span = input.span();
        let minus: Option<Token![-]> = input.parse()?;
        // Without this, `Lit` would take a second minus for part of the literal.
        let signed_twice = input.peek(Token![-]);
        let literal = match input.parse() {
            Ok(Lit::Int(literal)) if !signed_twice => literal,
            _ => return Err(Error::new(span, format!("{what} is an integer literal"))),
        };
        if *type_ != literal.suffix() && !literal.suffix().is_empty() {
            let message = format!("{what} cannot be of type `{}`", literal.suffix());
            return Err(Error::new(literal.span(), message));
        }

        let value = literal
            .base10_parse::<i128>()
            .map(|value| if minus.is_some() { -value } else { value })
            .ok()
            // `-0` is no literal of an unsigned type.
            .filter(|value| range.contains(value) && (minus.is_none() || *range.start() < 0));
        let tokens = quote!(#minus #literal);
        match value {
            Some(value) => Ok((value, tokens)),
            None => {
                let sign = if minus.is_some() { "-" } else { "" };
                let message = format!(
                    "`{sign}{literal}` is out of range for `{name}`: {} to {}",
                    range.start(),
                    range.end()
                );
                Err(Error::new_spanned(tokens, message))
            }
        }
    }
}

/// What is said of a type that no parameter can have.
fn no_type() -> String {
    let names: Vec<_> = INTEGERS
        .iter()
        .map(|(name, _)| *name)
        .chain(["bool"])
        .chain(NAMED.iter().map(|(name, ..)| *name))
        .chain(["charp", "string<N>", "[T; N]"])
        .map(|name| format!("`{name}`"))
        .collect();
    format!(
        "no type for a module parameter: the types are {}, and those that implement `ModuleParam`",
        names.join(", ")
    )
}

/// Returns the length of `string<N>`.
fn string_len(path: &syn::TypePath) -> Result<Option<Expr>> {
    let Some(segment) = path.path.segments.last() else {
        return Ok(None);
    };
    if path.path.segments.len() != 1 || segment.ident != "string" {
        return Ok(None);
    }
    let message = "`string` takes its size with the NUL byte, as in `string<16>`";
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return Err(Error::new_spanned(segment, message));
    };
    match arguments.args.iter().collect::<Vec<_>>()[..] {
        [GenericArgument::Const(len)] if !is_other_literal(len) => Ok(Some(len.clone())),
        // A constant's name looks like a type.
        [GenericArgument::Type(Type::Path(len))] => Ok(Some(Expr::Path(syn::ExprPath {
            attrs: Vec::new(),
            qself: None,
            path: len.path.clone(),
        }))),
        _ => Err(Error::new_spanned(segment, message)),
    }
}

/// Whether an expression is a literal, but no integer.
fn is_other_literal(expr: &Expr) -> bool {
    matches!(expr, Expr::Lit(literal) if !matches!(literal.lit, Lit::Int(_)))
}

/// The value of a length that is given as a literal.
fn literal_len(len: &Expr) -> Option<usize> {
    match len {
        Expr::Lit(syn::ExprLit {
            lit: Lit::Int(len), ..
        }) => len.base10_parse().ok(),
        _ => None,
    }
}

/// Reads a string literal without NUL bytes.
fn text(message: &str, input: ParseStream<'_>) -> Result<syn::LitStr> {
    let span = input.span();
    let literal = match input.parse() {
        Ok(Lit::Str(literal)) if literal.suffix().is_empty() => literal,
        _ => return Err(Error::new(span, message)),
    };
    if literal.value().contains('\0') {
        let message = "the default of a string must not contain a NUL byte";
        return Err(Error::new(literal.span(), message));
    }
    Ok(literal)
}

fn charp(input: ParseStream<'_>) -> Result<TokenStream> {
    let message = "a default of type `charp` is a string literal or `None`";
    let value = if input.peek(syn::Ident) {
        let span = input.span();
        match input.parse::<Ident>() {
            Ok(none) if none == "None" => quote!(::core::option::Option::None),
            _ => return Err(Error::new(span, message)),
        }
    } else if let Ok(Lit::CStr(literal)) = input.fork().parse() {
        input.parse::<Lit>()?;
        quote!(::core::option::Option::Some(#literal))
    } else {
        let text = text(message, input)?;
        let bytes = CString::new(text.value()).expect("NUL bytes were refused");
        let mut literal = Literal::c_string(&bytes);
        literal.set_span(text.span());
        quote!(::core::option::Option::Some(#literal))
    };
    Ok(quote!(::kernel::module_param::Charp::new(#value)))
}

fn array(element: &Kind, len: &Expr, input: ParseStream<'_>) -> Result<Default> {
    let span = input.span();
    if !input.peek(token::Bracket) {
        let message = "the default of an array is a list, as in `default: [1, 2]`";
        return Err(Error::new(span, message));
    }
    let list;
    syn::bracketed!(list in input);
    let mut tokens = Vec::new();
    let mut values = Vec::new();
    while !list.is_empty() {
        let default = element.parse_default(&list)?;
        tokens.push(default.tokens);
        values.extend(default.values);
        if list.is_empty() {
            break;
        }
        if !list.peek(Token![,]) {
            return Err(list.error("expected `,` between the defaults of an array"));
        }
        list.parse::<Token![,]>()?;
    }
    match literal_len(len) {
        Some(0) => {
            let message = "an array of no elements takes no value";
            return Err(Error::new_spanned(len, message));
        }
        Some(max) if tokens.len() > max => {
            let message = format!("{} defaults for an array of {max}", tokens.len());
            return Err(Error::new(span, message));
        }
        _ => {}
    }
    let value = element.value();
    Ok(Default {
        tokens: quote!(::kernel::module_param::Array::<#value, { #len }>::new([#(#tokens),*])),
        values,
    })
}
