// SPDX-License-Identifier: GPL-2.0-only

//! The attribute `#[pin_data]`.
//!
//! The attribute only adds a derive: a derive sees the struct after rustc has decided on each `#[cfg]`,
//! and `#[pin]` may stay on the fields as its helper.

mod expand;

use proc_macro2::Group;
use proc_macro2::TokenStream;
use proc_macro2::TokenTree;
use quote::quote;
use quote::ToTokens;
use syn::Attribute;
use syn::Data;
use syn::DeriveInput;
use syn::Error;
use syn::Generics;
use syn::Ident;
use syn::Path;
use syn::Result;
use syn::Type;
use syn::Visibility;

/// Expands `#[pin_data]` and `#[pin_data(PinnedDrop)]`.
///
/// # Errors
///
/// Other arguments.
pub(crate) fn pin_data(args: TokenStream, input: TokenStream) -> Result<TokenStream> {
    if !args.is_empty() && !syn::parse2::<Ident>(args.clone()).is_ok_and(|arg| arg == "PinnedDrop")
    {
        return Err(Error::new_spanned(
            args,
            "`#[pin_data]` takes `PinnedDrop` or nothing",
        ));
    }
    Ok(quote! {
        #[derive(::pin_init::__internal::__PinData)]
        #[__pin_data(#args)]
        #input
    })
}

struct Field {
    vis: Visibility,
    name: Ident,
    ty: Type,
    pinned: bool,
}

/// The struct, ready to be quoted.
struct Struct {
    vis: Visibility,
    name: Ident,
    generics: Generics,
    fields: Vec<Field>,
    pinned_drop: bool,
}

/// Expands the derive that `#[pin_data]` adds.
///
/// # Errors
///
/// An enum, a union, fields without names, `#[pin]` twice, `PhantomPinned` without `#[pin]`.
pub(crate) fn derive(input: TokenStream) -> Result<TokenStream> {
    let item = Struct::parse(input)?;
    let projection = item.projection();
    let data = item.data();
    let unpin = item.unpin();
    let drop = item.drop();
    Ok(quote! {
        #projection
        const _: () = {
            #data
            #unpin
            #drop
        };
    })
}

impl Struct {
    fn parse(input: TokenStream) -> Result<Self> {
        let item: DeriveInput = syn::parse2(input.clone())?;
        let named = match &item.data {
            Data::Struct(data) if matches!(data.fields, syn::Fields::Named(_)) => &data.fields,
            _ => {
                return Err(Error::new_spanned(
                    item.ident,
                    "`#[pin_data]` needs a struct with named fields",
                ))
            }
        };
        // The types are used where `Self` is another type.
        let (_, arguments, _) = item.generics.split_for_impl();
        let arguments = arguments.as_turbofish();
        let name = &item.ident;
        let whole = quote!(#name #arguments);

        let mut fields = Vec::new();
        for field in named {
            let pins = field
                .attrs
                .iter()
                .filter(|attr| attr.path().is_ident("pin"));
            let pinned = match pins.count() {
                0 if is_phantom_pinned(&field.ty) => {
                    return Err(Error::new_spanned(
                        field,
                        "`PhantomPinned` has no effect without `#[pin]`",
                    ))
                }
                0 => false,
                1 => true,
                _ => return Err(Error::new_spanned(field, "the field has `#[pin]` twice")),
            };
            fields.push(Field {
                vis: field.vis.clone(),
                name: field.ident.clone().expect("the fields are named"),
                ty: without_self(&field.ty, &whole)?,
                pinned,
            });
        }
        let mut generics: Generics = without_self(&item.generics, &whole)?;
        generics.where_clause = match &item.generics.where_clause {
            Some(bounds) => Some(without_self(bounds, &whole)?),
            None => None,
        };
        Ok(Self {
            vis: item.vis,
            name: item.ident,
            generics,
            fields,
            pinned_drop: item.attrs.iter().any(names_pinned_drop),
        })
    }
}

fn names_pinned_drop(attr: &Attribute) -> bool {
    attr.path().is_ident("__pin_data")
        && attr
            .parse_args::<Path>()
            .is_ok_and(|arg| arg.is_ident("PinnedDrop"))
}

fn is_phantom_pinned(ty: &Type) -> bool {
    let Type::Path(ty) = ty else { return false };
    let names: Vec<String> = ty
        .path
        .segments
        .iter()
        .map(|s| s.ident.to_string())
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    matches!(
        names.as_slice(),
        ["PhantomPinned"] | ["marker", "PhantomPinned"] | ["core", "marker", "PhantomPinned"]
    )
}

/// Writes the type itself, `whole`, for `Self`: the part is used where `Self` is something else.
pub(crate) fn without_self<T: ToTokens + syn::parse::Parse>(
    part: &T,
    whole: &TokenStream,
) -> Result<T> {
    fn replace(tokens: TokenStream, whole: &TokenStream) -> TokenStream {
        let mut replaced = TokenStream::new();
        for token in tokens {
            match token {
                TokenTree::Ident(name) if name == "Self" => replaced.extend(whole.clone()),
                TokenTree::Group(group) => {
                    let mut inner = Group::new(group.delimiter(), replace(group.stream(), whole));
                    inner.set_span(group.span());
                    replaced.extend([TokenTree::Group(inner)]);
                }
                token => replaced.extend([token]),
            }
        }
        replaced
    }
    syn::parse2(replace(part.to_token_stream(), whole))
}
