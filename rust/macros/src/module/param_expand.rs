// SPDX-License-Identifier: GPL-2.0-only

//! What `module!` generates for parameters: the module `module_parameters`, and the entries of the
//! `__param` section.

use super::expand::c_str;
use super::expand::BuiltIn;
use super::param::option;
use super::param::Param;
use super::parse::ModuleInfo;
use proc_macro2::Ident;
use proc_macro2::TokenStream;
use quote::format_ident;
use quote::quote;
use quote::quote_spanned;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

/// `KERNEL_PARAM_FL_UNSAFE`
const UNSAFE: u8 = 1 << 0;
/// `KERNEL_PARAM_FL_HWPARAM`
const HWPARAM: u8 = 1 << 1;

/// How a parameter changes: the type of its access, and that type's value.
struct Mode {
    type_: TokenStream,
    value: TokenStream,
}

/// The parameters of a module.
pub(super) fn parameters(info: &ModuleInfo, names: &BuiltIn) -> TokenStream {
    if info.params.is_empty() {
        return TokenStream::new();
    }
    // The values are beside the macro, so that types and functions are looked up there.
    let guarded = info.params.iter().any(Param::runs_code);
    let values = info.params.iter().map(|param| value(param, guarded));
    let uses = info.params.iter().map(|param| {
        let (ident, place, text) = (&param.ident, place(param), &param.description);
        quote! {
            #[doc = #text]
            #[allow(unused_imports)]
            pub(crate) use super::#place as #ident;
        }
    });
    let entries = info.params.iter().map(|param| entry(names, param, guarded));

    quote! {
        /// The lock of this module's parameters.
        #[doc(hidden)]
        static __MODULE_PARAM_LOCK: ::kernel::module_param::ParamLock =
            ::kernel::module_param::ParamLock::new(&THIS_MODULE);

        #(#values)*

        /// The parameters of this module.
        mod module_parameters {
            #(#uses)*
        }

        #(#entries)*
    }
}

/// The name of the static that holds a parameter's value.
fn place(param: &Param) -> Ident {
    format_ident!("__module_param_{}", param.ident.unraw())
}

fn mode(param: &Param, guarded: bool) -> Mode {
    if param.is_run_time() {
        Mode {
            type_: quote!(::kernel::module_param::RunTime),
            value: quote!(::kernel::module_param::RunTime::new(&__MODULE_PARAM_LOCK)),
        }
    } else if guarded {
        Mode {
            type_: quote!(::kernel::module_param::Guarded),
            value: quote!(::kernel::module_param::Guarded::new()),
        }
    } else {
        Mode {
            type_: quote!(::kernel::module_param::LoadTime),
            value: quote!(::kernel::module_param::LoadTime),
        }
    }
}

fn value(param: &Param, guarded: bool) -> TokenStream {
    let place = place(param);
    let Param {
        default,
        description,
        ..
    } = param;
    let value = param.kind.value();
    let Mode { type_, value: mode } = mode(param, guarded);
    quote! {
        #[doc = #description]
        #[doc(hidden)]
        #[allow(non_upper_case_globals)]
        pub(crate) static #place: ::kernel::module_param::ModuleParamAccess<#value, #type_> = {
            const DEFAULT: #value = #default;
            // SAFETY: `module!` alone makes an entry of this value, and the mode is the one of
            // what the entry allows.
            unsafe { ::kernel::module_param::ModuleParamAccess::new(DEFAULT, #mode) }
        };
    }
}

fn entry(names: &BuiltIn, param: &Param, guarded: bool) -> TokenStream {
    let place = place(param);
    let kind = param.kind.tokens();
    let mode = mode(param, guarded).type_;
    let loadable = c_str(&param.name);
    let built_in = c_str(&format!("{}.{}", names.name, param.name));
    let perm = param.permissions;
    // What no initcall waits for is read before there is memory to allocate, which safe code may do.
    let level = if param.runs_code() {
        param.level.max(0)
    } else {
        param.level
    };
    let flags =
        if param.is_unsafe { UNSAFE } else { 0 } | if param.is_hardware { HWPARAM } else { 0 };

    // A value that is guarded is checked by the adapter before it changes.
    let adapted = param.runs_code()
        || param.min.is_some()
        || param.max.is_some()
        || guarded && !param.is_run_time();
    let (spec, new) = if adapted {
        (
            spec(param, &mode),
            quote!(::kernel::module_param::KernelParam::adapted::<Spec>),
        )
    } else {
        (
            TokenStream::new(),
            quote!(::kernel::module_param::KernelParam::plain::<#kind, #mode>),
        )
    };
    quote! {
        #[allow(unexpected_cfgs)]
        const _: () = {
            #[cfg(MODULE)]
            const NAME: &::kernel::str::CStr = #loadable;
            #[cfg(not(MODULE))]
            const NAME: &::kernel::str::CStr = #built_in;

            #spec

            #[unsafe(link_section = "__param")]
            #[used(compiler)]
            // SAFETY: The mode follows from the permissions and the level, and from whether code of
            // the module runs while its parameters are read.
            static PARAM: ::kernel::module_param::KernelParam = unsafe {
                #new(
                    NAME,
                    &THIS_MODULE,
                    &#place,
                    ::kernel::module_param::Attributes {
                        perm: #perm,
                        level: #level,
                        flags: #flags,
                    },
                )
            };
        };
    }
}

/// The type that implements `Spec` for a parameter.
fn spec(param: &Param, mode: &TokenStream) -> TokenStream {
    let place = place(param);
    let kind = param.kind.tokens();
    let value = param.kind.value();

    let range = (param.min.is_some() || param.max.is_some()).then(|| {
        let (min, max) = (option(param.min.as_ref()), option(param.max.as_ref()));
        quote! {
            if !::kernel::module_param::InRange::in_range(value, #min, #max) {
                return ::core::result::Result::Err(::kernel::error::code::EINVAL);
            }
        }
    });
    let set = param.set.as_ref().map(|set| {
        // Errors about the function's type are shown where it is named.
        quote_spanned! { set.span() =>
            let set: fn(&#value) -> ::kernel::error::Result = #set;
            set(value)?;
        }
    });
    let get = param.get.as_ref().map(|get| {
        let call = quote_spanned! { get.span() =>
            let get: fn(
                &#value,
                &mut ::kernel::module_param::Writer<'_>,
            ) -> ::kernel::error::Result = #get;
            get(value, out)
        };
        quote! {
            const HAS_GET: ::core::primitive::bool = true;

            fn get(
                value: &#value,
                out: &mut ::kernel::module_param::Writer<'_>,
            ) -> ::kernel::error::Result {
                #call
            }
        }
    });
    quote! {
        struct Spec;

        static STAGING: ::kernel::module_param::Staging<#value> =
            ::kernel::module_param::Staging::new();

        // SAFETY: The statics are named here only, but for the lock, which is this module's.
        unsafe impl ::kernel::module_param::Spec for Spec {
            type Kind = #kind;
            type Mode = #mode;

            fn access() -> &'static ::kernel::module_param::ModuleParamAccess<#value, #mode> {
                &#place
            }

            fn staging() -> &'static ::kernel::module_param::Staging<#value> {
                &STAGING
            }

            fn lock() -> &'static ::kernel::module_param::ParamLock {
                &__MODULE_PARAM_LOCK
            }

            #[allow(unused_variables)]
            fn check(value: &#value) -> ::kernel::error::Result {
                #range
                #set
                ::core::result::Result::Ok(())
            }

            #get
        }
    }
}
