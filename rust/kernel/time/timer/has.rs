// SPDX-License-Identifier: GPL-2.0-only

//! Which field of a struct is its timer.

use super::Timer;

/// Types with a field [`Timer<T>`]; [`impl_has_timer!`] implements it.
///
/// # Safety
///
/// Both functions must convert between a pointer to a `Self` and one to that same field.
pub unsafe trait HasTimer<T> {
    /// Returns the pointer to the field.
    ///
    /// # Safety
    ///
    /// `this` must point to memory for a `Self`.
    unsafe fn raw_get_timer(this: *const Self) -> *const Timer<T>;

    /// Returns the pointer to what the field is in.
    ///
    /// # Safety
    ///
    /// `ptr` must point to that field of a `Self`.
    unsafe fn timer_container_of(ptr: *mut Timer<T>) -> *mut Self
    where
        Self: Sized;
}

/// Says which field of a struct is its [`Timer`].
///
/// Generic parameters are in braces: `impl{T} HasTimer<Self> for Item<T> { self.timer }`. An
/// [example](crate::time::timer).
///
/// A field of another type is refused:
///
/// ```compile_fail,E0308
/// struct Item {
///     timer: u32,
/// }
///
/// kernel::impl_has_timer! {
///     impl HasTimer<Self> for Item { self.timer }
/// }
/// ```
#[macro_export]
macro_rules! impl_has_timer {
    ($(
        impl $({$($generics:tt)*})? HasTimer<$timer_type:ty> for $self:ty
        { self.$field:ident }
    )*) => {$(
        $crate::only_generics! { $({$($generics)*})? }

        // SAFETY: Both use the offset of the field, which has the right type, as `raw_get_timer` shows.
        unsafe impl $(<$($generics)*>)? $crate::time::timer::HasTimer<$timer_type> for $self {
            #[inline]
            unsafe fn raw_get_timer(
                this: *const Self,
            ) -> *const $crate::time::timer::Timer<$timer_type> {
                // `offset_of!` does not look into what `Self` dereferences to.
                let _ = ::core::mem::offset_of!(Self, $field);

                // SAFETY: The caller promises memory for a `Self`.
                unsafe { &raw const (*this).$field }
            }

            #[inline]
            unsafe fn timer_container_of(
                ptr: *mut $crate::time::timer::Timer<$timer_type>,
            ) -> *mut Self {
                // SAFETY: The caller promises that it is this field of a `Self`.
                unsafe { ptr.byte_sub(::core::mem::offset_of!(Self, $field)) }.cast()
            }
        }
    )*};
}
pub use impl_has_timer;
