// SPDX-License-Identifier: GPL-2.0-only

//! The attributes that export a function: `#[export]`, and `#[export_symbol]` with its kin.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::Error;
use syn::FnArg;
use syn::Ident;
use syn::ItemFn;
use syn::LitStr;
use syn::Path;
use syn::Result;
use syn::ReturnType;
use syn::Token;
use syn::Type;

/// Which of C's macros an attribute stands for.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) gpl: bool,
    pub(crate) namespace: bool,
}

/// Expands upstream's `#[export]`: a function that C calls, declared in a header that bindgen reads.
pub(crate) fn export(args: TokenStream, input: TokenStream) -> Result<TokenStream> {
    if !args.is_empty() {
        return Err(Error::new_spanned(args, "`#[export]` takes no arguments"));
    }
    let item: ItemFn = syn::parse2(input)?;
    let name = &item.sig.ident;
    Ok(quote! {
        const _: () = {
            // Both have one type only if their signatures are the same.
            if true {
                ::kernel::bindings::#name
            } else {
                #name
            };
        };

        #[unsafe(no_mangle)]
        #item
    })
}

/// Expands `#[export_symbol(interface)]` and its kin.
///
/// # Errors
///
/// A function that no other module could call, or arguments that do not fit.
pub(crate) fn export_symbol(
    kind: Kind,
    args: TokenStream,
    input: TokenStream,
) -> Result<TokenStream> {
    let Args { path, namespace } =
        syn::parse::Parser::parse2(|input: ParseStream<'_>| Args::parse(input, kind), args)?;
    let item: ItemFn = syn::parse2(input)?;
    if let Some(token) = &item.sig.unsafety {
        return Err(Error::new_spanned(
            token,
            "an exported function is safe to call",
        ));
    }
    // One that changes how the function is called would go unseen, such as `track_caller`.
    crate::interface::plain_attributes(&item.attrs, "`#[export_symbol]`")?;
    let name = &item.sig.ident;
    let interface = path
        .segments
        .first()
        .map(|segment| segment.ident.to_string())
        .unwrap_or_default();
    let abi = match &item.sig.abi {
        None => "Rust",
        Some(abi) if abi.name.as_ref().is_none_or(|name| name.value() == "C") => "C",
        Some(abi) => {
            let message = "an exported function is `extern \"C\"`, or Rust's own";
            return Err(Error::new_spanned(abi, message));
        }
    };
    let symbol = symbol(&interface, abi, name);
    let licence = if kind.gpl { "GPL" } else { "" };
    let id = id(&interface, &symbol);
    let head = format!("{symbol}\0{licence}\0{namespace}\0{interface}\0");
    let prototype = match abi {
        "C" => prototype(&item, &symbol),
        _ => quote!(.text("\0")),
    };

    Ok(quote! {
        // The interface's function is this one.
        const _: <#path::#name as ::kernel::export::Declared>::Function = #name;
        const _: () = ::kernel::export::declared::<#path::#name>(#id);

        const _: () = {
            const TEXT: ::kernel::export::Text = ::kernel::export::Text::new()
                .text(#head)
                #prototype
                .text("\0");

            #[unsafe(link_section = ".ferrule.export")]
            #[used(compiler)]
            static RECORD: ::kernel::export::Record<{ TEXT.as_bytes().len() }> =
                ::kernel::export::Record::new(&TEXT);
        };

        #[unsafe(export_name = #symbol)]
        #item
    })
}

struct Args {
    path: Path,
    namespace: String,
}

impl Args {
    fn parse(input: ParseStream<'_>, kind: Kind) -> Result<Self> {
        let example = if kind.namespace {
            "expected the interface and the namespace, as in `(my_api, \"MY_NAMESPACE\")`"
        } else {
            "expected the interface that declares the function, as in `(my_api)`"
        };
        let path = input
            .parse()
            .map_err(|error| Error::new(error.span(), example))?;
        let mut namespace = String::new();
        if kind.namespace {
            let literal = input
                .parse::<Token![,]>()
                .and_then(|_| input.parse::<LitStr>())
                .map_err(|error| Error::new(error.span(), example))?;
            namespace = literal.value();
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if namespace.is_empty() || !namespace.chars().all(is_name) {
                let message = "a namespace is letters, digits and `_`";
                return Err(Error::new(literal.span(), message));
            }
        }
        if !input.is_empty() {
            return Err(Error::new(input.span(), example));
        }
        Ok(Self { path, namespace })
    }
}

/// What adds the layouts and C's prototype to the record.
fn prototype(item: &ItemFn, symbol: &str) -> TokenStream {
    let name = |type_: &Type| {
        let type_ = without_lifetime(type_);
        quote!(.and(&<#type_ as ::kernel::export::CType>::NAME))
    };
    let inputs: Vec<&Type> = item
        .sig
        .inputs
        .iter()
        .filter_map(|input| match input {
            FnArg::Typed(input) => Some(&*input.ty),
            FnArg::Receiver(_) => None,
        })
        .collect();
    let unit: Type = syn::parse_quote!(());
    let output = match &item.sig.output {
        ReturnType::Type(_, type_) => &**type_,
        ReturnType::Default => &unit,
    };
    let layouts = inputs.iter().copied().chain([output]).map(|type_| {
        let type_ = without_lifetime(type_);
        quote!(.and(&<#type_ as ::kernel::export::CType>::LAYOUT))
    });
    let parameters = match inputs.is_empty() {
        true => quote!(.text("void")),
        false => {
            let names = inputs.iter().enumerate().map(|(at, type_)| {
                let name = name(type_);
                match at {
                    0 => name,
                    _ => quote!(.text(", ") #name),
                }
            });
            quote!(#(#names)*)
        }
    };
    let result = name(output);
    let call = format!(" {symbol}(");
    quote! {
        #(#layouts)*
        .text("\0")
        #result
        .text(#call)
        #parameters
        .text(")")
    }
}

/// `&'a T` as `&T`: a constant cannot name a function's lifetimes.
pub(crate) fn without_lifetime(type_: &Type) -> Type {
    let mut type_ = type_.clone();
    if let Type::Reference(reference) = &mut type_ {
        reference.lifetime = Some(syn::Lifetime::new("'static", reference.span()));
    }
    type_
}

/// The symbol of a function: C's is its name, Rust's has the interface before it.
pub(crate) fn symbol(interface: &str, abi: &str, name: &Ident) -> String {
    match abi {
        "C" => name.to_string(),
        _ => format!("{interface}_{name}"),
    }
}

/// What both sides call a function.
pub(crate) fn id(interface: &str, symbol: &str) -> String {
    format!("{interface}: {symbol}")
}

/// The symbol that stands for the interface being compiled, and the interface's name. The build
/// gives the former, empty where it compiles something else; other tools only read the source.
pub(crate) fn this_interface() -> (String, String) {
    let anchor = std::env::var("FERRULE_INTERFACE").unwrap_or_else(|_| "interface_0".to_owned());
    let name = anchor.rsplit_once('_').map(|(name, _)| name.to_owned());
    let name = name.unwrap_or_default();
    (anchor, name)
}
