// SPDX-License-Identifier: GPL-2.0-only

//! Assertions that the compiler decides where they stand.
//!
//! C header: `include/linux/build_bug.h`.

/// Fails the compilation unless a constant expression is true.
///
/// It can stand where items can, so it cannot depend on generic parameters; see
/// [`const_assert!`](crate::const_assert) and [`build_assert!`](crate::build_assert!) for those.
/// C: `static_assert()`.
///
/// # Examples
///
/// ```
/// use kernel::static_assert;
///
/// static_assert!(42 > 24);
/// static_assert!(core::mem::size_of::<u8>() == 1, "a byte has no padding");
/// ```
///
/// ```compile_fail,E0080
/// kernel::static_assert!(size_of::<u8>() == 2);
/// ```
#[macro_export]
macro_rules! static_assert {
    ($condition:expr $(,$arg:literal)? $(,)?) => {
        const _: () = ::core::assert!($condition $(,$arg)?);
    };
}

/// Fails the compilation unless a constant expression is true; it may use generic parameters.
///
/// The expression is decided when the surrounding function is instantiated.
///
/// # Examples
///
/// ```
/// use kernel::const_assert;
///
/// fn halves<const N: usize>() -> usize {
///     const_assert!(N % 2 == 0, "N must be even");
///     N / 2
/// }
/// assert_eq!(halves::<4>(), 2);
/// ```
///
/// ```compile_fail,E0080
/// fn halves<const N: usize>() -> usize {
///     kernel::const_assert!(N % 2 == 0);
///     N / 2
/// }
/// halves::<3>();
/// ```
#[macro_export]
macro_rules! const_assert {
    ($condition:expr $(,$arg:literal)? $(,)?) => {
        const { ::core::assert!($condition $(,$arg)?) };
    };
}
