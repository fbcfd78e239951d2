// SPDX-License-Identifier: GPL-2.0-only

//! The `.modinfo` section: what `modinfo` and the kernel's loader read about a module.

use super::expand::BuiltIn;
use super::parse::ModuleInfo;
use proc_macro2::Literal;
use proc_macro2::TokenStream;
use quote::quote;

/// The entries of `info` in C's usual order, as (key, value).
pub(super) fn entries(info: &ModuleInfo) -> Vec<(&str, String)> {
    let mut entries = vec![("license", info.license.clone())];
    let mut add = |key, values: &mut dyn Iterator<Item = &String>| {
        entries.extend(values.map(|value| (key, value.clone())));
    };
    add("author", &mut info.authors.iter());
    add("description", &mut info.description.iter());
    add("version", &mut info.version.iter());
    add("alias", &mut info.alias.iter());
    add("softdep", &mut info.softdep.iter());
    add("firmware", &mut info.firmware.iter());
    add("import_ns", &mut info.imports_ns.iter());
    entries.extend(
        info.info
            .iter()
            .map(|(tag, text)| (tag.as_str(), text.clone())),
    );
    for param in &info.params {
        let name = &param.name;
        entries.push(("parm", format!("{name}:{}", param.description)));
        entries.push(("parmtype", format!("{name}:{}", param.kind.parmtype())));
    }
    entries
}

/// The statics that put `info` into the section; `names` are those of the module if it is built in.
pub(super) fn statics(info: &ModuleInfo, names: &BuiltIn) -> TokenStream {
    let mut loadable = String::new();
    let mut built_in = String::new();
    let name = &names.name;
    for (key, value) in entries(info) {
        loadable += &format!("{key}={value}\0");
        built_in += &format!("{name}.{key}={value}\0");
    }
    if let Some(file) = &names.file {
        built_in += &format!("{name}.file={file}\0");
    }

    let loadable = section(&quote!(MODULE), &loadable);
    let built_in = section(&quote!(not(MODULE)), &built_in);
    quote!(#loadable #built_in)
}

/// One static with all entries: rustc would put several into an order of its own.
fn section(condition: &TokenStream, entries: &str) -> TokenStream {
    let len = entries.len();
    let bytes = Literal::byte_string(entries.as_bytes());
    // `used(compiler)`: plain `used` marks the section RETAIN, and an object with two kinds of
    // `.modinfo` is refused by some kernels.
    quote! {
        #[cfg(#condition)]
        #[unsafe(link_section = ".modinfo")]
        #[used(compiler)]
        static MODINFO: [::core::primitive::u8; #len] = *#bytes;
    }
}
