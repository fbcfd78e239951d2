// SPDX-License-Identifier: GPL-2.0-only

//! When a timer's function is called.
//!
//! `Absolute` modes take an [`Instant`], `Relative` ones a [`Delta`]. `Pinned` stays on the CPU that starts it.
//! `Soft` calls in a soft interrupt, `Hard` in a hard one even with `PREEMPT_RT`; the others in a hard one
//! except with `PREEMPT_RT`.

use crate::bindings;
use crate::time::ClockSource;
use crate::time::Delta;
use crate::time::Instant;
use core::marker::PhantomData;

mod sealed {
    pub trait Sealed {}
}

/// A time to expire: an [`Instant`] or a [`Delta`].
pub trait HrTimerExpires: sealed::Sealed {
    /// In nanoseconds.
    fn as_nanos(&self) -> i64;
}

impl<C: ClockSource> sealed::Sealed for Instant<C> {}

impl<C: ClockSource> HrTimerExpires for Instant<C> {
    #[inline]
    fn as_nanos(&self) -> i64 {
        Instant::as_nanos(self)
    }
}

impl sealed::Sealed for Delta {}

impl HrTimerExpires for Delta {
    #[inline]
    fn as_nanos(&self) -> i64 {
        Delta::as_nanos(*self)
    }
}

/// A mode of a timer, with its clock.
pub trait HrTimerMode: sealed::Sealed {
    /// C's number.
    const C_MODE: bindings::hrtimer_mode;

    /// The clock.
    type Clock: ClockSource;

    /// What starting it takes.
    type Expires: HrTimerExpires;
}

macro_rules! mode {
    ($($(#[$doc:meta])* $name:ident: $c:ident, $expires:ty;)*) => {
        $(
            $(#[$doc])*
            pub struct $name<C: ClockSource>(PhantomData<C>);

            impl<C: ClockSource> sealed::Sealed for $name<C> {}

            impl<C: ClockSource> HrTimerMode for $name<C> {
                const C_MODE: bindings::hrtimer_mode = bindings::$c;

                type Clock = C;
                type Expires = $expires;
            }
        )*
    };
}

mode! {
    /// C: `HRTIMER_MODE_ABS`.
    AbsoluteMode: HRTIMER_MODE_ABS, Instant<C>;
    /// C: `HRTIMER_MODE_REL`.
    RelativeMode: HRTIMER_MODE_REL, Delta;
    /// C: `HRTIMER_MODE_ABS_PINNED`.
    AbsolutePinnedMode: HRTIMER_MODE_ABS_PINNED, Instant<C>;
    /// C: `HRTIMER_MODE_REL_PINNED`.
    RelativePinnedMode: HRTIMER_MODE_REL_PINNED, Delta;
    /// C: `HRTIMER_MODE_ABS_SOFT`.
    AbsoluteSoftMode: HRTIMER_MODE_ABS_SOFT, Instant<C>;
    /// C: `HRTIMER_MODE_REL_SOFT`.
    RelativeSoftMode: HRTIMER_MODE_REL_SOFT, Delta;
    /// C: `HRTIMER_MODE_ABS_PINNED_SOFT`.
    AbsolutePinnedSoftMode: HRTIMER_MODE_ABS_PINNED_SOFT, Instant<C>;
    /// C: `HRTIMER_MODE_REL_PINNED_SOFT`.
    RelativePinnedSoftMode: HRTIMER_MODE_REL_PINNED_SOFT, Delta;
    /// C: `HRTIMER_MODE_ABS_HARD`.
    AbsoluteHardMode: HRTIMER_MODE_ABS_HARD, Instant<C>;
    /// C: `HRTIMER_MODE_REL_HARD`.
    RelativeHardMode: HRTIMER_MODE_REL_HARD, Delta;
    /// C: `HRTIMER_MODE_ABS_PINNED_HARD`.
    AbsolutePinnedHardMode: HRTIMER_MODE_ABS_PINNED_HARD, Instant<C>;
    /// C: `HRTIMER_MODE_REL_PINNED_HARD`.
    RelativePinnedHardMode: HRTIMER_MODE_REL_PINNED_HARD, Delta;
}
