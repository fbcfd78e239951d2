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
///
/// # Examples
///
/// ```
/// let zeroes = pin_init::init_zeroed::<[u8; 4096]>();
/// let buffer = KBox::init(zeroes, GFP_KERNEL)?;
///
/// assert_eq!(buffer[4095], 0);
/// # Ok::<(), Error>(())
/// ```
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

/// Lets an owner's memory be initialised in place: `InPlaceWrite` for the owner `$Memory` of memory, and
/// `InPlaceInit` for the owner `$Owner` of a value.
macro_rules! impl_in_place {
    ([$T:ident $($generics:tt)*] $Owner:ty, $Memory:ty) => {
        impl<$T $($generics)*> ::pin_init::InPlaceWrite<$T> for $Memory {
            type Initialized = $Owner;

            fn write_init<E>(
                mut self,
                init: impl ::pin_init::Init<$T, E>,
            ) -> Result<Self::Initialized, E> {
                // SAFETY: The memory is a `T`'s, and on failure it is freed without a drop.
                unsafe { init.__init(self.as_mut_ptr())? };
                // SAFETY: `init` succeeded.
                Ok(unsafe { self.assume_init() })
            }

            fn write_pin_init<E>(
                mut self,
                init: impl ::pin_init::PinInit<$T, E>,
            ) -> Result<::core::pin::Pin<Self::Initialized>, E> {
                // SAFETY: The memory is a `T`'s; on failure it is freed without a drop, else pinned below.
                unsafe { init.__pinned_init(self.as_mut_ptr())? };
                // SAFETY: `init` succeeded.
                Ok(unsafe { self.assume_init() }.into())
            }
        }

        impl<$T $($generics)*> $crate::alloc::InPlaceInit<$T> for $Owner {
            type PinnedSelf = ::core::pin::Pin<Self>;

            #[inline]
            fn try_pin_init<E>(
                init: impl ::pin_init::PinInit<$T, E>,
                flags: $crate::alloc::Flags,
            ) -> Result<Self::PinnedSelf, E>
            where
                E: From<$crate::alloc::AllocError>,
            {
                ::pin_init::InPlaceWrite::write_pin_init(Self::new_uninit(flags)?, init)
            }

            #[inline]
            fn try_init<E>(
                init: impl ::pin_init::Init<$T, E>,
                flags: $crate::alloc::Flags,
            ) -> Result<Self, E>
            where
                E: From<$crate::alloc::AllocError>,
            {
                ::pin_init::InPlaceWrite::write_init(Self::new_uninit(flags)?, init)
            }
        }
    };
}
pub(crate) use impl_in_place;
