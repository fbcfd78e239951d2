// SPDX-License-Identifier: GPL-2.0-only

//! Timers behind a pinned reference.

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
use core::ptr;

/// A timer of a pinned reference that was started; cancelled on drop.
pub struct PinHrTimerHandle<'a, T: HasHrTimer<T>> {
    inner: Pin<&'a T>,
}

// SAFETY: `drop` cancels.
unsafe impl<T: HasHrTimer<T>> HrTimerHandle for PinHrTimerHandle<'_, T> {
    fn cancel(&mut self) -> bool {
        let this: *const T = ptr::from_ref(self.inner.get_ref());
        // SAFETY: `this` points to a valid `T`.
        let timer = unsafe { T::raw_get_timer(this) };
        // SAFETY: Its timer is valid.
        unsafe { HrTimer::raw_cancel(timer) }
    }
}

impl<T: HasHrTimer<T>> Drop for PinHrTimerHandle<'_, T> {
    fn drop(&mut self) {
        self.cancel();
    }
}

// SAFETY: Dropping the handle cancels.
unsafe impl<'a, T> UnsafeHrTimerPointer for Pin<&'a T>
where
    T: Send + Sync + HasHrTimer<T> + HrTimerCallback<Pointer<'a> = Self>,
{
    type TimerMode = T::TimerMode;
    type TimerHandle = PinHrTimerHandle<'a, T>;

    unsafe fn start(
        self,
        expires: <T::TimerMode as HrTimerMode>::Expires,
    ) -> PinHrTimerHandle<'a, T> {
        let this: *const T = ptr::from_ref(self.get_ref());

        // SAFETY: The caller promises to drop the handle, which cancels, before `self` is no more valid.
        unsafe { T::start(this, expires) };

        PinHrTimerHandle { inner: self }
    }
}

impl<'a, T> RawHrTimerCallback for Pin<&'a T>
where
    T: HasHrTimer<T> + HrTimerCallback<Pointer<'a> = Self>,
{
    type CallbackTarget<'b> = Self;

    unsafe extern "C" fn run(timer: *mut bindings::hrtimer) -> bindings::hrtimer_restart {
        // `HrTimer` is `repr(C)`, and the timer is its first field.
        let timer = timer.cast::<HrTimer<T>>();
        // SAFETY: C calls it with the timer of a `T`.
        let this = unsafe { T::timer_container_of(timer) };
        // SAFETY: The handle has the reference, and cancels before it gives it up: after this function.
        let this = unsafe { Pin::new_unchecked(&*this) };
        // SAFETY: C calls the timer's function.
        unsafe { HrTimerCallbackContext::call_shared(timer, |context| T::run(this, context)) }
    }
}
