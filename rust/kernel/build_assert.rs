// SPDX-License-Identifier: GPL-2.0-only

//! Assertions that the optimiser decides.
//!
//! | macro | decided by | may depend on |
//! |---|---|---|
//! | [`static_assert!`](crate::static_assert) | the compiler | constants |
//! | [`const_assert!`](crate::const_assert) | the compiler, per instance | generic parameters too |
//! | [`build_assert!`](crate::build_assert!) | the optimiser | arguments of inlined functions too |
//!
//! C header: `include/linux/build_bug.h` (`BUILD_BUG_ON()`).

#[doc(no_inline)]
pub use crate::build_assert;
#[doc(no_inline)]
pub use crate::build_error;
#[doc(no_inline)]
pub use crate::const_assert;
#[doc(no_inline)]
pub use crate::static_assert;

/// What [`build_error!`](crate::build_error) calls.
///
/// In a constant it panics, which is a compile error. Elsewhere a call of it that survives
/// optimisation is an undefined symbol: with this linkage the body never becomes code.
#[doc(hidden)]
#[cold]
#[inline(never)]
#[track_caller]
#[linkage = "available_externally"]
#[export_name = "rust_build_error"]
pub const fn build_error_call(message: &'static str) -> ! {
    panic!("{}", message)
}

/// Fails the build if the code path that reaches it can possibly run.
///
/// In a constant it is a compile error at that place. Elsewhere the optimiser must find that the
/// path is dead; if it does not, the module's build fails naming `rust_build_error`.
///
/// # Examples
///
/// ```
/// use kernel::build_error;
///
/// #[inline(always)]
/// fn successor(n: usize) -> usize {
///     n.checked_add(1).unwrap_or_else(|| build_error!("overflow"))
/// }
///
/// assert_eq!(successor(41), 42);
/// ```
#[macro_export]
macro_rules! build_error {
    () => {{
        $crate::build_assert::build_error_call("")
    }};
    ($msg:expr) => {{
        $crate::build_assert::build_error_call($msg)
    }};
}

/// Fails the build unless the optimiser finds that a condition always holds.
///
/// It leaves no code behind. Prefer [`static_assert!`](crate::static_assert) or
/// [`const_assert!`](crate::const_assert) where they can express the condition: their messages
/// point at the place. A function with arguments in the condition must be `#[inline(always)]`.
///
/// # Examples
///
/// ```
/// use kernel::build_assert;
///
/// #[inline(always)]
/// fn nibble(value: u8) -> u8 {
///     build_assert!(value < 16, "a nibble has four bits");
///     value
/// }
///
/// assert_eq!(nibble(15), 15);
/// ```
#[macro_export]
macro_rules! build_assert {
    ($cond:expr $(,)?) => {{
        if !$cond {
            $crate::build_assert::build_error_call(::core::concat!(
                "assertion failed: ",
                ::core::stringify!($cond)
            ));
        }
    }};
    ($cond:expr, $msg:expr $(,)?) => {{
        if !$cond {
            $crate::build_assert::build_error_call($msg);
        }
    }};
}
