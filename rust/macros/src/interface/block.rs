// SPDX-License-Identifier: GPL-2.0-only

//! `#[interface]` on an `extern` block: the functions that one module exports and others import.

use super::checked;
use super::function;
use super::Returns;
use crate::export;
use proc_macro2::Span;
use proc_macro2::TokenStream;
use quote::quote;
use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::Error;
use syn::FnArg;
use syn::ForeignItem;
use syn::ForeignItemFn;
use syn::ItemForeignMod;
use syn::LitByteStr;
use syn::Result;
use syn::ReturnType;

/// The functions as safe ones, a type with each one's name for the exporting side, and the anchor.
pub(super) fn on_block(item: &ItemForeignMod) -> Result<TokenStream> {
    if let Some(attribute) = item.attrs.first() {
        let message = "a block of an interface has no attributes of its own";
        return Err(Error::new_spanned(attribute, message));
    }
    let (anchor, name) = export::this_interface();
    if anchor.is_empty() {
        let message = "functions are declared in an interface, a file that Kbuild names: RUSTFLAGS_x.o := --interface=$(src)/x_api.rs";
        return Err(Error::new_spanned(&item.abi, message));
    }
    let abi = match item.abi.name.as_ref().map(syn::LitStr::value).as_deref() {
        None | Some("C") => "C",
        Some("Rust") => "Rust",
        Some(_) => {
            let message = "an interface has functions of the ABI \"C\" or \"Rust\"";
            return Err(Error::new_spanned(&item.abi, message));
        }
    };
    let mut functions = Vec::new();
    let mut types = Vec::new();
    let mut declared = String::new();
    let mut checks = Vec::new();
    for item in &item.items {
        let ForeignItem::Fn(item) = item else {
            let message = "an interface exports functions; let one return a reference to a static";
            return Err(Error::new_spanned(item, message));
        };
        if let Some(attribute) = item.attrs.iter().find(|a| !a.path().is_ident("doc")) {
            let message = "a function of an interface has no attributes but its documentation";
            return Err(Error::new_spanned(attribute, message));
        }
        checks.extend(function(&item.sig, Returns::Up)?);
        if abi == "C" {
            checks.extend(c_types(item));
        }
        let symbol = export::symbol(&name, abi, &item.sig.ident);
        if symbol.starts_with("rust_helper_") {
            let message = "this name is one of the `kernel` crate's own";
            return Err(Error::new_spanned(&item.sig.ident, message));
        }
        declared += &format!("{name}\0{symbol}\0");
        let (attributes, visibility, signature) = (&item.attrs, &item.vis, &item.sig);
        functions.push(quote! {
            #(#attributes)*
            #[link_name = #symbol]
            #visibility safe #signature;
        });
        types.push(function_type(item, abi, &export::id(&name, &symbol)));
    }

    let checked = checked(&checks);
    let declared = LitByteStr::new(declared.as_bytes(), Span::call_site());
    let len = declared.value().len();
    Ok(quote! {
        // SAFETY: The exporting module defines each function with just this signature: its
        // `export_symbol` compares it, its build looks for all that is declared, and the anchor below,
        // which only it defines, ties both sides to this very file.
        #[allow(improper_ctypes)]
        unsafe extern #abi {
            #(#functions)*
        }

        #(#types)*

        const _: () = {
            #checked

            unsafe extern "C" {
                #[link_name = #anchor]
                static INTERFACE: ::core::primitive::u8;
            }

            // The module command takes it out: who exports one function has to export all.
            #[unsafe(link_section = ".ferrule.declare")]
            #[used(compiler)]
            static DECLARED: [::core::primitive::u8; #len] = *#declared;

            // A module that was built with another version of this file asks for a symbol that is not there.
            #[unsafe(link_section = ".init.data")]
            #[used(compiler)]
            static ANCHOR: ::kernel::export::Anchor =
                ::kernel::export::Anchor(::core::ptr::addr_of!(INTERFACE));
        };
    })
}

/// A type that stands for the function; types have names of their own, so it can be the function's.
fn function_type(item: &ForeignItemFn, abi: &str, id: &str) -> TokenStream {
    let (visibility, name, output) = (&item.vis, &item.sig.ident, &item.sig.output);
    let inputs = item.sig.inputs.iter();
    let lifetimes = item.sig.generics.lifetimes();
    quote! {
        #[doc(hidden)]
        #[allow(non_camel_case_types, dead_code)]
        #visibility enum #name {}

        // SAFETY: The function of the block has this signature and symbol.
        unsafe impl ::kernel::export::Declared for #name {
            type Function = for<#(#lifetimes),*> extern #abi fn(#(#inputs),*) #output;
            const ID: &'static str = #id;
        }
    }
}

fn c_types(item: &ForeignItemFn) -> Vec<TokenStream> {
    let inputs = item.sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(input) => Some(&*input.ty),
        FnArg::Receiver(_) => None,
    });
    let output = match &item.sig.output {
        ReturnType::Type(_, type_) => Some(&**type_),
        ReturnType::Default => None,
    };
    inputs
        .chain(output)
        .map(|type_| {
            let type_ = export::without_lifetime(type_);
            quote_spanned!(type_.span() => ::kernel::export::c_type::<#type_>();)
        })
        .collect()
}
