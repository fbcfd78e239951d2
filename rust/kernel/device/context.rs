// SPDX-License-Identifier: GPL-2.0-only

//! What is known of a device, as types.

use core::marker::PhantomData;

mod private {
    pub trait Sealed {}

    impl Sealed for super::Normal {}
    impl Sealed for super::Bound {}
    impl Sealed for super::BoundInternal {}
    impl Sealed for super::Core<'_> {}
    impl Sealed for super::CoreInternal<'_> {}
}

/// What is known of a device as long as a reference to it lives.
///
/// | context | known | who has it |
/// |---|---|---|
/// | [`Normal`] | the device exists | anyone |
/// | [`Bound`] | it has a driver, which stays | the driver's data, what ends at unbind |
/// | [`Core`] | as `Bound`, and the driver core has locked it | the driver's `probe()` and `unbind()` |
///
/// A reference of a row is one of each row above too. [`CoreInternal`] and [`BoundInternal`] are
/// for the code of a bus.
pub trait DeviceContext: private::Sealed {}

/// Nothing is known but that the device exists: the default.
pub struct Normal;

/// The device has a driver, which stays bound as long as the reference lives.
pub struct Bound;

/// As [`Bound`], for what a bus does with the driver's data.
pub struct BoundInternal;

/// The driver core is calling the driver: the device is locked.
///
/// The lifetime keeps the reference in the callback: nothing that outlives it can hold one.
///
/// ```compile_fail
/// use kernel::device::{Core, Device};
///
/// fn keep<'bound>(dev: &'bound Device<Core<'_>>) -> &'bound Device<Core<'bound>> {
///     dev
/// }
/// ```
pub struct Core<'a>(PhantomData<fn(&'a ()) -> &'a ()>);

/// As [`Core`], for the code of a bus, not for drivers.
pub struct CoreInternal<'a>(PhantomData<fn(&'a ()) -> &'a ()>);

impl DeviceContext for Normal {}
impl DeviceContext for Bound {}
impl DeviceContext for BoundInternal {}
impl DeviceContext for Core<'_> {}
impl DeviceContext for CoreInternal<'_> {}

/// The contexts in which the driver's data can be borrowed.
pub trait InternalBoundContext: DeviceContext {}

impl InternalBoundContext for BoundInternal {}
impl InternalBoundContext for CoreInternal<'_> {}

/// Implements [`Deref`](core::ops::Deref) from each context of a type of devices to the next weaker one.
///
/// `unsafe`: the type must be the same to the compiler in each context.
#[macro_export]
macro_rules! impl_device_context_deref {
    (unsafe { $device:ident }) => {
        $crate::impl_device_context_deref!(unsafe @ $device, ['a], $crate::device::CoreInternal<'a>, $crate::device::Core<'a>);
        $crate::impl_device_context_deref!(unsafe @ $device, ['a], $crate::device::Core<'a>, $crate::device::Bound);
        $crate::impl_device_context_deref!(unsafe @ $device, [], $crate::device::BoundInternal, $crate::device::Bound);
        $crate::impl_device_context_deref!(unsafe @ $device, [], $crate::device::Bound, $crate::device::Normal);
    };
    // With `unsafe` too: a driver can use each rule.
    (unsafe @ $device:ident, [$($lt:lifetime)?], $from:ty, $to:ty) => {
        impl$(<$lt>)? ::core::ops::Deref for $device<$from> {
            type Target = $device<$to>;

            fn deref(&self) -> &Self::Target {
                let ptr: *const Self = self;
                // SAFETY: Who used the macro promised that both are the same to the compiler; the
                // weaker context promises less.
                unsafe { &*ptr.cast::<Self::Target>() }
            }
        }
    };
}

/// Lets an [`ARef`](crate::sync::aref::ARef) be made of a type of devices in each context.
#[macro_export]
macro_rules! impl_device_context_into_aref {
    ($device:tt) => {
        $crate::impl_device_context_into_aref!(@ $device, ['a], $crate::device::CoreInternal<'a>);
        $crate::impl_device_context_into_aref!(@ $device, ['a], $crate::device::Core<'a>);
        $crate::impl_device_context_into_aref!(@ $device, [], $crate::device::BoundInternal);
        $crate::impl_device_context_into_aref!(@ $device, [], $crate::device::Bound);
    };
    (@ $device:tt, [$($lt:lifetime)?], $from:ty) => {
        impl$(<$lt>)? ::core::convert::From<&$device<$from>> for $crate::sync::aref::ARef<$device> {
            fn from(dev: &$device<$from>) -> Self {
                // Down to the weakest context.
                let dev: &$device = dev;
                dev.into()
            }
        }
    };
}
