// SPDX-License-Identifier: GPL-2.0-only

//! `#[interface]` on a trait.

use super::checked;
use super::function;
use super::no_generics;
use super::plain_attributes;
use super::Returns;
use proc_macro2::TokenStream;
use quote::quote;
use quote::quote_spanned;
use syn::parse_quote;
use syn::spanned::Spanned;
use syn::Error;
use syn::ItemTrait;
use syn::Result;
use syn::TraitItem;
use syn::TypeParamBound;

/// The trait, and `Detached` for its objects: what can be done through them has been looked at.
pub(super) fn on_trait(mut item: ItemTrait) -> Result<TokenStream> {
    no_generics(&item.generics)?;
    plain_attributes(&item.attrs, "`#[interface]`")?;
    if let Some(token) = &item.unsafety {
        return Err(Error::new_spanned(
            token,
            "a trait of an interface is safe to implement",
        ));
    }
    let mut checks = Vec::new();
    for bound in &mut item.supertraits {
        match bound {
            TypeParamBound::Lifetime(_) => {}
            TypeParamBound::Trait(bound) if bound.path.is_ident("Sync") => {
                bound.path = parse_quote!(::core::marker::Sync);
            }
            TypeParamBound::Trait(bound) if bound.path.is_ident("Send") => {
                bound.path = parse_quote!(::core::marker::Send);
            }
            bound => checks
                .push(quote_spanned!(bound.span() => ::kernel::export::detached::<dyn #bound>();)),
        }
    }
    for item in &item.items {
        match item {
            TraitItem::Fn(method) if method.sig.receiver().is_some() => {
                plain_attributes(&method.attrs, "`#[interface]`")?;
                checks.extend(function(&method.sig, Returns::AnyWay)?);
            }
            item => {
                return Err(Error::new_spanned(
                    item,
                    "a trait of an interface has methods with `&self`, and nothing else",
                ))
            }
        }
    }

    let name = &item.ident;
    let checked = checked(&checks);
    Ok(quote! {
        #item

        const _: () = {
            #checked

            // SAFETY: All that its methods take and return outlives the modules, or lasts for the
            // call: `check` and the macro have looked at each.
            unsafe impl ::kernel::export::Detached for dyn #name + '_ {}
        };
    })
}
