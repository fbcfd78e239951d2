// SPDX-License-Identifier: GPL-2.0-only

//! Initialisation in place: for what must not move, or is too large for the stack.
//!
//! This is the `pin-init` crate under the kernel's paths, with macros whose errors default to
//! [`Error`](crate::error::Error).
//!
//! # Examples
//!
//! ```
//! use kernel::bindings;
//! use kernel::types::Opaque;
//!
//! #[pin_data]
//! struct Head {
//!     #[pin]
//!     list: Opaque<bindings::list_head>,
//!     count: u32,
//! }
//!
//! impl Head {
//!     fn new(count: u32) -> impl PinInit<Self, Error> {
//!         try_pin_init!(Self {
//!             list <- Opaque::ffi_init(|list: *mut bindings::list_head| {
//!                 // SAFETY: `list` is a place for a list head, valid for writes.
//!                 unsafe { list.write(bindings::list_head { next: list, prev: list }) };
//!             }),
//!             count: count.checked_add(1).ok_or(EOVERFLOW)?,
//!         })
//!     }
//! }
//! # let _ = Head::new(1);
//! ```

#[doc(inline)]
pub use crate::alloc::InPlaceInit;
#[doc(no_inline)]
pub use crate::try_init;
#[doc(no_inline)]
pub use crate::try_pin_init;
#[doc(no_inline)]
pub use pin_init::*;

/// Initialises a structure in place, which may fail; the error is the kernel's unless one is given.
///
/// As [`init!`](pin_init::init!); `? Error` after the braces changes the type of the error.
#[macro_export]
macro_rules! try_init {
    ($($initialiser:tt)*) => {
        ::pin_init::init!(#[default_error($crate::error::Error)] $($initialiser)*)
    };
}

/// Initialises a pinned structure in place, which may fail; the error is the kernel's unless one is
/// given.
///
/// As [`pin_init!`](pin_init::pin_init!); `? Error` after the braces changes the type of the error.
#[macro_export]
macro_rules! try_pin_init {
    ($($initialiser:tt)*) => {
        ::pin_init::pin_init!(#[default_error($crate::error::Error)] $($initialiser)*)
    };
}
