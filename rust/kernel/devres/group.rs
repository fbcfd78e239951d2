// SPDX-License-Identifier: GPL-2.0-only

//! What a device's driver has, as a group that is released before the bus switches the device off.
//!
//! C header: `include/linux/device.h` (`devres_open_group()`).

use crate::alloc::flags::GFP_KERNEL;
use crate::bindings;
use crate::device::Bound;
use crate::device::Device;
use crate::devres;
use crate::error::code::ENOMEM;
use crate::error::Result;
use crate::ffi::c_int;
use crate::ffi::c_void;

/// What a driver's group is found by: its address, which nothing else has.
static GROUP: u8 = 0;

fn id() -> *mut c_void {
    (&raw const GROUP).cast_mut().cast()
}

/// In the group, with [`id()`] as its payload: while it is there, the driver core has not begun to take the device out.
/// Another empty function may have the same address.
unsafe extern "C" fn is_bound(_dev: *mut bindings::device, _node: *mut c_void) {}

/// Calls `f` with the device if a driver of this module has it; until `f` returns, the device stays bound. `f` must not
/// sleep.
pub(crate) fn while_bound<R>(dev: &Device, f: fn(&Device<Bound>) -> R) -> Option<R> {
    struct Call<R>(fn(&Device<Bound>) -> R, Option<R>);

    unsafe extern "C" fn found<R>(
        dev: *mut bindings::device,
        node: *mut c_void,
        call: *mut c_void,
    ) -> c_int {
        // SAFETY: Nodes with that function are of `devres::add_once()`.
        if unsafe { node.cast::<*mut c_void>().read() } != id() {
            return 0;
        }
        // SAFETY: `call` is below, and nobody else has it.
        let call = unsafe { &mut *call.cast::<Call<R>>() };
        // SAFETY: The node is there, and C's lock is held, without which it does not go.
        call.1 = Some((call.0)(unsafe { Device::from_raw(dev) }));
        1
    }

    let mut call = Call(f, None);
    // It is asked about the node while C holds its lock.
    // SAFETY: `dev` is valid, and `found()` gets what it takes.
    unsafe {
        bindings::devres_find(
            dev.as_raw(),
            Some(is_bound),
            Some(found::<R>),
            (&raw mut call).cast(),
        )
    };
    call.1
}

/// Begins what the device's driver has: calls `probe`, and releases all of that again if it fails.
///
/// # Errors
///
/// Those of `probe`; [`ENOMEM`] if there is no memory.
pub(crate) fn with_group(dev: &Device<Bound>, probe: impl FnOnce() -> Result) -> Result {
    // SAFETY: `dev` is valid; C only compares the address.
    let group = unsafe { bindings::devres_open_group(dev.as_raw(), id(), GFP_KERNEL.as_raw()) };
    if group.is_null() {
        return Err(ENOMEM);
    }
    // SAFETY: It does nothing.
    unsafe { devres::add_once(dev, is_bound, id()) }
        .and_then(|()| probe())
        .inspect_err(|_| release_group(dev))
}

/// Releases what the device's driver has, the last first, while the bus still has the device switched on: what is left
/// for the driver core is released when the bus has disabled it.
pub(crate) fn release_group(dev: &Device<Bound>) {
    // SAFETY: `dev` is valid, and has the group. What is released is so at the end of the driver in any case.
    unsafe { bindings::devres_release_group(dev.as_raw(), id()) };
}
