// SPDX-License-Identifier: GPL-2.0-only

//! Timers in a pinned box.

use super::HasHrTimer;
use super::HrTimer;
use super::HrTimerCallback;
use super::HrTimerCallbackContext;
use super::HrTimerHandle;
use super::HrTimerMode;
use super::HrTimerPointer;
use super::RawHrTimerCallback;
use crate::alloc::Allocator;
use crate::alloc::Box;
use crate::bindings;
use crate::module::callbacks;
use core::pin::Pin;
use core::ptr::NonNull;

/// A timer of a box that was started; cancelled on drop, and the box freed.
///
/// # Invariants
///
/// `inner` is a box's, which belongs to the handle. It stands for one call of `callbacks::begin`.
pub struct BoxHrTimerHandle<T: HasHrTimer<T>, A: Allocator> {
    inner: NonNull<T>,
    _p: core::marker::PhantomData<Box<T, A>>,
}

// SAFETY: It is a box, which its timer's function uses until it is cancelled: from any thread.
unsafe impl<T: HasHrTimer<T> + Send, A: Allocator> Send for BoxHrTimerHandle<T, A> {}

// SAFETY: A shared handle gives nothing.
unsafe impl<T: HasHrTimer<T> + Send, A: Allocator> Sync for BoxHrTimerHandle<T, A> {}

// SAFETY: `drop` cancels.
unsafe impl<T: HasHrTimer<T>, A: Allocator> HrTimerHandle for BoxHrTimerHandle<T, A> {
    fn cancel(&mut self) -> bool {
        // SAFETY: By the type invariant it points to a valid `T`.
        let timer = unsafe { T::raw_get_timer(self.inner.as_ptr()) };
        // SAFETY: Its timer is valid.
        unsafe { HrTimer::raw_cancel(timer) }
    }
}

impl<T: HasHrTimer<T>, A: Allocator> Drop for BoxHrTimerHandle<T, A> {
    fn drop(&mut self) {
        self.cancel();
        // SAFETY: By the type invariant it is the handle's box, which the timer uses no more.
        drop(unsafe { Box::<T, A>::from_raw(self.inner.as_ptr()) });
        callbacks::end();
    }
}

impl<T, A> HrTimerPointer for Pin<Box<T, A>>
where
    T: 'static + Send + Sync + HasHrTimer<T> + for<'a> HrTimerCallback<Pointer<'a> = Self>,
    A: Allocator,
{
    type TimerMode = T::TimerMode;
    type TimerHandle = BoxHrTimerHandle<T, A>;

    fn start(self, expires: <T::TimerMode as HrTimerMode>::Expires) -> BoxHrTimerHandle<T, A> {
        // SAFETY: It stays where it is until it is dropped.
        let this = Box::into_raw(unsafe { Pin::into_inner_unchecked(self) });

        callbacks::begin();
        // SAFETY: The handle has it, and cancels the timer before it frees it.
        unsafe { T::start(this, expires) };

        // INVARIANT: The box belongs to nobody else; counted above.
        BoxHrTimerHandle {
            // SAFETY: A box's pointer is not null.
            inner: unsafe { NonNull::new_unchecked(this) },
            _p: core::marker::PhantomData,
        }
    }
}

impl<T, A> RawHrTimerCallback for Pin<Box<T, A>>
where
    T: 'static + HasHrTimer<T> + for<'a> HrTimerCallback<Pointer<'a> = Self>,
    A: Allocator,
{
    type CallbackTarget<'a> = Pin<&'a mut T>;

    unsafe extern "C" fn run(timer: *mut bindings::hrtimer) -> bindings::hrtimer_restart {
        // `HrTimer` is `repr(C)`, and the timer is its first field.
        let timer = timer.cast::<HrTimer<T>>();
        // SAFETY: C calls it with the timer of a `T`.
        let this = unsafe { T::timer_container_of(timer) };
        // SAFETY: The handle has the box, gives no access, and cancels before it frees it: after this function.
        // C calls for one timer never twice at a time.
        let this = unsafe { Pin::new_unchecked(&mut *this) };
        // SAFETY: C calls the timer's function. The handle has the box, and gives no access.
        unsafe { HrTimerCallbackContext::call_exclusive(timer, |context| T::run(this, context)) }
    }
}
