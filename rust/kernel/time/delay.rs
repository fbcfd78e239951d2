// SPDX-License-Identifier: GPL-2.0-only

//! Waiting for a span of time.
//!
//! C header: `include/linux/delay.h`.

use super::Delta;
use crate::bindings;
use crate::ffi::c_ulong;

/// `delta` in microseconds, rounded up; the limit if it is negative or above.
fn micros_within(delta: Delta, limit: Delta) -> c_ulong {
    let delta = if delta.is_negative() || delta > limit {
        limit
    } else {
        delta
    };
    delta.as_micros_ceil() as c_ulong
}

/// Sleeps at least for `delta`, by a high resolution timer or the tick; up to 10 µs it spins, as [`udelay`].
///
/// A negative span, or one above `i32::MAX` microseconds, is taken for the latter. Context: process, may sleep.
/// C: `fsleep()`.
///
/// # Examples
///
/// ```
/// use kernel::time::{delay::fsleep, Delta, Instant, Monotonic};
///
/// let start = Instant::<Monotonic>::now();
/// fsleep(Delta::from_micros(100));
/// assert!(start.elapsed() >= Delta::from_micros(100));
/// ```
pub fn fsleep(delta: Delta) {
    const LIMIT: Delta = Delta::from_micros(i32::MAX as i64);

    // SAFETY: Sleeping where it is not allowed is a bug, but does no harm to memory.
    unsafe { bindings::fsleep(micros_within(delta, LIMIT)) };
}

/// Spins for `delta`, which should be some microseconds.
///
/// It goes by the calibrated speed of the CPU, and may return a little early.
/// A negative span, or one above 5 ms, is taken for 5 ms. Context: any. C: `udelay()`.
///
/// # Examples
///
/// ```
/// use kernel::time::{delay::udelay, Delta};
///
/// udelay(Delta::from_micros(10));
/// ```
pub fn udelay(delta: Delta) {
    const LIMIT: Delta = Delta::from_millis(5);

    // SAFETY: It only takes time, which is limited.
    unsafe { bindings::udelay(micros_within(delta, LIMIT)) };
}
