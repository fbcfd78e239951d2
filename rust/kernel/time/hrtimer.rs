// SPDX-License-Identifier: GPL-2.0-only

//! High resolution timers.
//!
//! A struct has a field [`HrTimer`] and implements [`HrTimerCallback`]. An `Arc` or a `Pin<KBox>` of it is started,
//! which gives a handle: dropping that cancels the timer, and waits for the callback if it runs. A pinned
//! reference, as of what is on the stack, is started for the time of a closure.
//!
//! When to call and by which clock is in the type: see [the modes](mode).
//!
//! A handle that is leaked (`core::mem::forget()`) keeps the struct for ever, and the module from being unloaded:
//! `rmmod` waits, and the log says why.
//!
//! # Examples
//!
//! ```
//! use kernel::impl_has_hr_timer;
//! use kernel::sync::atomic::{Atomic, Full, Relaxed};
//! use kernel::sync::{Arc, ArcBorrow, Completion};
//! use kernel::time::{hrtimer::*, Delta, Monotonic};
//!
//! #[pin_data]
//! struct Blink {
//!     times: Atomic<u32>,
//!     #[pin]
//!     done: Completion,
//!     #[pin]
//!     timer: HrTimer<Self>,
//! }
//!
//! impl_has_hr_timer! {
//!     impl HasHrTimer<Self> for Blink {
//!         mode: RelativeMode<Monotonic>, field: self.timer
//!     }
//! }
//!
//! impl HrTimerCallback for Blink {
//!     type Pointer<'a> = Arc<Self>;
//!
//!     fn run(this: ArcBorrow<'_, Self>, mut ctx: HrTimerCallbackContext<'_, Self>) -> HrTimerRestart {
//!         if this.times.fetch_add(1, Full) == 2 {
//!             this.done.complete_all();
//!             return HrTimerRestart::NoRestart;
//!         }
//!         ctx.forward_now(Delta::from_micros(200));
//!         HrTimerRestart::Restart
//!     }
//! }
//!
//! let blink = Arc::pin_init(
//!     pin_init!(Blink {
//!         times: Atomic::new(0),
//!         done <- Completion::new(),
//!         timer <- HrTimer::new(),
//!     }),
//!     GFP_KERNEL,
//! )?;
//!
//! let handle = blink.clone().start(Delta::from_micros(200));
//! blink.done.wait_for_completion();
//! drop(handle);
//! assert_eq!(blink.times.load(Relaxed), 3);
//! # Ok::<(), Error>(())
//! ```
//!
//! A timer for the time of a closure:
//!
//! ```
//! # use kernel::impl_has_hr_timer;
//! # use kernel::time::{hrtimer::*, Delta, Monotonic};
//! # use kernel::sync::Completion;
//! #[pin_data]
//! struct Deadline {
//!     #[pin]
//!     over: Completion,
//!     #[pin]
//!     timer: HrTimer<Self>,
//! }
//!
//! impl_has_hr_timer! {
//!     impl HasHrTimer<Self> for Deadline {
//!         mode: RelativeMode<Monotonic>, field: self.timer
//!     }
//! }
//!
//! impl HrTimerCallback for Deadline {
//!     type Pointer<'a> = Pin<&'a Self>;
//!
//!     fn run(this: Pin<&Self>, _ctx: HrTimerCallbackContext<'_, Self>) -> HrTimerRestart {
//!         this.over.complete_all();
//!         HrTimerRestart::NoRestart
//!     }
//! }
//!
//! pin_init::stack_pin_init!(let deadline = pin_init!(Deadline {
//!     over <- Completion::new(),
//!     timer <- HrTimer::new(),
//! }));
//! let deadline = deadline.as_ref();
//!
//! deadline.start_scoped(Delta::from_millis(1), || deadline.over.wait_for_completion());
//! ```
//!
//! C header: `include/linux/hrtimer.h`.

use super::ClockSource;
use super::Delta;
use super::Instant;
use crate::bindings;
use crate::init::PinInit;
use crate::module::callbacks;
use crate::types::Opaque;
use core::marker::PhantomData;
use core::pin::Pin;
use pin_init::pin_data;
use pin_init::pin_init;

mod arc;
mod context;
mod has;
pub mod mode;
mod pin;
mod pin_mut;
mod pointer;
mod tbox;

pub use self::arc::ArcHrTimerHandle;
pub use self::context::HrTimerCallbackContext;
pub use self::has::impl_has_hr_timer;
pub use self::has::HasHrTimer;
pub use self::mode::*;
pub use self::pin::PinHrTimerHandle;
pub use self::pin_mut::PinMutHrTimerHandle;
pub use self::pointer::HrTimerHandle;
pub use self::pointer::HrTimerPointer;
pub use self::pointer::RawHrTimerCallback;
pub use self::pointer::ScopedHrTimerPointer;
pub use self::pointer::UnsafeHrTimerPointer;
pub use self::tbox::BoxHrTimerHandle;

/// A point in time of the clock that `T`'s timer goes by.
pub type HrTimerInstant<T> = Instant<<<T as HasHrTimer<T>>::TimerMode as HrTimerMode>::Clock>;

/// The field by which a `T` is called (`struct hrtimer`).
///
/// # Invariants
///
/// `timer` is initialised, with the function of `T`'s `Pointer`.
#[cfg_attr(CONFIG_DEBUG_OBJECTS_TIMERS, pin_data(PinnedDrop))]
#[cfg_attr(not(CONFIG_DEBUG_OBJECTS_TIMERS), pin_data)]
#[repr(C)]
pub struct HrTimer<T> {
    #[pin]
    timer: Opaque<bindings::hrtimer>,
    _t: PhantomData<T>,
}

// SAFETY: There is no `T` in it, and C's timer may be used in any thread.
unsafe impl<T> Send for HrTimer<T> {}

// SAFETY: As for `Send`; C takes its lock in every call.
unsafe impl<T> Sync for HrTimer<T> {}

// A stack is never freed as the memory of an allocator is: what tracks timers has to be told.
#[cfg(CONFIG_DEBUG_OBJECTS_TIMERS)]
#[pin_init::pinned_drop]
impl<T> PinnedDrop for HrTimer<T> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: It is initialised. Who started it has cancelled it, and it is not used any more.
        unsafe { bindings::destroy_hrtimer_on_stack(self.timer.get()) };
    }
}

impl<T> HrTimer<T> {
    /// Makes the initialiser of one that is not started. C: `hrtimer_setup()`.
    pub fn new() -> impl PinInit<Self>
    where
        T: HrTimerCallback + HasHrTimer<T>,
    {
        // INVARIANT: C initialises it with that function.
        pin_init!(Self {
            timer <- Opaque::ffi_init(|slot: *mut bindings::hrtimer| {
                callbacks::prepare();
                // SAFETY: `slot` is a place for it.
                unsafe {
                    bindings::hrtimer_setup_in_place(
                        slot,
                        Some(T::Pointer::run),
                        <<T::TimerMode as HrTimerMode>::Clock as ClockSource>::ID,
                        T::TimerMode::C_MODE,
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
    unsafe fn raw_get(this: *const Self) -> *mut bindings::hrtimer {
        // SAFETY: The caller promises that the field is in memory.
        Opaque::cast_into(unsafe { &raw const (*this).timer })
    }

    /// Cancels the timer, and waits for its function if it runs. Returns whether it was to be called.
    ///
    /// # Safety
    ///
    /// `this` must point to a valid timer.
    pub(crate) unsafe fn raw_cancel(this: *const Self) -> bool {
        // SAFETY: The caller promises a timer.
        let timer = unsafe { Self::raw_get(this) };
        // SAFETY: By the type invariant it is initialised.
        unsafe { bindings::hrtimer_cancel(timer) != 0 }
    }

    /// # Safety
    ///
    /// `this` must point to a valid timer, whose expiry nobody else changes.
    unsafe fn raw_forward(this: *mut Self, now: bindings::ktime_t, interval: Delta) -> u64 {
        // SAFETY: The caller promises a timer.
        let timer = unsafe { Self::raw_get(this) };
        // SAFETY: By the type invariant it is initialised; C looks whether it is started.
        unsafe { bindings::hrtimer_forward_unqueued(timer, now, interval.as_nanos()) }
    }

    /// Moves the expiry on by multiples of `interval` until it is past `now`; returns how many.
    ///
    /// Of a timer that is started nothing is moved. Context: any. C: `hrtimer_forward()`.
    pub fn forward(self: Pin<&mut Self>, now: HrTimerInstant<T>, interval: Delta) -> u64
    where
        T: HasHrTimer<T>,
    {
        // SAFETY: Nothing is moved.
        let this = unsafe { Pin::get_unchecked_mut(self) };
        // SAFETY: A reference is valid, and exclusive.
        unsafe { Self::raw_forward(this, now.as_nanos(), interval) }
    }

    /// As [`forward`](Self::forward), with the time that it is. C: `hrtimer_forward_now()`.
    pub fn forward_now(self: Pin<&mut Self>, interval: Delta) -> u64
    where
        T: HasHrTimer<T>,
    {
        self.forward(Instant::now(), interval)
    }

    /// Returns when the timer expires, or did. Context: any. C: `hrtimer_get_expires()`.
    pub fn expires(&self) -> HrTimerInstant<T>
    where
        T: HasHrTimer<T>,
    {
        // SAFETY: By the type invariant it is initialised; a number that C changes meanwhile is read as a whole.
        let expires = unsafe { bindings::hrtimer_get_expires(self.timer.get()) };
        Instant::from_ktime(expires)
    }
}

/// What a timer calls.
pub trait HrTimerCallback {
    /// What is started: `Arc<Self>`, `Pin<KBox<Self>>`, `Pin<&'a Self>`, `Pin<&'a mut Self>`.
    type Pointer<'a>: RawHrTimerCallback;

    /// Runs when the timer expires.
    ///
    /// Context: hard interrupt, or a soft one for modes that say so; no sleeping.
    fn run(
        this: <Self::Pointer<'_> as RawHrTimerCallback>::CallbackTarget<'_>,
        ctx: HrTimerCallbackContext<'_, Self>,
    ) -> HrTimerRestart
    where
        Self: Sized + HasHrTimer<Self>;
}

/// Whether a timer's function is called again, at the expiry that it set.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum HrTimerRestart {
    /// It is over.
    NoRestart,
    /// It is started again. Without a later expiry that is at once, and for ever.
    Restart,
}

impl HrTimerRestart {
    pub(crate) fn into_c(self) -> bindings::hrtimer_restart {
        match self {
            Self::NoRestart => bindings::HRTIMER_NORESTART,
            Self::Restart => bindings::HRTIMER_RESTART,
        }
    }
}
