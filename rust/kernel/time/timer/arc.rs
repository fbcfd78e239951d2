// SPDX-License-Identifier: GPL-2.0-only

//! Timers in an [`Arc`].

use super::HasTimer;
use super::RawTimerCallback;
use super::Timer;
use super::TimerCallback;
use super::TimerCallbackContext;
use super::TimerHandle;
use super::TimerPointer;
use crate::bindings;
use crate::module::callbacks;
use crate::sync::Arc;
use crate::sync::ArcBorrow;
use crate::time::Jiffies;

/// A timer of an [`Arc`] that was started; cancelled on drop.
///
/// # Invariants
///
/// It stands for one call of `callbacks::begin`.
pub struct ArcTimerHandle<T: HasTimer<T>> {
    inner: Arc<T>,
}

impl<T: HasTimer<T>> ArcTimerHandle<T> {
    fn timer(&self) -> *const Timer<T> {
        // SAFETY: It points to a valid `T`.
        unsafe { T::raw_get_timer(Arc::as_ptr(&self.inner)) }
    }
}

// SAFETY: `drop` cancels.
unsafe impl<T: HasTimer<T>> TimerHandle for ArcTimerHandle<T> {
    fn modify(&mut self, delay: Jiffies) -> bool {
        // SAFETY: The timer is valid, and cancelled before the `Arc` is given up.
        unsafe { Timer::raw_modify(self.timer(), delay) }
    }

    fn cancel(&mut self) -> bool {
        // SAFETY: The timer is valid.
        unsafe { Timer::raw_cancel(self.timer()) }
    }
}

impl<T: HasTimer<T>> Drop for ArcTimerHandle<T> {
    fn drop(&mut self) {
        self.cancel();
        callbacks::end();
    }
}

impl<T> TimerPointer for Arc<T>
where
    T: 'static + Send + Sync + HasTimer<T> + for<'a> TimerCallback<Pointer<'a> = Self>,
{
    type TimerHandle = ArcTimerHandle<T>;

    fn start(self, delay: Jiffies) -> ArcTimerHandle<T> {
        callbacks::begin();
        // INVARIANT: Counted above.
        let mut handle = ArcTimerHandle { inner: self };

        handle.modify(delay);
        handle
    }
}

impl<T> RawTimerCallback for Arc<T>
where
    T: 'static + HasTimer<T> + for<'a> TimerCallback<Pointer<'a> = Self>,
{
    type CallbackTarget<'a> = ArcBorrow<'a, T>;

    unsafe extern "C" fn run(timer: *mut bindings::timer_list) {
        // `Timer` is `repr(C)`, and C's is its first field.
        let timer = timer.cast::<Timer<T>>();
        // SAFETY: C calls it with the timer of a `T`.
        let this = unsafe { T::timer_container_of(timer) };
        // SAFETY: A handle has an `Arc` of it, and cancels before it gives that up: after this function.
        let borrow = unsafe { ArcBorrow::from_raw(this) };
        // SAFETY: It is the timer whose function runs.
        let context = unsafe { TimerCallbackContext::from_raw(timer) };

        T::run(borrow, context);
    }
}
