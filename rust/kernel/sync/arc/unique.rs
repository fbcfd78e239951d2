// SPDX-License-Identifier: GPL-2.0-only

//! Counted values that are not shared yet.

use super::Arc;
use super::ArcInner;
use crate::alloc::init::impl_in_place;
use crate::alloc::AllocError;
use crate::alloc::Flags;
use crate::alloc::InPlaceInit;
use crate::alloc::KBox;
use crate::fmt;
use crate::sync::Refcount;
use core::borrow::Borrow;
use core::borrow::BorrowMut;
use core::mem::ManuallyDrop;
use core::mem::MaybeUninit;
use core::ops::Deref;
use core::ops::DerefMut;
use core::pin::Pin;
use core::ptr::NonNull;
use pin_init::InPlaceWrite;
use pin_init::Init;
use pin_init::PinInit;

/// The only reference to a value: it can be changed, and turned into an [`Arc`] at no cost.
///
/// # Examples
///
/// Allocating where sleeping is allowed, and writing where it is not:
///
/// ```
/// use kernel::sync::{Arc, UniqueArc};
///
/// let memory = UniqueArc::<u32>::new_uninit(GFP_KERNEL)?;
///
/// let mut unique = memory.write(10);
/// *unique += 1;
/// let shared: Arc<u32> = unique.into();
/// assert_eq!(*shared, 11);
/// # Ok::<(), Error>(())
/// ```
///
/// # Invariants
///
/// `inner` is the only reference.
pub struct UniqueArc<T: ?Sized> {
    inner: Arc<T>,
}

// As of an `Arc`.
impl<T: ?Sized> Unpin for UniqueArc<T> {}

impl<T> UniqueArc<T> {
    /// Allocates memory and moves `value` into it.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory; `value` is dropped then.
    pub fn new(value: T, flags: Flags) -> Result<Self, AllocError> {
        Ok(Self::new_uninit(flags)?.write(value))
    }

    /// Allocates memory without writing a value, except for zeroes with `__GFP_ZERO`.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory.
    pub fn new_uninit(flags: Flags) -> Result<UniqueArc<MaybeUninit<T>>, AllocError> {
        let memory = KBox::<ArcInner<MaybeUninit<T>>>::new_uninit(flags)?;
        let inner: *mut ArcInner<MaybeUninit<T>> = KBox::into_raw(memory).cast();

        // SAFETY: The memory was just allocated for an `ArcInner`.
        let refcount = unsafe { &raw mut (*inner).refcount };
        // SAFETY: As above; nothing is there yet.
        unsafe { refcount.write(Refcount::new(1)) };

        // SAFETY: A box's pointer is not null.
        let inner = unsafe { NonNull::new_unchecked(inner) };
        // SAFETY: The count is written, and any bytes are a `MaybeUninit`. This is the first reference.
        let arc = unsafe { Arc::from_inner(inner) };

        // SAFETY: It is the only reference.
        Ok(unsafe { UniqueArc::from_arc(arc) })
    }
}

impl<T: ?Sized> UniqueArc<T> {
    /// Makes a `UniqueArc` of the only reference.
    ///
    /// # Safety
    ///
    /// `inner` must be the only reference.
    pub(super) unsafe fn from_arc(inner: Arc<T>) -> Self {
        // INVARIANT: The caller promises it.
        Self { inner }
    }

    /// A pointer to the value, valid as long as there is the reference.
    #[inline]
    pub fn as_ptr(this: &Self) -> *const T {
        Arc::as_ptr(&this.inner)
    }
}

impl<T> UniqueArc<MaybeUninit<T>> {
    /// Writes `value` into the memory.
    #[inline]
    pub fn write(mut self, value: T) -> UniqueArc<T> {
        (*self).write(value);

        // SAFETY: Just written.
        unsafe { self.assume_init() }
    }

    /// Turns it into one of an initialised value.
    ///
    /// # Safety
    ///
    /// The value must be initialised.
    #[inline]
    pub unsafe fn assume_init(self) -> UniqueArc<T> {
        let inner = ManuallyDrop::new(self).inner.ptr.cast();

        // SAFETY: `MaybeUninit<T>` has `T`'s layout, the value is valid, and the reference is passed on.
        let arc = unsafe { Arc::from_inner(inner) };

        // SAFETY: By the type invariant it is the only reference.
        unsafe { UniqueArc::from_arc(arc) }
    }

    /// Initialises the memory; on failure it is freed.
    ///
    /// # Errors
    ///
    /// Those of `init`.
    ///
    /// # Examples
    ///
    /// ```
    /// use kernel::sync::UniqueArc;
    ///
    /// let zeroes = pin_init::init_zeroed::<[u8; 64]>();
    /// let unique = UniqueArc::new_uninit(GFP_KERNEL)?.init_with(zeroes)?;
    ///
    /// assert_eq!(*unique, [0; 64]);
    /// # Ok::<(), Error>(())
    /// ```
    #[inline]
    pub fn init_with<E>(self, init: impl Init<T, E>) -> Result<UniqueArc<T>, E> {
        self.write_init(init)
    }

    /// Initialises the memory with a value that is pinned to it; on failure the memory is freed.
    ///
    /// # Errors
    ///
    /// Those of `init`.
    #[inline]
    pub fn pin_init_with<E>(self, init: impl PinInit<T, E>) -> Result<Pin<UniqueArc<T>>, E> {
        self.write_pin_init(init)
    }
}

impl_in_place!([T] UniqueArc<T>, UniqueArc<MaybeUninit<T>>);

impl<T> InPlaceInit<T> for Arc<T> {
    type PinnedSelf = Self;

    #[inline]
    fn try_pin_init<E>(init: impl PinInit<T, E>, flags: Flags) -> Result<Self, E>
    where
        E: From<AllocError>,
    {
        UniqueArc::try_pin_init(init, flags).map(Into::into)
    }

    #[inline]
    fn try_init<E>(init: impl Init<T, E>, flags: Flags) -> Result<Self, E>
    where
        E: From<AllocError>,
    {
        UniqueArc::try_init(init, flags).map(Into::into)
    }
}

impl<T: ?Sized> From<UniqueArc<T>> for Pin<UniqueArc<T>> {
    #[inline]
    fn from(unique: UniqueArc<T>) -> Self {
        // SAFETY: The value leaves its memory only through an unpinned `UniqueArc` or `T: Unpin`.
        unsafe { Pin::new_unchecked(unique) }
    }
}

impl<T: ?Sized> From<UniqueArc<T>> for Arc<T> {
    #[inline]
    fn from(unique: UniqueArc<T>) -> Self {
        unique.inner
    }
}

impl<T: ?Sized> From<Pin<UniqueArc<T>>> for Arc<T> {
    #[inline]
    fn from(unique: Pin<UniqueArc<T>>) -> Self {
        // SAFETY: An `Arc` pins its value as well.
        unsafe { Pin::into_inner_unchecked(unique) }.inner
    }
}

impl<T: ?Sized> Deref for UniqueArc<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T: ?Sized> DerefMut for UniqueArc<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: By the type invariants the value is alive, and nobody else refers to it.
        unsafe { &mut (*self.inner.ptr.as_ptr()).data }
    }
}

impl<T: ?Sized> Borrow<T> for UniqueArc<T> {
    fn borrow(&self) -> &T {
        self
    }
}

impl<T: ?Sized> BorrowMut<T> for UniqueArc<T> {
    fn borrow_mut(&mut self) -> &mut T {
        self
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for UniqueArc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        T::fmt(self, f)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for UniqueArc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        T::fmt(self, f)
    }
}
