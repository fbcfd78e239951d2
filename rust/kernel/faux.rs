// SPDX-License-Identifier: GPL-2.0-only

//! Devices without hardware.
//!
//! C header: `include/linux/device/faux.h`. On kernels without it, the device is one of the platform
//! bus, with a driver of its own that nothing but the drop can take from it.

use crate::bindings;
use crate::device;
use crate::device::Bound;
use crate::driver;
use crate::error::code::ENODEV;
use crate::error::Result;
use crate::module::Live;
use crate::str::CStr;
use crate::str::CStrExt as _;
use crate::types::Opaque;
use core::marker::PhantomData;
use core::ptr::NonNull;

/// A device without hardware. C: `struct faux_device`.
///
/// # Invariants
///
/// It is a valid `struct faux_device`, of which holds what `Ctx` promises.
#[repr(transparent)]
pub struct Device<Ctx: device::DeviceContext = device::Normal>(
    Opaque<bindings::faux_device>,
    PhantomData<Ctx>,
);

impl<Ctx: device::DeviceContext> AsRef<device::Device<Ctx>> for Device<Ctx> {
    fn as_ref(&self) -> &device::Device<Ctx> {
        // SAFETY: `self` is valid, so its field is within the same object.
        let dev = unsafe { &raw mut (*self.0.get()).dev };
        // SAFETY: The device lives as long as the one of the bus, and what is known of one is of both.
        unsafe { device::Device::from_raw(dev) }
    }
}

// SAFETY: The offset is C's.
unsafe impl<Ctx: device::DeviceContext> device::AsBusDevice<Ctx> for Device<Ctx> {
    const OFFSET: usize = core::mem::offset_of!(bindings::faux_device, dev);
}

// SAFETY: `Device` is `struct faux_device` to the compiler, whatever `Ctx` is.
kernel::impl_device_context_deref!(unsafe { Device });

/// The longest path of a device in sysfs: a uevent has 2048 bytes, for the name and the driver's as well, and has to do for
/// a device below this one, as that of a tty.
const MAX_PATH: usize = 1024;

/// A registered device without hardware. Dropping it removes the device.
///
/// # Invariants
///
/// The device is registered and has its driver; only `self` removes it.
///
/// # Examples
///
/// ```
/// use kernel::faux;
/// use kernel::devres::Devres;
///
/// let faux = faux::Registration::new(c"faux_example", None)?;
/// assert_eq!(faux.as_ref().as_ref().name(), c"faux_example");
///
/// // It has its driver, so it can have what ends with that.
/// let value = Devres::new(faux.as_ref().as_ref(), 42)?;
/// assert_eq!(value.try_access().map(|value| *value), Some(42));
/// drop(faux);
/// assert!(value.try_access().is_none());
/// # Ok::<(), Error>(())
/// ```
pub struct Registration(NonNull<bindings::faux_device>, Live);

// SAFETY: Any thread may remove the device.
unsafe impl Send for Registration {}

// SAFETY: A shared reference gives access to the device alone, which is `Sync`.
unsafe impl Sync for Registration {}

impl Registration {
    /// Makes and registers a device.
    ///
    /// It should be dropped before the parent goes: some kernels log a warning if it is not.
    ///
    /// Context: process, may sleep. C: `faux_device_create()`.
    ///
    /// # Errors
    ///
    /// [`ENODEV`]: C returns null for every failure, such as a name that is taken. An empty one is refused, too, as is one
    /// of more than 128 bytes, or with a path in sysfs of more than 1024: C warns of what fits no uevent.
    pub fn new(name: &CStr, parent: Option<&device::Device>) -> Result<Self> {
        let path = parent.map_or(0, device::Device::path_len);
        let size = name.to_bytes().len();
        if size == 0 || size > driver::MAX_NAME || path + size > MAX_PATH {
            return Err(ENODEV);
        }
        let parent = parent.map_or(core::ptr::null_mut(), device::Device::as_raw);
        // SAFETY: C copies the name and takes a reference to the parent.
        let faux =
            unsafe { bindings::faux_device_create(name.as_char_ptr(), parent, core::ptr::null()) };
        // INVARIANT: C has registered it, and its driver takes any such device at once.
        Ok(Self(NonNull::new(faux).ok_or(ENODEV)?, Live::new()))
    }
}

impl AsRef<Device<Bound>> for Registration {
    fn as_ref(&self) -> &Device<Bound> {
        // SAFETY: By the type invariant; nothing else can take the driver away.
        unsafe { self.0.cast::<Device<Bound>>().as_ref() }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        // SAFETY: By the type invariant it is registered, and this is its end.
        unsafe { bindings::faux_device_destroy(self.0.as_ptr()) };
    }
}
