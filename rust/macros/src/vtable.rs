// SPDX-License-Identifier: GPL-2.0-only

//! The attribute `#[vtable]`.

use proc_macro2::TokenStream;
use quote::format_ident;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse_quote;
use syn::Attribute;
use syn::Error;
use syn::Ident;
use syn::ImplItem;
use syn::Item;
use syn::ItemImpl;
use syn::ItemTrait;
use syn::Result;
use syn::Signature;
use syn::TraitItem;

/// Expands `#[vtable]` on a trait or on an implementation of one.
///
/// # Errors
///
/// Arguments, or an item of another kind.
pub(crate) fn vtable(args: TokenStream, input: TokenStream) -> Result<TokenStream> {
    if !args.is_empty() {
        return Err(Error::new_spanned(args, "`#[vtable]` takes no arguments"));
    }
    match syn::parse2(input)? {
        Item::Trait(item) => Ok(on_trait(item).into_token_stream()),
        Item::Impl(item) if item.trait_.is_some() => Ok(on_impl(item).into_token_stream()),
        Item::Impl(item) => Err(Error::new_spanned(
            item.self_ty,
            "`#[vtable]` needs `impl Trait for Type`: an inherent implementation has no table",
        )),
        item => Err(Error::new_spanned(
            item,
            "`#[vtable]` goes on a trait or on an implementation of one",
        )),
    }
}

fn on_trait(mut item: ItemTrait) -> ItemTrait {
    let defined: Vec<Ident> = item
        .items
        .iter()
        .filter_map(|item| match item {
            TraitItem::Const(item) => Some(item.ident.clone()),
            _ => None,
        })
        .collect();
    let constants = functions(item.items.iter().filter_map(|item| match item {
        TraitItem::Fn(item) => Some((&item.sig, &item.attrs)),
        _ => None,
    }))
    .filter(|(constant, ..)| !defined.contains(constant))
    .map(|(constant, function, cfgs)| {
        let doc = format!("Whether [`Self::{function}`] is implemented.");
        parse_quote! {
            #(#cfgs)*
            #[doc = #doc]
            const #constant: ::core::primitive::bool = false;
        }
    })
    .collect::<Vec<TraitItem>>();

    // No default: an implementation without the attribute does not compile.
    item.items.push(parse_quote! {
        /// Defined by `#[vtable]` on the implementation.
        #[doc(hidden)]
        const USE_VTABLE_ATTR: ();
    });
    item.items.extend(constants);
    item
}

fn on_impl(mut item: ItemImpl) -> ItemImpl {
    let defined: Vec<Ident> = item
        .items
        .iter()
        .filter_map(|item| match item {
            ImplItem::Const(item) => Some(item.ident.clone()),
            _ => None,
        })
        .collect();
    let constants = functions(item.items.iter().filter_map(|item| match item {
        ImplItem::Fn(item) => Some((&item.sig, &item.attrs)),
        _ => None,
    }))
    .filter(|(constant, ..)| !defined.contains(constant))
    .map(|(constant, _, cfgs)| {
        parse_quote! {
            #(#cfgs)*
            const #constant: ::core::primitive::bool = true;
        }
    })
    .collect::<Vec<ImplItem>>();

    item.items.push(parse_quote!(
        const USE_VTABLE_ATTR: () = ();
    ));
    item.items.extend(constants);
    item
}

/// For each function: the name of its constant, its own name, the conditions it is under.
fn functions<'a>(
    functions: impl Iterator<Item = (&'a Signature, &'a Vec<Attribute>)> + 'a,
) -> impl Iterator<Item = (Ident, String, Vec<&'a Attribute>)> + 'a {
    functions.map(|(signature, attributes)| {
        let name = signature.ident.unraw().to_string();
        let constant = format_ident!("HAS_{}", name.to_uppercase(), span = signature.ident.span());
        let cfgs = attributes
            .iter()
            .filter(|attribute| attribute.path().is_ident("cfg"))
            .collect();
        (constant, name, cfgs)
    })
}
