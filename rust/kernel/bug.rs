// SPDX-License-Identifier: GPL-2.0-only

//! Warnings about what should not happen.
//!
//! C header: `include/asm-generic/bug.h`.

use crate::bindings;
use crate::str::CStr;
use crate::str::CStrExt as _;

/// For [`warn_on!`](crate::warn_on).
#[doc(hidden)]
#[cold]
pub fn warn(message: &CStr) {
    // SAFETY: The message is a NUL-terminated string.
    unsafe { bindings::warn(message.as_char_ptr()) };
}

/// Returns a condition's value. If it is true, the log gets a warning with the condition, its place, the
/// registers and the call trace.
///
/// For what only a bug can lead to: the kernel is tainted, and halts if the administrator chose so
/// (`panic_on_warn`). Context: any. C: `WARN_ON()`.
///
/// # Examples
///
/// ```
/// use kernel::warn_on;
///
/// fn half(n: u32) -> Result<u32> {
///     if warn_on!(n % 2 != 0) {
///         return Err(EINVAL);
///     }
///     Ok(n / 2)
/// }
///
/// assert_eq!(half(42), Ok(21));
/// ```
#[macro_export]
macro_rules! warn_on {
    ($cond:expr $(,)?) => {{
        let cond: bool = $cond;
        if cond {
            $crate::bug::warn($crate::c_str!(::core::concat!(
                ::core::file!(),
                ":",
                ::core::line!(),
                ": ",
                ::core::stringify!($cond)
            )));
        }
        cond
    }};
}
