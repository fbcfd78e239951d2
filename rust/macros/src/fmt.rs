// SPDX-License-Identifier: GPL-2.0-only

//! The macro `fmt!`.

use proc_macro2::Ident;
use proc_macro2::TokenStream;
use quote::quote;
use quote::ToTokens;
use std::collections::BTreeSet;
use syn::parse::Parse;
use syn::parse::ParseStream;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::Expr;
use syn::ExprLit;
use syn::Lit;
use syn::LitStr;
use syn::Result;
use syn::Token;

/// Wraps the arguments of `format_args!` into `kernel::fmt::Adapter`.
pub(crate) fn fmt(input: TokenStream) -> TokenStream {
    let Ok(args) = Punctuated::<Arg, Token![,]>::parse_terminated.parse2(input.clone()) else {
        // rustc's own message about what is wrong is better than any from here.
        return quote!(::core::format_args!(#input));
    };
    let mut args = args.into_iter();
    let Some(format) = args.next() else {
        return quote!(::core::format_args!());
    };
    let args: Vec<_> = args.collect();

    let literal = format.literal();
    let uses = literal.map(|literal| Uses::of(&literal.value()));
    let uses = uses.unwrap_or_default();
    let is_count = |index: usize, arg: &Arg| {
        let name = arg.name.as_ref().map(Ident::to_string);
        uses.counts.contains(&index.to_string()) || name.is_some_and(|n| uses.counts.contains(&n))
    };
    let wrapped = args.iter().enumerate().map(|(index, arg)| {
        let value = &arg.value;
        let name = arg.name.iter();
        if is_count(index, arg) {
            // A width or a precision has to stay a `usize`.
            quote!(#(#name =)* #value)
        } else {
            quote!(#(#name =)* ::kernel::fmt::Adapter(&(#value)))
        }
    });
    let captured = uses
        .captured
        .iter()
        .filter(|name| !uses.counts.contains(*name))
        .filter(|name| !args.iter().any(|arg| arg.is_named(name)))
        .filter_map(|name| {
            let mut ident: Ident = syn::parse_str(name).ok()?;
            ident.set_span(literal?.span());
            Some(quote!(#ident = ::kernel::fmt::Adapter(&#ident)))
        });

    quote!(::core::format_args!(#format #(, #wrapped)* #(, #captured)*))
}

/// An argument: a value, possibly named.
struct Arg {
    name: Option<Ident>,
    value: Expr,
}

impl Arg {
    fn literal(&self) -> Option<&LitStr> {
        match &self.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(literal),
                ..
            }) => Some(literal),
            _ => None,
        }
    }

    fn is_named(&self, name: &str) -> bool {
        self.name.as_ref().is_some_and(|ident| ident == name)
    }
}

impl Parse for Arg {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name = if input.peek(syn::Ident) && input.peek2(Token![=]) && !input.peek2(Token![==]) {
            let name = input.parse()?;
            input.parse::<Token![=]>()?;
            Some(name)
        } else {
            None
        };
        Ok(Self {
            name,
            value: input.parse()?,
        })
    }
}

impl ToTokens for Arg {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let name = self.name.iter();
        let value = &self.value;
        tokens.extend(quote!(#(#name =)* #value));
    }
}

/// What a format string refers to.
#[derive(Debug, Default, PartialEq)]
struct Uses {
    /// The names of values.
    captured: BTreeSet<String>,
    /// The names and positions of widths and precisions.
    counts: BTreeSet<String>,
}

impl Uses {
    fn of(format: &str) -> Self {
        let mut uses = Self::default();
        let mut next_position = 0;
        let mut rest = format;
        while let Some(start) = rest.find(['{', '}']) {
            let escape = &rest[start..];
            if escape.starts_with("{{") || escape.starts_with('}') {
                rest = escape
                    .strip_prefix("{{")
                    .or_else(|| escape.strip_prefix("}}"))
                    .unwrap_or(&escape[1..]);
                continue;
            }
            let Some(len) = escape.find('}') else { break };
            uses.placeholder(&escape[1..len], &mut next_position);
            rest = &escape[len + 1..];
        }
        uses
    }

    /// Takes in the inside of one `{…}`.
    fn placeholder(&mut self, inside: &str, next_position: &mut usize) {
        let (value, spec) = inside.split_once(':').unwrap_or((inside, ""));
        if spec.contains(".*") {
            self.counts.insert(next_position.to_string());
            *next_position += 1;
        }
        let value = value.trim();
        if value.is_empty() {
            *next_position += 1;
        } else if !value.starts_with(|c: char| c.is_ascii_digit()) {
            self.captured.insert(value.to_owned());
        }

        // In a specification a `$` follows each name or position, except as the fill character.
        let mut pieces: Vec<_> = spec.split('$').collect();
        pieces.pop();
        for piece in pieces {
            let is_name = |c: char| c.is_alphanumeric() || c == '_';
            let name = &piece[piece.trim_end_matches(is_name).len()..];
            // `{:08$}`: the leading zero is a flag.
            let name = match name.strip_prefix('0') {
                Some(position) if !position.is_empty() => position,
                _ => name,
            };
            if !name.is_empty() {
                self.counts.insert(name.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uses(format: &str) -> (Vec<String>, Vec<String>) {
        let uses = Uses::of(format);
        (
            uses.captured.into_iter().collect(),
            uses.counts.into_iter().collect(),
        )
    }

    #[test]
    fn names_and_counts_are_told_apart() {
        assert_eq!(uses("{{no}} {} {0}"), (vec![], vec![]));
        assert_eq!(
            uses("{a} {b:?} }}{c:#x}"),
            (vec!["a".into(), "b".into(), "c".into()], vec![])
        );
        assert_eq!(
            uses("{:>w$.2$} {x:1$}"),
            (vec!["x".into()], vec!["1".into(), "2".into(), "w".into()])
        );
        assert_eq!(uses("{} {:.*}"), (vec![], vec!["1".into()]));
        assert_eq!(uses("{:08$} {:$<4} {"), (vec![], vec!["8".into()]));
    }

    #[test]
    fn arguments_are_wrapped() {
        let wrapped = |input: TokenStream| fmt(input).to_string();
        let expected = |input: TokenStream| input.to_string();
        assert_eq!(
            wrapped(quote!("{} {x} {y:.*}", a.b(), 3, y = &z,)),
            expected(quote!(::core::format_args!(
                "{} {x} {y:.*}",
                ::kernel::fmt::Adapter(&(a.b())),
                3,
                y = ::kernel::fmt::Adapter(&(&z)),
                x = ::kernel::fmt::Adapter(&x)
            )))
        );
        assert_eq!(
            wrapped(quote!(concat!("{}", "\n"), a == b)),
            expected(quote!(::core::format_args!(
                concat!("{}", "\n"),
                ::kernel::fmt::Adapter(&(a == b))
            )))
        );
    }
}
