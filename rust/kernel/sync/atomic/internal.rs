// SPDX-License-Identifier: GPL-2.0-only

//! What C's helpers do with the types that they know.

use super::ordering::Ordering;
use super::ordering::OrderingType;
use crate::bindings;
use crate::ffi::c_void;

mod sealed {
    pub trait Sealed {}
}

/// The types that C has atomic operations for.
///
/// All of them: load, store, exchange, and compare and exchange.
pub trait AtomicImpl: Sized + Copy + sealed::Sealed {
    /// What can be added, if anything can.
    type Delta;

    #[doc(hidden)]
    unsafe fn read(ptr: *mut Self, acquire: bool) -> Self;
    #[doc(hidden)]
    unsafe fn set(ptr: *mut Self, value: Self, release: bool);
    #[doc(hidden)]
    unsafe fn xchg<O: Ordering>(ptr: *mut Self, value: Self) -> Self;
    #[doc(hidden)]
    unsafe fn try_cmpxchg<O: Ordering>(ptr: *mut Self, old: &mut Self, new: Self) -> bool;
}

/// The types that C can add to atomically.
pub trait AtomicArithmetic: AtomicImpl {
    #[doc(hidden)]
    unsafe fn add(ptr: *mut Self, value: Self::Delta);
    #[doc(hidden)]
    unsafe fn sub(ptr: *mut Self, value: Self::Delta);
    #[doc(hidden)]
    unsafe fn fetch_add<O: Ordering>(ptr: *mut Self, value: Self::Delta) -> Self;
    #[doc(hidden)]
    unsafe fn fetch_sub<O: Ordering>(ptr: *mut Self, value: Self::Delta) -> Self;
}

/// Calls the helper of an ordering.
macro_rules! by_ordering {
    ($full:ident, $acquire:ident, $release:ident, $relaxed:ident, ($($arg:expr),*)) => {
        match O::TYPE {
            OrderingType::Full => bindings::$full($($arg),*),
            OrderingType::Acquire => bindings::$acquire($($arg),*),
            OrderingType::Release => bindings::$release($($arg),*),
            OrderingType::Relaxed => bindings::$relaxed($($arg),*),
        }
    };
}

/// Implements [`AtomicImpl`] by the helpers `atomic_NAME_…`.
macro_rules! basic {
    ($name:ident, $type:ty, $delta:ty) => {
        macros::paste! {
            impl sealed::Sealed for $type {}

            impl AtomicImpl for $type {
                type Delta = $delta;

                #[inline(always)]
                unsafe fn read(ptr: *mut Self, acquire: bool) -> Self {
                    // SAFETY: The caller promises that `ptr` is valid, and that all use it atomically.
                    unsafe {
                        if acquire {
                            bindings::[<atomic_ $name _read_acquire>](ptr)
                        } else {
                            bindings::[<atomic_ $name _read>](ptr)
                        }
                    }
                }

                #[inline(always)]
                unsafe fn set(ptr: *mut Self, value: Self, release: bool) {
                    // SAFETY: As for `read`.
                    unsafe {
                        if release {
                            bindings::[<atomic_ $name _set_release>](ptr, value)
                        } else {
                            bindings::[<atomic_ $name _set>](ptr, value)
                        }
                    }
                }

                #[inline(always)]
                unsafe fn xchg<O: Ordering>(ptr: *mut Self, value: Self) -> Self {
                    // SAFETY: As for `read`.
                    unsafe {
                        by_ordering!(
                            [<atomic_ $name _xchg>],
                            [<atomic_ $name _xchg_acquire>],
                            [<atomic_ $name _xchg_release>],
                            [<atomic_ $name _xchg_relaxed>],
                            (ptr, value)
                        )
                    }
                }

                #[inline(always)]
                unsafe fn try_cmpxchg<O: Ordering>(
                    ptr: *mut Self,
                    old: &mut Self,
                    new: Self,
                ) -> bool {
                    // SAFETY: As for `read`.
                    unsafe {
                        by_ordering!(
                            [<atomic_ $name _try_cmpxchg>],
                            [<atomic_ $name _try_cmpxchg_acquire>],
                            [<atomic_ $name _try_cmpxchg_release>],
                            [<atomic_ $name _try_cmpxchg_relaxed>],
                            (ptr, old, new)
                        )
                    }
                }
            }
        }
    };
}

/// Implements [`AtomicArithmetic`] by the helpers `atomic_NAME_…`.
macro_rules! arithmetic {
    ($name:ident, $type:ty) => {
        macros::paste! {
            impl AtomicArithmetic for $type {
                #[inline(always)]
                unsafe fn add(ptr: *mut Self, value: Self::Delta) {
                    // SAFETY: The caller promises that `ptr` is valid, and that all use it atomically.
                    unsafe { bindings::[<atomic_ $name _add>](ptr, value) }
                }

                #[inline(always)]
                unsafe fn sub(ptr: *mut Self, value: Self::Delta) {
                    // SAFETY: As for `add`.
                    unsafe { bindings::[<atomic_ $name _sub>](ptr, value) }
                }

                #[inline(always)]
                unsafe fn fetch_add<O: Ordering>(ptr: *mut Self, value: Self::Delta) -> Self {
                    // SAFETY: As for `add`.
                    unsafe {
                        by_ordering!(
                            [<atomic_ $name _fetch_add>],
                            [<atomic_ $name _fetch_add_acquire>],
                            [<atomic_ $name _fetch_add_release>],
                            [<atomic_ $name _fetch_add_relaxed>],
                            (ptr, value)
                        )
                    }
                }

                #[inline(always)]
                unsafe fn fetch_sub<O: Ordering>(ptr: *mut Self, value: Self::Delta) -> Self {
                    // SAFETY: As for `add`.
                    unsafe {
                        by_ordering!(
                            [<atomic_ $name _fetch_sub>],
                            [<atomic_ $name _fetch_sub_acquire>],
                            [<atomic_ $name _fetch_sub_release>],
                            [<atomic_ $name _fetch_sub_relaxed>],
                            (ptr, value)
                        )
                    }
                }
            }
        }
    };
}

basic!(i8, i8, ());
basic!(i16, i16, ());
basic!(i32, i32, i32);
basic!(i64, i64, i64);
basic!(ptr, *const c_void, ());
arithmetic!(i32, i32);
arithmetic!(i64, i64);
