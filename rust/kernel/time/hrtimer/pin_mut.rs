// SPDX-License-Identifier: GPL-2.0-only

//! Timers behind a pinned exclusive reference.

use super::HasHrTimer;
use super::HrTimer;
use super::HrTimerCallback;
use super::HrTimerCallbackContext;
use super::HrTimerHandle;
use super::HrTimerMode;
use super::RawHrTimerCallback;
use super::UnsafeHrTimerPointer;
use crate::bindings;
use core::pin::Pin;

/// A timer of a pinned exclusive reference that was started; cancelled on drop.
pub struct PinMutHrTimerHandle<'a, T: HasHrTimer<T>> {
    inner: Pin<&'a mut T>,
}

// SAFETY: `drop` cancels.
unsafe impl<T: HasHrTimer<T>> HrTimerHandle for PinMutHrTimerHandle<'_, T> {
    fn cancel(&mut self) -> bool {
        // SAFETY: Nothing is moved.
        let this: *const T = unsafe { self.inner.as_mut().get_unchecked_mut() };
        // SAFETY: `this` points to a valid `T`.
        let timer = unsafe { T::raw_get_timer(this) };
        // SAFETY: Its timer is valid.
        unsafe { HrTimer::raw_cancel(timer) }
    }
}

impl<T: HasHrTimer<T>> Drop for PinMutHrTimerHandle<'_, T> {
    fn drop(&mut self) {
        self.cancel();
    }
}

// SAFETY: Dropping the handle cancels.
unsafe impl<'a, T> UnsafeHrTimerPointer for Pin<&'a mut T>
where
    T: 'static + Send + Sync + HasHrTimer<T> + HrTimerCallback<Pointer<'a> = Self>,
{
    type TimerMode = T::TimerMode;
    type TimerHandle = PinMutHrTimerHandle<'a, T>;

    unsafe fn start(
        mut self,
        expires: <T::TimerMode as HrTimerMode>::Expires,
    ) -> PinMutHrTimerHandle<'a, T> {
        // SAFETY: Nothing is moved.
        let this: *const T = unsafe { self.as_mut().get_unchecked_mut() };

        // SAFETY: The caller promises to drop the handle, which cancels, before `self` is no more valid.
        unsafe { T::start(this, expires) };

        PinMutHrTimerHandle { inner: self }
    }
}

impl<'a, T> RawHrTimerCallback for Pin<&'a mut T>
where
    T: 'static + HasHrTimer<T> + HrTimerCallback<Pointer<'a> = Self>,
{
    // Of the call alone: a `Pointer<'a>` need not use its lifetime, and of two calls both could keep an exclusive
    // reference that is `'static`.
    type CallbackTarget<'b> = Pin<&'b mut T>;

    unsafe extern "C" fn run(timer: *mut bindings::hrtimer) -> bindings::hrtimer_restart {
        // `HrTimer` is `repr(C)`, and the timer is its first field.
        let timer = timer.cast::<HrTimer<T>>();
        // SAFETY: C calls it with the timer of a `T`.
        let this = unsafe { T::timer_container_of(timer) };
        // SAFETY: The handle has the reference, and gives no access, and cancels before it gives it up: after this function.
        let this = unsafe { Pin::new_unchecked(&mut *this) };
        // SAFETY: C calls the timer's function. The handle has the only reference, and gives no access.
        unsafe { HrTimerCallbackContext::call_exclusive(timer, |context| T::run(this, context)) }
    }
}
