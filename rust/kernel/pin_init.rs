// SPDX-License-Identifier: GPL-2.0-only

//! The `pin-init` crate as upstream's drivers see it: `pin_init::zeroed()` and the like.
//!
//! It comes from the registry; the macros here add what the kernel's copy of it accepts.

#[doc(no_inline)]
pub use crate::init;
#[doc(no_inline)]
pub use crate::pin_init;
pub use pinned_init::assert_pinned;
pub use pinned_init::cast_init;
pub use pinned_init::cast_pin_init;
pub use pinned_init::init_array_from_fn;
pub use pinned_init::init_from_closure;
pub use pinned_init::init_zeroed;
pub use pinned_init::pin_data;
pub use pinned_init::pin_init_array_from_fn;
pub use pinned_init::pin_init_from_closure;
pub use pinned_init::pinned_drop;
pub use pinned_init::stack_pin_init;
pub use pinned_init::stack_try_pin_init;
pub use pinned_init::uninit;
pub use pinned_init::zeroed;
pub use pinned_init::ChainInit;
pub use pinned_init::ChainPinInit;
pub use pinned_init::InPlaceWrite;
pub use pinned_init::Init;
pub use pinned_init::MaybeZeroable;
pub use pinned_init::PinInit;
pub use pinned_init::PinnedDrop;
pub use pinned_init::Wrapper;
pub use pinned_init::Zeroable;
pub use pinned_init::ZeroableOption;

#[doc(hidden)]
pub use pinned_init as __pinned_init;

/// Initialises a structure in place, by `field: value` and `field <- initialiser`.
///
/// It cannot fail, unless `? Error` after the braces says so.
///
/// # Examples
///
/// ```
/// struct Buffer {
///     len: usize,
///     bytes: [u8; 64],
/// }
///
/// fn empty() -> impl Init<Buffer> {
///     init!(Buffer {
///         len: 0,
///         bytes <- pin_init::init_zeroed(),
///     })
/// }
/// # let _ = empty();
/// ```
#[macro_export]
macro_rules! init {
    ($(&$this:ident in)? $t:ident $(::<$($generics:ty),* $(,)?>)? { $($fields:tt)* }) => {
        $crate::pin_init::__pinned_init::init!(
            $(&$this in)? $t $(::<$($generics),*>)? { $($fields)* }
        )
    };
    ($(&$this:ident in)? $t:ident $(::<$($generics:ty),* $(,)?>)? { $($fields:tt)* }? $err:ty) => {
        $crate::pin_init::__pinned_init::try_init!(
            $(&$this in)? $t $(::<$($generics),*>)? { $($fields)* }? $err
        )
    };
}

/// Initialises a pinned structure, which is marked `#[pin_data]`, in place.
///
/// It cannot fail, unless `? Error` after the braces says so.
#[macro_export]
macro_rules! pin_init {
    ($(&$this:ident in)? $t:ident $(::<$($generics:ty),* $(,)?>)? { $($fields:tt)* }) => {
        $crate::pin_init::__pinned_init::pin_init!(
            $(&$this in)? $t $(::<$($generics),*>)? { $($fields)* }
        )
    };
    ($(&$this:ident in)? $t:ident $(::<$($generics:ty),* $(,)?>)? { $($fields:tt)* }? $err:ty) => {
        $crate::pin_init::__pinned_init::try_pin_init!(
            $(&$this in)? $t $(::<$($generics),*>)? { $($fields)* }? $err
        )
    };
}
