// SPDX-License-Identifier: GPL-2.0-only

//! Boxes that C keeps as a `void *`.

use super::Allocator;
use super::Box;
use crate::ffi::c_void;
use crate::types::ForeignOwnable;
use core::pin::Pin;

// SAFETY: A box with a size has its allocator's alignment, any has its type's.
unsafe impl<T, A: Allocator> ForeignOwnable for Box<T, A> {
    const FOREIGN_ALIGN: usize = if size_of::<T>() != 0 && A::MIN_ALIGN > align_of::<T>() {
        A::MIN_ALIGN
    } else {
        align_of::<T>()
    };

    type Borrowed<'a>
        = &'a T
    where
        Self: 'a;
    type BorrowedMut<'a>
        = &'a mut T
    where
        Self: 'a;

    fn into_foreign(self) -> *mut c_void {
        Box::into_raw(self).cast()
    }

    unsafe fn from_foreign(ptr: *mut c_void) -> Self {
        // SAFETY: The caller passes what `into_foreign` took out of a box, once.
        unsafe { Box::from_raw(ptr.cast()) }
    }

    unsafe fn borrow<'a>(ptr: *mut c_void) -> &'a T {
        // SAFETY: The caller promises that the box stays and nobody changes its value during `'a`.
        unsafe { &*ptr.cast() }
    }

    unsafe fn borrow_mut<'a>(ptr: *mut c_void) -> &'a mut T {
        // SAFETY: The caller promises that the box stays and nobody else uses its value during `'a`.
        unsafe { &mut *ptr.cast() }
    }
}

// SAFETY: The pointer is the one of the box.
unsafe impl<T, A: Allocator> ForeignOwnable for Pin<Box<T, A>> {
    const FOREIGN_ALIGN: usize = <Box<T, A> as ForeignOwnable>::FOREIGN_ALIGN;

    type Borrowed<'a>
        = Pin<&'a T>
    where
        Self: 'a;
    type BorrowedMut<'a>
        = Pin<&'a mut T>
    where
        Self: 'a;

    fn into_foreign(self) -> *mut c_void {
        // SAFETY: Whoever has the pointer may only pin it again: the value stays in place.
        Box::into_raw(unsafe { Pin::into_inner_unchecked(self) }).cast()
    }

    unsafe fn from_foreign(ptr: *mut c_void) -> Self {
        // SAFETY: The caller passes what `into_foreign` took out of a box, once.
        let b = unsafe { Box::from_raw(ptr.cast()) };
        Box::into_pin(b)
    }

    unsafe fn borrow<'a>(ptr: *mut c_void) -> Pin<&'a T> {
        // SAFETY: The caller promises that the box stays and nobody changes its value during `'a`.
        let value = unsafe { &*ptr.cast() };

        // SAFETY: The value was pinned by the box.
        unsafe { Pin::new_unchecked(value) }
    }

    unsafe fn borrow_mut<'a>(ptr: *mut c_void) -> Pin<&'a mut T> {
        // SAFETY: The caller promises that the box stays and nobody else uses its value during `'a`.
        let value = unsafe { &mut *ptr.cast() };

        // SAFETY: The value was pinned by the box.
        unsafe { Pin::new_unchecked(value) }
    }
}
