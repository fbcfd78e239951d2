// SPDX-License-Identifier: GPL-2.0-only

//! The attribute `#[interface]`: what several modules share, and may share soundly.
//!
//! The checks are two: the syntax of a signature (references last for a call, nothing is generic),
//! and the trait `Detached`, which every type in it must implement. A type alias hides nothing from the latter.

mod block;
mod data;
mod traits;

use proc_macro2::TokenStream;
use quote::quote;
use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::Attribute;
use syn::Error;
use syn::FnArg;
use syn::GenericParam;
use syn::Generics;
use syn::Item;
use syn::Result;
use syn::ReturnType;
use syn::Signature;
use syn::Type;

/// Expands `#[interface]`.
///
/// # Errors
///
/// What cannot be part of an interface, at its place.
pub(crate) fn interface(args: TokenStream, input: TokenStream) -> Result<TokenStream> {
    match syn::parse2(input)? {
        Item::Struct(item) => data::on_struct(args, &item),
        item if !args.is_empty() => Err(Error::new_spanned(
            item,
            "only on a structure does `#[interface]` take an argument: its name in C",
        )),
        Item::Enum(item) => data::on_enum(&item),
        Item::Trait(item) => traits::on_trait(item),
        Item::ForeignMod(item) => block::on_block(&item),
        item => Err(Error::new_spanned(
            item,
            "`#[interface]` goes on a trait, a structure, an enumeration, or an `extern` block of functions",
        )),
    }
}

/// Which way a function's result goes.
#[derive(Clone, Copy, PartialEq)]
enum Returns {
    /// From the exporting module, which stays: it may be `&'static`.
    Up,
    /// Anywhere.
    AnyWay,
}

/// The checks of one function: what must be `Detached`.
fn function(signature: &Signature, returns: Returns) -> Result<Vec<TokenStream>> {
    if let Some(token) = &signature.asyncness {
        return Err(Error::new_spanned(
            token,
            "a function of an interface cannot be `async`",
        ));
    }
    if let Some(token) = &signature.unsafety {
        return Err(Error::new_spanned(
            token,
            "a function of an interface is safe to call",
        ));
    }
    if let Some(token) = &signature.variadic {
        return Err(Error::new_spanned(
            token,
            "a function of an interface takes no `...`",
        ));
    }
    lifetimes_only(&signature.generics)?;
    let mut checks = Vec::new();
    for input in &signature.inputs {
        match input {
            FnArg::Typed(input) => checks.push(passed(&input.ty, &signature.generics, false)?),
            FnArg::Receiver(receiver)
                if receiver.reference.is_some()
                    && receiver.mutability.is_none()
                    && receiver.colon_token.is_none() =>
            {
                if let Some(lifetime) = receiver.lifetime() {
                    own(lifetime, &signature.generics)?;
                }
            }
            FnArg::Receiver(receiver) => {
                return Err(Error::new_spanned(
                    receiver,
                    "a method of an interface takes `&self`",
                ))
            }
        }
    }
    if let ReturnType::Type(_, type_) = &signature.output {
        checks.push(passed(type_, &signature.generics, returns == Returns::Up)?);
        lent(type_, signature)?;
    }
    Ok(checks)
}

/// What is returned by reference is lent by a parameter: a lifetime that is in no parameter is for the caller
/// to choose, so it would be `'static`.
fn lent(result: &Type, signature: &Signature) -> Result<()> {
    let Type::Reference(syn::TypeReference {
        lifetime: Some(lifetime),
        ..
    }) = result
    else {
        return Ok(());
    };
    let of_input = |input: &FnArg| match input {
        FnArg::Receiver(receiver) => receiver.lifetime() == Some(lifetime),
        FnArg::Typed(input) => match &*input.ty {
            Type::Reference(reference) => reference.lifetime.as_ref() == Some(lifetime),
            _ => false,
        },
    };
    // Whether `'static` may be here has been looked at.
    if ["static", "_"].iter().any(|name| lifetime.ident == name)
        || signature.inputs.iter().any(of_input)
    {
        return Ok(());
    }
    Err(Error::new_spanned(
        lifetime,
        "no parameter has this lifetime, so what is returned would have to last for good",
    ))
}

/// Attributes that leave what they are on as it is. Another macro could change it after it was looked at.
const ATTRIBUTES: &[&str] = &[
    "allow",
    "cfg",
    "deny",
    "deprecated",
    "derive",
    "doc",
    "expect",
    "inline",
    "must_use",
    "non_exhaustive",
    "repr",
    "warn",
];

pub(crate) fn plain_attributes(attributes: &[Attribute], below: &str) -> Result<()> {
    let is_plain = |attribute: &&Attribute| {
        let path = attribute.path();
        ATTRIBUTES.iter().any(|name| path.is_ident(name))
    };
    match attributes.iter().find(|attribute| !is_plain(attribute)) {
        Some(attribute) => Err(Error::new_spanned(
            attribute,
            format!("with {below} there are no attributes that could change what it has looked at"),
        )),
        None => Ok(()),
    }
}

/// The check of a type that is passed: a reference for the time of the call, or what is detached.
fn passed(type_: &Type, generics: &Generics, may_be_static: bool) -> Result<TokenStream> {
    match type_ {
        Type::Reference(reference) => {
            if let Some(lifetime) = &reference.lifetime {
                if !(may_be_static && lifetime.ident == "static") {
                    own(lifetime, generics)?;
                }
            }
            Ok(detached(&reference.elem))
        }
        type_ => Ok(detached(type_)),
    }
}

/// A lifetime must be a parameter of the function: any other may last longer than the call.
fn own(lifetime: &syn::Lifetime, generics: &Generics) -> Result<()> {
    let is_own = generics
        .lifetimes()
        .any(|param| param.lifetime.ident == lifetime.ident);
    if is_own || lifetime.ident == "_" {
        return Ok(());
    }
    Err(Error::new_spanned(
        lifetime,
        "what is passed between modules lasts for the call only: the module it belongs to may be unloaded",
    ))
}

fn detached(type_: &Type) -> TokenStream {
    quote_spanned!(type_.span() => ::kernel::export::detached::<#type_>();)
}

/// Functions are generic over lifetimes without bounds, if at all: their code is in one module.
fn lifetimes_only(generics: &Generics) -> Result<()> {
    for param in &generics.params {
        match param {
            GenericParam::Lifetime(param) if param.bounds.is_empty() => {}
            param => {
                return Err(Error::new_spanned(
                    param,
                    "a function of an interface cannot be generic: its code is in one module",
                ))
            }
        }
    }
    no_where(generics)
}

fn no_where(generics: &Generics) -> Result<()> {
    match &generics.where_clause {
        Some(clause) => Err(Error::new_spanned(
            clause,
            "an interface has no `where` clauses",
        )),
        None => Ok(()),
    }
}

fn no_generics(generics: &Generics) -> Result<()> {
    if !generics.params.is_empty() {
        return Err(Error::new_spanned(
            &generics.params,
            "what modules share cannot be generic: the two sides must agree on one type",
        ));
    }
    no_where(generics)
}

/// A function that is never called, and compiles where all checks hold.
fn checked(checks: &[TokenStream]) -> TokenStream {
    quote! {
        #[allow(dead_code)]
        const fn check() {
            #(#checks)*
        }
    }
}
