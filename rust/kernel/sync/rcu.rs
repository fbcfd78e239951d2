// SPDX-License-Identifier: GPL-2.0-only

//! Reading what is replaced, not changed.
//!
//! C header: `include/linux/rcupdate.h`.

use crate::bindings;
use crate::types::NotThreadSafe;

/// What RCU protects stays as long as there is one of these.
///
/// There may be several, also of one task. One that is leaked stops the freeing of memory in the whole kernel until its
/// task ends.
///
/// # Examples
///
/// ```
/// use kernel::sync::rcu;
///
/// let guard = rcu::read_lock();
/// // Whatever was found under it may be used.
/// guard.unlock();
/// ```
///
/// ```compile_fail,E0277
/// fn send<T: Send>(_: T) {}
/// send(kernel::sync::rcu::read_lock());
/// ```
///
/// # Invariants
///
/// It stands for one call of `rcu_read_lock()` in this thread.
#[must_use = "the critical section ends where the guard is dropped"]
pub struct Guard(NotThreadSafe);

impl Guard {
    /// As [`read_lock()`].
    #[inline]
    pub fn new() -> Self {
        limit_nesting();
        // SAFETY: It may be called anywhere, and `drop` undoes it.
        unsafe { bindings::rcu_read_lock() };

        // INVARIANT: Just called.
        Self(NotThreadSafe)
    }

    /// Ends the critical section, as dropping does. C: `rcu_read_unlock()`.
    #[inline]
    pub fn unlock(self) {}
}

impl Default for Guard {
    #[inline]
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Guard {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: By the type invariant this undoes a call.
        unsafe { bindings::rcu_read_unlock() };
    }
}

/// Panics before C's count of this task's guards overflows: RCU would forget the task.
#[inline]
pub(crate) fn limit_nesting() {
    #[cold]
    #[inline(never)]
    fn too_deep() -> ! {
        panic!("so many RCU guards were leaked that C can hardly count them");
    }

    // SAFETY: It may be called anywhere.
    if unsafe { bindings::rcu_is_nested_too_deep() } {
        too_deep();
    }
}

/// Begins a critical section of a reader, in which sleeping is a bug.
///
/// Context: any. C: `rcu_read_lock()`.
///
/// # Panics
///
/// If a billion guards of this task were leaked (in an interrupt: of the task that it interrupts); where RCU's readers cannot be preempted, 127.
#[inline]
pub fn read_lock() -> Guard {
    Guard::new()
}
