// SPDX-License-Identifier: GPL-2.0-only

//! How an interrupt is requested.

use crate::bindings;
use crate::ffi::c_ulong;

/// How an interrupt is requested. C: `IRQF_…`.
///
/// # Examples
///
/// ```
/// use kernel::irq::Flags;
///
/// let flags = Flags::SHARED | Flags::TRIGGER_LOW;
/// assert!(flags & !Flags::SHARED == Flags::TRIGGER_LOW);
/// assert!(!!flags == flags);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Flags(c_ulong);

impl Flags {
    /// The line is set up already: leave it so.
    pub const TRIGGER_NONE: Self = Self::new(bindings::IRQF_TRIGGER_NONE);
    /// On a rising edge.
    pub const TRIGGER_RISING: Self = Self::new(bindings::IRQF_TRIGGER_RISING);
    /// On a falling edge.
    pub const TRIGGER_FALLING: Self = Self::new(bindings::IRQF_TRIGGER_FALLING);
    /// As long as the level is high.
    pub const TRIGGER_HIGH: Self = Self::new(bindings::IRQF_TRIGGER_HIGH);
    /// As long as the level is low.
    pub const TRIGGER_LOW: Self = Self::new(bindings::IRQF_TRIGGER_LOW);
    /// Other devices may have the same line.
    pub const SHARED: Self = Self::new(bindings::IRQF_SHARED);
    /// That the line cannot be shared is no reason for a warning.
    pub const PROBE_SHARED: Self = Self::new(bindings::IRQF_PROBE_SHARED);
    /// The interrupt is one of each processor.
    pub const PERCPU: Self = Self::new(bindings::IRQF_PERCPU);
    /// The interrupt stays at its processor.
    pub const NOBALANCING: Self = Self::new(bindings::IRQF_NOBALANCING);
    /// The interrupt is used for polling.
    pub const IRQPOLL: Self = Self::new(bindings::IRQF_IRQPOLL);
    /// The line stays masked until the threaded handler is done.
    pub const ONESHOT: Self = Self::new(bindings::IRQF_ONESHOT);
    /// The interrupt stays enabled during suspend.
    pub const NO_SUSPEND: Self = Self::new(bindings::IRQF_NO_SUSPEND);
    /// The interrupt is enabled on resume even with [`Flags::NO_SUSPEND`].
    pub const FORCE_RESUME: Self = Self::new(bindings::IRQF_FORCE_RESUME);
    /// The handler never runs in a thread.
    pub const NO_THREAD: Self = Self::new(bindings::IRQF_NO_THREAD);
    /// The interrupt is enabled early on resume.
    pub const EARLY_RESUME: Self = Self::new(bindings::IRQF_EARLY_RESUME);
    /// The line may be shared with one that has [`Flags::NO_SUSPEND`].
    pub const COND_SUSPEND: Self = Self::new(bindings::IRQF_COND_SUSPEND);
    /// The line stays disabled until it is enabled.
    pub const NO_AUTOEN: Self = Self::new(bindings::IRQF_NO_AUTOEN);
    /// The interrupt is no reason to suspect a runaway line.
    pub const NO_DEBUG: Self = Self::new(bindings::IRQF_NO_DEBUG);

    /// All of the above. What C keeps for itself, as the flag of the kernel's own timer, is none of a driver's.
    const ALL: Self = Self::TRIGGER_RISING
        .union(Self::TRIGGER_FALLING)
        .union(Self::TRIGGER_HIGH)
        .union(Self::TRIGGER_LOW)
        .union(Self::SHARED)
        .union(Self::PROBE_SHARED)
        .union(Self::PERCPU)
        .union(Self::NOBALANCING)
        .union(Self::IRQPOLL)
        .union(Self::ONESHOT)
        .union(Self::NO_SUSPEND)
        .union(Self::FORCE_RESUME)
        .union(Self::NO_THREAD)
        .union(Self::EARLY_RESUME)
        .union(Self::COND_SUSPEND)
        .union(Self::NO_AUTOEN)
        .union(Self::NO_DEBUG);

    const fn new(flag: u32) -> Self {
        Self(flag as c_ulong)
    }

    pub(crate) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns what C takes.
    pub(crate) fn into_inner(self) -> c_ulong {
        self.0
    }
}

impl core::ops::BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl core::ops::BitAnd for Flags {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

/// All the others that are named here.
impl core::ops::Not for Flags {
    type Output = Self;

    fn not(self) -> Self {
        Self(!self.0 & Self::ALL.0)
    }
}
