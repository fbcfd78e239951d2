// SPDX-License-Identifier: GPL-2.0-only

//! Devices that a device tree describes.
//!
//! C header: `include/linux/of.h`.

use crate::bindings;
use crate::build_assert;
use crate::device_id::RawDeviceId;
use crate::device_id::RawDeviceIdIndex;
use crate::str::CStr;

/// A table of [`DeviceId`], as drivers refer to it.
pub type IdTable<T> = &'static dyn crate::device_id::IdTable<DeviceId, T>;

/// A device as a device tree names it: `compatible`. C: `struct of_device_id`.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct DeviceId(bindings::of_device_id);

// SAFETY: It is C's type; C's tables end with an entry of zeroes.
unsafe impl RawDeviceId for DeviceId {
    type RawType = bindings::of_device_id;
}

// SAFETY: The field is a pointer.
unsafe impl RawDeviceIdIndex for DeviceId {
    const DRIVER_DATA_OFFSET: usize = core::mem::offset_of!(bindings::of_device_id, data);
}

impl DeviceId {
    /// Makes an ID, for example of `c"ns16550a"`: at most 127 characters.
    #[inline(always)]
    pub const fn new(compatible: &'static CStr) -> Self {
        let text = compatible.to_bytes();
        let mut raw: bindings::of_device_id = pin_init::zeroed();
        build_assert!(text.len() < raw.compatible.len(), "at most 127 characters");
        let mut i = 0;
        while i < text.len() {
            raw.compatible[i] = text[i];
            i += 1;
        }
        Self(raw)
    }
}

/// Makes a table of device tree IDs, which modpost finds: `TABLE, InfoType, [(id, info), ...]`.
///
/// # Examples
///
/// ```
/// use kernel::of::DeviceId;
///
/// kernel::of_device_table!(OF_UARTS, u32, [(DeviceId::new(c"ns16550a"), 16)]);
/// # let _: kernel::of::IdTable<u32> = &OF_UARTS;
/// ```
#[macro_export]
macro_rules! of_device_table {
    ($($tt:tt)*) => {
        $crate::module_device_table!("of", $crate::of::DeviceId, $($tt)*);
    };
}
