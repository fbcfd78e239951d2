// SPDX-License-Identifier: GPL-2.0-only

//! What devices of all busses have.

/// Gives a bus's type of devices what each has: `as_raw()` and `from_raw()`, [`Deref`](core::ops::Deref) between
/// contexts, references that C counts, [`AsRef`] of the [`Device`](crate::device::Device) in it, `Send` and `Sync`.
///
/// `unsafe`: `$device<Ctx>` must be C's `$raw` to the compiler in each context, which must have the device as a field
/// `dev`; the type's methods must lock what they change.
macro_rules! bus_device {
    (unsafe { $device:ident }, $raw:ident) => {
        impl<Ctx: $crate::device::DeviceContext> $device<Ctx> {
            fn as_raw(&self) -> *mut $crate::bindings::$raw {
                self.0.get()
            }

            /// Wraps a device that C has.
            ///
            /// # Safety
            ///
            /// During `'a`, `ptr` must be a valid device of which holds what `Ctx` promises.
            unsafe fn from_raw<'a>(ptr: *mut $crate::bindings::$raw) -> &'a Self {
                // SAFETY: By the macro's and the function's safety requirements.
                unsafe { &*ptr.cast() }
            }
        }

        // SAFETY: By the macro's safety requirement.
        $crate::impl_device_context_deref!(unsafe { $device });
        $crate::impl_device_context_into_aref!($device);

        // SAFETY: The offset is C's.
        unsafe impl<Ctx: $crate::device::DeviceContext> $crate::device::AsBusDevice<Ctx>
            for $device<Ctx>
        {
            const OFFSET: usize = core::mem::offset_of!($crate::bindings::$raw, dev);
        }

        // SAFETY: C counts a device's references; nobody owns a device by value.
        unsafe impl $crate::sync::aref::AlwaysRefCounted for $device {
            fn inc_ref(&self) {
                let dev: &$crate::device::Device = self.as_ref();
                // SAFETY: `self` is valid.
                unsafe { $crate::bindings::get_device(dev.as_raw()) };
            }

            unsafe fn dec_ref(obj: ::core::ptr::NonNull<Self>) {
                let raw = obj.cast::<$crate::bindings::$raw>().as_ptr();
                // SAFETY: The object is valid as long as the caller has its reference, which is given back.
                unsafe { $crate::bindings::put_device(&raw mut (*raw).dev) };
            }
        }

        impl<Ctx: $crate::device::DeviceContext> ::core::convert::AsRef<$crate::device::Device<Ctx>>
            for $device<Ctx>
        {
            fn as_ref(&self) -> &$crate::device::Device<Ctx> {
                // SAFETY: `self` is valid, so its field is within the same object.
                let dev = unsafe { &raw mut (*self.as_raw()).dev };
                // SAFETY: The device lives as long as the one of the bus, and what is known of one is of both.
                unsafe { $crate::device::Device::from_raw(dev) }
            }
        }

        // SAFETY: C lets any thread give back a device's last reference.
        unsafe impl Send for $device {}

        // SAFETY: By the macro's safety requirement.
        unsafe impl Sync for $device {}

        // SAFETY: As for a device of which less is known.
        unsafe impl Sync for $device<$crate::device::Bound> {}
    };
}

pub(crate) use bus_device;
