// SPDX-License-Identifier: GPL-2.0-only

//! Borrowed counted references.

use super::Arc;
use super::ArcInner;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr::NonNull;

/// A reference borrowed from an [`Arc`], which can be turned into one.
///
/// It is what `&Arc<T>` is, without the second indirection: just the pointer. For code that only uses the
/// value, `&T` does.
///
/// # Examples
///
/// ```
/// use kernel::sync::{Arc, ArcBorrow};
///
/// fn keep(borrow: ArcBorrow<'_, u32>) -> Arc<u32> {
///     borrow.into()
/// }
///
/// let first = Arc::new(10, GFP_KERNEL)?;
/// let second = keep(first.as_arc_borrow());
///
/// assert!(Arc::ptr_eq(&first, &second));
/// # Ok::<(), Error>(())
/// ```
///
/// # Invariants
///
/// `inner` is an [`Arc`]'s, which keeps its reference during `'a`.
#[repr(transparent)]
#[derive(core::marker::CoercePointee)]
pub struct ArcBorrow<'a, #[pointee] T: ?Sized + 'a> {
    inner: NonNull<ArcInner<T>>,
    _p: PhantomData<&'a ()>,
}

impl<T: ?Sized> Clone for ArcBorrow<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for ArcBorrow<'_, T> {}

impl<T: ?Sized> ArcBorrow<'_, T> {
    /// Borrows from the [`Arc`]s of `inner`.
    ///
    /// # Safety
    ///
    /// During the lifetime that the caller chooses an [`Arc`] must keep its reference.
    pub(super) unsafe fn new(inner: NonNull<ArcInner<T>>) -> Self {
        // INVARIANT: The caller promises it.
        Self {
            inner,
            _p: PhantomData,
        }
    }

    /// Borrows the reference that [`Arc::into_raw`] left.
    ///
    /// # Safety
    ///
    /// `ptr` must come from [`Arc::into_raw`] or [`Arc::as_ptr`]. During the lifetime that the caller chooses
    /// the reference must stay, and no [`UniqueArc`](super::UniqueArc) be made of it.
    pub unsafe fn from_raw(ptr: *const T) -> Self {
        // SAFETY: The caller promises that it was an `Arc`'s, which keeps the value alive.
        let inner = unsafe { ArcInner::from_data(ptr) };

        // SAFETY: The caller promises that the reference stays.
        unsafe { Self::new(inner) }
    }
}

impl<T: ?Sized> From<ArcBorrow<'_, T>> for Arc<T> {
    fn from(b: ArcBorrow<'_, T>) -> Self {
        // SAFETY: There is an `Arc`; this is a copy of it that does not give back the reference.
        let arc = ManuallyDrop::new(unsafe { Arc::from_inner(b.inner) });
        Arc::clone(&arc)
    }
}

impl<T: ?Sized> Deref for ArcBorrow<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: By the type invariant an `Arc` keeps the value alive.
        unsafe { &self.inner.as_ref().data }
    }
}
