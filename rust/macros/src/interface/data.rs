// SPDX-License-Identifier: GPL-2.0-only

//! `#[interface]` on a structure or an enumeration.

use super::checked;
use super::detached;
use super::no_generics;
use super::plain_attributes;
use proc_macro2::TokenStream;
use quote::quote;
use syn::Error;
use syn::Fields;
use syn::Generics;
use syn::Ident;
use syn::ItemEnum;
use syn::ItemStruct;
use syn::Result;
use syn::Token;

pub(super) fn on_struct(args: TokenStream, item: &ItemStruct) -> Result<TokenStream> {
    plain_attributes(&item.attrs, "`#[interface]`")?;
    let c_type = match args.is_empty() {
        true => None,
        false => Some(c_type(args, item)?),
    };
    let detached = detached_type(&item.ident, &item.generics, [&item.fields])?;
    Ok(quote!(#item #detached #c_type))
}

pub(super) fn on_enum(item: &ItemEnum) -> Result<TokenStream> {
    plain_attributes(&item.attrs, "`#[interface]`")?;
    let fields = item.variants.iter().map(|variant| &variant.fields);
    let detached = detached_type(&item.ident, &item.generics, fields)?;
    Ok(quote!(#item #detached))
}

fn detached_type<'a>(
    name: &Ident,
    generics: &Generics,
    fields: impl IntoIterator<Item = &'a Fields>,
) -> Result<TokenStream> {
    no_generics(generics)?;
    let types = fields.into_iter().flatten().map(|field| &field.ty);
    let checked = checked(&types.map(detached).collect::<Vec<_>>());
    Ok(quote! {
        const _: () = {
            #checked

            // SAFETY: All its fields are detached, as `check` has found.
            unsafe impl ::kernel::export::Detached for #name {}
        };
    })
}

/// The C type that `#[interface(struct name)]` names; the build has C compare the layouts.
fn c_type(args: TokenStream, item: &ItemStruct) -> Result<TokenStream> {
    let parse = |input: syn::parse::ParseStream<'_>| -> Result<Ident> {
        input.parse::<Token![struct]>()?;
        input.parse()
    };
    let c_name = syn::parse::Parser::parse2(parse, args.clone()).map_err(|_| {
        Error::new_spanned(
            &args,
            "expected the name in C, as in `#[interface(struct stats)]`",
        )
    })?;
    let is_c = item.attrs.iter().any(|attribute| {
        attribute.path().is_ident("repr")
            && attribute
                .parse_args::<Ident>()
                .is_ok_and(|repr| repr == "C")
    });
    if !is_c {
        let message = "a structure that C shares is `#[repr(C)]`, below `#[interface]`";
        return Err(Error::new_spanned(&item.ident, message));
    }
    let Fields::Named(fields) = &item.fields else {
        let message = "a structure that C shares has fields with names";
        return Err(Error::new_spanned(&item.ident, message));
    };

    let name = &item.ident;
    let c_name = format!("struct {c_name}");
    let size = format!("_Static_assert(sizeof({c_name}) == ");
    let message = |what: &str| format!(", \"{c_name} is not what Rust believes: {what}\");\n");
    let size_message = message("its size");
    let alignment = format!("_Static_assert(_Alignof({c_name}) == ");
    let alignment_message = message("its alignment");
    let fields = fields.named.iter().filter_map(|field| {
        let (ident, type_) = (field.ident.as_ref()?, &field.ty);
        let at = format!("_Static_assert(__builtin_offsetof({c_name}, {ident}) == ");
        let kind = format!(
            "_Static_assert(__builtin_types_compatible_p(__typeof__((({c_name} *)0)->{ident}), "
        );
        let (offset_message, type_message) = (
            message(&format!("where {ident} is")),
            message(&format!("the type of {ident}")),
        );
        Some(quote! {
            .and(&<#type_ as ::kernel::export::CType>::LAYOUT)
            .text(#at)
            .number(::core::mem::offset_of!(#name, #ident))
            .text(#offset_message)
            .text(#kind)
            .and(&<#type_ as ::kernel::export::CType>::NAME)
            .text(")")
            .text(#type_message)
        })
    });
    Ok(quote! {
        // SAFETY: The build of an exporting module has C assert that both layouts are the same.
        unsafe impl ::kernel::export::CType for #name {
            const NAME: ::kernel::export::Text = ::kernel::export::Text::new().text(#c_name);
            const LAYOUT: ::kernel::export::Text = ::kernel::export::Text::new()
                #(#fields)*
                .text(#size)
                .number(::core::mem::size_of::<#name>())
                .text(#size_message)
                .text(#alignment)
                .number(::core::mem::align_of::<#name>())
                .text(#alignment_message);
        }
    })
}
