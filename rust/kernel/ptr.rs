// SPDX-License-Identifier: GPL-2.0-only

//! What pointers point to.

use core::num::NonZero;

/// An alignment: a power of two.
///
/// # Examples
///
/// ```
/// use kernel::ptr::Alignment;
///
/// assert_eq!(Alignment::new::<4>(), Alignment::of::<u32>());
/// assert_eq!(Alignment::new::<4>().as_usize(), 4);
/// ```
///
/// ```compile_fail,E0080
/// kernel::ptr::Alignment::new::<3>();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(transparent)]
pub struct Alignment(NonZero<usize>);

impl Alignment {
    /// Makes one of a number, which must be a power of two.
    #[inline(always)]
    pub const fn new<const ALIGN: usize>() -> Self {
        const { Self::new_checked(ALIGN).expect("not a power of two") }
    }

    /// Makes one of a number, if that is a power of two.
    pub const fn new_checked(align: usize) -> Option<Self> {
        match NonZero::new(align) {
            Some(align) if align.is_power_of_two() => Some(Self(align)),
            _ => None,
        }
    }

    /// The alignment of a type.
    #[inline(always)]
    pub const fn of<T>() -> Self {
        const { Self::new_checked(align_of::<T>()).expect("types have one") }
    }

    /// Returns the number.
    #[inline(always)]
    pub const fn as_usize(self) -> usize {
        self.0.get()
    }
}

/// Types of which a pointer tells the size.
pub trait KnownSize {
    /// The least number of bytes that a value has.
    const MIN_SIZE: usize;

    /// What a value is aligned to at least.
    const MIN_ALIGN: Alignment;

    /// How many bytes the value has that `p` would point to.
    fn size(p: *const Self) -> usize;
}

impl<T> KnownSize for T {
    const MIN_SIZE: usize = size_of::<T>();
    const MIN_ALIGN: Alignment = Alignment::of::<T>();

    #[inline(always)]
    fn size(_: *const Self) -> usize {
        size_of::<T>()
    }
}

impl<T> KnownSize for [T] {
    const MIN_SIZE: usize = 0;
    const MIN_ALIGN: Alignment = Alignment::of::<T>();

    #[inline(always)]
    fn size(p: *const Self) -> usize {
        p.len().saturating_mul(size_of::<T>())
    }
}
