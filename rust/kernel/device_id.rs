// SPDX-License-Identifier: GPL-2.0-only

//! Tables of device IDs: what each bus's `DeviceId` is put into.
//!
//! C header: `include/linux/mod_devicetable.h`.

use core::marker::PhantomData;
use core::mem::MaybeUninit;

/// A Rust type of device IDs that stands for one of C's.
///
/// # Safety
///
/// `Self` must have the layout of `RawType`, so that its bytes are a `RawType`; all bytes of
/// `RawType` zero must be what C takes for the end of a table.
pub unsafe trait RawDeviceId {
    /// C's type.
    type RawType: Copy;
}

/// Device IDs in which C has a place for a pointer to what the driver knows of the device.
///
/// # Safety
///
/// `RawType` must have an integer or pointer of the size of a pointer, aligned as one, at the offset.
pub unsafe trait RawDeviceIdIndex: RawDeviceId {
    /// Where in `RawType` the pointer is.
    const DRIVER_DATA_OFFSET: usize;

    /// Returns what the driver knows of the device, if the ID is one of a table.
    ///
    /// # Safety
    ///
    /// `self` must be in an [`IdArray<Self, U, N>`](IdArray) or have a zero in the pointer's place.
    unsafe fn info_unchecked_opt<U>(&self) -> Option<&'static U> {
        let info = core::ptr::from_ref(self).cast::<u8>();
        // SAFETY: The offset is within the ID; by the safety requirement there is a reference or zero.
        unsafe {
            info.add(Self::DRIVER_DATA_OFFSET)
                .cast::<Option<&U>>()
                .read()
        }
    }
}

/// A table of device IDs as C has it: with an entry of zeroes at the end.
#[repr(C)]
pub struct IdArray<T: RawDeviceId, U: 'static, const N: usize> {
    // `MaybeUninit`: an integer could not hold a pointer in a constant.
    ids: [MaybeUninit<T::RawType>; N],
    end: MaybeUninit<T::RawType>,
    _info: PhantomData<&'static U>,
}

// SAFETY: It is plain data and references to `U`.
unsafe impl<T: RawDeviceId, U: Sync + 'static, const N: usize> Send for IdArray<T, U, N> {}

// SAFETY: As for `Send`; nothing ever changes it.
unsafe impl<T: RawDeviceId, U: Sync + 'static, const N: usize> Sync for IdArray<T, U, N> {}

impl<T: RawDeviceIdIndex, U: 'static, const N: usize> IdArray<T, U, N> {
    /// Makes a table of IDs and what the driver knows of each device.
    pub const fn new(ids: [(T, &'static U); N]) -> Self {
        let mut raw = [const { MaybeUninit::<T::RawType>::uninit() }; N];
        let mut i = 0;
        while i < N {
            // SAFETY: By the trait's requirement the bytes of a `T` are a `RawType`.
            raw[i] = unsafe { core::mem::transmute_copy(&ids[i].0) };
            let place = raw[i].as_mut_ptr().cast::<u8>();
            // SAFETY: By the trait's requirement a pointer can be written there.
            unsafe {
                place
                    .add(T::DRIVER_DATA_OFFSET)
                    .cast::<&U>()
                    .write(ids[i].1)
            };
            i += 1;
        }
        core::mem::forget(ids);
        Self::ending_with_zeroes(raw)
    }
}

impl<T: RawDeviceId, const N: usize> IdArray<T, (), N> {
    /// Makes a table of IDs alone.
    pub const fn new_without_index(ids: [T; N]) -> Self {
        // SAFETY: By the trait's requirement the bytes of a `T` are a `RawType`.
        let raw = unsafe { core::mem::transmute_copy(&ids) };
        core::mem::forget(ids);
        Self::ending_with_zeroes(raw)
    }
}

impl<T: RawDeviceId, U: 'static, const N: usize> IdArray<T, U, N> {
    const fn ending_with_zeroes(ids: [MaybeUninit<T::RawType>; N]) -> Self {
        Self {
            ids,
            end: MaybeUninit::zeroed(),
            _info: PhantomData,
        }
    }
}

mod private {
    pub trait Sealed {}

    impl<T: super::RawDeviceId, U, const N: usize> Sealed for super::IdArray<T, U, N> {}
}

/// A table of device IDs of whatever length. Nothing but [`IdArray`] is one.
///
/// Buses have a type for a reference to one, such as [`pci::IdTable`](crate::pci::IdTable).
pub trait IdTable<T: RawDeviceId, U>: private::Sealed {
    /// Returns what C takes.
    fn as_ptr(&self) -> *const T::RawType;
}

impl<T: RawDeviceId, U, const N: usize> IdTable<T, U> for IdArray<T, U, N> {
    fn as_ptr(&self) -> *const T::RawType {
        // Of the whole, with the end.
        core::ptr::from_ref(self).cast()
    }
}

/// Makes a table of device IDs, and tells modpost of it: `modinfo` shows its aliases, and udev
/// loads the module for such a device. C: `MODULE_DEVICE_TABLE()`.
///
/// The buses' own macros, such as [`pci_device_table!`](crate::pci_device_table), are what a driver uses.
#[macro_export]
macro_rules! module_device_table {
    (
        $bus:literal, $id_type:ty, $name:ident, @none, [$($id:expr),* $(,)?]
    ) => {
        $crate::bindings::device_table! {
            $bus, $name,
            static $name: $crate::device_id::IdArray<
                $id_type,
                (),
                { <[$id_type]>::len(&[$($id,)*]) },
            > = $crate::device_id::IdArray::new_without_index([$($id),*]);
        }
    };
    (
        $bus:literal, $id_type:ty, $name:ident, $info_type:ty,
        [$(($id:expr, $info:expr $(,)?)),* $(,)?]
    ) => {
        $crate::bindings::device_table! {
            $bus, $name,
            static $name: $crate::device_id::IdArray<
                $id_type,
                $info_type,
                { <[$id_type]>::len(&[$($id,)*]) },
            > = $crate::device_id::IdArray::new([$(($id, &$info)),*]);
        }
    };
}
