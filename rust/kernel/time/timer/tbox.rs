// SPDX-License-Identifier: GPL-2.0-only

//! Timers in a pinned box.

use super::HasTimer;
use super::RawTimerCallback;
use super::Timer;
use super::TimerCallback;
use super::TimerCallbackContext;
use super::TimerHandle;
use super::TimerPointer;
use crate::alloc::Allocator;
use crate::alloc::Box;
use crate::bindings;
use crate::module::callbacks;
use crate::time::Jiffies;
use core::marker::PhantomData;
use core::pin::Pin;
use core::ptr::NonNull;

/// A timer of a box that was started; cancelled on drop, and the box freed.
///
/// # Invariants
///
/// `inner` is a box's, which belongs to the handle. It stands for one call of `callbacks::begin`.
pub struct BoxTimerHandle<T: HasTimer<T>, A: Allocator> {
    inner: NonNull<T>,
    _p: PhantomData<Box<T, A>>,
}

// SAFETY: It is a box, which its timer's function uses until it is cancelled: from any thread.
unsafe impl<T: HasTimer<T> + Send, A: Allocator> Send for BoxTimerHandle<T, A> {}

// SAFETY: A shared handle gives nothing.
unsafe impl<T: HasTimer<T> + Send, A: Allocator> Sync for BoxTimerHandle<T, A> {}

impl<T: HasTimer<T>, A: Allocator> BoxTimerHandle<T, A> {
    fn timer(&self) -> *const Timer<T> {
        // SAFETY: By the type invariant it points to a valid `T`.
        unsafe { T::raw_get_timer(self.inner.as_ptr()) }
    }
}

// SAFETY: `drop` cancels.
unsafe impl<T: HasTimer<T>, A: Allocator> TimerHandle for BoxTimerHandle<T, A> {
    fn modify(&mut self, delay: Jiffies) -> bool {
        // SAFETY: The timer is valid, and cancelled before the box is freed.
        unsafe { Timer::raw_modify(self.timer(), delay) }
    }

    fn cancel(&mut self) -> bool {
        // SAFETY: The timer is valid.
        unsafe { Timer::raw_cancel(self.timer()) }
    }
}

impl<T: HasTimer<T>, A: Allocator> Drop for BoxTimerHandle<T, A> {
    fn drop(&mut self) {
        self.cancel();
        // SAFETY: By the type invariant it is the handle's box, which the timer uses no more.
        drop(unsafe { Box::<T, A>::from_raw(self.inner.as_ptr()) });
        callbacks::end();
    }
}

impl<T, A> TimerPointer for Pin<Box<T, A>>
where
    T: 'static + Send + Sync + HasTimer<T> + for<'a> TimerCallback<Pointer<'a> = Self>,
    A: Allocator,
{
    type TimerHandle = BoxTimerHandle<T, A>;

    fn start(self, delay: Jiffies) -> BoxTimerHandle<T, A> {
        // SAFETY: It stays where it is until it is dropped.
        let this = Box::into_raw(unsafe { Pin::into_inner_unchecked(self) });

        callbacks::begin();
        // INVARIANT: The box belongs to nobody else; counted above.
        let mut handle = BoxTimerHandle {
            // SAFETY: A box's pointer is not null.
            inner: unsafe { NonNull::new_unchecked(this) },
            _p: PhantomData,
        };

        handle.modify(delay);
        handle
    }
}

impl<T, A> RawTimerCallback for Pin<Box<T, A>>
where
    T: 'static + HasTimer<T> + for<'a> TimerCallback<Pointer<'a> = Self>,
    A: Allocator,
{
    type CallbackTarget<'a> = Pin<&'a mut T>;

    unsafe extern "C" fn run(timer: *mut bindings::timer_list) {
        // `Timer` is `repr(C)`, and C's is its first field.
        let timer = timer.cast::<Timer<T>>();
        // SAFETY: C calls it with the timer of a `T`.
        let this = unsafe { T::timer_container_of(timer) };
        // SAFETY: The handle has the box, gives no access, and cancels before it frees it: after this function.
        // C calls for one timer never twice at a time.
        let this = unsafe { Pin::new_unchecked(&mut *this) };
        // SAFETY: It is the timer whose function runs.
        let context = unsafe { TimerCallbackContext::from_raw(timer) };

        T::run(this, context);
    }
}
