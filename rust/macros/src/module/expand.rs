// SPDX-License-Identifier: GPL-2.0-only

//! What `module!` generates.
//!
//! Items that a module's author uses stand beside the macro. Everything else is in an anonymous
//! constant, where no other code can name it; the safety comments below rest on that.

use super::modinfo;
use super::param_expand;
use super::parse::ModuleInfo;
use proc_macro2::Ident;
use proc_macro2::Literal;
use proc_macro2::Span;
use proc_macro2::TokenStream;
use quote::quote;
use std::ffi::CString;
use syn::Type;

/// Generates the items of a module.
pub(super) fn expand(info: &ModuleInfo) -> TokenStream {
    let names = BuiltIn::new(info, std::env::var("RUST_MODFILE").ok());
    let public = public_items(info);
    let parameters = param_expand::parameters(info, &names);
    let modinfo = modinfo::statics(info, &names);
    let ready = param_expand::ready(info);
    let loadable = loadable(&info.type_, &ready, &param_expand::close(info));
    let built_in = built_in(info, &names, &ready);

    quote! {
        #public
        #parameters

        #[allow(unexpected_cfgs)]
        const _: () = {
            #modinfo
            #loadable
            #built_in
        };
    }
}

/// How a module that is built in is named on the kernel's command line, in `/sys/module` and by
/// `modinfo`.
pub(super) struct BuiltIn {
    /// The name that the file would have, as C's `KBUILD_MODNAME`.
    pub(super) name: String,
    /// The file's path below the kernel's tree without `.ko`, as C's `KBUILD_MODFILE`.
    pub(super) file: Option<String>,
}

impl BuiltIn {
    /// Takes the names from Kbuild's `RUST_MODFILE`; without it, the module's own stands for its file's.
    pub(super) fn new(info: &ModuleInfo, file: Option<String>) -> Self {
        let path = file.as_deref().unwrap_or(&info.name);
        let name = path.rsplit('/').next().unwrap_or(path).replace('-', "_");
        Self { name, file }
    }
}

/// `THIS_MODULE`, `LocalModule`, `ModuleMetadata` and the prefix of the log.
fn public_items(info: &ModuleInfo) -> TokenStream {
    let type_ = &info.type_;
    let name = c_str(&info.name);
    let prefix = Literal::byte_string(format!("{}\0", info.name).as_bytes());

    quote! {
        /// The name of this module as the printing macros write it, with a NUL byte.
        #[doc(hidden)]
        #[allow(dead_code)]
        const __LOG_PREFIX: &[::core::primitive::u8] = #prefix;

        #[doc(hidden)]
        #[allow(unexpected_cfgs)]
        const __THIS_MODULE: ::kernel::ThisModule = {
            #[cfg(MODULE)]
            let module = {
                unsafe extern "C" {
                    // `Opaque`, because C changes it all the time.
                    #[allow(improper_ctypes)]
                    static __this_module: ::kernel::types::Opaque<::kernel::bindings::module>;
                }
                ::core::ptr::addr_of!(__this_module)
                    .cast::<::kernel::bindings::module>()
                    .cast_mut()
            };
            #[cfg(not(MODULE))]
            let module = ::core::ptr::null_mut();

            // SAFETY: modpost defines `__this_module` in every loadable module, and this code is
            // part of that one. Null stands for the kernel itself wherever C takes a module.
            unsafe { ::kernel::ThisModule::from_ptr(module) }
        };

        /// This module, as C's `THIS_MODULE`: null if it is built into the kernel.
        static THIS_MODULE: ::kernel::ThisModule = __THIS_MODULE;

        /// The type of this module.
        #[allow(dead_code)]
        type LocalModule = #type_;

        impl ::kernel::ModuleMetadata for #type_ {
            const NAME: &'static ::kernel::str::CStr = #name;
            const THIS_MODULE: ::kernel::ThisModule = __THIS_MODULE;
        }
    }
}

/// The entry points of a loadable module.
fn loadable(type_: &Type, ready: &TokenStream, close: &TokenStream) -> TokenStream {
    quote! {
        #[cfg(MODULE)]
        const _: () = {
            static SLOT: ::kernel::module::Slot<#type_> = ::kernel::module::Slot::new();

            #[unsafe(no_mangle)]
            #[unsafe(link_section = ".init.text")]
            extern "C" fn init_module() -> ::kernel::ffi::c_int {
                #ready
                // SAFETY: No Rust code can name this function or `SLOT`, and the loader calls it
                // once for each time the module is loaded, before `cleanup_module`.
                unsafe { ::kernel::module::init::<#type_>(&SLOT, &THIS_MODULE, #close) }
            }

            #[unsafe(no_mangle)]
            #[unsafe(link_section = ".exit.text")]
            extern "C" fn cleanup_module() {
                // SAFETY: No Rust code can name this function or `SLOT`; the loader calls it once,
                // only after `init_module` returned 0. Nothing else names `SLOT`.
                unsafe { ::kernel::module::exit::<#type_>(&SLOT, #close) }
            }

            // The loader finds both functions by name, so objtool sees no address of them taken
            // and would remove the ENDBR that an indirect call needs on hardware with IBT. These
            // statics take the address, in sections that are gone when the functions are.
            #[unsafe(link_section = ".init.data")]
            #[used(compiler)]
            static __UNIQUE_ID___addressable_init_module: extern "C" fn() -> ::kernel::ffi::c_int =
                init_module;

            #[unsafe(link_section = ".exit.data")]
            #[used(compiler)]
            static __UNIQUE_ID___addressable_cleanup_module: extern "C" fn() = cleanup_module;
        };
    }
}

/// The initcall of a module that is built into the kernel. It is never unloaded.
fn built_in(info: &ModuleInfo, names: &BuiltIn, ready: &TokenStream) -> TokenStream {
    let type_ = &info.type_;
    let symbol = format!("__{}_init", symbol(&names.name));
    let init = Ident::new(&symbol, Span::call_site());
    let asm = format!(
        ".pushsection \".initcall{}.init\", \"a\"\n.balign 4\n.long {symbol} - .\n.popsection",
        info.initcall.0
    );

    let version = info.version.as_ref().map(|version| {
        let (module, version) = (c_str(&names.name), c_str(version));
        quote! {
            #[cfg(CONFIG_SYSFS)]
            #[unsafe(link_section = "__modver")]
            #[used(compiler)]
            static VERSION: ::kernel::module::BuiltInVersion =
                ::kernel::module::BuiltInVersion::new(#module, #version);
        }
    });

    quote! {
        #[cfg(not(MODULE))]
        const _: () = {
            #version

            static SLOT: ::kernel::module::Slot<#type_> = ::kernel::module::Slot::new();

            #[unsafe(no_mangle)]
            #[unsafe(link_section = ".init.text")]
            extern "C" fn #init() -> ::kernel::ffi::c_int {
                #ready
                // SAFETY: No Rust code can name this function or `SLOT`; the kernel calls it once,
                // through the entry in its `.initcall` section. What is built in stays: nothing ends.
                unsafe { ::kernel::module::init::<#type_>(&SLOT, &THIS_MODULE, || {}) }
            }

            mod initcall {
                // An entry is the 32-bit distance to the function, which Rust cannot express
                // (HAVE_ARCH_PREL32_RELOCATIONS, as on x86).
                ::core::arch::global_asm!(#asm);
            }
        };
    }
}

/// The part of a symbol that a module's name makes: what is no letter or digit becomes `_`.
fn symbol(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect()
}

/// A literal of type `&CStr`.
pub(super) fn c_str(value: &str) -> Literal {
    let value = CString::new(value).expect("the parser refuses NUL bytes");
    Literal::c_string(&value)
}
