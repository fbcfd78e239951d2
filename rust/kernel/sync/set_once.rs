// SPDX-License-Identifier: GPL-2.0-only

//! Values that are set once.

use super::atomic::Acquire;
use super::atomic::Atomic;
use super::atomic::Relaxed;
use super::atomic::Release;
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::ptr;

/// A value that is set once, and then only read.
///
/// Nobody waits: while one thread sets it, the others see nothing. Context: any.
///
/// # Examples
///
/// ```
/// use kernel::sync::SetOnce;
///
/// static IDENTITY: SetOnce<u32> = SetOnce::new();
///
/// assert_eq!(IDENTITY.as_ref(), None);
/// assert!(IDENTITY.populate(16550));
/// assert!(!IDENTITY.populate(8250));
/// assert_eq!(IDENTITY.copy(), Some(16550));
/// ```
///
/// # Invariants
///
/// `state` goes from `EMPTY` to `SETTING` to `SET`. Who makes it
/// `SETTING` alone uses `value`, until it is `SET`; from then on `value` holds a `T` that is not changed.
pub struct SetOnce<T> {
    state: Atomic<u32>,
    value: UnsafeCell<MaybeUninit<T>>,
}

impl<T> SetOnce<T> {
    const EMPTY: u32 = 0;
    const SETTING: u32 = 1;
    const SET: u32 = 2;

    /// Makes one without a value.
    pub const fn new() -> Self {
        // INVARIANT: It starts empty.
        Self {
            state: Atomic::new(Self::EMPTY),
            value: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }

    /// Returns the value, if it is set.
    pub fn as_ref(&self) -> Option<&T> {
        if self.state.load(Acquire) != Self::SET {
            return None;
        }
        // SAFETY: By the type invariant there is a `T` that nobody changes, and `Acquire` sees it whole.
        Some(unsafe { (*self.value.get()).assume_init_ref() })
    }

    /// Sets the value, unless there is one or another thread is setting one: then `value` is dropped.
    ///
    /// Returns whether it was set.
    pub fn populate(&self, value: T) -> bool {
        // INVARIANT: Only one thread gets from `EMPTY` to `SETTING`.
        if self
            .state
            .cmpxchg(Self::EMPTY, Self::SETTING, Relaxed)
            .is_err()
        {
            return false;
        }

        // SAFETY: By the type invariant nobody else uses it: this thread has just made it `SETTING`.
        unsafe { (*self.value.get()).write(value) };
        // INVARIANT: There is a value now.
        self.state.store(Self::SET, Release);
        true
    }

    /// Returns a copy of the value, if it is set.
    pub fn copy(&self) -> Option<T>
    where
        T: Copy,
    {
        self.as_ref().copied()
    }
}

impl<T> Default for SetOnce<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Drop for SetOnce<T> {
    fn drop(&mut self) {
        if *self.state.get_mut() == Self::SET {
            // SAFETY: By the type invariant there is a `T`, and it is not used any more.
            unsafe { ptr::drop_in_place(self.value.get_mut().as_mut_ptr()) };
        }
    }
}

// SAFETY: Whoever has it, has the value.
unsafe impl<T: Send> Send for SetOnce<T> {}

// SAFETY: Shared, it takes a value from one thread, which takes `Send`, and gives `&T` to all.
unsafe impl<T: Send + Sync> Sync for SetOnce<T> {}
