// SPDX-License-Identifier: GPL-2.0-only

//! The macros `init!` and `pin_init!`.

mod parse;

use parse::Field;
use parse::Initializer;
use parse::Kind;
use proc_macro2::Ident;
use proc_macro2::Span;
use proc_macro2::TokenStream;
use quote::format_ident;
use quote::quote;
use quote::quote_spanned;
use syn::parse_quote;
use syn::Result;

/// Whether the value is pinned from the start.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Place {
    Pinned,
    Unpinned,
}

/// Expands an initialiser into an expression that implements `Init` or `PinInit`.
///
/// All names that it introduces are out of the reach of the user's expressions (`mixed_site`), but
/// for the fields' own.
///
/// # Errors
///
/// What is no initialiser. Wrong fields are rustc's to find.
pub(crate) fn init(input: TokenStream, place: Place) -> Result<TokenStream> {
    let Initializer {
        this,
        path,
        fields,
        zeroed,
        error,
    } = syn::parse2(input)?;
    let error = error.unwrap_or_else(|| parse_quote!(::core::convert::Infallible));
    let (has_data, get_data, data_trait, from_closure) = match place {
        Place::Pinned => (
            quote!(HasPinData),
            quote!(__pin_data),
            quote!(PinData),
            quote!(pin_init_from_closure),
        ),
        Place::Unpinned => (
            quote!(HasInitData),
            quote!(__init_data),
            quote!(InitData),
            quote!(init_from_closure),
        ),
    };
    let zero = zeroed.then(|| {
        quote_spanned! {mixed()=>
            // SAFETY: The slot is valid for writes and holds nothing yet.
            unsafe { ::pin_init::__internal::zero(slot) };
        }
    });
    let this = this.map(|this| {
        quote_spanned! {mixed()=>
            // SAFETY: The slot of an initialiser is valid, so it is not null.
            let #this = unsafe { ::core::ptr::NonNull::new_unchecked(slot) };
        }
    });
    let filled = fill(&fields, place);
    let check = check(&fields, zeroed, &path);
    Ok(quote_spanned! {mixed()=> {
        // SAFETY: This is the macro that may ask for it.
        let data = unsafe {
            use ::pin_init::__internal::#has_data as _;
            // As a method: generics that are not written out are then inferred.
            #path::#get_data()
        };
        let fill = ::pin_init::__internal::#data_trait::make_closure::<
            _,
            ::pin_init::__internal::InitOk,
            #error,
        >(data, move |slot| {
            #zero
            #this
            #filled
            #check
            // SAFETY: All fields are initialised, as `check` shows.
            ::core::result::Result::Ok(unsafe { ::pin_init::__internal::InitOk::new() })
        });
        let init = move |slot| -> ::core::result::Result<(), #error> {
            ::core::result::Result::map(fill(slot), |_| ())
        };
        // SAFETY: The closure initialises all fields, or drops those that it has initialised.
        unsafe { ::pin_init::#from_closure::<_, #error>(init) }
    }})
}

fn mixed() -> Span {
    Span::mixed_site()
}

/// The code that fills the fields, in the order in which they are written.
///
/// A guard owns each field from when it is initialised until all are, and drops it on the way out of
/// an error: in reverse order, as local variables are dropped.
fn fill(fields: &[Field], place: Place) -> TokenStream {
    let mut code = TokenStream::new();
    let mut done = TokenStream::new();
    for (index, field) in fields.iter().enumerate() {
        let attrs = &field.attrs;
        let (name, value, method) = match &field.kind {
            Kind::Value(name, value) => (name, value, quote!(write)),
            Kind::InPlace(name, value) => (name, value, quote!(init)),
            Kind::Code(block) => {
                code.extend(quote!(#(#attrs)* #block));
                continue;
            }
        };
        let guard: Ident = format_ident!("guard{index}", span = mixed());
        let fallible = matches!(field.kind, Kind::InPlace(..)).then(|| quote!(?));
        let slot = match place {
            // The type's own data knows which of its fields are pinned.
            Place::Pinned => quote_spanned!(mixed()=> data.#name(slot)),
            Place::Unpinned => quote_spanned! {mixed()=>
                ::pin_init::__internal::Slot::<::pin_init::__internal::Unpinned, _>::new(
                    &raw mut (*slot).#name
                )
            },
        };
        let cfgs = field.cfgs();
        code.extend(quote_spanned! {mixed()=>
            #(#attrs)*
            // SAFETY: The field is aligned and not named twice, as `check` shows; so it holds nothing
            // yet, and nothing else knows of it.
            let mut #guard = (unsafe { #slot }).#method(#value)#fallible;
            #(#cfgs)*
            #[allow(unused_variables, non_snake_case)]
            let #name = #guard.field();
        });
        done.extend(quote_spanned!(mixed()=> #(#cfgs)* ::core::mem::forget(#guard);));
    }
    quote!(#code #done)
}

/// Code that never runs, for rustc to find fields that are missing, named twice, unknown or unaligned.
fn check(fields: &[Field], zeroed: bool, path: &syn::Path) -> TokenStream {
    let mut aligned = TokenStream::new();
    let mut named = TokenStream::new();
    for field in fields {
        let (Kind::Value(name, _) | Kind::InPlace(name, _)) = &field.kind else {
            continue;
        };
        let cfgs = field.cfgs();
        aligned.extend(quote_spanned!(mixed()=> #(#cfgs)* let _ = &(*slot).#name;));
        named.extend(quote_spanned!(mixed()=> #(#cfgs)* #name: loop {},));
    }
    let rest = zeroed.then(|| quote!(..::core::mem::zeroed()));
    quote_spanned! {mixed()=>
        #[allow(unreachable_code, clippy::diverging_sub_expression)]
        // SAFETY: This is never called.
        let _ = || unsafe {
            #aligned
            ::core::ptr::write(slot, #path { #named #rest })
        };
    }
}
