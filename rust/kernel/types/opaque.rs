// SPDX-License-Identifier: GPL-2.0-only

//! Values that belong to C.

use crate::init;
use crate::init::PinInit;
use crate::init::Wrapper;
use crate::init::Zeroable;
use core::cell::UnsafeCell;
use core::marker::PhantomPinned;
use core::mem::MaybeUninit;

/// A value that C uses and changes as it likes, even while Rust has references to it.
///
/// It may be uninitialised, it may change at any time, it has an address that may matter, and
/// nothing happens when it is dropped. So Rust gets at it only by the pointer that
/// [`get()`](Self::get) returns.
///
/// # Examples
///
/// ```
/// use kernel::bindings;
/// use kernel::types::Opaque;
///
/// struct List {
///     head: Opaque<bindings::list_head>,
/// }
///
/// let list = List { head: Opaque::zeroed() };
/// let head: *mut bindings::list_head = list.head.get();
/// assert!(!head.is_null());
/// ```
#[repr(transparent)]
pub struct Opaque<T> {
    value: UnsafeCell<MaybeUninit<T>>,
    _pin: PhantomPinned,
}

// SAFETY: Any bytes are a valid value of it.
unsafe impl<T> Zeroable for Opaque<T> {}

impl<T> Opaque<T> {
    /// Makes one of a value.
    pub const fn new(value: T) -> Self {
        Self {
            value: UnsafeCell::new(MaybeUninit::new(value)),
            _pin: PhantomPinned,
        }
    }

    /// Makes one without a value.
    pub const fn uninit() -> Self {
        Self {
            value: UnsafeCell::new(MaybeUninit::uninit()),
            _pin: PhantomPinned,
        }
    }

    /// Makes one with all bytes zero.
    pub const fn zeroed() -> Self {
        Self {
            value: UnsafeCell::new(MaybeUninit::zeroed()),
            _pin: PhantomPinned,
        }
    }

    /// Returns a pointer to the value.
    pub const fn get(&self) -> *mut T {
        UnsafeCell::get(&self.value).cast::<T>()
    }

    /// Gets from a pointer to the whole to a pointer to the value.
    ///
    /// No reference is made, so the pointer need not be valid.
    pub const fn cast_into(this: *const Self) -> *mut T {
        UnsafeCell::raw_get(this.cast::<UnsafeCell<MaybeUninit<T>>>()).cast::<T>()
    }

    /// Gets from a pointer to the value to a pointer to the whole: [`Self::cast_into()`] undone.
    pub const fn cast_from(this: *const T) -> *const Self {
        this.cast()
    }

    /// Returns an initialiser that calls a C function on the value's place.
    ///
    /// `init_func` gets a pointer to memory that may be uninitialised, and that is pinned.
    pub fn ffi_init(init_func: impl FnOnce(*mut T)) -> impl PinInit<Self> {
        // SAFETY: Whatever `init_func` leaves behind is a valid `Opaque`.
        unsafe {
            init::pin_init_from_closure(move |slot: *mut Self| {
                init_func(Self::cast_into(slot));
                Ok(())
            })
        }
    }

    /// Returns an initialiser that calls a C function on the value's place, which may fail.
    ///
    /// `init_func` gets a pointer to memory that may be uninitialised, and that is pinned. If it
    /// fails, it must leave nothing there that would need to be cleaned up.
    pub fn try_ffi_init<E>(
        init_func: impl FnOnce(*mut T) -> Result<(), E>,
    ) -> impl PinInit<Self, E> {
        // SAFETY: Whatever `init_func` leaves behind is a valid `Opaque`, and an `Opaque` has no
        // drop that an error would have to run.
        unsafe {
            init::pin_init_from_closure(move |slot: *mut Self| init_func(Self::cast_into(slot)))
        }
    }
}

impl<T> Wrapper<T> for Opaque<T> {
    /// Returns an initialiser that runs another one on the value's place.
    fn pin_init<E>(value_init: impl PinInit<T, E>) -> impl PinInit<Self, E> {
        Self::try_ffi_init(|ptr: *mut T| {
            // SAFETY: `ptr` is the place of a pinned `Opaque` that holds nothing yet, and that is
            // never moved out of.
            unsafe { value_init.__pinned_init(ptr) }
        })
    }
}
