// SPDX-License-Identifier: GPL-2.0-only

//! Values under a lock that is elsewhere.

use super::lock::Backend;
use super::lock::Lock;
use crate::build_assert;
use core::cell::UnsafeCell;
use core::ptr;

/// A `T` that the lock around a certain `U` protects, though it is not inside.
///
/// Whoever has that `U` can use the `T`: shared with `&U`, exclusively with `&mut U`.
///
/// # Examples
///
/// ```
/// use kernel::sync::{new_mutex, LockedBy, Mutex};
///
/// struct Directory {
///     total: u64,
/// }
///
/// struct File {
///     size: LockedBy<u64, Directory>,
/// }
///
/// let directory = KBox::pin_init(new_mutex!(Directory { total: 0 }), GFP_KERNEL)?;
/// let file = File { size: LockedBy::new(&directory, 10) };
///
/// let mut guard = directory.lock();
/// *file.size.access_mut(&mut guard) += 5;
/// guard.total += *file.size.access(&guard);
/// assert_eq!(guard.total, 15);
/// # Ok::<(), Error>(())
/// ```
///
/// # Invariants
///
/// `owner` is the address of a value that has a size: two of them do not overlap, so who has the one at that
/// address has it alone.
pub struct LockedBy<T: ?Sized, U: ?Sized> {
    owner: *const U,
    data: UnsafeCell<T>,
}

// SAFETY: Whoever has it, has the `T`; the pointer is only compared.
unsafe impl<T: ?Sized + Send, U: ?Sized> Send for LockedBy<T, U> {}

// SAFETY: With `&mut U` the `T` is one thread's at a time, which takes `Send`; with `&U` it may be several
// threads', for which `access` asks `Sync`.
unsafe impl<T: ?Sized + Send, U: ?Sized> Sync for LockedBy<T, U> {}

impl<T, U> LockedBy<T, U> {
    /// Makes one that belongs to the value in `owner`.
    ///
    /// A `U` without a size, which could be anywhere, is a build error.
    pub fn new<B: Backend>(owner: &Lock<U, B>, data: T) -> Self {
        build_assert!(size_of::<U>() > 0, "the owner needs an address of its own");

        // INVARIANT: The value has a size, as just asserted.
        Self {
            owner: owner.data.get(),
            data: UnsafeCell::new(data),
        }
    }
}

impl<T: ?Sized, U> LockedBy<T, U> {
    #[track_caller]
    fn check(&self, owner: *const U) {
        assert!(
            ptr::eq(owner, self.owner),
            "a value that is locked by another one was asked for"
        );
    }

    /// Borrows the value.
    ///
    /// # Panics
    ///
    /// If `owner` is not the one that [`new`](Self::new) was called with.
    #[track_caller]
    pub fn access<'a>(&'a self, owner: &'a U) -> &'a T
    where
        T: Sync,
    {
        self.check(owner);

        // SAFETY: By the type invariant nobody has a `&mut` of the owner as long as `owner` is borrowed.
        unsafe { &*self.data.get() }
    }

    /// Borrows the value exclusively.
    ///
    /// # Panics
    ///
    /// If `owner` is not the one that [`new`](Self::new) was called with.
    #[track_caller]
    #[allow(clippy::mut_from_ref)]
    pub fn access_mut<'a>(&'a self, owner: &'a mut U) -> &'a mut T {
        self.check(owner);

        // SAFETY: By the type invariant nobody else has the owner as long as `owner` is borrowed.
        unsafe { &mut *self.data.get() }
    }
}
