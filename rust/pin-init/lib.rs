// SPDX-License-Identifier: GPL-2.0-only

//! Initialisation in place: for what must not move, or is too large for the stack.
//!
//! An initialiser ([`PinInit`], or [`Init`] for what need not be pinned) is a value that knows how
//! to fill a place in memory. [`pin_init!`] and [`init!`] make one for a struct, field by field, and
//! what owns memory runs it: `KBox::pin_init()`, `Arc::pin_init()`, [`stack_pin_init!`].
//!
//! This is the crate that the kernel calls `pin_init`. The traits are those of `pinned-init` from
//! Cargo's registry; the macros are as in Linux 7.3, which accept more than the published ones.
//!
//! # Examples
//!
//! ```
//! use core::convert::Infallible;
//! use pin_init::{pin_data, pin_init, stack_pin_init, PinInit};
//!
//! #[pin_data]
//! struct Pair {
//!     first: u32,
//!     second: u32,
//! }
//!
//! fn pair(first: u32) -> impl PinInit<Pair, Infallible> {
//!     pin_init!(Pair { first, second: *first + 1 })
//! }
//!
//! stack_pin_init!(let pair = pair(1));
//! assert_eq!(pair.second, 2);
//! ```

#![no_std]
#![deny(unsafe_op_in_unsafe_fn)]
#![warn(missing_docs)]
#![warn(rust_2018_idioms)]
#![warn(unreachable_pub)]

#[doc(hidden)]
pub mod __internal;
mod zeroable;

pub use macros::init;
pub use macros::pin_data;
pub use macros::pin_init;
pub use macros::pinned_drop;
pub use macros::MaybeZeroable;
pub use pinned_init::cast_init;
pub use pinned_init::cast_pin_init;
pub use pinned_init::init_array_from_fn;
pub use pinned_init::init_from_closure;
pub use pinned_init::init_zeroed;
pub use pinned_init::pin_init_array_from_fn;
pub use pinned_init::pin_init_from_closure;
pub use pinned_init::stack_pin_init;
pub use pinned_init::stack_try_pin_init;
pub use pinned_init::uninit;
pub use pinned_init::zeroed;
pub use pinned_init::ChainInit;
pub use pinned_init::ChainPinInit;
pub use pinned_init::InPlaceWrite;
pub use pinned_init::Init;
pub use pinned_init::PinInit;
pub use pinned_init::PinnedDrop;
pub use pinned_init::Wrapper;
pub use pinned_init::ZeroableOption;
pub use zeroable::Zeroable;

/// Returns an initialiser that first runs `make_init`, and then the initialiser that it returns.
///
/// Its error, or the inner initialiser's, is the whole's.
///
/// # Examples
///
/// ```
/// use pin_init::{pin_init, pin_init_scope, PinInit};
///
/// #[pin_init::pin_data]
/// struct Size {
///     bytes: usize,
/// }
///
/// fn parse(text: &str) -> impl PinInit<Size, core::num::ParseIntError> + use<'_> {
///     pin_init_scope(move || {
///         let bytes = text.parse()?;
///         Ok(pin_init!(Size { bytes }? core::num::ParseIntError))
///     })
/// }
///
/// pin_init::stack_try_pin_init!(let size = parse("12"));
/// assert_eq!(size.map(|size| size.bytes), Ok(12));
/// ```
#[inline]
pub fn pin_init_scope<T, E, F, I>(make_init: F) -> impl PinInit<T, E>
where
    F: FnOnce() -> Result<I, E>,
    I: PinInit<T, E>,
{
    let init = move |slot: *mut T| {
        let init = make_init()?;
        // SAFETY: `slot` comes from the caller of `__pinned_init`, so it fulfils the same needs.
        unsafe { init.__pinned_init(slot) }
    };
    // SAFETY: Nothing is written before the inner initialiser runs, and its result is passed on.
    unsafe { pin_init_from_closure(init) }
}

/// As [`pin_init_scope()`], for what need not be pinned.
#[inline]
pub fn init_scope<T, E, F, I>(make_init: F) -> impl Init<T, E>
where
    F: FnOnce() -> Result<I, E>,
    I: Init<T, E>,
{
    let init = move |slot: *mut T| {
        let init = make_init()?;
        // SAFETY: `slot` comes from the caller of `__init`, so it fulfils the same needs.
        unsafe { init.__init(slot) }
    };
    // SAFETY: Nothing is written before the inner initialiser runs, and its result is passed on.
    unsafe { init_from_closure(init) }
}

/// Runs an initialiser that cannot fail.
///
/// # Safety
///
/// `slot` is valid for writes and aligned, and unless `init` is an [`Init`], it is pinned.
#[inline]
pub unsafe fn raw_init<T>(slot: *mut T, init: impl PinInit<T>) {
    // SAFETY: By this function's requirements.
    match unsafe { init.__pinned_init(slot) } {
        Ok(()) => {}
        Err(never) => match never {},
    }
}

/// Runs an initialiser. After an error there is nothing in `slot`.
///
/// # Errors
///
/// The initialiser's.
///
/// # Safety
///
/// `slot` is valid for writes and aligned, and unless `init` is an [`Init`], it is pinned.
#[inline]
pub unsafe fn raw_try_init<T, E>(slot: *mut T, init: impl PinInit<T, E>) -> Result<(), E> {
    // SAFETY: By this function's requirements.
    unsafe { init.__pinned_init(slot) }
}

/// Asserts at compile time that a field of a [`pin_data`](macro@pin_data) struct is marked `#[pin]`.
///
/// # Examples
///
/// ```
/// use core::marker::PhantomPinned;
///
/// #[pin_init::pin_data]
/// struct Stays {
///     #[pin]
///     pin: PhantomPinned,
/// }
///
/// pin_init::assert_pinned!(Stays, pin, PhantomPinned);
/// ```
#[macro_export]
macro_rules! assert_pinned {
    ($ty:ty, $field:ident, $field_ty:ty, inline) => {
        let _ =
            |slot: *mut $ty| -> $crate::__internal::Slot<$crate::__internal::Pinned, $field_ty> {
                // SAFETY: This is never called.
                unsafe { <$ty as $crate::__internal::HasPinData>::__pin_data().$field(slot) }
            };
    };

    ($ty:ty, $field:ident, $field_ty:ty) => {
        const _: () = {
            $crate::assert_pinned!($ty, $field, $field_ty, inline);
        };
    };
}
