// SPDX-License-Identifier: GPL-2.0-only

//! Single bits and masks of neighbouring bits.
//!
//! The functions without `checked` are for constants: a bit that the type does not have fails the build.
//!
//! C header: `include/linux/bits.h`.

use crate::build_assert;
use core::ops::RangeInclusive;
use macros::paste;

macro_rules! bits {
    ($($type:ident),*) => {$( paste! {
        /// The value with bit `n` set, or `None` if the type has no such bit.
        ///
        /// # Examples
        ///
        /// ```
        #[doc = concat!("use kernel::bits::checked_bit_", stringify!($type), ";")]
        ///
        #[doc = concat!("assert_eq!(checked_bit_", stringify!($type), "(3), Some(8));")]
        #[doc = concat!("assert_eq!(checked_bit_", stringify!($type), "(64), None);")]
        /// ```
        #[inline]
        pub const fn [<checked_bit_ $type>](n: u32) -> Option<$type> {
            (1 as $type).checked_shl(n)
        }

        /// The value with bit `n` set; it fails the build unless the type has it. C: `BIT()`.
        ///
        /// # Examples
        ///
        /// ```
        #[doc = concat!("use kernel::bits::bit_", stringify!($type), ";")]
        ///
        #[doc = concat!("assert_eq!(bit_", stringify!($type), "(3), 8);")]
        /// ```
        #[inline(always)]
        pub const fn [<bit_ $type>](n: u32) -> $type {
            build_assert!(n < $type::BITS);
            1 << n
        }

        /// The value with the bits of `range` set, or `None` if `range` is empty or the type lacks one of them.
        ///
        /// # Examples
        ///
        /// ```
        #[doc = concat!("use kernel::bits::genmask_checked_", stringify!($type), ";")]
        ///
        #[doc = concat!("assert_eq!(genmask_checked_", stringify!($type), "(2..=4), Some(0b11100));")]
        #[doc = concat!("assert_eq!(genmask_checked_", stringify!($type), "(2..=64), None);")]
        /// ```
        #[inline]
        pub const fn [<genmask_checked_ $type>](range: RangeInclusive<u32>) -> Option<$type> {
            let (start, end) = (*range.start(), *range.end());
            if start > end || end >= $type::BITS {
                return None;
            }
            Some(($type::MAX >> ($type::BITS - 1 - end)) & ($type::MAX << start))
        }

        /// The value with the bits of `range` set; it fails the build unless the type has them all, and there
        /// is at least one. C: `GENMASK()`.
        ///
        /// # Examples
        ///
        /// ```
        #[doc = concat!("use kernel::bits::genmask_", stringify!($type), ";")]
        ///
        #[doc = concat!("assert_eq!(genmask_", stringify!($type), "(2..=4), 0b11100);")]
        /// ```
        #[inline(always)]
        pub const fn [<genmask_ $type>](range: RangeInclusive<u32>) -> $type {
            let (start, end) = (*range.start(), *range.end());
            build_assert!(start <= end);
            build_assert!(end < $type::BITS);
            ($type::MAX >> ($type::BITS - 1 - end)) & ($type::MAX << start)
        }
    } )*};
}

bits!(u8, u16, u32, u64);
