// SPDX-License-Identifier: GPL-2.0-only

//! Values that can be taken away from those who use them.

use crate::bindings;
use crate::init::PinInit;
use crate::sync::rcu;
use crate::types::NotThreadSafe;
use crate::types::Opaque;
use core::ops::Deref;
use core::pin::Pin;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering;
use pin_init::pin_data;
use pin_init::pinned_drop;
use pin_init::Wrapper as _;

/// A value that can be revoked: then it is dropped, and nobody gets at it any more.
///
/// Who uses it holds a guard, by which RCU lets the one wait who revokes it. A guard's holder must not
/// sleep.
///
/// # Invariants
///
/// `data` has a value as long as `is_available`, and until the grace period after that.
///
/// # Examples
///
/// ```
/// use kernel::revocable::Revocable;
/// use kernel::sync::Arc;
///
/// let value = Arc::pin_init(Revocable::new(Ok::<_, Error>(42)), GFP_KERNEL)?;
/// assert_eq!(value.try_access().map(|value| *value), Some(42));
/// assert!(value.revoke());
/// assert!(value.try_access().is_none());
/// # Ok::<(), Error>(())
/// ```
#[pin_data(PinnedDrop)]
pub struct Revocable<T> {
    is_available: AtomicBool,
    #[pin]
    data: Opaque<T>,
}

// SAFETY: The value is dropped by whoever revokes it, so `T` must be `Send`.
unsafe impl<T: Send> Send for Revocable<T> {}

// SAFETY: It gives shared references to the value, and drops it in any thread.
unsafe impl<T: Sync + Send> Sync for Revocable<T> {}

impl<T> Revocable<T> {
    /// Makes one that is available.
    pub fn new<E>(data: impl PinInit<T, E>) -> impl PinInit<Self, E> {
        pin_init::pin_init!(Self {
            is_available: AtomicBool::new(true),
            data <- Opaque::pin_init(data),
        }? E)
    }

    /// Gets at the value, unless it was revoked. Context: any.
    ///
    /// As long as the guard lives, the holder must not sleep.
    pub fn try_access(&self) -> Option<RevocableGuard<'_, T>> {
        let rcu = ReadLock::new();
        if !self.is_available() {
            return None;
        }
        Some(RevocableGuard {
            data: self.data.get(),
            _rcu: rcu,
            _value: core::marker::PhantomData,
        })
    }

    /// Calls a function with the value, unless it was revoked. The function must not sleep.
    pub fn try_access_with<R, F: FnOnce(&T) -> R>(&self, f: F) -> Option<R> {
        self.try_access().map(|value| f(&value))
    }

    /// Whether the value was there a moment ago.
    pub(crate) fn is_available(&self) -> bool {
        self.is_available.load(Ordering::Relaxed)
    }

    /// Gets at the value that is known to be there.
    ///
    /// # Safety
    ///
    /// It must not be revoked as long as the result lives.
    pub unsafe fn access(&self) -> &T {
        // SAFETY: By the type invariant and the safety requirement there is a value.
        unsafe { &*self.data.get() }
    }

    /// Drops the value when nobody uses it any more. Returns whether this call has revoked it.
    ///
    /// Context: process, may sleep. C: `synchronize_rcu()`.
    ///
    /// # Panics
    ///
    /// If the same code holds a guard, of this value or another: it would wait for itself.
    pub fn revoke(&self) -> bool {
        // SAFETY: It waits for all who use it.
        unsafe { self.revoke_internal(true) }
    }

    /// As [`revoke()`](Self::revoke), without waiting.
    ///
    /// # Safety
    ///
    /// Nobody may be using the value.
    pub unsafe fn revoke_nosync(&self) -> bool {
        // SAFETY: By the safety requirement.
        unsafe { self.revoke_internal(false) }
    }

    /// # Safety
    ///
    /// Unless `sync`, nobody may be using the value.
    unsafe fn revoke_internal(&self, sync: bool) -> bool {
        let revoked = self.is_available.swap(false, Ordering::Relaxed);
        if revoked {
            if sync {
                // SAFETY: It may be called in any context.
                if unsafe { bindings::revocable_is_read_here() } {
                    panic!("a value is revoked where a guard is held");
                }
                // SAFETY: It may be called in any context that may sleep.
                unsafe { bindings::synchronize_rcu() };
            }
            // SAFETY: Whoever came before has gone, nobody comes any more, and only one gets here.
            unsafe { self.data.get().drop_in_place() };
        }
        revoked
    }
}

#[pinned_drop]
impl<T> PinnedDrop for Revocable<T> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: Nobody borrows it any more.
        unsafe { self.revoke_nosync() };
    }
}

/// Keeps the value of a [`Revocable`] there.
///
/// # Invariants
///
/// `data` has a value as long as `_rcu` lives.
pub struct RevocableGuard<'a, T> {
    data: *const T,
    _rcu: ReadLock,
    _value: core::marker::PhantomData<&'a T>,
}

impl<T> Deref for RevocableGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: By the type invariant.
        unsafe { &*self.data }
    }
}

/// An RCU read-side critical section.
struct ReadLock(NotThreadSafe);

impl ReadLock {
    fn new() -> Self {
        rcu::limit_nesting();
        // SAFETY: The drop unlocks.
        unsafe { bindings::revocable_read_lock() };
        Self(NotThreadSafe)
    }
}

impl Drop for ReadLock {
    fn drop(&mut self) {
        let Self(_) = self;
        // SAFETY: `new()` has locked in this thread.
        unsafe { bindings::revocable_read_unlock() };
    }
}
