// SPDX-License-Identifier: GPL-2.0-only

//! The derives of `Zeroable` and `MaybeZeroable`.

use crate::pin_data::without_self;
use proc_macro2::TokenStream;
use quote::quote;
use std::collections::HashSet;
use syn::parse_quote;
use syn::Data;
use syn::DeriveInput;
use syn::Error;
use syn::Result;
use syn::Type;

/// Expands `#[derive(Zeroable)]`: rustc refuses it where a field is not `Zeroable`.
///
/// # Errors
///
/// An enum.
pub(crate) fn derive(input: TokenStream) -> Result<TokenStream> {
    let (input, types) = parse(input, "Zeroable")?;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    let name = &input.ident;
    let turbofish = arguments.as_turbofish();
    let whole = quote!(#name #turbofish);
    let types: Vec<Type> = types
        .iter()
        .map(|ty| without_self(ty, &whole))
        .collect::<Result<_>>()?;
    Ok(quote! {
        // SAFETY: Zeroes are valid for each field, as the function below shows, and for padding.
        #[automatically_derived]
        unsafe impl #generics ::pin_init::Zeroable for #name #arguments #bounds {}
        const _: () = {
            fn zeroable<T: ?::core::marker::Sized + ::pin_init::Zeroable>() {}
            #[allow(dead_code)]
            fn fields #generics () #bounds {
                #(zeroable::<#types>();)*
            }
        };
    })
}

/// Expands `#[derive(MaybeZeroable)]`: the type is `Zeroable` if all its fields are.
///
/// # Errors
///
/// An enum.
pub(crate) fn maybe_derive(input: TokenStream) -> Result<TokenStream> {
    let (mut input, types) = parse(input, "MaybeZeroable")?;
    let bounds = input.generics.make_where_clause();
    // C's structs have many fields of few types; rustc need not ask twice.
    let mut seen = HashSet::new();
    for ty in types.into_iter().filter(|ty| seen.insert(ty.clone())) {
        // `for` makes rustc ask where the trait is used, not here.
        bounds
            .predicates
            .push(parse_quote!(#ty: for<'__any> ::pin_init::Zeroable));
    }
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    let name = &input.ident;
    Ok(quote! {
        // SAFETY: By the bounds zeroes are valid for each field, and for padding they are too.
        #[automatically_derived]
        unsafe impl #generics ::pin_init::Zeroable for #name #arguments #bounds {}
    })
}

/// Reads a struct or union and the types of its fields; each type parameter is to be `Zeroable`.
fn parse(input: TokenStream, derive: &str) -> Result<(DeriveInput, Vec<Type>)> {
    let mut input: DeriveInput = syn::parse2(input)?;
    let types = match &input.data {
        Data::Struct(data) => data.fields.iter().map(|field| field.ty.clone()).collect(),
        Data::Union(data) => data
            .fields
            .named
            .iter()
            .map(|field| field.ty.clone())
            .collect(),
        Data::Enum(data) => {
            return Err(Error::new_spanned(
                data.enum_token,
                format!(
                    "`{derive}` cannot be derived for an enum: zero may be none of its variants"
                ),
            ))
        }
    };
    for parameter in input.generics.type_params_mut() {
        parameter.bounds.push(parse_quote!(::pin_init::Zeroable));
    }
    Ok((input, types))
}
