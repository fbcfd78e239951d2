// SPDX-License-Identifier: GPL-2.0-only

//! Strings as the kernel has them: bytes without a promised encoding, often NUL-terminated.
//!
//! C header: `include/linux/string.h`.

use crate::bindings;
use crate::error::code::EINVAL;
use crate::error::to_result;
use crate::error::Result;
use crate::ffi::c_char;

mod bstr;
mod cstr;
mod cstring;
mod format;
pub mod parse_int;

pub use bstr::BStr;
pub use core::ffi::CStr;
pub use cstr::as_char_ptr_in_const_context;
pub use cstr::CStrExt;
pub use cstring::CString;
pub use format::Formatter;
pub use format::NullTerminatedFormatter;
pub use format::RawFormatter;
pub use parse_int::ParseInt;

/// Makes a [`BStr`] of a string literal.
///
/// # Examples
///
/// ```
/// use kernel::b_str;
/// use kernel::str::BStr;
///
/// const NAME: &BStr = b_str!("name");
/// assert_eq!(NAME.len(), 4);
/// ```
#[macro_export]
macro_rules! b_str {
    ($str:literal) => {{
        const S: &'static str = $str;
        const C: &'static $crate::str::BStr = $crate::str::BStr::from_bytes(S.as_bytes());
        C
    }};
}

/// Makes a [`CStr`] of a string constant without NUL bytes.
///
/// For a literal, `c"name"` does the same.
///
/// # Examples
///
/// ```
/// use kernel::c_str;
/// use kernel::str::CStr;
///
/// const NAME: &CStr = c_str!(concat!("na", "me"));
/// assert_eq!(NAME, c"name");
/// ```
#[macro_export]
macro_rules! c_str {
    ($str:expr) => {{
        const S: &str = ::core::concat!($str, "\0");
        const C: &$crate::str::CStr = match $crate::str::CStr::from_bytes_with_nul(S.as_bytes()) {
            Ok(string) => string,
            Err(_) => panic!("the string has a NUL byte"),
        };
        C
    }};
}

/// Reads a yes or no as the kernel does it for parameters and sysfs files. C: `kstrtobool()`.
///
/// Only the first character counts, after `o` the second one too: `y`, `t`, `1` and `on` are true,
/// `n`, `f`, `0` and `of` are false, in either case (`t` and `f` not on the oldest kernels).
///
/// # Errors
///
/// [`EINVAL`] for anything else.
///
/// # Examples
///
/// ```
/// use kernel::str::kstrtobool;
///
/// assert_eq!(kstrtobool(c"on"), Ok(true));
/// assert_eq!(kstrtobool(c"0"), Ok(false));
/// assert_eq!(kstrtobool(c"maybe"), Err(EINVAL));
/// ```
pub fn kstrtobool(string: &CStr) -> Result<bool> {
    // SAFETY: The string is NUL-terminated.
    unsafe { kstrtobool_raw(string.as_char_ptr()) }
}

/// As [`kstrtobool()`], for a string that need not be NUL-terminated.
///
/// # Errors
///
/// [`EINVAL`] for what is neither.
///
/// # Examples
///
/// ```
/// use kernel::str::kstrtobool_bytes;
///
/// assert_eq!(kstrtobool_bytes(b"yes"), Ok(true));
/// assert_eq!(kstrtobool_bytes(b""), Err(EINVAL));
/// ```
pub fn kstrtobool_bytes(string: &[u8]) -> Result<bool> {
    // Two characters decide, and a NUL byte ends the string for C as well.
    let first = |index| string.get(index).copied().unwrap_or(0);
    let head: [c_char; 3] = [first(0), first(1), 0];
    if string.is_empty() {
        return Err(EINVAL);
    }
    // SAFETY: `head` is NUL-terminated.
    unsafe { kstrtobool_raw(head.as_ptr()) }
}

/// Reads a number as the kernel does it for sysfs files. C: `kstrtou8()`.
///
/// There may be a `+` before it, and one line feed behind it. `base` 0 takes `0x` and a leading `0` as C does.
///
/// # Errors
///
/// [`EINVAL`] for what is no number; [`ERANGE`](crate::error::code::ERANGE) for one above 255.
///
/// # Examples
///
/// ```
/// use kernel::str::kstrtou8;
///
/// assert_eq!(kstrtou8(c"14\n", 10), Ok(14));
/// assert_eq!(kstrtou8(c"0x10", 0), Ok(16));
/// assert_eq!(kstrtou8(c"0x10", 10), Err(EINVAL));
/// assert_eq!(kstrtou8(c"256", 10), Err(ERANGE));
/// ```
pub fn kstrtou8(string: &CStr, base: u32) -> Result<u8> {
    let mut value = 0;
    // SAFETY: The string is NUL-terminated; `value` is writable.
    to_result(unsafe { bindings::kstrtou8(string.as_char_ptr(), base, &mut value) })?;
    Ok(value)
}

/// # Safety
///
/// `string` must be NUL-terminated.
unsafe fn kstrtobool_raw(string: *const c_char) -> Result<bool> {
    let mut value = false;
    // SAFETY: By the safety requirement C finds the end of the string; `value` is writable.
    to_result(unsafe { bindings::kstrtobool(string, &mut value) })?;
    Ok(value)
}
