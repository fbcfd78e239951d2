// SPDX-License-Identifier: GPL-2.0-only

//! Spans of time.

use super::NSEC_PER_MSEC;
use super::NSEC_PER_SEC;
use super::NSEC_PER_USEC;
use core::ops;

/// A span of time in nanoseconds, which may be negative.
///
/// What goes beyond `i64::MAX` nanoseconds, 292 years, becomes that: nothing overflows.
///
/// # Examples
///
/// ```
/// use kernel::time::Delta;
///
/// let bit = Delta::from_secs(1) / Delta::from_micros(104);
/// assert_eq!(bit, 9615);
///
/// let mut total = Delta::from_millis(5) * 3;
/// total += Delta::from_micros(1);
/// assert_eq!(total.as_nanos(), 15_001_000);
/// assert_eq!(total.as_micros_ceil(), 15_001);
/// assert_eq!(total.as_millis(), 15);
/// assert_eq!(Delta::from_secs(i64::MAX).as_nanos(), i64::MAX);
/// ```
#[derive(Copy, Clone, PartialEq, PartialOrd, Eq, Ord, Debug)]
pub struct Delta {
    nanos: i64,
}

impl Delta {
    /// No time.
    pub const ZERO: Self = Self { nanos: 0 };

    /// Makes one of nanoseconds.
    #[inline]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self { nanos }
    }

    /// Makes one of microseconds.
    #[inline]
    pub const fn from_micros(micros: i64) -> Self {
        Self::from_nanos(micros.saturating_mul(NSEC_PER_USEC))
    }

    /// Makes one of milliseconds.
    #[inline]
    pub const fn from_millis(millis: i64) -> Self {
        Self::from_nanos(millis.saturating_mul(NSEC_PER_MSEC))
    }

    /// Makes one of seconds.
    #[inline]
    pub const fn from_secs(secs: i64) -> Self {
        Self::from_nanos(secs.saturating_mul(NSEC_PER_SEC))
    }

    /// Whether it is no time.
    #[inline]
    pub const fn is_zero(self) -> bool {
        self.nanos == 0
    }

    /// Whether it is negative.
    #[inline]
    pub const fn is_negative(self) -> bool {
        self.nanos < 0
    }

    /// Returns the nanoseconds.
    #[inline]
    pub const fn as_nanos(self) -> i64 {
        self.nanos
    }

    /// Returns the microseconds, rounded up.
    #[inline]
    pub const fn as_micros_ceil(self) -> i64 {
        self.nanos.saturating_add(NSEC_PER_USEC - 1) / NSEC_PER_USEC
    }

    /// Returns the milliseconds, rounded towards zero.
    #[inline]
    pub const fn as_millis(self) -> i64 {
        self.nanos / NSEC_PER_MSEC
    }

    /// Returns what is left of it after whole multiples of `dividend` nanoseconds; zero has no multiples.
    #[inline]
    pub const fn rem_nanos(self, dividend: i32) -> Self {
        if dividend == 0 {
            return self;
        }
        Self::from_nanos(self.nanos.wrapping_rem(dividend as i64))
    }
}

impl ops::Add for Delta {
    type Output = Self;

    #[inline]
    fn add(self, rhs: Self) -> Self {
        Self::from_nanos(self.nanos.saturating_add(rhs.nanos))
    }
}

impl ops::AddAssign for Delta {
    #[inline]
    fn add_assign(&mut self, rhs: Self) {
        *self = *self + rhs;
    }
}

impl ops::Sub for Delta {
    type Output = Self;

    #[inline]
    fn sub(self, rhs: Self) -> Self {
        Self::from_nanos(self.nanos.saturating_sub(rhs.nanos))
    }
}

impl ops::SubAssign for Delta {
    #[inline]
    fn sub_assign(&mut self, rhs: Self) {
        *self = *self - rhs;
    }
}

impl ops::Mul<i64> for Delta {
    type Output = Self;

    #[inline]
    fn mul(self, rhs: i64) -> Self {
        Self::from_nanos(self.nanos.saturating_mul(rhs))
    }
}

impl ops::MulAssign<i64> for Delta {
    #[inline]
    fn mul_assign(&mut self, rhs: i64) {
        *self = *self * rhs;
    }
}

/// How often one span fits into another, rounded towards zero.
impl ops::Div for Delta {
    type Output = i64;

    /// # Panics
    ///
    /// If `rhs` is no time.
    #[inline]
    fn div(self, rhs: Self) -> i64 {
        self.nanos.saturating_div(rhs.nanos)
    }
}
