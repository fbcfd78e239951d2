// SPDX-License-Identifier: GPL-2.0-only

//! Timers by the kernel's tick, for what is mostly cancelled: timeouts.
//!
//! A struct has a field [`Timer`] and implements [`TimerCallback`]. An `Arc` or a `Pin<KBox>` of it is started,
//! which gives a handle: dropping that cancels the timer, and waits for the callback if it runs. It is what
//! [`hrtimer`](super::hrtimer) is for high resolution.
//!
//! A handle that is leaked (`core::mem::forget()`) keeps the struct for ever, and the module from being unloaded:
//! `rmmod` waits, and the log says why.
//!
//! # Examples
//!
//! ```
//! use kernel::impl_has_timer;
//! use kernel::sync::atomic::{Atomic, Full, Relaxed};
//! use kernel::sync::{Arc, ArcBorrow, Completion};
//! use kernel::time::{msecs_to_jiffies, timer::*};
//!
//! #[pin_data]
//! struct Poll {
//!     times: Atomic<u32>,
//!     #[pin]
//!     done: Completion,
//!     #[pin]
//!     timer: Timer<Self>,
//! }
//!
//! impl_has_timer! {
//!     impl HasTimer<Self> for Poll { self.timer }
//! }
//!
//! impl TimerCallback for Poll {
//!     type Pointer<'a> = Arc<Self>;
//!
//!     fn run(this: ArcBorrow<'_, Self>, ctx: TimerCallbackContext<'_, Self>) {
//!         if this.times.fetch_add(1, Full) == 2 {
//!             this.done.complete_all();
//!         } else {
//!             ctx.modify(1);
//!         }
//!     }
//! }
//!
//! let poll = Arc::pin_init(
//!     pin_init!(Poll {
//!         times: Atomic::new(0),
//!         done <- Completion::new(),
//!         timer <- new_timer!("Poll::timer"),
//!     }),
//!     GFP_KERNEL,
//! )?;
//!
//! let mut handle = poll.clone().start(1);
//! poll.done.wait_for_completion();
//! assert_eq!(poll.times.load(Relaxed), 3);
//!
//! // In a minute; but the handle is dropped before.
//! handle.modify(msecs_to_jiffies(60_000));
//! assert!(handle.cancel());
//! # Ok::<(), Error>(())
//! ```
//!
//! C header: `include/linux/timer.h`.

use super::jiffies;
use super::Jiffies;
use super::MAX_JIFFY_OFFSET;
use crate::bindings;
use crate::init::PinInit;
use crate::module::callbacks;
use crate::str::CStr;
use crate::str::CStrExt as _;
use crate::sync::LockClassKey;
use crate::types::Opaque;
use core::marker::PhantomData;
use core::pin::Pin;
use core::ptr::NonNull;
use pin_init::pin_data;
use pin_init::pin_init;

mod arc;
mod has;
mod tbox;

pub use self::arc::ArcTimerHandle;
pub use self::has::impl_has_timer;
pub use self::has::HasTimer;
pub use self::tbox::BoxTimerHandle;

/// Makes the initialiser of a [`Timer`], with a class of its own and the given name, or this place's.
#[macro_export]
macro_rules! new_timer {
    ($($name:literal)?) => {
        $crate::time::timer::Timer::new(
            $crate::optional_name!($($name)?),
            $crate::static_lock_class!(),
        )
    };
}
pub use new_timer;

/// The field by which a `T` is called (`struct timer_list`).
///
/// # Invariants
///
/// `timer` is initialised, with the function of `T`'s `Pointer`.
#[pin_data]
#[repr(C)]
pub struct Timer<T> {
    #[pin]
    timer: Opaque<bindings::timer_list>,
    _t: PhantomData<T>,
}

// SAFETY: There is no `T` in it, and C's timer may be used in any thread.
unsafe impl<T> Send for Timer<T> {}

// SAFETY: As for `Send`; C takes its lock in every call.
unsafe impl<T> Sync for Timer<T> {}

impl<T> Timer<T> {
    /// Makes the initialiser of one that is not started; [`new_timer!`] gives a name and a class.
    ///
    /// C: `timer_setup()`.
    pub fn new(name: &'static CStr, key: Pin<&'static LockClassKey>) -> impl PinInit<Self>
    where
        T: TimerCallback + HasTimer<T>,
    {
        // INVARIANT: C initialises it with that function.
        pin_init!(Self {
            timer <- Opaque::ffi_init(|slot: *mut bindings::timer_list| {
                callbacks::prepare();
                // SAFETY: `slot` is a place for it; name and key live for ever.
                unsafe {
                    bindings::timer_setup_named(
                        slot,
                        Some(T::Pointer::run),
                        0,
                        name.as_char_ptr(),
                        key.as_ptr(),
                    )
                }
            }),
            _t: PhantomData,
        })
    }

    /// Returns the pointer to C's timer.
    ///
    /// # Safety
    ///
    /// `this` must point to memory for a `Self`.
    unsafe fn raw_get(this: *const Self) -> *mut bindings::timer_list {
        // SAFETY: The caller promises that the field is in memory.
        Opaque::cast_into(unsafe { &raw const (*this).timer })
    }

    /// Starts the timer, anew if it is started. Returns whether it was.
    ///
    /// # Safety
    ///
    /// `this` must point to a valid timer, in a `T` that lives until the timer is cancelled or has run.
    unsafe fn raw_modify(this: *const Self, delay: Jiffies) -> bool {
        let expires = jiffies().wrapping_add(delay.min(MAX_JIFFY_OFFSET));

        // SAFETY: The caller promises a timer.
        let timer = unsafe { Self::raw_get(this) };
        // SAFETY: By the type invariant it is initialised; the caller promises that it stays.
        unsafe { bindings::mod_timer(timer, expires) != 0 }
    }

    /// Cancels the timer, and waits for its function if it runs. Returns whether it was to be called.
    ///
    /// # Safety
    ///
    /// `this` must point to a valid timer.
    unsafe fn raw_cancel(this: *const Self) -> bool {
        // SAFETY: The caller promises a timer.
        let timer = unsafe { Self::raw_get(this) };
        // SAFETY: By the type invariant it is initialised. If the function starts it again, C cancels that too.
        unsafe { bindings::timer_delete_sync(timer) != 0 }
    }
}

/// What a timer calls.
pub trait TimerCallback {
    /// What is started: `Arc<Self>` or `Pin<KBox<Self>>`.
    type Pointer<'a>: RawTimerCallback;

    /// Runs when the timer expires.
    ///
    /// Context: soft interrupt; no sleeping.
    fn run(
        this: <Self::Pointer<'_> as RawTimerCallback>::CallbackTarget<'_>,
        ctx: TimerCallbackContext<'_, Self>,
    ) where
        Self: Sized + HasTimer<Self>;
}

/// A timer as its function sees it.
///
/// # Invariants
///
/// The timer is valid, and its function runs during `'a`.
pub struct TimerCallbackContext<'a, T: HasTimer<T>>(NonNull<Timer<T>>, PhantomData<&'a ()>);

impl<T: HasTimer<T>> TimerCallbackContext<'_, T> {
    /// # Safety
    ///
    /// `timer` must be valid, and its function run during the lifetime that the caller chooses.
    unsafe fn from_raw(timer: *mut Timer<T>) -> Self {
        // INVARIANT: The caller promises it.
        // SAFETY: A pointer to a valid timer is not null.
        Self(unsafe { NonNull::new_unchecked(timer) }, PhantomData)
    }

    /// Starts the timer again: the function is called after `delay` ticks. C: `mod_timer()`.
    pub fn modify(&self, delay: Jiffies) {
        // SAFETY: By the type invariant its function runs, for whose end a handle waits before it cancels what
        // is started here.
        unsafe { Timer::raw_modify(self.0.as_ptr(), delay) };
    }
}

/// Pointers to a struct with a timer that own it: `Arc<T>`, `Pin<KBox<T>>`.
pub trait TimerPointer: Sync + Sized {
    /// What cancels the timer when it is dropped.
    type TimerHandle: TimerHandle;

    /// Starts the timer, anew if it is started: its function is called after `delay` ticks.
    ///
    /// Of an `Arc` there may be several handles: each cancels. Context: any but NMI. C: `mod_timer()`.
    #[must_use = "the timer is cancelled where the handle is dropped"]
    fn start(self, delay: Jiffies) -> Self::TimerHandle;
}

/// What C calls.
pub trait RawTimerCallback {
    /// What [`TimerCallback::run`] is called with.
    type CallbackTarget<'a>;

    /// Runs the timer's function.
    ///
    /// # Safety
    ///
    /// C must call it, with the timer by which a `Self` was started and which is not cancelled.
    unsafe extern "C" fn run(timer: *mut bindings::timer_list);
}

/// What cancels a timer when it is dropped.
///
/// # Safety
///
/// When it is dropped, the timer must be cancelled, and its function must have returned.
pub unsafe trait TimerHandle {
    /// Starts the timer again, anew if it is started. Returns whether it was.
    ///
    /// Context: any but NMI. C: `mod_timer()`.
    fn modify(&mut self, delay: Jiffies) -> bool;

    /// Cancels the timer, and waits for its function if that runs; in there it would wait for ever.
    ///
    /// Returns whether it was to be called. Another handle may start it again. Context: process or soft
    /// interrupt, but not under a lock that the function takes. C: `timer_delete_sync()`.
    fn cancel(&mut self) -> bool;
}
