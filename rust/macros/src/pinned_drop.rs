// SPDX-License-Identifier: GPL-2.0-only

//! The attribute `#[pinned_drop]`.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::parse_quote;
use syn::Error;
use syn::ImplItem;
use syn::ItemImpl;
use syn::Result;

/// Expands `#[pinned_drop]` on `impl PinnedDrop for Type`.
///
/// The function gets a parameter of a type that only `Drop` can make: `drop` is safe to write, and
/// nobody can call it a second time.
///
/// # Errors
///
/// Arguments, another trait, `unsafe`, or anything but one function `drop`.
pub(crate) fn pinned_drop(args: TokenStream, input: TokenStream) -> Result<TokenStream> {
    if !args.is_empty() {
        return Err(Error::new_spanned(
            args,
            "`#[pinned_drop]` takes no arguments",
        ));
    }
    let mut item: ItemImpl = syn::parse2(input)?;
    if let Some(unsafety) = item.unsafety {
        return Err(Error::new_spanned(
            unsafety,
            "`PinnedDrop` is safe to implement with `#[pinned_drop]`: remove `unsafe`",
        ));
    }
    let wanted = "`#[pinned_drop]` goes on `impl PinnedDrop for Type`";
    match &mut item.trait_ {
        Some((None, path, _))
            if path
                .segments
                .last()
                .is_some_and(|last| last.ident == "PinnedDrop" && last.arguments.is_none()) =>
        {
            *path = parse_quote!(::pin_init::PinnedDrop);
        }
        Some((_, path, _)) => return Err(Error::new_spanned(path, wanted)),
        None => return Err(Error::new_spanned(&item.self_ty, wanted)),
    }
    match item.items.as_mut_slice() {
        [ImplItem::Fn(function)] if function.sig.ident == "drop" => {
            function
                .sig
                .inputs
                .push(parse_quote!(_: ::pin_init::__internal::OnlyCallFromDrop));
        }
        _ => {
            return Err(Error::new_spanned(
                &item.self_ty,
                "`PinnedDrop` has one function: `fn drop(self: Pin<&mut Self>)`",
            ))
        }
    }
    // SAFETY (of what is expanded): `#[pin_data(PinnedDrop)]` calls it, once, from `Drop`.
    item.unsafety = Some(Default::default());
    Ok(item.into_token_stream())
}
