// SPDX-License-Identifier: GPL-2.0-only

//! Allocation and initialisation in one step.

use super::AllocError;
use super::Flags;
use crate::error::Error;
use crate::error::Result;
use pin_init::init_from_closure;
use pin_init::pin_init_from_closure;
use pin_init::Init;
use pin_init::PinInit;

/// A smart pointer that can allocate its memory and run an initialiser in it.
///
/// If the initialiser fails, the memory is freed again and nothing remains.
pub trait InPlaceInit<T>: Sized {
    /// What a pinned value is held by: `Pin<Self>`, or `Self` if it always pins.
    type PinnedSelf;

    /// Allocates and initialises a pinned `T`, with an error type of the initialiser's choice.
    ///
    /// # Errors
    ///
    /// The initialiser's, or [`AllocError`] turned into one.
    fn try_pin_init<E>(init: impl PinInit<T, E>, flags: Flags) -> Result<Self::PinnedSelf, E>
    where
        E: From<AllocError>;

    /// Allocates and initialises a pinned `T`.
    ///
    /// # Errors
    ///
    /// The initialiser's, or [`ENOMEM`](crate::error::code::ENOMEM).
    fn pin_init<E>(init: impl PinInit<T, E>, flags: Flags) -> Result<Self::PinnedSelf>
    where
        Error: From<E>,
    {
        // SAFETY: `init` fills or leaves the slot as its own error tells, and that is only converted.
        let init =
            unsafe { pin_init_from_closure(|slot| init.__pinned_init(slot).map_err(Error::from)) };
        Self::try_pin_init(init, flags)
    }

    /// Allocates and initialises a `T`, with an error type of the initialiser's choice.
    ///
    /// # Errors
    ///
    /// The initialiser's, or [`AllocError`] turned into one.
    fn try_init<E>(init: impl Init<T, E>, flags: Flags) -> Result<Self, E>
    where
        E: From<AllocError>;

    /// Allocates and initialises a `T`.
    ///
    /// # Errors
    ///
    /// The initialiser's, or [`ENOMEM`](crate::error::code::ENOMEM).
    fn init<E>(init: impl Init<T, E>, flags: Flags) -> Result<Self>
    where
        Error: From<E>,
    {
        // SAFETY: `init` fills or leaves the slot as its own error tells, and that is only converted.
        let init = unsafe { init_from_closure(|slot| init.__init(slot).map_err(Error::from)) };
        Self::try_init(init, flags)
    }
}
