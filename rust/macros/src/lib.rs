// SPDX-License-Identifier: GPL-2.0-only

//! Procedural macros of the `kernel` crate, under the names that Linux's own `macros` crate has.
//!
//! What they expand to refers to `::kernel::…`; the crate `kernel` re-exports them in its prelude.

mod derive_param;
mod fmt;
mod module;
mod paste;
mod vtable;

use proc_macro::TokenStream;

/// Declares a kernel module: its type, what `modinfo` tells of it, and its parameters.
///
/// The keys come in the order of this table, each at most once, each followed by a comma.
///
/// | key | value | C |
/// |---|---|---|
/// | `type` (required) | the type that implements `Module` or `InPlaceModule` | `module_init()`, `module_exit()` |
/// | `name` (required) | a string: the log prefix and the driver name | `KBUILD_MODNAME` |
/// | `authors` | a list of strings | `MODULE_AUTHOR()` |
/// | `description` | a string | `MODULE_DESCRIPTION()` |
/// | `version` | a string | `MODULE_VERSION()` |
/// | `license` (required) | a string, for example `"GPL"` | `MODULE_LICENSE()` |
/// | `alias` | a list of strings | `MODULE_ALIAS()` |
/// | `softdep` | a list of strings, as in `"pre: parport"` | `MODULE_SOFTDEP()` |
/// | `firmware` | a list of strings: files that the module may ask for | `MODULE_FIRMWARE()` |
/// | `imports_ns` | a list of strings: symbol namespaces | `MODULE_IMPORT_NS()` |
/// | `info` | a block of `tag: "text",` for what has no key of its own | `MODULE_INFO()` |
/// | `initcall` | when it starts if built in: `pure`, `core`, `postcore`, `arch`, `subsys`, `fs`, `rootfs`, `device` (the default) or `late`; all but the first and `rootfs` also with `_sync` | `subsys_initcall()` and the like |
/// | `params` | a block of parameters | `module_param()`, `MODULE_PARM_DESC()` |
///
/// # Parameters
///
/// A parameter is `name: type { default: value, description: "text", },`, and it is read with
/// `module_parameters::name.value()` or `value_ref()`. `kernel::module_param` says which types there
/// are, and who may read and write when. These keys can follow, in this order:
///
/// | key | value | C |
/// |---|---|---|
/// | `permissions` | the mode of `/sys/module/MODULE/parameters/NAME`, as in `0o644`; none without it | the last argument of `module_param()` |
/// | `min`, `max` | what an integer, or each of an array, must not be below or above: `EINVAL` | `param_set_uint_minmax()` |
/// | `name` | the name for users, if it is not the one in the source | `module_param_named()` |
/// | `set` | `fn(&T) -> Result`: refuses a new value, with an errno, or does not | `kernel_param_ops.set` |
/// | `get` | `fn(&T, &mut Writer) -> Result`: prints the value in sysfs | `kernel_param_ops.get` |
/// | `unsafe` | `true`: setting it taints the kernel | `module_param_unsafe()` |
/// | `hardware` | what it configures: `ioport`, `iomem`, `ioport_or_iomem`, `irq`, `dma`, `dma_addr`, `other`; refused when the kernel is locked down | `module_param_hw()` |
/// | `level` | for built-in use: `core` to `late`, before which initcalls it is read; otherwise before all of them | `core_param_cb()` and the like |
///
/// With a range, a `set` function or a type of the driver's own, a bad value changes nothing.
/// Both functions run with the module's parameters locked, and may run before `init`.
///
/// The macro belongs at the root of the module's crate, because the printing macros and the
/// driver macros look there for the items it defines: `THIS_MODULE`, `LocalModule`,
/// `module_parameters` and an implementation of `ModuleMetadata` for the type.
///
/// # Examples
///
/// ```ignore
/// use kernel::prelude::*;
///
/// module! {
///     type: Greeter,
///     name: "greeter",
///     authors: ["A. Author <author@example.org>"],
///     description: "Greets at load time",
///     license: "GPL",
///     params: {
///         times: u8 {
///             default: 1,
///             description: "How many greetings to print",
///         },
///     },
/// }
///
/// struct Greeter;
///
/// impl kernel::Module for Greeter {
///     fn init(_module: &'static ThisModule) -> Result<Self> {
///         for _ in 0..module_parameters::times.value() {
///             pr_info!("hello\n");
///         }
///         Ok(Greeter)
///     }
/// }
/// ```
#[proc_macro]
pub fn module(input: TokenStream) -> TokenStream {
    finish(module::module(input.into()))
}

/// Makes an enum a parameter's type, whose values are written by name.
///
/// The name of a variant is its own in lower case with `_` between words, or the one that
/// `#[param(name = "…")]` gives. It also implements the kernel's `Display`, which prints that name.
#[proc_macro_derive(ModuleParam, attributes(param))]
pub fn derive_module_param(input: TokenStream) -> TokenStream {
    finish(derive_param::derive(input.into()))
}

/// Marks a trait of driver operations, and each implementation of it.
///
/// A C table of operations holds a null pointer for what a driver does not implement. This
/// attribute lets Rust code know which functions these are: the trait gets an associated constant
/// `HAS_<NAME>` for each of its functions, `false` unless the implementation has that function.
/// The trait and all its implementations must carry the attribute.
///
/// In the kernel the body of an optional function is `build_error!(VTABLE_DEFAULT_ERROR)`: a null
/// pointer stands for it in C's table, so no call of it is left when a module is built.
///
/// # Examples
///
/// ```
/// use macros::vtable;
///
/// #[vtable]
/// pub trait Operations {
///     fn start(&self);
///
///     fn ping(&self) {}
/// }
///
/// struct Dog;
///
/// #[vtable]
/// impl Operations for Dog {
///     fn start(&self) {}
/// }
///
/// const _: () = assert!(Dog::HAS_START && !Dog::HAS_PING);
/// ```
#[proc_macro_attribute]
pub fn vtable(args: TokenStream, input: TokenStream) -> TokenStream {
    finish(vtable::vtable(args.into(), input.into()))
}

/// `format_args!` for the kernel: `{}` also takes types that implement only `kernel::fmt::Display`.
///
/// The types of `core` that the kernel prints, such as `CStr`, cannot be given core's `Display`
/// outside of `core`. So each argument is wrapped into `kernel::fmt::Adapter`, which prints them
/// through the kernel's own trait and passes every other format on.
#[proc_macro]
pub fn fmt(input: TokenStream) -> TokenStream {
    fmt::fmt(input.into()).into()
}

/// Pastes identifiers together: `[<a _ b>]` becomes `a_b` anywhere in the input.
///
/// A part is an identifier, a lifetime's name, an integer or a string; `:upper` and `:lower` after
/// it change its case, and `:span` makes errors point at it rather than at the first part.
///
/// # Examples
///
/// ```
/// use macros::paste;
///
/// paste! {
///     fn [<read_ u8>]() -> usize {
///         [<max:upper _LEN>]
///     }
///     const [<MAX "_len":upper>]: usize = 4;
/// }
///
/// assert_eq!(read_u8(), MAX_LEN);
/// ```
#[proc_macro]
pub fn paste(input: TokenStream) -> TokenStream {
    finish(paste::paste(input.into()))
}

/// Turns an error into the compiler's message at the place it is about.
fn finish(result: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    result
        .unwrap_or_else(|error| error.into_compile_error())
        .into()
}
