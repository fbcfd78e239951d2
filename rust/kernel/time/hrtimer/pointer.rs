// SPDX-License-Identifier: GPL-2.0-only

//! What can be started, and what it gives.

use super::HrTimerMode;
use crate::bindings;

/// Pointers to a struct with a timer that own it: `Arc<T>`, `Pin<KBox<T>>`.
pub trait HrTimerPointer: Sync + Sized {
    /// The mode of the timer.
    type TimerMode: HrTimerMode;

    /// What cancels the timer when it is dropped.
    type TimerHandle: HrTimerHandle;

    /// Starts the timer, anew if it is started.
    ///
    /// Of an `Arc` there may be several handles: each cancels. Context: any but NMI.
    /// C: `hrtimer_start_range_ns()`.
    #[must_use = "the timer is cancelled where the handle is dropped"]
    fn start(self, expires: <Self::TimerMode as HrTimerMode>::Expires) -> Self::TimerHandle;
}

/// Pointers to a struct with a timer that do not own it: `Pin<&T>`, `Pin<&mut T>`.
///
/// # Safety
///
/// Dropping a handle must cancel the timer, and wait for its function.
pub unsafe trait UnsafeHrTimerPointer: Sync + Sized {
    /// The mode of the timer.
    type TimerMode: HrTimerMode;

    /// What cancels the timer when it is dropped.
    type TimerHandle: HrTimerHandle;

    /// As [`HrTimerPointer::start`].
    ///
    /// # Safety
    ///
    /// The handle must be dropped before what `self` points to.
    unsafe fn start(self, expires: <Self::TimerMode as HrTimerMode>::Expires) -> Self::TimerHandle;
}

/// Pointers that are started for the time of a closure.
///
/// # Safety
///
/// When `start_scoped` returns, the timer must be cancelled and its function not run.
pub unsafe trait ScopedHrTimerPointer {
    /// The mode of the timer.
    type TimerMode: HrTimerMode;

    /// Starts the timer, calls `f`, and cancels the timer. Context: that of `f`; cancelling waits.
    fn start_scoped<T, F>(self, expires: <Self::TimerMode as HrTimerMode>::Expires, f: F) -> T
    where
        F: FnOnce() -> T;
}

// SAFETY: The handle, which cancels, is dropped at the end; if `f` panics, the task keeps its stack and never returns.
unsafe impl<P: UnsafeHrTimerPointer> ScopedHrTimerPointer for P {
    type TimerMode = P::TimerMode;

    fn start_scoped<T, F>(self, expires: <P::TimerMode as HrTimerMode>::Expires, f: F) -> T
    where
        F: FnOnce() -> T,
    {
        // SAFETY: It is dropped below, and `self` is valid here.
        let handle = unsafe { UnsafeHrTimerPointer::start(self, expires) };
        let value = f();
        drop(handle);
        value
    }
}

/// What C calls.
pub trait RawHrTimerCallback {
    /// What [`HrTimerCallback::run`](super::HrTimerCallback::run) is called with.
    type CallbackTarget<'a>;

    /// Runs the timer's function.
    ///
    /// # Safety
    ///
    /// C must call it, with the timer by which a `Self` was started and which is not cancelled.
    unsafe extern "C" fn run(timer: *mut bindings::hrtimer) -> bindings::hrtimer_restart;
}

/// What cancels a timer when it is dropped.
///
/// # Safety
///
/// When it is dropped, the timer must be cancelled, and its function must have returned.
pub unsafe trait HrTimerHandle {
    /// Cancels the timer, and waits for its function if that runs; in there it would wait for ever.
    ///
    /// Returns whether it was to be called. Another handle may start it again. Context: any in which the
    /// function does not run, and that it does not wait for. C: `hrtimer_cancel()`.
    fn cancel(&mut self) -> bool;
}
