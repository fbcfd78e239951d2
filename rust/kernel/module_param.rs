// SPDX-License-Identifier: GPL-2.0-only

//! Module parameters.
//!
//! [`module!`](macros::module) declares them; this is what its types stand for:
//!
//! | type in `module!` | value | C |
//! |---|---|---|
//! | `u8`, `i16`, `u16`, `i32`, `u32`, `i64`, `u64`, `isize`, `usize` | the same | `byte`, `short` … `ullong` |
//! | `i8` | the same | none |
//! | `bool` | `bool` | `bool` |
//! | `invbool` | `bool`, the opposite of what is written | `invbool` |
//! | `bool_enable_only` | `bool` that is never cleared again | `bool_enable_only` |
//! | `bint` | `i32` that is written like a `bool` | `bint` |
//! | `hexint` | `u32` that is shown in hexadecimal | `hexint` |
//! | `charp` | [`Charp`], an owned string | `charp` |
//! | `string<N>` | [`FixedString`], at most `N - 1` bytes | `module_param_string()` |
//! | `[T; N]` | [`Array`] of at most `N` | `module_param_array()` |
//! | any other | the type itself, which implements [`ModuleParam`] | `module_param_cb()` |
//!
//! C's own operations read and print the values, so what a user may write is what he may write for
//! a C module: `0x1f`, `Y`, a bare name for a boolean, the last of several wins.
//!
//! # Who may write, and when
//!
//! Without write permission a value changes only before the module's `init`, so
//! [`value_ref()`](ModuleParamAccess::value_ref) lends it for as long as the module lives. With write
//! permission it can change at any time: a number or `bool` ([`RunTime`]) is read and written whole,
//! everything else ([`Locked`]) is reached through [`lock()`](ModuleParamAccess::lock).
//!
//! A driver's own functions and types run when a value is given or shown: at load time before
//! `init`, through sysfs from shortly before `init` until shortly before the module's value is
//! dropped, or `init` fails; then a parameter that they serve can be neither written nor read
//! (`ENODEV`). A load can fail after them, without `init` and without a drop. What they have started,
//! work or timers, is waited for either way.
//!
//! C header: `include/linux/moduleparam.h`.

mod access;
mod adapter;
mod array;
mod early;
mod kind;
mod lock;
mod string;

pub use access::Guarded;
pub use access::LoadTime;
pub use access::Locked;
pub use access::Mode;
pub use access::ModuleParamAccess;
pub use access::RunTime;
pub use adapter::Adapter;
pub use adapter::Spec;
pub use adapter::Staging;
pub use adapter::Writer;
pub use array::Array;
pub use array::ArrayOf;
pub use early::EarlyParam;
pub use kind::Bint;
pub use kind::BoolEnableOnly;
pub use kind::Custom;
pub use kind::Hexint;
pub use kind::InRange;
pub use kind::Invbool;
pub use kind::Kind;
pub use kind::Scalar;
pub use lock::Guard;
pub use lock::ParamLock;
pub use macros::ModuleParam;
pub use string::Charp;
pub use string::FixedString;

use crate::bindings;
use crate::error::Result;
use crate::ffi::c_void;
use crate::module::ThisModule;
use crate::str::as_char_ptr_in_const_context;
use crate::str::BStr;
use crate::str::CStr;
use crate::str::ParseInt;

/// A type that parameters can have.
///
/// Integers and `bool` implement it; a driver implements it for types of its own, which also need
/// [`Display`](crate::fmt::Display) for what sysfs shows. For an enum of plain names, derive it:
/// each variant is written in lower case with `_` between words, or as `#[param(name = "…")]` says.
///
/// # Examples
///
/// ```
/// use kernel::module_param::ModuleParam;
/// use kernel::str::{BStr, ParseInt};
/// use kernel::b_str;
///
/// #[derive(Clone, Copy, Debug, PartialEq, ModuleParam)]
/// enum Speed {
///     Low,
///     High,
/// }
///
/// /// A pair, as in `80x25`.
/// #[derive(Clone, Copy)]
/// struct Size(u16, u16);
///
/// impl ModuleParam for Size {
///     fn try_from_param_arg(arg: &BStr) -> Result<Self> {
///         let x = arg.iter().position(|&byte| byte == b'x').ok_or(EINVAL)?;
///         Ok(Size(
///             u16::from_str(BStr::from_bytes(&arg[..x]))?,
///             u16::from_str(BStr::from_bytes(&arg[x + 1..]))?,
///         ))
///     }
/// }
///
/// assert_eq!(Speed::try_from_param_arg(b_str!("high")), Ok(Speed::High));
/// assert!(Size::try_from_param_arg(b_str!("80x25")).is_ok_and(|size| size.1 == 25));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no type for a module parameter",
    label = "not a parameter's type",
    note = "the types are integers, `bool`, `invbool`, `bool_enable_only`, `bint`, `hexint`, `charp`, `string<N>`, `[T; N]`, and what implements `ModuleParam`"
)]
pub trait ModuleParam: Sized + Copy {
    /// What the bare name stands for, without `=` and a value; by default it is refused.
    ///
    /// C: `KERNEL_PARAM_OPS_FL_NOARG`.
    const NO_ARG: Option<Self> = None;

    /// Makes a value of what the user wrote, without the newline that `echo` adds.
    ///
    /// Context: process, may sleep; the module's parameters are locked. It runs before `init` when
    /// the module is loaded, with neither `init` nor a drop to follow if the load fails. In a built-in
    /// module it runs just before the initcalls of the module's level, when memory can be allocated.
    ///
    /// # Errors
    ///
    /// Whatever it returns goes to the user: the module is not loaded, or the write to sysfs fails.
    fn try_from_param_arg(arg: &BStr) -> Result<Self>;
}

macro_rules! integers {
    ($($type:ty)*) => {$(
        impl ModuleParam for $type {
            fn try_from_param_arg(arg: &BStr) -> Result<Self> {
                ParseInt::from_str(arg)
            }
        }
    )*};
}

integers!(i8 i16 i32 i64 isize u8 u16 u32 u64 usize);

impl ModuleParam for bool {
    const NO_ARG: Option<Self> = Some(true);

    fn try_from_param_arg(arg: &BStr) -> Result<Self> {
        crate::str::kstrtobool_bytes(arg)
    }
}

/// What a parameter's entry says besides its name, type and place.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Attributes {
    /// The mode of its file in sysfs, 0 for none.
    pub perm: u16,
    /// The initcall level before which a built-in module's parameter is read; -1: before all.
    pub level: i8,
    /// `KERNEL_PARAM_FL_*`.
    pub flags: u8,
}

/// An entry of the `__param` section. C: `module_param_cb()`.
#[doc(hidden)]
#[repr(transparent)]
pub struct KernelParam(bindings::kernel_param);

// SAFETY: It only holds pointers to what is static and `Sync`, and C only reads it.
unsafe impl Sync for KernelParam {}

impl KernelParam {
    /// Makes the entry of a parameter that C's operations serve directly.
    ///
    /// # Safety
    ///
    /// If the value can change after `init`, `M` must be [`RunTime`] for a [`Scalar`] and [`Locked`]
    /// for all else. If code of the module runs before `init`, `M` must not be [`LoadTime`].
    pub const unsafe fn plain<K: Kind, M: Mode>(
        name: &'static CStr,
        module: &'static ThisModule,
        access: &'static ModuleParamAccess<K::Value, M>,
        attributes: Attributes,
    ) -> Self {
        Self::new(name, module, K::OPS, access.as_ptr().cast(), attributes)
    }

    /// Makes the entry of a parameter whose module takes part in reading or printing it.
    ///
    /// # Safety
    ///
    /// As for `plain()`.
    pub const unsafe fn adapted<S: Spec>(
        name: &'static CStr,
        module: &'static ThisModule,
        access: &'static ModuleParamAccess<<S::Kind as Kind>::Value, S::Mode>,
        attributes: Attributes,
    ) -> Self {
        let arg = access.as_ptr().cast();
        Self::new(name, module, Adapter::<S>::OPS, arg, attributes)
    }

    const fn new(
        name: &'static CStr,
        module: &'static ThisModule,
        ops: *const bindings::kernel_param_ops,
        arg: *mut c_void,
        attributes: Attributes,
    ) -> Self {
        Self(bindings::kernel_param {
            name: as_char_ptr_in_const_context(name),
            mod_: module.as_ptr(),
            ops,
            perm: attributes.perm,
            level: attributes.level,
            flags: attributes.flags,
            __bindgen_anon_1: bindings::kernel_param__bindgen_ty_1 { arg },
        })
    }
}
