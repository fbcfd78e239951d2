// SPDX-License-Identifier: GPL-2.0-only

//! Checks of what unsafe code promises.

/// Panics if a condition that the caller of an unsafe function promised does not hold.
///
/// Only where debug assertions are on, as with `rustflags-y := -Cdebug-assertions=y` in a module's Kbuild:
/// elsewhere the condition is not evaluated.
///
/// # Examples
///
/// ```
/// use kernel::unsafe_precondition_assert;
///
/// /// # Safety
/// ///
/// /// `index` must be less than 4.
/// unsafe fn bit(index: u32) -> u8 {
///     unsafe_precondition_assert!(index < 4, "bit() has no index {index}");
///     1 << index
/// }
///
/// // SAFETY: 3 is less than 4.
/// assert_eq!(unsafe { bit(3) }, 8);
/// ```
#[macro_export]
macro_rules! unsafe_precondition_assert {
    ($cond:expr $(,)?) => {
        ::core::debug_assert!($cond, "unsafe precondition violated: {}", ::core::stringify!($cond))
    };
    ($cond:expr, $($arg:tt)+) => {
        ::core::debug_assert!($cond, "unsafe precondition violated: {}", $crate::prelude::fmt!($($arg)+))
    };
}
