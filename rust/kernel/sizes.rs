// SPDX-License-Identifier: GPL-2.0-only

//! Sizes that are powers of two.
//!
//! The constants are of type [`usize`], for memory. Addresses of devices are of other types: these have
//! the same constants by [`SizeConstants`].
//!
//! C header: `include/linux/sizes.h`.
//!
//! # Examples
//!
//! ```
//! use kernel::sizes::SizeConstants;
//! use kernel::sizes::SZ_1M;
//! use kernel::sizes::SZ_4K;
//!
//! assert_eq!(SZ_1M / SZ_4K, 256);
//! assert_eq!(3 * u64::SZ_2G, 0x1_8000_0000);
//! ```

macro_rules! sizes {
    ($($name:ident = $value:literal,)*) => {
        $(
            #[doc = concat!("`", stringify!($value), "` bytes.")]
            pub const $name: usize = $value;
        )*

        /// The sizes as constants of a type.
        pub trait SizeConstants {
            $(
                #[doc = concat!("`", stringify!($value), "` bytes.")]
                const $name: Self;
            )*
        }

        sizes!(@impl u32 $($name = $value,)*);
        sizes!(@impl u64 $($name = $value,)*);
        sizes!(@impl usize $($name = $value,)*);
    };
    (@impl $type:ident $($name:ident = $value:literal,)*) => {
        impl SizeConstants for $type {
            $(const $name: Self = $value;)*
        }
    };
}

sizes! {
    SZ_1K = 0x400,
    SZ_2K = 0x800,
    SZ_4K = 0x1000,
    SZ_8K = 0x2000,
    SZ_16K = 0x4000,
    SZ_32K = 0x8000,
    SZ_64K = 0x1_0000,
    SZ_128K = 0x2_0000,
    SZ_256K = 0x4_0000,
    SZ_512K = 0x8_0000,
    SZ_1M = 0x10_0000,
    SZ_2M = 0x20_0000,
    SZ_4M = 0x40_0000,
    SZ_8M = 0x80_0000,
    SZ_16M = 0x100_0000,
    SZ_32M = 0x200_0000,
    SZ_64M = 0x400_0000,
    SZ_128M = 0x800_0000,
    SZ_256M = 0x1000_0000,
    SZ_512M = 0x2000_0000,
    SZ_1G = 0x4000_0000,
    SZ_2G = 0x8000_0000,
}
