// SPDX-License-Identifier: GPL-2.0-only

//! Rust's own types as atomic variables.

use super::AtomicAdd;
use super::AtomicType;
use crate::ffi::c_void;
use crate::static_assert;

macro_rules! atomic_type {
    ($($type:ty: $repr:ty,)*) => {
        $(
            static_assert!(size_of::<$type>() == size_of::<$repr>());
            static_assert!(align_of::<$type>() == align_of::<$repr>());

            // SAFETY: As just asserted; it has no padding, and any bytes are a number.
            unsafe impl AtomicType for $type {
                type Repr = $repr;
            }
        )*
    };
}

macro_rules! atomic_add {
    ($($type:ty: $repr:ty,)*) => {
        $(
            // SAFETY: Any bytes are a number.
            unsafe impl AtomicAdd for $type {
                #[inline(always)]
                fn rhs_into_delta(rhs: $type) -> $repr {
                    rhs as $repr
                }
            }
        )*
    };
}

atomic_type! {
    bool: i8,
    i8: i8,
    u8: i8,
    i16: i16,
    u16: i16,
    i32: i32,
    u32: i32,
    i64: i64,
    u64: i64,
    isize: i64,
    usize: i64,
}

atomic_add! {
    i32: i32,
    u32: i32,
    i64: i64,
    u64: i64,
    isize: i64,
    usize: i64,
}

// SAFETY: Pointers to sized types have the same layout, and any bytes are one. To send one is sound: what needs
// care is to use it.
unsafe impl<T> AtomicType for *mut T {
    type Repr = *const c_void;
}

// SAFETY: As for `*mut T`.
unsafe impl<T> AtomicType for *const T {
    type Repr = *const c_void;
}
