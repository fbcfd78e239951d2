// SPDX-License-Identifier: GPL-2.0-only

//! Ownership that passes through C.

use crate::ffi::c_void;
use core::ptr::NonNull;

/// Owners that C can hold for Rust, as a `void *`.
///
/// # Safety
///
/// - [`into_foreign()`](Self::into_foreign) must return a pointer that is not null and a multiple
///   of [`FOREIGN_ALIGN`](Self::FOREIGN_ALIGN).
/// - What [`borrow()`](Self::borrow), [`borrow_mut()`](Self::borrow_mut) and
///   [`from_foreign()`](Self::from_foreign) return must be right for such a pointer, whatever moves
///   it made in between.
///
/// # Examples
///
/// ```
/// use kernel::types::ForeignOwnable;
///
/// let ptr = KBox::new(42, GFP_KERNEL)?.into_foreign();
/// // C has `ptr` now, and gives it back some day.
///
/// // SAFETY: `ptr` is from `into_foreign`, and taken back once.
/// let value: KBox<i32> = unsafe { KBox::from_foreign(ptr) };
/// assert_eq!(*value, 42);
/// # Ok::<(), Error>(())
/// ```
pub unsafe trait ForeignOwnable: Sized {
    /// What the pointer is aligned to: its lower bits are free for C.
    const FOREIGN_ALIGN: usize;

    /// Shared access to what is owned.
    type Borrowed<'a>
    where
        Self: 'a;

    /// Exclusive access to what is owned, or shared access if the owner has no more.
    type BorrowedMut<'a>
    where
        Self: 'a;

    /// Gives the value to C.
    ///
    /// The pointer is for nothing but the functions below.
    fn into_foreign(self) -> *mut c_void;

    /// Takes the value back.
    ///
    /// # Safety
    ///
    /// `ptr` must come from [`into_foreign()`](Self::into_foreign) and not have been taken back
    /// since. Nothing borrowed of it may be in use.
    unsafe fn from_foreign(ptr: *mut c_void) -> Self;

    /// Takes the value back, if the pointer is not null.
    ///
    /// # Safety
    ///
    /// `ptr` must be null or right for [`from_foreign()`](Self::from_foreign).
    unsafe fn try_from_foreign(ptr: *mut c_void) -> Option<Self> {
        if ptr.is_null() {
            return None;
        }
        // SAFETY: The pointer is not null, so by the safety requirement it is right.
        Some(unsafe { Self::from_foreign(ptr) })
    }

    /// Borrows the value while C has it.
    ///
    /// # Safety
    ///
    /// `ptr` must come from [`into_foreign()`](Self::into_foreign). During `'a` it must not be
    /// taken back or borrowed by [`borrow_mut()`](Self::borrow_mut).
    unsafe fn borrow<'a>(ptr: *mut c_void) -> Self::Borrowed<'a>;

    /// Borrows the value exclusively while C has it.
    ///
    /// # Safety
    ///
    /// `ptr` must come from [`into_foreign()`](Self::into_foreign). During `'a` it must not be
    /// taken back or borrowed in any way.
    unsafe fn borrow_mut<'a>(ptr: *mut c_void) -> Self::BorrowedMut<'a>;
}

// SAFETY: A dangling pointer is aligned and not null, and `()` is the same everywhere.
unsafe impl ForeignOwnable for () {
    const FOREIGN_ALIGN: usize = core::mem::align_of::<()>();
    type Borrowed<'a> = ();
    type BorrowedMut<'a> = ();

    fn into_foreign(self) -> *mut c_void {
        NonNull::dangling().as_ptr()
    }

    unsafe fn from_foreign(_: *mut c_void) -> Self {}

    unsafe fn borrow<'a>(_: *mut c_void) -> Self::Borrowed<'a> {}

    unsafe fn borrow_mut<'a>(_: *mut c_void) -> Self::BorrowedMut<'a> {}
}
