// SPDX-License-Identifier: GPL-2.0-only

//! What a timer's function can do with its timer.

use super::HasHrTimer;
use super::HrTimer;
use super::HrTimerInstant;
use super::HrTimerMode;
use super::HrTimerRestart;
use crate::bindings;
use crate::time::Delta;
use crate::time::Instant;
use core::ptr::NonNull;

/// A timer as its function sees it.
///
/// # Invariants
///
/// The timer is valid, and its function runs during `'a`. Without `next` nobody else can start it meanwhile.
pub struct HrTimerCallbackContext<'a, T: HasHrTimer<T>> {
    timer: NonNull<HrTimer<T>>,
    /// The expiry that the function has set, of a timer that others may start at the same time. C's field is theirs:
    /// once they have started the timer, it orders the queue.
    next: Option<&'a mut Option<bindings::ktime_t>>,
}

impl<T: HasHrTimer<T>> HrTimerCallbackContext<'_, T> {
    /// Calls the function of a timer that nobody else can start before it returns. C's return value.
    ///
    /// # Safety
    ///
    /// C must call the timer's function, and nobody else may use `timer` before that returns.
    pub(super) unsafe fn call_exclusive(
        timer: *mut HrTimer<T>,
        run: impl FnOnce(HrTimerCallbackContext<'_, T>) -> HrTimerRestart,
    ) -> bindings::hrtimer_restart {
        // INVARIANT: The caller promises it.
        run(HrTimerCallbackContext {
            // SAFETY: A pointer to a valid timer is not null.
            timer: unsafe { NonNull::new_unchecked(timer) },
            next: None,
        })
        .into_c()
    }

    /// Calls the function of a timer that others may start at the same time. C's return value.
    ///
    /// # Safety
    ///
    /// C must call the timer's function.
    pub(super) unsafe fn call_shared(
        timer: *mut HrTimer<T>,
        run: impl FnOnce(HrTimerCallbackContext<'_, T>) -> HrTimerRestart,
    ) -> bindings::hrtimer_restart {
        let mut next = None;
        // INVARIANT: The caller promises it.
        let restart = run(HrTimerCallbackContext {
            // SAFETY: A pointer to a valid timer is not null.
            timer: unsafe { NonNull::new_unchecked(timer) },
            next: Some(&mut next),
        });
        let (HrTimerRestart::Restart, Some(next)) = (restart, next) else {
            return restart.into_c();
        };
        // What is left of the mode says that the time is absolute.
        let mode = T::TimerMode::C_MODE & !bindings::HRTIMER_MODE_REL;
        // SAFETY: The caller promises a timer, which is valid.
        let timer = unsafe { HrTimer::raw_get(timer) };
        // SAFETY: By the type invariant it is initialised. Who cancels it waits until its function has returned, and
        // finds it started then; so what it is in stays.
        unsafe { bindings::hrtimer_start_unqueued(timer, next, mode) };
        bindings::HRTIMER_NORESTART
    }

    /// As [`HrTimer::forward`], for a function that returns [`HrTimerRestart::Restart`].
    ///
    /// If somebody else starts the timer meanwhile, their expiry counts; if both come at once, either may. Of a timer in an [`Arc`](crate::sync::Arc) or
    /// behind a shared reference, which others may start, the expiry is set by starting it, when the function has
    /// returned. Context: the function's. C: `hrtimer_forward()`, and `hrtimer_start_range_ns()`.
    pub fn forward(&mut self, now: HrTimerInstant<T>, interval: Delta) -> u64 {
        let timer = self.timer.as_ptr();
        let Some(next) = &mut self.next else {
            // SAFETY: By the type invariant the timer is valid, and nobody else uses it.
            return unsafe { HrTimer::raw_forward(timer, now.as_nanos(), interval) };
        };
        // SAFETY: By the type invariant the timer is valid.
        let timer = unsafe { HrTimer::raw_get(timer) };
        // SAFETY: It is initialised; a number that C changes meanwhile is read as a whole.
        let mut expires = next.unwrap_or_else(|| unsafe { bindings::hrtimer_get_expires(timer) });
        // SAFETY: It is initialised, and only asked whether it is started.
        let overruns = unsafe {
            bindings::hrtimer_forward_copy(timer, &mut expires, now.as_nanos(), interval.as_nanos())
        };
        if overruns != 0 {
            **next = Some(expires);
        }
        overruns
    }

    /// As [`forward`](Self::forward), with the time that it is. C: `hrtimer_forward_now()`.
    pub fn forward_now(&mut self, interval: Delta) -> u64 {
        self.forward(Instant::now(), interval)
    }
}
