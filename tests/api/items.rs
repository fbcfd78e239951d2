// SPDX-License-Identifier: GPL-2.0-only

//! The crate's public items, by its syntax.

use crate::{examples, identifiers, last, read};
use proc_macro2::TokenStream;
use quote::ToTokens;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use syn::{Attribute, Expr, ImplItem, Item, Lit, Meta, Signature, TraitItem, Visibility};

/// The public items, and what is used.
#[derive(Default)]
pub struct Api {
    /// By path, what an item's use also uses: the identifiers of its signature.
    pub items: BTreeMap<String, BTreeSet<String>>,
    /// By a type's name, what its implementations of traits use.
    implied: Vec<(String, BTreeSet<String>)>,
    pub used: BTreeSet<String>,
}

impl Api {
    /// Takes the items of one file of the crate.
    pub fn file(&mut self, path: &Path, module: &str) {
        let file = parse(path);
        self.examples(&file.attrs, path);
        self.module(&file.items, module, path);
    }

    pub fn module(&mut self, items: &[Item], module: &str, file: &Path) {
        for item in items {
            let attributes = attributes(item);
            self.examples(attributes, file);
            if is_hidden(attributes) {
                continue;
            }
            let path = |name: &dyn ToString| format!("{module}{}", name.to_string());
            match item {
                Item::Const(item) if is_public(&item.vis) => self.add(path(&item.ident), &item.ty),
                Item::Static(item) if is_public(&item.vis) => self.add(path(&item.ident), &item.ty),
                Item::Enum(item) if is_public(&item.vis) => {
                    self.add(path(&item.ident), &item.generics)
                }
                Item::Struct(item) if is_public(&item.vis) => {
                    self.add(path(&item.ident), &item.generics)
                }
                Item::Union(item) if is_public(&item.vis) => {
                    self.add(path(&item.ident), &item.generics)
                }
                Item::Type(item) if is_public(&item.vis) => self.add(path(&item.ident), &item.ty),
                Item::Fn(item) if is_public(&item.vis) => self.add_function(module, &item.sig),
                Item::Macro(item) => {
                    let is_exported = item
                        .attrs
                        .iter()
                        .any(|attr| attr.path().is_ident("macro_export"));
                    if let Some(name) = item.ident.as_ref().filter(|_| is_exported) {
                        self.add(format!("{name}!"), &item.mac.tokens);
                    }
                }
                Item::Trait(item) => {
                    let inside = format!("{module}{}::", item.ident);
                    if is_public(&item.vis) {
                        self.add(path(&item.ident), &item.generics);
                    }
                    self.trait_items(&item.items, &inside, is_public(&item.vis), file);
                }
                Item::Impl(item) => {
                    let name = self_type(&item.self_ty);
                    let inside = name.as_ref().map(|name| format!("{module}{name}::"));
                    self.impl_items(
                        &item.items,
                        inside.as_deref().filter(|_| item.trait_.is_none()),
                        file,
                    );
                    let mut implied = BTreeSet::new();
                    for item in &item.items {
                        if let ImplItem::Type(item) = item {
                            identifiers(item.ty.to_token_stream(), &mut implied);
                        }
                    }
                    self.implied.extend(name.map(|name| (name, implied)));
                }
                Item::Mod(item) => {
                    let inside = path(&format!("{}::", item.ident));
                    match &item.content {
                        Some((_, items)) => self.module(items, &inside, file),
                        None => self.file(&module_file(file, item), &inside),
                    }
                }
                _ => {}
            }
        }
    }

    fn trait_items(&mut self, items: &[TraitItem], inside: &str, is_public: bool, file: &Path) {
        for item in items {
            let attributes = match item {
                TraitItem::Fn(item) => &item.attrs,
                TraitItem::Const(item) => &item.attrs,
                TraitItem::Type(item) => &item.attrs,
                _ => continue,
            };
            self.examples(attributes, file);
            if !is_public || is_hidden(attributes) {
                continue;
            }
            match item {
                TraitItem::Fn(item) => {
                    self.add_function(inside, &item.sig);
                    let own = self.items.get_mut(&format!("{inside}{}", item.sig.ident));
                    own.map(|names| names.insert(last(inside.trim_end_matches("::")).to_owned()));
                }
                TraitItem::Const(item) => self.add(format!("{inside}{}", item.ident), &item.ty),
                TraitItem::Type(item) => self.add(format!("{inside}{}", item.ident), &item.bounds),
                _ => {}
            }
        }
    }

    /// Takes what an `impl` has, which is public itself if the type has a name and there is no trait.
    fn impl_items(&mut self, items: &[ImplItem], inside: Option<&str>, file: &Path) {
        for item in items {
            let (attributes, visibility) = match item {
                ImplItem::Fn(item) => (&item.attrs, &item.vis),
                ImplItem::Const(item) => (&item.attrs, &item.vis),
                _ => continue,
            };
            self.examples(attributes, file);
            let Some(inside) = inside.filter(|_| is_public(visibility) && !is_hidden(attributes))
            else {
                continue;
            };
            match item {
                ImplItem::Fn(item) => self.add_function(inside, &item.sig),
                ImplItem::Const(item) => self.add(format!("{inside}{}", item.ident), &item.ty),
                _ => {}
            }
        }
    }

    fn add_function(&mut self, inside: &str, signature: &Signature) {
        self.add(format!("{inside}{}", signature.ident), signature);
    }

    fn add(&mut self, path: String, signature: &impl ToTokens) {
        if !last(&path).starts_with("__") && last(&path) != "Sealed" {
            identifiers(
                signature.to_token_stream(),
                self.items.entry(path).or_default(),
            );
        }
    }

    /// Takes the identifiers of the examples in docs that are compiled.
    fn examples(&mut self, attributes: &[Attribute], file: &Path) {
        let docs: Vec<String> = attributes.iter().filter_map(doc).collect();
        for example in examples(&docs.join("\n")) {
            let tokens = example.parse::<TokenStream>();
            let tokens =
                tokens.unwrap_or_else(|error| panic!("{}: {error}:\n{example}", file.display()));
            identifiers(tokens, &mut self.used);
        }
    }

    /// The paths of the items that are not used.
    pub fn unused(&self) -> BTreeSet<&str> {
        let mut used = self.used.clone();
        loop {
            let mut more = BTreeSet::new();
            for (path, names) in self
                .items
                .iter()
                .chain(self.implied.iter().map(|(name, names)| (name, names)))
            {
                // Types alone, but for macros: what else a signature names is its own.
                let counts =
                    |name: &&String| path.ends_with('!') || name.starts_with(char::is_uppercase);
                if used.contains(last(path)) {
                    more.extend(
                        names
                            .iter()
                            .filter(counts)
                            .filter(|name| !used.contains(*name))
                            .cloned(),
                    );
                }
            }
            if more.is_empty() {
                let unused = self.items.keys().filter(|path| !used.contains(last(path)));
                return unused.map(String::as_str).collect();
            }
            used.extend(more);
        }
    }
}

fn is_public(visibility: &Visibility) -> bool {
    // The crate warns of what is `pub` and cannot be reached.
    matches!(visibility, Visibility::Public(_))
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn is_hidden(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("doc") && list.tokens.to_string() == "hidden",
        _ => false,
    })
}

/// The text of a line of documentation.
fn doc(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else {
        return None;
    };
    let Expr::Lit(value) = &pair.value else {
        return None;
    };
    match &value.lit {
        Lit::Str(text) if pair.path.is_ident("doc") => Some(text.value()),
        _ => None,
    }
}

/// The name of the type that an `impl` is of.
fn self_type(ty: &syn::Type) -> Option<String> {
    match ty {
        syn::Type::Path(path) => Some(path.path.segments.last()?.ident.to_string()),
        _ => None,
    }
}

/// The file of a module that `file` declares.
fn module_file(file: &Path, item: &syn::ItemMod) -> PathBuf {
    let dir = match file.file_name().is_some_and(|name| name == "lib.rs") {
        true => file.with_file_name(""),
        false => file.with_extension(""),
    };
    dir.join(format!("{}.rs", item.ident))
}

fn parse(path: &Path) -> syn::File {
    syn::parse_file(&read(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
