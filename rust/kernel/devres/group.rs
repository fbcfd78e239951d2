// SPDX-License-Identifier: GPL-2.0-only

//! What a device's driver has, as a group that is released before the bus switches the device off.
//!
//! C header: `include/linux/device.h` (`devres_open_group()`).

use crate::alloc::flags::GFP_KERNEL;
use crate::bindings;
use crate::device::Bound;
use crate::device::Device;
use crate::error::code::ENOMEM;
use crate::error::Result;
use crate::ffi::c_void;

/// What a driver's group is found by: its address, which nothing else has.
static GROUP: u8 = 0;

/// Begins what the device's driver has: calls `probe`, and releases all of that again if it fails.
///
/// # Errors
///
/// Those of `probe`; [`ENOMEM`] if there is no memory.
pub(crate) fn with_group(dev: &Device<Bound>, probe: impl FnOnce() -> Result) -> Result {
    let id: *mut c_void = (&raw const GROUP).cast_mut().cast();
    // SAFETY: `dev` is valid; C only compares the address.
    let group = unsafe { bindings::devres_open_group(dev.as_raw(), id, GFP_KERNEL.as_raw()) };
    if group.is_null() {
        return Err(ENOMEM);
    }
    probe().inspect_err(|_| release_group(dev))
}

/// Releases what the device's driver has, the last first, while the bus still has the device switched on: what is left
/// for the driver core is released when the bus has disabled it.
pub(crate) fn release_group(dev: &Device<Bound>) {
    let id: *mut c_void = (&raw const GROUP).cast_mut().cast();
    // SAFETY: `dev` is valid, and has the group. What is released is so at the end of the driver in any case.
    unsafe { bindings::devres_release_group(dev.as_raw(), id) };
}
