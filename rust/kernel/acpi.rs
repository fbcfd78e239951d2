// SPDX-License-Identifier: GPL-2.0-only

//! Devices that ACPI describes.
//!
//! C header: `include/linux/acpi.h`.

use crate::bindings;
use crate::build_assert;
use crate::device_id::RawDeviceId;
use crate::device_id::RawDeviceIdIndex;
use crate::str::CStr;

/// A table of [`DeviceId`], as drivers refer to it.
pub type IdTable<T> = &'static dyn crate::device_id::IdTable<DeviceId, T>;

/// A device as ACPI names it: `_HID` or `_CID`. C: `struct acpi_device_id`.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct DeviceId(bindings::acpi_device_id);

// SAFETY: It is C's type; C's tables end with an empty ID.
unsafe impl RawDeviceId for DeviceId {
    type RawType = bindings::acpi_device_id;
}

// SAFETY: The field is an integer of a pointer's size.
unsafe impl RawDeviceIdIndex for DeviceId {
    const DRIVER_DATA_OFFSET: usize = core::mem::offset_of!(bindings::acpi_device_id, driver_data);
}

impl DeviceId {
    /// Makes an ID, for example of `c"PNP0501"`: at most 15 characters.
    ///
    /// ```compile_fail,E0080
    /// const TOO_LONG: kernel::acpi::DeviceId = kernel::acpi::DeviceId::new(c"0123456789abcdef");
    /// # let _ = TOO_LONG;
    /// ```
    #[inline(always)]
    pub const fn new(id: &'static CStr) -> Self {
        let text = id.to_bytes();
        let mut raw: bindings::acpi_device_id = pin_init::zeroed();
        build_assert!(
            text.len() < raw.id.len(),
            "an ACPI ID has at most 15 characters"
        );
        let mut i = 0;
        while i < text.len() {
            raw.id[i] = text[i];
            i += 1;
        }
        Self(raw)
    }
}

/// Makes a table of ACPI IDs, which modpost finds: `TABLE, InfoType, [(id, info), ...]`.
///
/// # Examples
///
/// ```
/// use kernel::acpi::DeviceId;
///
/// kernel::acpi_device_table!(ACPI_UARTS, u32, [(DeviceId::new(c"PNP0501"), 16)]);
/// # let _: kernel::acpi::IdTable<u32> = &ACPI_UARTS;
/// ```
#[macro_export]
macro_rules! acpi_device_table {
    ($($tt:tt)*) => {
        $crate::module_device_table!("acpi", $crate::acpi::DeviceId, $($tt)*);
    };
}
