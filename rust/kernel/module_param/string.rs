// SPDX-License-Identifier: GPL-2.0-only

//! Parameters that are strings.

use super::kind::arg;
use super::kind::Kind;
use crate::bindings;
use crate::ffi::c_char;
use crate::ffi::c_int;
use crate::ffi::c_uint;
use crate::fmt;
use crate::str::as_char_ptr_in_const_context;
use crate::str::CStr;
use crate::str::CStrExt;
use core::ops::Deref;
use core::ptr;

/// An owned string of at most 1024 bytes: `charp` in `module!`. C: `charp`.
///
/// # Invariants
///
/// The pointer is null, or that of a NUL-terminated string which lives until C's operations change
/// this value, which they do only while nobody has a reference to it.
#[repr(transparent)]
pub struct Charp(*const c_char);

// SAFETY: It is a string that nobody changes while there is a reference to it.
unsafe impl Send for Charp {}
// SAFETY: As for `Send`.
unsafe impl Sync for Charp {}

impl Charp {
    /// Makes the default of a parameter.
    #[doc(hidden)]
    pub const fn new(default: Option<&'static CStr>) -> Self {
        // INVARIANT: A static string lives for ever; C's operations do not free what they did not
        // allocate.
        Self(match default {
            Some(text) => as_char_ptr_in_const_context(text),
            None => ptr::null(),
        })
    }

    /// Returns the string; `None` if there is none, which sysfs shows as `(null)`.
    ///
    /// A parameter whose default is a string is `None` only after a write at run time for which
    /// there was no memory: C may have freed the old string by then.
    pub fn as_c_str(&self) -> Option<&CStr> {
        if self.0.is_null() {
            return None;
        }
        // SAFETY: By the type invariant it is a string that lives as long as this reference.
        Some(unsafe { CStr::from_char_ptr(self.0) })
    }
}

impl fmt::Display for Charp {
    /// Prints what C's `%s` would, escaped as a [`CStr`] is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_c_str().unwrap_or(c"(null)"), f)
    }
}

// SAFETY: C's operations are for a `char *`, allocate what they store there, free only what they
// allocated, and take a null pointer for nothing.
unsafe impl Kind for Charp {
    type Value = Self;

    const OPS: *const bindings::kernel_param_ops = &raw const bindings::param_ops_charp;

    const OWNS: bool = true;

    fn room(value: &Self) -> usize {
        // The string, a newline and NUL.
        value.as_c_str().unwrap_or(c"(null)").count_bytes() + 2
    }
}

/// A string of at most `N - 1` bytes: `string<N>` in `module!`. C: `module_param_string()`.
///
/// # Invariants
///
/// One of the bytes is NUL.
#[derive(Clone, Copy)]
pub struct FixedString<const N: usize>([u8; N]);

impl<const N: usize> FixedString<N> {
    /// Makes the default of a parameter.
    #[doc(hidden)]
    pub const fn new(default: &str) -> Self {
        let text = default.as_bytes();
        assert!(text.len() < N, "the default does not fit with its NUL byte");
        let mut bytes = [0; N];
        let mut at = 0;
        while at < text.len() {
            bytes[at] = text[at];
            at += 1;
        }
        // INVARIANT: The text was checked to be shorter than the array.
        Self(bytes)
    }
}

impl<const N: usize> Deref for FixedString<N> {
    type Target = CStr;

    fn deref(&self) -> &CStr {
        // By the type invariant there is a NUL byte, so the other arm is never taken.
        CStr::from_bytes_until_nul(&self.0).unwrap_or_default()
    }
}

impl<const N: usize> fmt::Display for FixedString<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

// SAFETY: The operations below are for an array of `N` bytes, which is a string if it is zero.
unsafe impl<const N: usize> Kind for FixedString<N> {
    type Value = Self;

    const OPS: *const bindings::kernel_param_ops = &bindings::kernel_param_ops {
        flags: 0,
        set: Some(set::<N>),
        get: Some(get::<N>),
        free: None,
    };

    fn room(value: &Self) -> usize {
        value.count_bytes() + 2
    }
}

/// Calls `op` with the parameter as C's operations for strings want it.
///
/// # Safety
///
/// `kp` must be a parameter of type `FixedString<N>`.
unsafe fn with_kparam_string<const N: usize>(
    kp: *const bindings::kernel_param,
    op: impl FnOnce(*const bindings::kernel_param) -> c_int,
) -> c_int {
    const {
        assert!(N > 0 && N <= c_uint::MAX as usize, "no length of a string");
    }
    let string = bindings::kparam_string {
        maxlen: N as c_uint,
        // SAFETY: By the safety requirement.
        string: unsafe { arg(kp) },
    };
    // Of an array's element C sets no more than these, and its operations use no more.
    let kp = bindings::kernel_param {
        // SAFETY: By the safety requirement.
        name: unsafe { (*kp).name },
        mod_: ptr::null_mut(),
        ops: ptr::null(),
        perm: 0,
        level: -1,
        flags: 0,
        __bindgen_anon_1: bindings::kernel_param__bindgen_ty_1 { str_: &string },
    };
    op(&kp)
}

/// # Safety
///
/// `val` must be NUL-terminated, `kp` a parameter of type `FixedString<N>` that nobody else uses.
unsafe extern "C" fn set<const N: usize>(
    val: *const c_char,
    kp: *const bindings::kernel_param,
) -> c_int {
    // SAFETY: By the safety requirement `val` is a string, and the entry is of a string's buffer;
    // C checks that the text fits.
    unsafe { with_kparam_string::<N>(kp, |kp| bindings::param_set_copystring(val, kp)) }
}

/// # Safety
///
/// `buffer` must have room for the string, `kp` must be a parameter of type `FixedString<N>` that
/// nobody writes.
unsafe extern "C" fn get<const N: usize>(
    buffer: *mut c_char,
    kp: *const bindings::kernel_param,
) -> c_int {
    // SAFETY: By the safety requirement the entry is of a string's buffer, and there is room.
    unsafe { with_kparam_string::<N>(kp, |kp| bindings::param_get_string(buffer, kp)) }
}
