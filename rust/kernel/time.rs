// SPDX-License-Identifier: GPL-2.0-only

//! Time: clocks, spans, delays and timers.
//!
//! A point in time is an [`Instant`] of a clock, a span is a [`Delta`]. The kernel's tick counts [`Jiffies`].
//!
//! C headers: `include/linux/ktime.h`, `include/linux/jiffies.h`.

use crate::bindings;
use crate::ffi::c_uint;
use crate::ffi::c_ulong;
use crate::fmt;
use core::cmp::Ordering;
use core::marker::PhantomData;
use core::ops;

pub mod delay;
mod delta;
pub mod hrtimer;
pub mod timer;

pub use self::delta::Delta;

/// Nanoseconds in a microsecond.
pub const NSEC_PER_USEC: i64 = bindings::NSEC_PER_USEC as i64;

/// Nanoseconds in a millisecond.
pub const NSEC_PER_MSEC: i64 = bindings::NSEC_PER_MSEC as i64;

/// Nanoseconds in a second.
pub const NSEC_PER_SEC: i64 = bindings::NSEC_PER_SEC as i64;

/// Time in ticks of the kernel's clock, `HZ` in a second. C: `unsigned long`.
pub type Jiffies = c_ulong;

/// The longest time until a timer expires: a longer one counts as past. C: `MAX_JIFFY_OFFSET`.
pub(crate) const MAX_JIFFY_OFFSET: Jiffies = (c_ulong::MAX >> 2) - 1;

/// Time in milliseconds.
pub type Msecs = c_uint;

/// Turns milliseconds into ticks, rounded up.
///
/// Context: any. C: `msecs_to_jiffies()`.
///
/// # Examples
///
/// ```
/// use kernel::time::msecs_to_jiffies;
///
/// assert_eq!(msecs_to_jiffies(2000), 2 * msecs_to_jiffies(1000));
/// assert_eq!(msecs_to_jiffies(0), 0);
/// ```
#[inline]
pub fn msecs_to_jiffies(msecs: Msecs) -> Jiffies {
    // SAFETY: It takes any number.
    unsafe { bindings::__msecs_to_jiffies(msecs) }
}

/// Returns the current tick, which wraps around.
///
/// Context: any. C: `jiffies`.
///
/// # Examples
///
/// ```
/// use kernel::time::{delay::fsleep, jiffies, Delta};
///
/// let start = jiffies();
/// fsleep(Delta::from_millis(30));
/// assert!(jiffies().wrapping_sub(start) >= 1);
/// ```
#[inline]
pub fn jiffies() -> Jiffies {
    // SAFETY: It reads a variable that is always there.
    unsafe { bindings::get_jiffies() }
}

mod private {
    /// C takes any other clock's number for an index of an array.
    pub trait Sealed {}
}

/// A clock: one of those below, as hrtimers have no others.
pub trait ClockSource: private::Sealed {
    /// Its number. C: `clockid_t`.
    const ID: bindings::clockid_t;

    /// Reads it: nanoseconds from 0 to `KTIME_MAX`.
    fn ktime_get() -> bindings::ktime_t;
}

macro_rules! clock {
    ($(#[$doc:meta])* $name:ident, $id:ident, $get:ident) => {
        $(#[$doc])*
        pub struct $name;

        impl private::Sealed for $name {}

        impl ClockSource for $name {
            const ID: bindings::clockid_t = bindings::$id as bindings::clockid_t;

            #[inline]
            fn ktime_get() -> bindings::ktime_t {
                // SAFETY: It may be called anywhere.
                unsafe { bindings::$get() }
            }
        }
    };
}

clock! {
    /// The clock that is never set and stops while the machine is suspended. C: `CLOCK_MONOTONIC`.
    Monotonic, CLOCK_MONOTONIC, clock_monotonic
}
clock! {
    /// The time of day in UTC, which may be set. C: `CLOCK_REALTIME`.
    RealTime, CLOCK_REALTIME, clock_realtime
}
clock! {
    /// The clock that is never set and goes on while the machine is suspended. C: `CLOCK_BOOTTIME`.
    BootTime, CLOCK_BOOTTIME, clock_boottime
}
clock! {
    /// The time of day in TAI, which has no leap seconds. C: `CLOCK_TAI`.
    Tai, CLOCK_TAI, clock_tai
}

/// A point in time of clock `C`. C: `ktime_t`.
///
/// Points of two clocks cannot be mixed:
///
/// ```compile_fail,E0277
/// use kernel::time::{BootTime, Instant, Monotonic};
///
/// let _ = Instant::<BootTime>::now() - Instant::<Monotonic>::now();
/// ```
///
/// # Examples
///
/// ```
/// use kernel::time::{Delta, Instant, Monotonic};
///
/// let start = Instant::<Monotonic>::now();
/// let end = start + Delta::from_secs(1);
///
/// assert_eq!((end - start).as_millis(), 1000);
/// assert!(!start.elapsed().is_negative());
/// ```
///
/// # Invariants
///
/// `inner` is from 0 to `KTIME_MAX`.
#[repr(transparent)]
pub struct Instant<C: ClockSource> {
    inner: bindings::ktime_t,
    _c: PhantomData<C>,
}

impl<C: ClockSource> Clone for Instant<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C: ClockSource> Copy for Instant<C> {}

// Derived, these would take a clock that can be compared.
impl<C: ClockSource> PartialEq for Instant<C> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.inner == other.inner
    }
}

impl<C: ClockSource> Eq for Instant<C> {}

impl<C: ClockSource> PartialOrd for Instant<C> {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<C: ClockSource> Ord for Instant<C> {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.inner.cmp(&other.inner)
    }
}

impl<C: ClockSource> fmt::Debug for Instant<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Instant").field(&self.inner).finish()
    }
}

impl<C: ClockSource> Instant<C> {
    /// Reads the clock. In an NMI it may be a little off. C warns if it is read while the system sleeps.
    ///
    /// Context: any. C: `ktime_get()` and its kin, in an NMI `ktime_get_mono_fast_ns()` and its kin.
    #[inline]
    pub fn now() -> Self {
        Self::from_ktime(C::ktime_get())
    }

    /// Makes one of nanoseconds; what is out of range becomes the nearest that is not.
    #[inline]
    pub(crate) fn from_ktime(ktime: bindings::ktime_t) -> Self {
        // INVARIANT: No `ktime_t` is above `KTIME_MAX`, which is `i64::MAX`.
        Self {
            inner: ktime.max(0),
            _c: PhantomData,
        }
    }

    /// Returns how long ago it is.
    #[inline]
    pub fn elapsed(&self) -> Delta {
        Self::now() - *self
    }

    #[inline]
    pub(crate) fn as_nanos(&self) -> i64 {
        self.inner
    }
}

impl<C: ClockSource> ops::Sub for Instant<C> {
    type Output = Delta;

    #[inline]
    fn sub(self, other: Self) -> Delta {
        // By the type invariant the difference of two is no overflow.
        Delta::from_nanos(self.inner - other.inner)
    }
}

/// Saturates at both ends of the clock.
impl<C: ClockSource> ops::Add<Delta> for Instant<C> {
    type Output = Self;

    #[inline]
    fn add(self, delta: Delta) -> Self {
        Self::from_ktime(self.inner.saturating_add(delta.as_nanos()))
    }
}

/// Saturates at both ends of the clock.
impl<C: ClockSource> ops::Sub<Delta> for Instant<C> {
    type Output = Self;

    #[inline]
    fn sub(self, delta: Delta) -> Self {
        Self::from_ktime(self.inner.saturating_sub(delta.as_nanos()))
    }
}
