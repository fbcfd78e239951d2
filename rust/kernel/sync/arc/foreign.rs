// SPDX-License-Identifier: GPL-2.0-only

//! Counted references that C keeps as a `void *`.

use super::Arc;
use super::ArcBorrow;
use super::ArcInner;
use crate::alloc::KBox;
use crate::ffi::c_void;
use crate::types::ForeignOwnable;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

// SAFETY: The pointer is the one of the `KBox` that the value was allocated as.
unsafe impl<T: 'static> ForeignOwnable for Arc<T> {
    const FOREIGN_ALIGN: usize = <KBox<ArcInner<T>> as ForeignOwnable>::FOREIGN_ALIGN;

    type Borrowed<'a> = ArcBorrow<'a, T>;
    type BorrowedMut<'a> = Self::Borrowed<'a>;

    fn into_foreign(self) -> *mut c_void {
        ManuallyDrop::new(self).ptr.as_ptr().cast()
    }

    unsafe fn from_foreign(ptr: *mut c_void) -> Self {
        // SAFETY: The caller passes what `into_foreign` took out of an `Arc`.
        let inner = unsafe { NonNull::new_unchecked(ptr.cast()) };

        // SAFETY: `into_foreign` left a reference, and the caller passes it once.
        unsafe { Self::from_inner(inner) }
    }

    unsafe fn borrow<'a>(ptr: *mut c_void) -> ArcBorrow<'a, T> {
        // SAFETY: The caller passes what `into_foreign` took out of an `Arc`.
        let inner = unsafe { NonNull::new_unchecked(ptr.cast()) };

        // SAFETY: The caller promises that the reference stays during `'a`.
        unsafe { ArcBorrow::new(inner) }
    }

    unsafe fn borrow_mut<'a>(ptr: *mut c_void) -> ArcBorrow<'a, T> {
        // SAFETY: The caller promises even more than `borrow` asks.
        unsafe { Self::borrow(ptr) }
    }
}
