// SPDX-License-Identifier: GPL-2.0-only

//! What `module!` generates for parameters: the module `module_parameters`, and the entries of the
//! `__param` section.

use super::expand::c_str;
use super::expand::BuiltIn;
use super::param::option;
use super::param::Param;
use super::parse::ModuleInfo;
use proc_macro2::Ident;
use proc_macro2::Span;
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
    let values = info.params.iter().map(|param| value(info, param));
    let uses = info.params.iter().map(|param| {
        let (ident, place, text) = (&param.ident, place(param), &param.description);
        quote! {
            #[doc = #text]
            #[allow(unused_imports)]
            pub(crate) use super::#place as #ident;
        }
    });
    let entries = info.params.iter().map(|param| entry(info, names, param));

    quote! {
        /// The lock of this module's parameters.
        #[doc(hidden)]
        static __MODULE_PARAM_LOCK: ::kernel::module_param::ParamLock =
            ::kernel::module_param::ParamLock::new(
                &THIS_MODULE,
                <LocalModule as ::kernel::ModuleMetadata>::NAME,
            );

        #(#values)*

        /// The parameters of this module.
        mod module_parameters {
            #(#uses)*
        }

        #(#entries)*
    }
}

/// What the module does when its `init` begins.
pub(super) fn ready(info: &ModuleInfo) -> TokenStream {
    if !is_guarded(info) && !has_code(info) {
        return TokenStream::new();
    }
    quote! {
        // SAFETY: C has read all parameters but those that change at run time.
        unsafe { __MODULE_PARAM_LOCK.set_ready() };
    }
}

/// What ends the calls of the module's code for its parameters.
pub(super) fn close(info: &ModuleInfo) -> TokenStream {
    if has_code(info) {
        quote!(|| __MODULE_PARAM_LOCK.close())
    } else {
        quote!(|| {})
    }
}

/// Whether code can run that sees parameters before all of them are read: the module's own, for one of them;
/// built in, that of modules which started before one was read, and call what this one exports.
fn is_guarded(info: &ModuleInfo) -> bool {
    info.params.iter().any(|param| {
        param.runs_code() || param.level >= 0 && !param.is_run_time(info.initcall.number())
    })
}

/// Whether code of the module runs to give a parameter a value, or to print one.
fn has_code(info: &ModuleInfo) -> bool {
    info.params
        .iter()
        .any(|param| param.runs_code() || param.get.is_some())
}

/// The name of the static that holds a parameter's value.
fn place(param: &Param) -> Ident {
    format_ident!("__module_param_{}", param.ident.unraw())
}

fn mode(info: &ModuleInfo, param: &Param) -> Mode {
    if param.is_run_time(info.initcall.number()) {
        if param.kind.is_scalar() {
            Mode {
                type_: quote!(::kernel::module_param::RunTime),
                value: quote!(::kernel::module_param::RunTime),
            }
        } else {
            Mode {
                type_: quote!(::kernel::module_param::Locked),
                value: quote!(::kernel::module_param::Locked::new(&__MODULE_PARAM_LOCK)),
            }
        }
    } else if is_guarded(info) {
        let value = param.kind.value();
        Mode {
            type_: quote!(::kernel::module_param::Guarded<#value>),
            value: quote! {
                ::kernel::module_param::Guarded::new(__MODULE_PARAM_DEFAULT, &__MODULE_PARAM_LOCK)
            },
        }
    } else {
        Mode {
            type_: quote!(::kernel::module_param::LoadTime),
            value: quote!(::kernel::module_param::LoadTime),
        }
    }
}

fn value(info: &ModuleInfo, param: &Param) -> TokenStream {
    let place = place(param);
    let Param {
        default,
        description,
        ..
    } = param;
    let value = param.kind.value();
    let Mode { type_, value: mode } = mode(info, param);
    // A default that is a constant's name has a value only now.
    let within = param.kind.is_scalar().then(|| {
        let min = param.min.iter().map(|min| {
            quote!(assert!(__MODULE_PARAM_DEFAULT >= #min, "the default is less than `min`");)
        });
        let max = param.max.iter().map(|max| {
            quote!(assert!(__MODULE_PARAM_DEFAULT <= #max, "the default is more than `max`");)
        });
        quote!(#(::core::#min)* #(::core::#max)*)
    });
    // What is in the source must not meet the names of this expansion: those begin with `__`.
    quote! {
        #[doc = #description]
        #[doc(hidden)]
        #[allow(non_upper_case_globals)]
        pub(crate) static #place: ::kernel::module_param::ModuleParamAccess<#value, #type_> = {
            const __MODULE_PARAM_DEFAULT: #value = #default;
            #within
            // SAFETY: `module!` alone makes an entry of this value, and the mode is the one of
            // what the entry allows.
            unsafe { ::kernel::module_param::ModuleParamAccess::new(__MODULE_PARAM_DEFAULT, #mode) }
        };
    }
}

fn entry(info: &ModuleInfo, names: &BuiltIn, param: &Param) -> TokenStream {
    let place = place(param);
    let kind = param.kind.tokens();
    let mode = mode(info, param).type_;
    let loadable = c_str(&param.name);
    let built_in = c_str(&format!("{}.{}", names.name, param.name));
    let perm = param.permissions;
    let (level, built_in_level) = (param.level, param.built_in_level(info.initcall.number()));
    let flags =
        if param.is_unsafe { UNSAFE } else { 0 } | if param.is_hardware { HWPARAM } else { 0 };

    // A value that is guarded is checked by the adapter before it changes. One that owns memory is freed when
    // what the module's code has started is over.
    let adapted = param.runs_code()
        || param.get.is_some()
        || param.min.is_some()
        || param.max.is_some()
        || is_guarded(info) && !param.is_run_time(info.initcall.number())
        || has_code(info) && param.kind.owns();
    let (spec, new) = if adapted {
        (
            spec(info, param, &mode),
            quote!(::kernel::module_param::KernelParam::adapted::<__Spec>),
        )
    } else {
        (
            TokenStream::new(),
            quote!(::kernel::module_param::KernelParam::plain::<#kind, #mode>),
        )
    };
    let early = param.is_early.then(early);
    quote! {
        #[allow(unexpected_cfgs)]
        const _: () = {
            #[cfg(MODULE)]
            const __NAME: &::kernel::str::CStr = #loadable;
            #[cfg(not(MODULE))]
            const __NAME: &::kernel::str::CStr = #built_in;
            #[cfg(MODULE)]
            const __LEVEL: ::core::primitive::i8 = #level;
            #[cfg(not(MODULE))]
            const __LEVEL: ::core::primitive::i8 = #built_in_level;

            #spec

            #[unsafe(link_section = "__param")]
            #[used(compiler)]
            // SAFETY: The mode follows from the permissions and the level, and from whether code of
            // the module runs while its parameters are read.
            static __PARAM: ::kernel::module_param::KernelParam = unsafe {
                #new(
                    __NAME,
                    &THIS_MODULE,
                    &#place,
                    ::kernel::module_param::Attributes {
                        perm: #perm,
                        level: __LEVEL,
                        flags: #flags,
                    },
                )
            };

            #early
        };
    }
}

/// The entry that has a built-in module's parameter read at the very beginning too.
fn early() -> TokenStream {
    quote! {
        #[cfg(not(MODULE))]
        const _: () = {
            #[unsafe(link_section = ".init.text")]
            unsafe extern "C" fn setup(val: *mut ::kernel::ffi::c_char) -> ::kernel::ffi::c_int {
                // SAFETY: Only the entry below has this function, and `val` is what C gives it.
                unsafe { ::kernel::module_param::EarlyParam::set(&__PARAM, val) }
            }

            #[unsafe(link_section = ".init.setup")]
            #[used(compiler)]
            static SETUP: ::kernel::module_param::EarlyParam =
                ::kernel::module_param::EarlyParam::new(__NAME, setup);
        };
    }
}

/// The type that implements `Spec` for a parameter.
fn spec(info: &ModuleInfo, param: &Param, mode: &TokenStream) -> TokenStream {
    let has_code = has_code(info);
    let place = place(param);
    let kind = param.kind.tokens();
    let type_ = param.kind.value();
    // Names that the functions in the source cannot see.
    let [value, out, function] =
        ["value", "out", "function"].map(|name| Ident::new(name, Span::mixed_site()));

    let range = (param.min.is_some() || param.max.is_some()).then(|| {
        let (min, max) = (option(param.min.as_ref()), option(param.max.as_ref()));
        quote! {
            if !::kernel::module_param::InRange::in_range(#value, #min, #max) {
                return ::core::result::Result::Err(::kernel::error::code::EINVAL);
            }
        }
    });
    let set = param.set.as_ref().map(|set| {
        // Errors about the function's type are shown where it is named.
        quote_spanned! { set.span() =>
            let #function: fn(&#type_) -> ::kernel::error::Result = #set;
            #function(#value)?;
        }
    });
    let get = param.get.as_ref().map(|get| {
        let call = quote_spanned! { get.span() =>
            let #function: fn(
                &#type_,
                &mut ::kernel::module_param::Writer<'_>,
            ) -> ::kernel::error::Result = #get;
            #function(#value, #out)
        };
        quote! {
            const HAS_GET: ::core::primitive::bool = true;

            fn get(
                #value: &#type_,
                #out: &mut ::kernel::module_param::Writer<'_>,
            ) -> ::kernel::error::Result {
                #call
            }
        }
    });
    quote! {
        struct __Spec;

        static __STAGING: ::kernel::module_param::Staging<#type_> =
            ::kernel::module_param::Staging::new();

        // SAFETY: The statics are named here only, but for the lock, which is this module's.
        unsafe impl ::kernel::module_param::Spec for __Spec {
            type Kind = #kind;
            type Mode = #mode;
            const HAS_CODE: ::core::primitive::bool = #has_code;

            fn access() -> &'static ::kernel::module_param::ModuleParamAccess<#type_, #mode> {
                &#place
            }

            fn staging() -> &'static ::kernel::module_param::Staging<#type_> {
                &__STAGING
            }

            fn lock() -> &'static ::kernel::module_param::ParamLock {
                &__MODULE_PARAM_LOCK
            }

            #[allow(unused_variables)]
            fn check(#value: &#type_) -> ::kernel::error::Result {
                #range
                #set
                ::core::result::Result::Ok(())
            }

            #get
        }
    }
}
