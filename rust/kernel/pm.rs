// SPDX-License-Identifier: GPL-2.0-only

//! Power management of devices.
//!
//! C header: `include/linux/pm.h`.

use crate::bindings;
use crate::device::Core;
use crate::device::Device;
use crate::error::from_result;
use crate::error::Result;
use crate::ffi::c_int;
use core::marker::PhantomData;

/// What a driver does with a device when the system goes to sleep, hibernates, and comes back.
///
/// # Examples
///
/// ```
/// use kernel::device::{Core, Device};
/// use kernel::{pci, pm};
///
/// struct Driver;
///
/// impl pm::Operations for Driver {
///     fn suspend(dev: &Device<Core<'_>>) -> Result {
///         dev_info!(dev, "good night\n");
///         Ok(())
///     }
///
///     fn resume(_dev: &Device<Core<'_>>) -> Result {
///         Ok(())
///     }
/// }
///
/// kernel::pci_device_table!(PCI_PM, (), [(pci::DeviceId::from_id(pci::Vendor::REDHAT, 0x0005), ())]);
///
/// impl pci::Driver for Driver {
///     type IdInfo = ();
///     type Data<'bound> = ();
///     const ID_TABLE: pci::IdTable<()> = &PCI_PM;
///     const PM_OPS: Option<&'static pm::Ops> = Some(pm::ops::<Self>());
///
///     fn probe<'bound>(
///         _pdev: &'bound pci::Device<Core<'_>>,
///         _info: Option<&'bound ()>,
///     ) -> impl PinInit<(), Error> + 'bound {
///         Ok(())
///     }
/// }
/// ```
pub trait Operations {
    /// Makes the device ready for a sleep of the system.
    ///
    /// It is also called before and after the system's memory is written to disk. Context: process, may sleep.
    ///
    /// # Errors
    ///
    /// The driver's: the system stays awake.
    fn suspend(dev: &Device<Core<'_>>) -> Result;

    /// Undoes [`suspend()`](Self::suspend).
    ///
    /// Context: process, may sleep.
    ///
    /// # Errors
    ///
    /// The driver's: they are logged.
    fn resume(dev: &Device<Core<'_>>) -> Result;
}

/// C's table of a driver's [`Operations`]. C: `struct dev_pm_ops`.
#[repr(transparent)]
pub struct Ops(bindings::dev_pm_ops);

// SAFETY: It is never changed.
unsafe impl Sync for Ops {}

impl Ops {
    /// Returns what C takes.
    pub(crate) fn as_raw(&'static self) -> *const bindings::dev_pm_ops {
        &raw const self.0
    }
}

/// Returns C's table of `T`. C: `DEFINE_SIMPLE_DEV_PM_OPS()`.
pub const fn ops<T: Operations>() -> &'static Ops {
    &Adapter::<T>::OPS
}

struct Adapter<T>(PhantomData<T>);

impl<T: Operations> Adapter<T> {
    const OPS: Ops = {
        // SAFETY: Zero is no function.
        let mut ops: bindings::dev_pm_ops = unsafe { core::mem::zeroed() };
        ops.suspend = Some(Self::suspend);
        ops.freeze = Some(Self::suspend);
        ops.poweroff = Some(Self::suspend);
        ops.resume = Some(Self::resume);
        ops.thaw = Some(Self::resume);
        ops.restore = Some(Self::resume);
        Ops(ops)
    };

    unsafe extern "C" fn suspend(dev: *mut bindings::device) -> c_int {
        // SAFETY: C passes a device that has the driver, and has locked it for this call.
        from_result(|| T::suspend(unsafe { Device::from_raw(dev) }).map(|()| 0))
    }

    unsafe extern "C" fn resume(dev: *mut bindings::device) -> c_int {
        // SAFETY: As above.
        from_result(|| T::resume(unsafe { Device::from_raw(dev) }).map(|()| 0))
    }
}
