// SPDX-License-Identifier: GPL-2.0-only

//! Procedural macros of the `kernel` crate, under the names that Linux's own `macros` crate has.
//!
//! What they expand to refers to `::kernel::…`; the crate `kernel` re-exports them in its prelude.

mod derive_param;
mod export;
mod fmt;
mod init;
mod interface;
mod module;
mod paste;
mod pin_data;
mod pinned_drop;
mod vtable;
mod zeroable;

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
/// | `info` | a block of `tag: "text",` for what has no key of its own; a tag may come more than once | `MODULE_INFO()` |
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
/// | `early` | `true`: for built-in use, read before memory management and all else start, and once more in its turn | `early_param()` |
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

/// Marks what several modules share: a trait, a structure, an enumeration, or a block of functions.
///
/// It stands in an interface: a file that the exporting module and those that import compile alike, as
/// C's modules share a header. Kbuild names it for each of them:
///
/// ```text
/// RUSTFLAGS_foo.o := --interface=$(src)/foo_api.rs
/// ```
///
/// and then it is the crate `foo_api` for `foo.rs`. Its name and a hash of all that the layout of its types
/// depends on make a symbol that the exporting module defines and the others want: one
/// that was built with another version of the interface, another compiler or another `kernel` crate
/// is not loaded, and the log says `Unknown symbol foo_api_…`.
///
/// | on | means |
/// |---|---|
/// | `extern "Rust" { … }` | functions of the exporting module; the result may be `&'static` |
/// | `extern "C" { … }` | the same, for C too; each type has a name in C |
/// | a trait | its objects can be passed by reference, either way |
/// | a structure, an enumeration | its values can be passed, either way |
/// | a `#[repr(C)]` structure, as `#[interface(struct stats)]` | and C's header defines it as `struct stats` |
///
/// What is passed must implement `kernel::export::Detached`: a module may be unloaded, and must not leave
/// anything of itself in another. So references last for the call, and there is no `Box<dyn Trait>`.
/// Only a block's functions may return `&'static`: they lead to the exporting module, which stays
/// while one that imports from it is loaded.
///
/// All else in the file, such as generic functions, is compiled into each module. A `static` in
/// it would be another one in each.
///
/// # Examples
///
/// ```ignore
/// use kernel::prelude::*;
///
/// #[interface]
/// pub trait Counter: Sync {
///     fn add(&self, n: u64) -> u64;
/// }
///
/// #[interface]
/// extern "Rust" {
///     pub fn counter() -> &'static dyn Counter;
/// }
/// ```
#[proc_macro_attribute]
pub fn interface(args: TokenStream, input: TokenStream) -> TokenStream {
    finish(interface::interface(args.into(), input.into()))
}

/// Marks a function that C calls, declared in a header that the bindings are made from.
///
/// Its signature is compared with that of the bindings. For what other modules call there is
/// [`macro@export_symbol`].
#[proc_macro_attribute]
pub fn export(args: TokenStream, input: TokenStream) -> TokenStream {
    finish(export::export(args.into(), input.into()))
}

/// Exports a function that an interface declares, to modules of any licence.
///
/// `C: EXPORT_SYMBOL()`. The argument is the interface; see [`macro@interface`]. The function has the name and
/// the signature that it has there. An `extern "C"` function's symbol is its name; another one's has the
/// interface's name before it.
///
/// With `CONFIG_MODVERSIONS` a C function gets the version that `genksyms` gives its prototype in C. A
/// header with C's prototypes is compared if Kbuild names it: `CFLAGS_foo.o := -include $(src)/foo.h`.
///
/// # Examples
///
/// ```ignore
/// #[export_symbol(foo_api)]
/// extern "C" fn foo_add(a: c_int, b: c_int) -> c_int {
///     a.wrapping_add(b)
/// }
/// ```
#[proc_macro_attribute]
pub fn export_symbol(args: TokenStream, input: TokenStream) -> TokenStream {
    exported(false, false, args, input)
}

/// Exports a function that an interface declares, to modules of a licence that fits the kernel's.
///
/// `C: EXPORT_SYMBOL_GPL()`. See [`macro@export_symbol`].
#[proc_macro_attribute]
pub fn export_symbol_gpl(args: TokenStream, input: TokenStream) -> TokenStream {
    exported(true, false, args, input)
}

/// Exports a function, as [`macro@export_symbol`], to modules that import the namespace.
///
/// `C: EXPORT_SYMBOL_NS()`. The arguments are the interface and the namespace: `(foo_api, "FOO")`.
#[proc_macro_attribute]
pub fn export_symbol_ns(args: TokenStream, input: TokenStream) -> TokenStream {
    exported(false, true, args, input)
}

/// Exports a function, as [`macro@export_symbol_gpl`], to modules that import the namespace.
///
/// `C: EXPORT_SYMBOL_NS_GPL()`. The arguments are the interface and the namespace: `(foo_api, "FOO")`.
#[proc_macro_attribute]
pub fn export_symbol_ns_gpl(args: TokenStream, input: TokenStream) -> TokenStream {
    exported(true, true, args, input)
}

fn exported(gpl: bool, namespace: bool, args: TokenStream, input: TokenStream) -> TokenStream {
    let kind = export::Kind { gpl, namespace };
    finish(export::export_symbol(kind, args.into(), input.into()))
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

/// Initialises a struct in place; the names of its fields are references to them from then on.
///
/// ```text
/// init!(&this in Type { fields, ..Zeroable::init_zeroed() }? Error)
/// ```
///
/// | among the fields | what it does |
/// |---|---|
/// | `name: value`, `name` | writes a value, as in a struct expression |
/// | `name <- initialiser` | runs an initialiser in the field's place; its error is the whole's |
/// | `_: { code }` | runs code between two fields |
/// | `..Zeroable::init_zeroed()` | at the end: makes all other fields zero, of a type that is `Zeroable` |
///
/// Fields are initialised in the order in which they are written, which need not be that of the
/// struct. From then on the field's name is a `&mut` to it, for what follows; it hides a variable
/// of the same name. If something fails, by `?`, `return Err(..)` or an initialiser's error, the
/// fields that are initialised are dropped, the last one first, and the error is the whole's.
///
/// `#[cfg(..)]` and other attributes may stand before a field or a block. `&this in` names a
/// `NonNull` to the whole. `? Error` names the type of errors; without it nothing may fail.
///
/// # Examples
///
/// ```
/// use pin_init::{init, Init};
///
/// struct Buffer {
///     bytes: [u8; 64],
///     len: usize,
/// }
///
/// fn greeting() -> impl Init<Buffer> {
///     init!(Buffer {
///         bytes <- pin_init::init_zeroed(),
///         _: {
///             bytes[..5].copy_from_slice(b"hello");
///         },
///         len: bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len()),
///     })
/// }
///
/// pin_init::stack_pin_init!(let buffer: Buffer = greeting());
/// assert_eq!(buffer.len, 5);
/// ```
#[proc_macro]
pub fn init(input: TokenStream) -> TokenStream {
    finish(init::init(input.into(), init::Place::Unpinned))
}

/// Initialises a struct in place that is pinned from the start, and that has [`macro@pin_data`].
///
/// It is written as [`init!`](macro@init) is. A field that is marked `#[pin]` takes a pinned
/// initialiser, and its name is a `Pin<&mut _>`.
///
/// # Examples
///
/// ```
/// use core::marker::PhantomPinned;
/// use pin_init::{pin_data, pin_init, PinInit};
///
/// #[pin_data]
/// struct Named {
///     name: &'static str,
///     #[pin]
///     _pin: PhantomPinned,
/// }
///
/// impl Named {
///     fn new(name: &'static str) -> impl PinInit<Self> {
///         pin_init!(Self { name, _pin: PhantomPinned })
///     }
/// }
///
/// pin_init::stack_pin_init!(let named = Named::new("a"));
/// assert_eq!(named.name, "a");
/// ```
#[proc_macro]
pub fn pin_init(input: TokenStream) -> TokenStream {
    finish(init::init(input.into(), init::Place::Pinned))
}

/// Lets [`pin_init!`](macro@pin_init) initialise a struct, whose `#[pin]` fields are pinned with it.
///
/// The struct is `Unpin` if these fields are. It gets a method `project()`, which turns a pinned
/// reference into references to all fields. It cannot implement `Drop`, whose `&mut self` could move
/// a field: `#[pin_data(PinnedDrop)]` and [`macro@pinned_drop`] take its place.
///
/// # Examples
///
/// ```
/// use core::pin::Pin;
/// use pin_init::pin_data;
///
/// #[pin_data]
/// struct Counted<T> {
///     #[pin]
///     value: T,
///     uses: u32,
/// }
///
/// fn count<T>(counted: Pin<&mut Counted<T>>) -> Pin<&mut T> {
///     let fields = counted.project();
///     *fields.uses += 1;
///     fields.value
/// }
///
/// let mut counted = Counted { value: 'a', uses: 0 };
/// assert_eq!(*count(Pin::new(&mut counted)), 'a');
/// assert_eq!(counted.uses, 1);
/// ```
#[proc_macro_attribute]
pub fn pin_data(args: TokenStream, input: TokenStream) -> TokenStream {
    finish(pin_data::pin_data(args.into(), input.into()))
}

/// What `#[pin_data]` adds to a struct.
#[doc(hidden)]
#[proc_macro_derive(__PinData, attributes(pin, __pin_data))]
pub fn derive_pin_data(input: TokenStream) -> TokenStream {
    finish(pin_data::derive(input.into()))
}

/// Implements `PinnedDrop`: what is dropped stays pinned.
///
/// # Examples
///
/// ```
/// use core::pin::Pin;
/// use pin_init::{pin_data, pinned_drop};
///
/// #[pin_data(PinnedDrop)]
/// struct Noisy {
///     name: &'static str,
/// }
///
/// #[pinned_drop]
/// impl PinnedDrop for Noisy {
///     fn drop(self: Pin<&mut Self>) {
///         println!("{} is gone", self.name);
///     }
/// }
///
/// drop(Noisy { name: "a" });
/// ```
#[proc_macro_attribute]
pub fn pinned_drop(args: TokenStream, input: TokenStream) -> TokenStream {
    finish(pinned_drop::pinned_drop(args.into(), input.into()))
}

/// Implements `Zeroable` for a struct or union; all its fields must be `Zeroable`.
///
/// # Examples
///
/// ```
/// use pin_init::Zeroable;
///
/// #[derive(Zeroable)]
/// struct Numbers {
///     a: u64,
///     b: Option<&'static u8>,
/// }
///
/// const NONE: Numbers = pin_init::zeroed();
/// assert!(NONE.a == 0 && NONE.b.is_none());
/// ```
#[proc_macro_derive(Zeroable)]
pub fn derive_zeroable(input: TokenStream) -> TokenStream {
    finish(zeroable::derive(input.into()))
}

/// Implements `Zeroable` for a struct or union if all its fields are `Zeroable`.
#[proc_macro_derive(MaybeZeroable)]
pub fn derive_maybe_zeroable(input: TokenStream) -> TokenStream {
    finish(zeroable::maybe_derive(input.into()))
}

/// Turns an error into the compiler's message at the place it is about.
fn finish(result: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    result
        .unwrap_or_else(|error| error.into_compile_error())
        .into()
}
