// SPDX-License-Identifier: GPL-2.0-only

//! Which field of a struct is its timer.

use super::HrTimer;
use super::HrTimerExpires;
use super::HrTimerMode;
use crate::bindings;

/// Types with a field [`HrTimer<T>`]; [`impl_has_hr_timer!`] implements it.
///
/// # Safety
///
/// The functions must convert between a pointer to a `Self` and one to that same field, or use it, as
/// documented.
pub unsafe trait HasHrTimer<T> {
    /// The mode of the timer.
    type TimerMode: HrTimerMode;

    /// Returns the pointer to the field.
    ///
    /// # Safety
    ///
    /// `this` must point to memory for a `Self`.
    unsafe fn raw_get_timer(this: *const Self) -> *const HrTimer<T>;

    /// Returns the pointer to what the field is in.
    ///
    /// # Safety
    ///
    /// `ptr` must point to that field of a `Self`.
    unsafe fn timer_container_of(ptr: *mut HrTimer<T>) -> *mut Self
    where
        Self: Sized;

    /// Returns the pointer to C's timer.
    ///
    /// # Safety
    ///
    /// `this` must point to memory for a `Self`.
    unsafe fn c_timer_ptr(this: *const Self) -> *const bindings::hrtimer {
        // SAFETY: The caller promises memory for a `Self`.
        let timer = unsafe { Self::raw_get_timer(this) };
        // SAFETY: The field is in that memory.
        unsafe { HrTimer::raw_get(timer) }
    }

    /// Starts the timer, anew if it is started.
    ///
    /// # Safety
    ///
    /// `this` must point to a valid `Self` that lives until the timer is cancelled, or its function has run
    /// without a restart.
    unsafe fn start(this: *const Self, expires: <Self::TimerMode as HrTimerMode>::Expires) {
        // SAFETY: The caller promises a `Self`.
        let timer = unsafe { Self::c_timer_ptr(this) }.cast_mut();

        // SAFETY: By the type invariant of `HrTimer` it is initialised; the caller promises that it stays.
        unsafe {
            bindings::hrtimer_start_range_ns(timer, expires.as_nanos(), 0, Self::TimerMode::C_MODE)
        };
    }
}

/// Says which field of a struct is its [`HrTimer`], and its mode.
///
/// Generic parameters are in braces: `impl{T} HasHrTimer<Self> for Item<T> { … }`. An
/// [example](crate::time::hrtimer).
///
/// A field of another type is refused:
///
/// ```compile_fail,E0308
/// use kernel::time::{hrtimer::RelativeMode, Monotonic};
///
/// struct Item {
///     timer: u32,
/// }
///
/// kernel::impl_has_hr_timer! {
///     impl HasHrTimer<Self> for Item {
///         mode: RelativeMode<Monotonic>, field: self.timer
///     }
/// }
/// ```
#[macro_export]
macro_rules! impl_has_hr_timer {
    (
        impl $({$($generics:tt)*})? HasHrTimer<$timer_type:ty> for $self:ty
        {
            mode: $mode:ty,
            field: self.$field:ident $(,)?
        }
        $($rest:tt)*
    ) => {
        $crate::only_generics! { $({$($generics)*})? }

        // SAFETY: Both use the offset of the field, which has the right type, as `raw_get_timer` shows.
        unsafe impl $(<$($generics)*>)? $crate::time::hrtimer::HasHrTimer<$timer_type> for $self {
            type TimerMode = $mode;

            #[inline]
            unsafe fn raw_get_timer(
                this: *const Self,
            ) -> *const $crate::time::hrtimer::HrTimer<$timer_type> {
                // `offset_of!` does not look into what `Self` dereferences to.
                let _ = ::core::mem::offset_of!(Self, $field);

                // SAFETY: The caller promises memory for a `Self`.
                unsafe { &raw const (*this).$field }
            }

            #[inline]
            unsafe fn timer_container_of(
                ptr: *mut $crate::time::hrtimer::HrTimer<$timer_type>,
            ) -> *mut Self {
                // SAFETY: The caller promises that it is this field of a `Self`.
                unsafe { ptr.byte_sub(::core::mem::offset_of!(Self, $field)) }.cast()
            }
        }
    };
}
pub use impl_has_hr_timer;
