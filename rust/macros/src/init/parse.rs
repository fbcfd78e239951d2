// SPDX-License-Identifier: GPL-2.0-only

//! What an initialiser is written as.

use syn::braced;
use syn::ext::IdentExt;
use syn::parse::Parse;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::Attribute;
use syn::Block;
use syn::Error;
use syn::Expr;
use syn::Ident;
use syn::Path;
use syn::PathArguments;
use syn::Result;
use syn::Token;
use syn::Type;

/// `&this in Type { fields, ..Zeroable::init_zeroed() }? Error`.
pub(crate) struct Initializer {
    /// What the user calls the pointer to the whole value.
    pub(crate) this: Option<Ident>,
    pub(crate) path: Path,
    pub(crate) fields: Vec<Field>,
    /// Whether the fields that are not named are zero.
    pub(crate) zeroed: bool,
    pub(crate) error: Option<Type>,
}

/// What stands between two commas.
pub(crate) struct Field {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) kind: Kind,
}

pub(crate) enum Kind {
    /// `name: value`, or `name` alone.
    Value(Ident, Expr),
    /// `name <- initialiser`.
    InPlace(Ident, Expr),
    /// `_: { code }`.
    Code(Block),
}

impl Field {
    /// The attributes that decide whether the field is there at all.
    pub(crate) fn cfgs(&self) -> Vec<&Attribute> {
        let is_cfg =
            |attr: &&Attribute| attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr");
        self.attrs.iter().filter(is_cfg).collect()
    }
}

impl Parse for Initializer {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let default_error = default_error(&input.call(Attribute::parse_outer)?)?;
        let this = if input.peek(Token![&]) {
            input.parse::<Token![&]>()?;
            let name = input.parse()?;
            input.parse::<Token![in]>()?;
            Some(name)
        } else {
            None
        };
        let mut path: Path = input.parse()?;
        // The path is used as an expression too, where generics need their `::`.
        for segment in &mut path.segments {
            if let PathArguments::AngleBracketed(generics) = &mut segment.arguments {
                generics.colon2_token.get_or_insert_with(Default::default);
            }
        }

        let content;
        braced!(content in input);
        let mut fields = Vec::new();
        while !content.is_empty() && !content.peek(Token![..]) {
            fields.push(content.parse()?);
            if !content.is_empty() {
                content.parse::<Token![,]>()?;
            }
        }
        let zeroed = content.peek(Token![..]);
        if zeroed {
            content.parse::<Token![..]>()?;
            let rest: Expr = content.parse()?;
            if !is_zeroed(&rest) {
                return Err(Error::new(
                    rest.span(),
                    "only zeroes can fill the other fields: write `..Zeroable::init_zeroed()`",
                ));
            }
        }

        let error = if input.peek(Token![?]) {
            input.parse::<Token![?]>()?;
            Some(input.parse()?)
        } else {
            default_error
        };
        Ok(Self {
            this,
            path,
            fields,
            zeroed,
            error,
        })
    }
}

/// Reads `#[default_error(Type)]`, the one attribute of a whole initialiser.
fn default_error(attrs: &[Attribute]) -> Result<Option<Type>> {
    let mut error = None;
    for attr in attrs {
        if !attr.path().is_ident("default_error") {
            return Err(Error::new_spanned(
                attr,
                "an initialiser takes no attribute but `#[default_error(Type)]`",
            ));
        }
        error = Some(attr.parse_args()?);
    }
    Ok(error)
}

/// Whether `expr` calls `zeroed()` or `init_zeroed()`, of `Zeroable` or of the crate.
fn is_zeroed(expr: &Expr) -> bool {
    let Expr::Call(call) = expr else { return false };
    let Expr::Path(function) = &*call.func else {
        return false;
    };
    let mut names = function.path.segments.iter().rev();
    let called = |names: &[&str], segment: &syn::PathSegment| {
        segment.arguments.is_none() && names.iter().any(|name| segment.ident == name)
    };
    call.args.is_empty()
        && function.qself.is_none()
        && names
            .next()
            .is_some_and(|name| called(&["zeroed", "init_zeroed"], name))
        && names
            .next()
            .is_none_or(|name| called(&["Zeroable", "pin_init"], name))
}

impl Parse for Field {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let kind = if input.peek(Token![_]) {
            input.parse::<Token![_]>()?;
            input.parse::<Token![:]>()?;
            Kind::Code(input.parse()?)
        } else if input.peek(Ident::peek_any) {
            let name: Ident = input.parse()?;
            let next = input.lookahead1();
            if input.is_empty() || next.peek(Token![,]) {
                let value = syn::parse_quote!(#name);
                Kind::Value(name, value)
            } else if next.peek(Token![<-]) {
                input.parse::<Token![<-]>()?;
                Kind::InPlace(name, input.parse()?)
            } else if next.peek(Token![:]) {
                input.parse::<Token![:]>()?;
                Kind::Value(name, input.parse()?)
            } else {
                return Err(next.error());
            }
        } else {
            return Err(input.error(
                "expected `field: value`, `field <- initialiser`, `_: { code }` or \
                 `..Zeroable::init_zeroed()`",
            ));
        };
        Ok(Self { attrs, kind })
    }
}
