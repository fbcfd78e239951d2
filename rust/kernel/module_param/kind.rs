// SPDX-License-Identifier: GPL-2.0-only

//! The kinds of parameters that have one value: what C's type names stand for.

use super::adapter::Writer;
use super::ModuleParam;
use crate::bindings;
use crate::error::code::EINVAL;
use crate::error::from_result;
use crate::ffi::c_char;
use crate::ffi::c_int;
use crate::fmt;
use crate::fmt::Write;
use crate::str::as_char_ptr_in_const_context;
use crate::str::BStr;
use crate::str::CStr;
use crate::str::CStrExt;
use core::marker::PhantomData;
use core::mem::size_of;

/// A kind of parameter: how text becomes a value, and a value text.
///
/// # Safety
///
/// The operations must treat `arg` of the parameter as a pointer to a `Value`, write nothing there
/// but valid values, and read nothing else of the parameter but its name. `set` must take a place
/// of zero bytes, too; `free`, if there is one, must leave such a place alone. There must be one
/// if, and only if, `OWNS` says so.
///
/// `get` must write at most [`room()`](Self::room) bytes, its NUL included.
///
/// `OPS` must point to operations that live as long as the module and are never written to.
pub unsafe trait Kind: 'static {
    /// What the module sees.
    type Value: Send + Sync + 'static;

    /// What reads and prints a value.
    ///
    /// A pointer, as not every rustc allows a constant to refer to a static of C's.
    #[doc(hidden)]
    const OPS: *const bindings::kernel_param_ops;

    /// [`OPS`](Self::OPS), to look into.
    #[doc(hidden)]
    #[inline]
    fn ops() -> &'static bindings::kernel_param_ops {
        // SAFETY: By the trait's safety requirement they are there, and do not change.
        unsafe { &*Self::OPS }
    }

    /// Whether the name alone, without a value, is taken.
    #[doc(hidden)]
    const NO_ARG: bool = false;

    /// Whether a value owns memory, which `free` frees.
    #[doc(hidden)]
    const OWNS: bool = false;

    /// How many bytes `get` may write for `value`. An integer has 21 characters at most.
    #[doc(hidden)]
    fn room(_value: &Self::Value) -> usize {
        32
    }
}

/// A value that is read and written as one word.
///
/// # Safety
///
/// Aligned reads and writes of the type must be single instructions.
pub unsafe trait Scalar: Copy {}

/// Integers that a range can be given for, and arrays of them.
#[doc(hidden)]
pub trait InRange<T> {
    /// Whether the value, or each of the values, is within the bounds.
    fn in_range(&self, min: Option<T>, max: Option<T>) -> bool;
}

macro_rules! kinds {
    ($($kind:ty as $value:ty: $ops:ident as $c:ident $(, no_arg $no_arg:literal)?;)*) => {$(
        // SAFETY: C's operations are for `$c`, which has the values and, as asserted, the size of
        // `$value`. They print one number or letter and a newline.
        unsafe impl Kind for $kind {
            type Value = $value;

            const OPS: *const bindings::kernel_param_ops = {
                assert!(size_of::<$value>() == size_of::<crate::ffi::$c>());
                &raw const bindings::$ops
            };

            $(const NO_ARG: bool = $no_arg;)?
        }
    )*};
}

kinds! {
    u8 as u8: param_ops_byte as c_uchar;
    i16 as i16: param_ops_short as c_short;
    u16 as u16: param_ops_ushort as c_ushort;
    i32 as i32: param_ops_int as c_int;
    u32 as u32: param_ops_uint as c_uint;
    i64 as i64: param_ops_long as c_long;
    isize as isize: param_ops_long as c_long;
    usize as usize: param_ops_ulong as c_ulong;
    u64 as u64: param_ops_ullong as c_ulonglong;
    Hexint as u32: param_ops_hexint as c_uint;
    Bint as i32: param_ops_bint as c_int, no_arg true;
    // C's `bool` has the values and the size of an unsigned char.
    bool as bool: param_ops_bool as c_uchar, no_arg true;
    Invbool as bool: param_ops_invbool as c_uchar;
    BoolEnableOnly as bool: param_ops_bool_enable_only as c_uchar, no_arg true;
}

/// `hexint`: a `u32` that sysfs shows in hexadecimal.
#[doc(hidden)]
pub struct Hexint;

/// `bint`: an `i32`, 0 or 1, that is written like a `bool`.
#[doc(hidden)]
pub struct Bint;

/// `invbool`: a `bool` with the opposite value of what is written.
#[doc(hidden)]
pub struct Invbool;

/// `bool_enable_only`: a `bool` that, once true, stays so.
#[doc(hidden)]
pub struct BoolEnableOnly;

macro_rules! integers {
    ($($type:ty)*) => {$(
        // SAFETY: The type is at most as long as a register.
        unsafe impl Scalar for $type {}

        impl InRange<$type> for $type {
            #[inline]
            fn in_range(&self, min: Option<$type>, max: Option<$type>) -> bool {
                min.is_none_or(|min| *self >= min) && max.is_none_or(|max| *self <= max)
            }
        }
    )*};
}

integers!(i8 i16 i32 i64 isize u8 u16 u32 u64 usize);

// SAFETY: It is one byte.
unsafe impl Scalar for bool {}

// SAFETY: The operations below are for `i8`.
unsafe impl Kind for i8 {
    type Value = i8;

    /// C has none for its `signed char`; these do what the others do.
    const OPS: *const bindings::kernel_param_ops = &bindings::kernel_param_ops {
        flags: 0,
        set: Some(set_i8),
        get: Some(get_i8),
        free: None,
    };
}

/// Returns where a parameter's value is.
///
/// # Safety
///
/// `kp` must be a valid parameter whose entry has an `arg`.
pub(super) unsafe fn arg<T>(kp: *const bindings::kernel_param) -> *mut T {
    // SAFETY: By the safety requirement.
    unsafe { (*kp).__bindgen_anon_1.arg }.cast()
}

/// # Safety
///
/// `val` must be NUL-terminated, `kp` a parameter of type `i8`.
unsafe extern "C" fn set_i8(val: *const c_char, kp: *const bindings::kernel_param) -> c_int {
    // SAFETY: By the safety requirement `val` is a string, and `arg` points to the value.
    unsafe { bindings::kstrtos8(val, 0, arg(kp)) }
}

/// # Safety
///
/// `buffer` must have room for an integer, `kp` must be a parameter of type `i8`.
unsafe extern "C" fn get_i8(buffer: *mut c_char, kp: *const bindings::kernel_param) -> c_int {
    // SAFETY: By the safety requirement `arg` points to the value, which is written as a word.
    let value = c_int::from(unsafe { arg::<i8>(kp).read_volatile() });
    // SAFETY: The format takes an `int`, and the buffer has room for it.
    unsafe { bindings::sprintf(buffer, as_char_ptr_in_const_context(c"%d\n"), value) }
}

/// A driver's own type.
#[doc(hidden)]
pub struct Custom<T>(PhantomData<T>);

// SAFETY: The operations below are for `T`, which owns nothing, being `Copy`. Neither looks at what
// was in the place before.
unsafe impl<T> Kind for Custom<T>
where
    T: ModuleParam + fmt::Display + Send + Sync + 'static,
{
    type Value = T;

    const OPS: *const bindings::kernel_param_ops = &bindings::kernel_param_ops {
        flags: 0,
        set: Some(set_custom::<T>),
        get: Some(get_custom::<T>),
        free: None,
    };

    const NO_ARG: bool = T::NO_ARG.is_some();

    fn room(_value: &T) -> usize {
        CUSTOM_ROOM
    }
}

/// The longest text that an own type is printed with, with its newline and NUL byte.
const CUSTOM_ROOM: usize = 256;

/// # Safety
///
/// `val` must be NUL-terminated, or null if `T` has a value for that; `kp` must be a parameter of
/// type `T`, in a place that nobody else reads or writes.
unsafe extern "C" fn set_custom<T: ModuleParam>(
    val: *const c_char,
    kp: *const bindings::kernel_param,
) -> c_int {
    from_result(|| {
        let value = if val.is_null() {
            T::NO_ARG.ok_or(EINVAL)?
        } else {
            // SAFETY: By the safety requirement it is a string, which C leaves alone meanwhile.
            let text = unsafe { CStr::from_char_ptr(val) }.to_bytes();
            let text = text.strip_suffix(b"\n").unwrap_or(text);
            T::try_from_param_arg(BStr::from_bytes(text))?
        };
        // SAFETY: By the safety requirement `arg` points to a place for the value.
        unsafe { arg::<T>(kp).write(value) };
        Ok(0)
    })
}

/// # Safety
///
/// `buffer` must have room for `CUSTOM_ROOM` bytes, `kp` must be a parameter of type `T` that
/// nobody writes.
unsafe extern "C" fn get_custom<T: fmt::Display>(
    buffer: *mut c_char,
    kp: *const bindings::kernel_param,
) -> c_int {
    // SAFETY: By the safety requirement `arg` points to the value.
    let value = unsafe { &*arg::<T>(kp) };
    // SAFETY: By the safety requirement the buffer has that much room.
    let mut out = unsafe { Writer::new(buffer, CUSTOM_ROOM) };
    // A `Writer` takes everything, so an error can only be the driver's own; C's types have none.
    match out.write_fmt(core::format_args!("{}", fmt::Adapter(value))) {
        Ok(()) => out.finish(),
        Err(_) => EINVAL.to_errno(),
    }
}
