// SPDX-License-Identifier: GPL-2.0-only

//! Cleaning up on every way out.

use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ops::DerefMut;

/// Runs a closure on its data when it goes out of scope, unless it is dismissed.
///
/// # Examples
///
/// ```
/// use core::cell::Cell;
/// use kernel::types::ScopeGuard;
///
/// fn transfer(log: &Cell<u32>, works: bool) -> Result {
///     let undo = ScopeGuard::new(|| log.set(log.get() + 1));
///     if !works {
///         return Err(EIO); // Runs the closure.
///     }
///     undo.dismiss();
///     Ok(())
/// }
///
/// let log = Cell::new(0);
/// let _ = transfer(&log, true);
/// assert_eq!(log.get(), 0);
/// let _ = transfer(&log, false);
/// assert_eq!(log.get(), 1);
/// ```
///
/// # Invariants
///
/// Both fields hold their values until `dismiss` or `drop` takes these.
pub struct ScopeGuard<T, F: FnOnce(T)> {
    data: ManuallyDrop<T>,
    cleanup: ManuallyDrop<F>,
}

impl<T, F: FnOnce(T)> ScopeGuard<T, F> {
    /// Guards `data`, which stays usable through the guard.
    ///
    /// # Examples
    ///
    /// ```
    /// use kernel::types::ScopeGuard;
    ///
    /// let mut log = ScopeGuard::new_with_data(KVec::new(), |log| pr_info!("{log:?}\n"));
    /// log.push("started", GFP_KERNEL)?;
    ///
    /// assert_eq!(log.dismiss(), ["started"]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn new_with_data(data: T, cleanup: F) -> Self {
        // INVARIANT: The fields hold what they are given.
        Self {
            data: ManuallyDrop::new(data),
            cleanup: ManuallyDrop::new(cleanup),
        }
    }

    /// Returns the data and drops the closure without a call.
    pub fn dismiss(self) -> T {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: By the type invariant the closure is there; `this` is not used or dropped later.
        unsafe { ManuallyDrop::drop(&mut this.cleanup) };
        // SAFETY: As above, for the data.
        unsafe { ManuallyDrop::take(&mut this.data) }
    }
}

impl ScopeGuard<(), fn(())> {
    /// Guards a scope without data.
    pub fn new(cleanup: impl FnOnce()) -> ScopeGuard<(), impl FnOnce(())> {
        ScopeGuard::new_with_data((), move |()| cleanup())
    }
}

impl<T, F: FnOnce(T)> Deref for ScopeGuard<T, F> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.data
    }
}

impl<T, F: FnOnce(T)> DerefMut for ScopeGuard<T, F> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.data
    }
}

impl<T, F: FnOnce(T)> Drop for ScopeGuard<T, F> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the data is there; nothing uses the field after `drop`.
        let data = unsafe { ManuallyDrop::take(&mut self.data) };
        // SAFETY: As above, for the closure.
        let cleanup = unsafe { ManuallyDrop::take(&mut self.cleanup) };
        cleanup(data);
    }
}
