// SPDX-License-Identifier: GPL-2.0-only

//! Timers in an [`Arc`].

use super::HasHrTimer;
use super::HrTimer;
use super::HrTimerCallback;
use super::HrTimerCallbackContext;
use super::HrTimerHandle;
use super::HrTimerMode;
use super::HrTimerPointer;
use super::RawHrTimerCallback;
use crate::bindings;
use crate::module::callbacks;
use crate::sync::Arc;
use crate::sync::ArcBorrow;

/// A timer of an [`Arc`] that was started; cancelled on drop.
///
/// # Invariants
///
/// It stands for one call of `callbacks::begin`.
pub struct ArcHrTimerHandle<T: HasHrTimer<T>> {
    inner: Arc<T>,
}

// SAFETY: `drop` cancels.
unsafe impl<T: HasHrTimer<T>> HrTimerHandle for ArcHrTimerHandle<T> {
    fn cancel(&mut self) -> bool {
        let this = Arc::as_ptr(&self.inner);
        // SAFETY: `this` points to a valid `T`.
        let timer = unsafe { T::raw_get_timer(this) };
        // SAFETY: Its timer is valid.
        unsafe { HrTimer::raw_cancel(timer) }
    }
}

impl<T: HasHrTimer<T>> Drop for ArcHrTimerHandle<T> {
    fn drop(&mut self) {
        self.cancel();
        callbacks::end();
    }
}

impl<T> HrTimerPointer for Arc<T>
where
    T: 'static + Send + Sync + HasHrTimer<T> + for<'a> HrTimerCallback<Pointer<'a> = Self>,
{
    type TimerMode = T::TimerMode;
    type TimerHandle = ArcHrTimerHandle<T>;

    fn start(self, expires: <T::TimerMode as HrTimerMode>::Expires) -> ArcHrTimerHandle<T> {
        callbacks::begin();
        // SAFETY: `self` keeps it, in the handle, which cancels the timer before it gives `self` up.
        unsafe { T::start(Arc::as_ptr(&self), expires) };

        // INVARIANT: Counted above.
        ArcHrTimerHandle { inner: self }
    }
}

impl<T> RawHrTimerCallback for Arc<T>
where
    T: 'static + HasHrTimer<T> + for<'a> HrTimerCallback<Pointer<'a> = Self>,
{
    type CallbackTarget<'a> = ArcBorrow<'a, T>;

    unsafe extern "C" fn run(timer: *mut bindings::hrtimer) -> bindings::hrtimer_restart {
        // `HrTimer` is `repr(C)`, and the timer is its first field.
        let timer = timer.cast::<HrTimer<T>>();
        // SAFETY: C calls it with the timer of a `T`.
        let this = unsafe { T::timer_container_of(timer) };
        // SAFETY: A handle has an `Arc` of it, and cancels before it gives that up: after this function.
        let borrow = unsafe { ArcBorrow::from_raw(this) };
        // SAFETY: C calls the timer's function.
        unsafe { HrTimerCallbackContext::call_shared(timer, |context| T::run(borrow, context)) }
    }
}
