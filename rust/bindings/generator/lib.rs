// SPDX-License-Identifier: GPL-2.0-only

//! Generates the `bindings` crate of one kernel: bindgen over the kernel's headers, with the flags
//! that Kbuild gives the kernel's own compiler, and the proof that both compilers agree on layouts.

use anyhow::{anyhow, Context, Result};
use bindgen::callbacks::{
    DeriveInfo, DiscoveredItem, DiscoveredItemId, ItemInfo, ParseCallbacks, SourceLocation,
    TypeKind,
};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

mod flags;
mod layout;

pub use flags::clang_flags;

/// Types that bindgen cannot express: packed and aligned at once, or with fields past its reach.
const OPAQUE: &[&str] = &[
    "xregs_state",
    "desc_struct",
    "arch_lbr_state",
    "local_apic",
    "alt_instr",
    "x86_msi_.*",
];

/// What `kernel::ffi` and core define, and what is of no use in Rust.
const BLOCKED: &[&str] = &["__kernel_s?size_t", "__kernel_ptrdiff_t"];

/// Macros that are also enumerators: the enumerator stays.
const BLOCKED_MACROS: &[&str] = &["(USR|GRP|PRJ)QUOTA"];

/// Prefix of C functions that stand for inlines and macros; Rust sees them without it.
const HELPER: &str = "rust_helper_";

/// Prefix of C constants that stand for macros which bindgen cannot evaluate; Rust sees them without it.
const CONST_HELPER: &str = "RUST_CONST_HELPER_";

/// What to generate, and from what.
pub struct Job<'a> {
    /// The header that includes everything: `bindings_helper.h` and the helpers.
    pub header: &'a Path,
    /// Flags for clang, see [`clang_flags`].
    pub flags: &'a [String],
    /// The header as the kernel's own compiler preprocessed it.
    pub preprocessed: &'a str,
    /// Where relative paths in the flags start.
    pub dir: &'a Path,
    /// Where the bindings go.
    pub bindings: PathBuf,
    /// Where the C file goes whose compilation by the kernel's compiler proves the layouts.
    pub proof: PathBuf,
}

/// Runs bindgen and writes the bindings and their layout proof.
///
/// # Errors
///
/// When libclang cannot be loaded or does not understand the headers, or a file cannot be written.
pub fn generate(job: &Job<'_>) -> Result<()> {
    let names = CNames::default();
    let header = job
        .header
        .to_str()
        .context("the project's path is not UTF-8")?;
    let target = bindgen::RustTarget::stable(85, 0).map_err(|error| anyhow!("bindgen: {error}"))?;
    let mut builder = bindgen::builder()
        .header(header)
        .clang_arg(format!("-working-directory={}", job.dir.display()))
        .clang_args(job.flags)
        .rust_target(target)
        .use_core()
        .ctypes_prefix("ffi")
        .size_t_is_usize(true)
        .default_enum_style(bindgen::EnumVariation::Consts)
        .prepend_enum_name(false)
        .generate_comments(false)
        .derive_debug(false)
        .derive_default(false)
        .merge_extern_blocks(true)
        .enable_function_attribute_detection()
        .formatter(bindgen::Formatter::None)
        .parse_callbacks(Box::new(Names))
        .parse_callbacks(Box::new(Zeroable))
        .parse_callbacks(Box::new(names.clone()));
    for name in OPAQUE {
        builder = builder.opaque_type(name);
    }
    for name in BLOCKED {
        builder = builder.blocklist_type(name);
    }
    for name in BLOCKED_MACROS {
        builder = builder.blocklist_var(name);
    }
    let text = builder
        .generate()
        .map_err(|error| anyhow!("bindgen: {error}"))?
        .to_string();
    // `\x01` keeps LLVM from mangling, which it does not do here; but it would make a helper's name in
    // Rust's bitcode another one than in clang's.
    let text = text.replace("\\u{1}", "");
    let zeroable = zeroable(&text);

    let names = names.0.lock().expect("bindgen has finished");
    let (bindings, proof) =
        layout::split(&text, header, &layout::c_types(&names, job.preprocessed));
    fs::write(&job.bindings, bindings + &zeroable)
        .with_context(|| format!("cannot write {}", job.bindings.display()))?;
    fs::write(&job.proof, proof).with_context(|| format!("cannot write {}", job.proof.display()))
}

/// Names helpers as the C inline or macro that they stand for.
#[derive(Debug)]
struct Names;

impl ParseCallbacks for Names {
    fn item_name(&self, item: ItemInfo<'_>) -> Option<String> {
        let name = item
            .name
            .strip_prefix(HELPER)
            .or_else(|| item.name.strip_prefix(CONST_HELPER))?;
        Some(name.to_owned())
    }
}

/// Makes each type whose fields may be zero `Zeroable`: a table of operations names those that it has.
#[derive(Debug)]
struct Zeroable;

impl ParseCallbacks for Zeroable {
    fn add_derives(&self, info: &DeriveInfo<'_>) -> Vec<String> {
        match info.kind {
            TypeKind::Struct | TypeKind::Union => vec!["::pin_init::MaybeZeroable".to_owned()],
            TypeKind::Enum => Vec::new(),
        }
    }
}

/// The same for bindgen's own types, which its callbacks do not see: each holds its parameter, an array
/// of it, or nothing.
fn zeroable(bindings: &str) -> String {
    bindings
        .split("pub struct ")
        .filter_map(|item| item.split_once(" < "))
        .filter(|(name, _)| {
            ["__Bindgen", "__IncompleteArray"]
                .iter()
                .any(|own| name.starts_with(own))
        })
        .map(|(name, _)| {
            format!(
                "// SAFETY: Its fields may be zero if its parameter may.\n\
                 unsafe impl<T: ::pin_init::Zeroable> ::pin_init::Zeroable for {name}<T> {{}}\n"
            )
        })
        .collect()
}

/// What C calls each type of the bindings, without `struct` or `union`.
#[derive(Debug, Default, Clone)]
struct CNames(Arc<Mutex<BTreeMap<String, String>>>);

impl ParseCallbacks for CNames {
    fn new_item_found(
        &self,
        _id: DiscoveredItemId,
        item: DiscoveredItem,
        _location: Option<&SourceLocation>,
    ) {
        if let DiscoveredItem::Struct {
            original_name: Some(c),
            final_name,
        }
        | DiscoveredItem::Union {
            original_name: Some(c),
            final_name,
        } = item
        {
            self.0
                .lock()
                .expect("bindgen runs in one thread")
                .insert(final_name, c);
        }
    }
}
