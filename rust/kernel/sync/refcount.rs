// SPDX-License-Identifier: GPL-2.0-only

//! Reference counts that cannot overflow.
//!
//! C header: `include/linux/refcount.h`.

use crate::sync::atomic::Atomic;
use crate::types::Opaque;

/// A reference count (`refcount_t`).
///
/// On misuse it saturates: it warns once, stays at a value that never reaches zero again, and what it
/// counts is leaked rather than used after it was freed.
///
/// Context of all methods: any.
///
/// # Examples
///
/// ```
/// use kernel::sync::Refcount;
///
/// let count = Refcount::new(1);
/// count.inc();
/// assert!(!count.dec_and_test());
/// assert!(count.dec_and_test());
/// ```
#[repr(transparent)]
pub struct Refcount(Opaque<bindings::refcount_t>);

impl Refcount {
    /// Makes a count of `value`. C: `REFCOUNT_INIT()`.
    #[inline]
    pub const fn new(value: i32) -> Self {
        Self(Opaque::new(bindings::refcount_t {
            refs: bindings::atomic_t { counter: value },
        }))
    }

    /// The C count.
    #[inline]
    fn as_ptr(&self) -> *mut bindings::refcount_t {
        self.0.get()
    }

    /// The count as a number that is changed at will.
    ///
    /// It does not saturate by itself: what is added or taken away here may overflow.
    #[inline]
    pub fn as_atomic(&self) -> &Atomic<i32> {
        let count = self.as_ptr().cast::<i32>();

        // SAFETY: `refcount_t` is an `atomic_t`, which is an `int`; C changes it atomically.
        unsafe { Atomic::from_ptr(count) }
    }

    /// Sets the count, without ordering. C: `refcount_set()`.
    #[inline]
    pub fn set(&self, value: i32) {
        // SAFETY: The count is valid, and C changes it atomically.
        unsafe { bindings::refcount_set(self.as_ptr(), value) };
    }

    /// Adds a reference, without ordering: who calls this has one already. C: `refcount_inc()`.
    ///
    /// It saturates at zero and on overflow.
    #[inline]
    pub fn inc(&self) {
        // SAFETY: The count is valid, and C changes it atomically.
        unsafe { bindings::refcount_inc(self.as_ptr()) };
    }

    /// Takes a reference that is not the last one away, with release ordering. C: `refcount_dec()`.
    ///
    /// It saturates if it was the last one.
    #[inline]
    pub fn dec(&self) {
        // SAFETY: The count is valid, and C changes it atomically.
        unsafe { bindings::refcount_dec(self.as_ptr()) };
    }

    /// Takes a reference away, and returns whether it was the last one. C: `refcount_dec_and_test()`.
    ///
    /// The order is release, and acquire for the last one: it comes after all uses.
    #[inline]
    #[must_use = "whoever takes the last reference away has to free what it counts"]
    pub fn dec_and_test(&self) -> bool {
        // SAFETY: The count is valid, and C changes it atomically.
        unsafe { bindings::refcount_dec_and_test(self.as_ptr()) }
    }
}

// SAFETY: A `refcount_t` belongs to no thread.
unsafe impl Send for Refcount {}

// SAFETY: C changes it atomically.
unsafe impl Sync for Refcount {}
