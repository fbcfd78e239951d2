// SPDX-License-Identifier: GPL-2.0-only

//! What the macros expand to. Nobody else may use it.

use crate::Init;
use crate::PinInit;
use crate::Zeroable;
use core::marker::PhantomData;
use core::pin::Pin;

pub use macros::__PinData;
pub use pinned_init::__internal::HasInitData;
pub use pinned_init::__internal::HasPinData;
pub use pinned_init::__internal::InitData;
pub use pinned_init::__internal::OnlyCallFromDrop;
pub use pinned_init::__internal::PinData;

/// Tells that all fields are initialised: user code within an initialiser cannot make one, so it
/// cannot `return Ok(..)`.
pub struct InitOk(());

impl InitOk {
    /// # Safety
    ///
    /// All fields of the value at hand are initialised.
    #[inline(always)]
    pub unsafe fn new() -> Self {
        Self(())
    }
}

/// Writes zeroes to a place.
///
/// # Safety
///
/// `slot` is valid for writes, aligned, and holds nothing that would have to be dropped.
#[inline(always)]
pub unsafe fn zero<T: Zeroable>(slot: *mut T) {
    // SAFETY: By this function's requirements; zeroes are a `T`, as it is `Zeroable`.
    unsafe { slot.write_bytes(0, 1) }
}

/// Of a field that is pinned with the whole.
pub struct Pinned;

/// Of a field that may be moved even when the whole is pinned.
pub struct Unpinned;

/// The place of a field that is not initialised yet.
///
/// # Invariants
///
/// `ptr` is valid for reads and writes, aligned, holds nothing, and nothing else uses it. If `P` is
/// [`Pinned`], it is pinned.
pub struct Slot<P, T: ?Sized> {
    ptr: *mut T,
    _pinned: PhantomData<P>,
}

impl<P, T: ?Sized> Slot<P, T> {
    /// # Safety
    ///
    /// `ptr` is as the invariants say.
    #[inline(always)]
    pub unsafe fn new(ptr: *mut T) -> Self {
        // INVARIANT: By this function's requirements.
        Self {
            ptr,
            _pinned: PhantomData,
        }
    }

    /// Makes the guard of a field that has been initialised.
    ///
    /// # Safety
    ///
    /// There is a `T` in the place.
    #[inline(always)]
    unsafe fn filled(self) -> Guard<P, T> {
        // INVARIANT: By the slot's, and by this function's requirements.
        Guard {
            ptr: self.ptr,
            _pinned: PhantomData,
        }
    }

    /// Writes a value.
    #[inline(always)]
    pub fn write(self, value: T) -> Guard<P, T>
    where
        T: Sized,
    {
        // SAFETY: By the type invariant the place is valid for writes and aligned.
        unsafe { self.ptr.write(value) };
        // SAFETY: It was written just now.
        unsafe { self.filled() }
    }
}

impl<T: ?Sized> Slot<Unpinned, T> {
    /// Runs an initialiser.
    #[inline(always)]
    pub fn init<E>(self, init: impl Init<T, E>) -> Result<Guard<Unpinned, T>, E> {
        // SAFETY: By the type invariant; after an error nobody uses the place.
        unsafe { init.__init(self.ptr) }?;
        // SAFETY: The initialiser has succeeded.
        Ok(unsafe { self.filled() })
    }
}

impl<T: ?Sized> Slot<Pinned, T> {
    /// Runs an initialiser.
    #[inline(always)]
    pub fn init<E>(self, init: impl PinInit<T, E>) -> Result<Guard<Pinned, T>, E> {
        // SAFETY: By the type invariant, the place is pinned too; after an error nobody uses it.
        unsafe { init.__pinned_init(self.ptr) }?;
        // SAFETY: The initialiser has succeeded.
        Ok(unsafe { self.filled() })
    }
}

/// Owns a field that is initialised, until the whole is. The macros forget it then.
///
/// # Invariants
///
/// As [`Slot`]'s, but there is a `T` in the place, which is the guard's.
#[must_use]
pub struct Guard<P, T: ?Sized> {
    ptr: *mut T,
    _pinned: PhantomData<P>,
}

impl<T: ?Sized> Guard<Unpinned, T> {
    /// The field, for the expressions that follow.
    #[inline(always)]
    pub fn field(&mut self) -> &mut T {
        // SAFETY: By the type invariant there is a `T`, and only the guard reaches it.
        unsafe { &mut *self.ptr }
    }
}

impl<T: ?Sized> Guard<Pinned, T> {
    /// The field, for the expressions that follow.
    #[inline(always)]
    pub fn field(&mut self) -> Pin<&mut T> {
        // SAFETY: By the type invariant there is a `T`, and only the guard reaches it.
        let field = unsafe { &mut *self.ptr };
        // SAFETY: By the type invariant the place is pinned, and nobody gets a plain `&mut`.
        unsafe { Pin::new_unchecked(field) }
    }
}

impl<P, T: ?Sized> Drop for Guard<P, T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: By the type invariant there is a `T`, which is the guard's, and this is its end.
        unsafe { self.ptr.drop_in_place() }
    }
}
