// SPDX-License-Identifier: GPL-2.0-only

//! `#[derive(ModuleParam)]`: an enum whose variants are written by name.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::Data;
use syn::DeriveInput;
use syn::Error;
use syn::Fields;
use syn::LitStr;
use syn::Result;
use syn::Variant;

/// Expands the derive macro.
///
/// # Errors
///
/// What is no enum of plain variants, an attribute that is not understood, and a name given twice.
pub(crate) fn derive(input: TokenStream) -> Result<TokenStream> {
    let input: DeriveInput = syn::parse2(input)?;
    let Data::Enum(data) = &input.data else {
        let message = "`ModuleParam` is derived for enums; implement it for other types";
        return Err(Error::new_spanned(&input.ident, message));
    };
    if let Some(generic) = input.generics.params.first() {
        return Err(Error::new_spanned(
            generic,
            "a parameter's type is not generic",
        ));
    }
    if data.variants.is_empty() {
        return Err(Error::new_spanned(
            &input.ident,
            "an enum without variants has no values",
        ));
    }
    let mut names: Vec<String> = Vec::new();
    for variant in &data.variants {
        let name = name(variant)?;
        if names.contains(&name) {
            let message = format!("the name `{name}` is given twice");
            return Err(Error::new_spanned(variant, message));
        }
        names.push(name);
    }
    let type_ = &input.ident;
    let variants: Vec<_> = data.variants.iter().map(|variant| &variant.ident).collect();

    Ok(quote! {
        impl ::kernel::module_param::ModuleParam for #type_ {
            fn try_from_param_arg(arg: &::kernel::str::BStr) -> ::kernel::error::Result<Self> {
                const NAMES: &[(&::core::primitive::str, #type_)] =
                    &[#((#names, #type_::#variants)),*];
                for (name, value) in NAMES {
                    if **arg == *name.as_bytes() {
                        return ::core::result::Result::Ok(*value);
                    }
                }
                ::core::result::Result::Err(::kernel::error::code::EINVAL)
            }
        }

        impl ::kernel::fmt::Display for #type_ {
            fn fmt(&self, f: &mut ::kernel::fmt::Formatter<'_>) -> ::kernel::fmt::Result {
                f.write_str(match self {
                    #(Self::#variants => #names,)*
                })
            }
        }
    })
}

/// What a variant is called: its own name in lower case, with `_` between words, or what its
/// attribute says.
fn name(variant: &Variant) -> Result<String> {
    if !matches!(variant.fields, Fields::Unit) {
        let message = "a variant with fields cannot be written by name";
        return Err(Error::new_spanned(variant, message));
    }
    let mut name = None;
    for attribute in variant
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("param"))
    {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("name") {
                return Err(meta.error("expected `name`, as in `#[param(name = \"off\")]`"));
            }
            let literal: LitStr = meta.value()?.parse()?;
            let value = literal.value();
            let is_bad = |c: char| c.is_control() || c == ',' || c == '"';
            if value.is_empty() || value.contains(is_bad) {
                let message = "a name is not empty, and has no comma, quote or control character";
                return Err(Error::new(literal.span(), message));
            }
            match name.replace(value) {
                None => Ok(()),
                Some(_) => Err(Error::new(literal.span(), "a variant has one name")),
            }
        })?;
    }
    Ok(name.unwrap_or_else(|| snake_case(&variant.ident.unraw().to_string())))
}

/// `VeryFast` becomes `very_fast`.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}
