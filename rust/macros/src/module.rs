// SPDX-License-Identifier: GPL-2.0-only

//! The `module!` macro: [`parse`] and [`keys`] read it, [`param`] and [`kind`] its parameters;
//! [`expand`] and [`param_expand`] generate.

mod expand;
mod keys;
mod kind;
mod modinfo;
mod param;
mod param_expand;
mod parse;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;

/// Expands the input of `module!`.
///
/// # Errors
///
/// The first mistake in the input, at the token it is about.
pub(crate) fn module(input: TokenStream) -> syn::Result<TokenStream> {
    let info: parse::ModuleInfo = syn::parse2(input)?;
    Ok(expand::expand(&info))
}
