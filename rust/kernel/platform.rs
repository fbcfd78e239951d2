// SPDX-License-Identifier: GPL-2.0-only

//! Platform devices, which firmware or another driver describes, and their drivers.
//!
//! C header: `include/linux/platform_device.h`.

use crate::acpi;
use crate::bindings;
use crate::container_of;
use crate::device;
use crate::device::Bound;
use crate::device::Core;
use crate::device::CoreInternal;
use crate::devres;
use crate::driver;
use crate::driver::Adapter as _;
use crate::error::code::EINVAL;
use crate::error::from_result;
use crate::error::to_result;
use crate::error::Error;
use crate::error::Result;
use crate::ffi::c_int;
use crate::init::PinInit;
use crate::io::mem::IoRequest;
use crate::io::Resource;
use crate::irq::IrqRequest;
use crate::of;
use crate::pm;
use crate::str::CStr;
use crate::str::CStrExt as _;
use crate::types::Opaque;
use crate::ThisModule;
use core::marker::PhantomData;
use core::pin::Pin;

mod bundle;

pub use bundle::Bundle;

/// A platform device. C: `struct platform_device`.
///
/// `Ctx` says what is known of it, see [`DeviceContext`](device::DeviceContext).
///
/// A device that was kept may be gone, and with it what its resources are called:
///
/// ```compile_fail,E0599
/// use kernel::io::Resource;
/// use kernel::platform;
/// use kernel::sync::aref::ARef;
///
/// fn memory(kept: &ARef<platform::Device>) -> Option<&Resource> {
///     kept.resource_by_index(0)
/// }
/// ```
///
/// # Invariants
///
/// It is a valid `struct platform_device` with a positive reference count, and what `Ctx` promises holds.
#[repr(transparent)]
pub struct Device<Ctx: device::DeviceContext = device::Normal>(
    Opaque<bindings::platform_device>,
    PhantomData<Ctx>,
);

// A device that was kept has its resources, but not their names: these are strings of the module that made the device.
impl Device<Bound> {
    fn resource(&self, kind: u32, index: u32) -> Option<&Resource> {
        // SAFETY: `self` is valid.
        let resource = unsafe { bindings::platform_get_resource(self.as_raw(), kind, index) };
        // SAFETY: A device has its resources as long as it is bound, and nobody changes them.
        (!resource.is_null()).then(|| unsafe { Resource::from_raw(resource) })
    }

    /// One of the device's ranges of memory. Context: any. C: `platform_get_resource()`.
    pub fn resource_by_index(&self, index: u32) -> Option<&Resource> {
        self.resource(bindings::IORESOURCE_MEM, index)
    }

    /// One of the device's ranges of I/O ports. Context: any. C: `platform_get_resource()`.
    pub fn ports_by_index(&self, index: u32) -> Option<&Resource> {
        self.resource(bindings::IORESOURCE_IO, index)
    }

    /// The device's range of memory of that name. Context: any.
    /// C: `platform_get_resource_byname()`.
    pub fn resource_by_name(&self, name: &CStr) -> Option<&Resource> {
        let name = name.as_char_ptr();
        // SAFETY: `self` is valid.
        let resource = unsafe {
            bindings::platform_get_resource_byname(self.as_raw(), bindings::IORESOURCE_MEM, name)
        };
        // SAFETY: As in `resource()`.
        (!resource.is_null()).then(|| unsafe { Resource::from_raw(resource) })
    }

    /// One of the device's ranges of memory, to be mapped. Context: any.
    pub fn io_request_by_index(&self, index: u32) -> Option<IoRequest<'_>> {
        let resource = self.resource_by_index(index)?;
        // SAFETY: It is the device's.
        Some(unsafe { IoRequest::new(self.as_ref(), resource) })
    }

    /// The device's range of memory of that name, to be mapped. Context: any.
    pub fn io_request_by_name(&self, name: &CStr) -> Option<IoRequest<'_>> {
        let resource = self.resource_by_name(name)?;
        // SAFETY: It is the device's.
        Some(unsafe { IoRequest::new(self.as_ref(), resource) })
    }

    /// What C returns for an interrupt.
    fn irq(&self, irq: c_int) -> Result<IrqRequest<'_>> {
        to_result(irq)?;
        // SAFETY: C has said that it is one of the device's.
        Ok(unsafe { IrqRequest::new(self.as_ref(), irq as u32) })
    }

    /// One of the device's interrupts. Context: process, may sleep. C: `platform_get_irq()`.
    ///
    /// # Errors
    ///
    /// [`ENXIO`](crate::error::code::ENXIO) if there is none, which the log says;
    /// [`EPROBE_DEFER`](crate::error::code::EPROBE_DEFER) if what it is connected to is not there yet.
    pub fn irq_by_index(&self, index: u32) -> Result<IrqRequest<'_>> {
        // SAFETY: `self` is valid.
        self.irq(unsafe { bindings::platform_get_irq(self.as_raw(), index) })
    }

    /// As [`irq_by_index()`](Self::irq_by_index), but the log says nothing.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn optional_irq_by_index(&self, index: u32) -> Result<IrqRequest<'_>> {
        // SAFETY: `self` is valid.
        self.irq(unsafe { bindings::platform_get_irq_optional(self.as_raw(), index) })
    }

    /// The device's interrupt of that name. Context: process, may sleep. C: `platform_get_irq_byname()`.
    ///
    /// # Errors
    ///
    /// As for [`irq_by_index()`](Self::irq_by_index).
    pub fn irq_by_name(&self, name: &CStr) -> Result<IrqRequest<'_>> {
        let name = name.as_char_ptr();
        // SAFETY: `self` is valid.
        self.irq(unsafe { bindings::platform_get_irq_byname(self.as_raw(), name) })
    }

    /// As [`irq_by_name()`](Self::irq_by_name), but the log says nothing.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn optional_irq_by_name(&self, name: &CStr) -> Result<IrqRequest<'_>> {
        let name = name.as_char_ptr();
        // SAFETY: `self` is valid.
        self.irq(unsafe { bindings::platform_get_irq_byname_optional(self.as_raw(), name) })
    }
}

// SAFETY: `Device` is `struct platform_device` to the compiler, whatever `Ctx` is; C locks what the methods change.
device::bus_device!(unsafe { Device }, platform_device);

impl<'a, Ctx: device::DeviceContext> TryFrom<&'a device::Device<Ctx>> for &'a Device<Ctx> {
    type Error = Error;

    /// # Errors
    ///
    /// [`EINVAL`] if it is no platform device.
    fn try_from(dev: &'a device::Device<Ctx>) -> Result<Self> {
        // SAFETY: `dev` is valid.
        if !unsafe { bindings::dev_is_platform(dev.as_raw()) } {
            return Err(EINVAL);
        }
        // SAFETY: What is on the platform bus is in a `struct platform_device`.
        let pdev = unsafe { container_of!(dev.as_raw(), bindings::platform_device, dev) };
        // SAFETY: It lives as long as `dev`.
        Ok(unsafe { Device::from_raw(pdev) })
    }
}

/// A driver of platform devices. C: `struct platform_driver`.
///
/// It gets the devices in its tables, and those that have its name; in a [`Bundle`], that one's device alone.
///
/// # Examples
///
/// ```
/// use kernel::{acpi, device::Core, platform};
///
/// struct Driver;
///
/// kernel::acpi_device_table!(ACPI_EXAMPLE, u8, [(acpi::DeviceId::new(c"LNUXBEEF"), 7)]);
///
/// impl platform::Driver for Driver {
///     type IdInfo = u8;
///     type Data<'bound> = &'bound platform::Device;
///     const ACPI_ID_TABLE: Option<acpi::IdTable<u8>> = Some(&ACPI_EXAMPLE);
///
///     fn probe<'bound>(
///         pdev: &'bound platform::Device<Core<'_>>,
///         _info: Option<&'bound u8>,
///     ) -> impl PinInit<Self::Data<'bound>, Error> + 'bound {
///         dev_info!(pdev, "found\n");
///         Ok(&***pdev)
///     }
/// }
/// ```
pub trait Driver {
    /// What the driver knows of each kind of device.
    type IdInfo: 'static;

    /// What the driver keeps for a device: it is dropped before `'bound` ends.
    type Data<'bound>: Send + 'bound;

    /// Which devices of a device tree the driver is for.
    const OF_ID_TABLE: Option<of::IdTable<Self::IdInfo>> = None;

    /// Which devices of ACPI the driver is for.
    const ACPI_ID_TABLE: Option<acpi::IdTable<Self::IdInfo>> = None;

    /// What the driver does when the system goes to sleep, see [`pm::ops()`].
    const PM_OPS: Option<&'static pm::Ops> = None;

    /// Takes a device on, and returns the initialiser of the driver's data.
    ///
    /// `id_info` is what the table has in which the device was found, if it was found in one.
    ///
    /// Context: process, may sleep.
    ///
    /// # Errors
    ///
    /// The driver's. [`ENODEV`](crate::error::code::ENODEV) and
    /// [`ENXIO`](crate::error::code::ENXIO) mean that it is not for this device; other errors are logged.
    fn probe<'bound>(
        dev: &'bound Device<Core<'_>>,
        id_info: Option<&'bound Self::IdInfo>,
    ) -> impl PinInit<Self::Data<'bound>, Error> + 'bound;

    /// Is called when the device is about to lose the driver, before the data is dropped.
    ///
    /// The device may be gone already. Context: process, may sleep.
    fn unbind<'bound>(dev: &'bound Device<Core<'_>>, this: Pin<&Self::Data<'bound>>) {
        let _ = (dev, this);
    }
}

/// Makes a `struct platform_driver` of a [`Driver`].
pub struct Adapter<T: Driver>(T);

impl<T: Driver> Adapter<T> {
    /// Sets what C has to know of the driver.
    ///
    /// # Safety
    ///
    /// `pdrv` must be all zeroes, and known to nobody else.
    unsafe fn fill(pdrv: *mut bindings::platform_driver, name: &'static CStr) {
        let acpi = T::ACPI_ID_TABLE.map_or(core::ptr::null(), |table| table.as_ptr());
        let of = T::OF_ID_TABLE.map_or(core::ptr::null(), |table| table.as_ptr());
        // SAFETY: The caller promises it.
        unsafe {
            (*pdrv).driver.name = name.as_char_ptr();
            (*pdrv).driver.acpi_match_table = acpi;
            (*pdrv).driver.of_match_table = of;
            (*pdrv).driver.pm = T::PM_OPS.map_or(core::ptr::null(), pm::Ops::as_raw);
            (*pdrv).probe = Some(Self::probe_callback);
            bindings::platform_driver_set_remove(pdrv, Some(Self::remove_callback));
        }
    }

    extern "C" fn probe_callback(pdev: *mut bindings::platform_device) -> c_int {
        // SAFETY: C passes a valid device, which it has locked for this call.
        let pdev: &Device<CoreInternal<'_>> = unsafe { Device::from_raw(pdev) };
        // SAFETY: The device is being bound to this driver.
        let info = unsafe { Self::id_info(pdev.as_ref()) };
        let probe = || pdev.as_ref().set_drvdata(T::probe(pdev, info));
        from_result(|| devres::with_group(pdev.as_ref(), probe).map(|()| 0))
    }

    extern "C" fn remove_callback(
        pdev: *mut bindings::platform_device,
    ) -> bindings::platform_removed_t {
        // SAFETY: C passes a valid device, which it has locked for this call.
        let pdev: &Device<CoreInternal<'_>> = unsafe { Device::from_raw(pdev) };
        // SAFETY: `probe_callback` has succeeded, so it has stored such data.
        let data = unsafe { pdev.as_ref().drvdata_borrow::<T::Data<'_>>() };
        T::unbind(pdev, data);
        // SAFETY: As above; the borrow has ended, and nobody else has one.
        drop(unsafe { pdev.as_ref().drvdata_obtain::<T::Data<'_>>() });
        devres::release_group(pdev.as_ref());
        bindings::PLATFORM_REMOVED
    }
}

impl<T: Driver> driver::Adapter for Adapter<T> {
    type IdInfo = T::IdInfo;

    fn acpi_id_table() -> Option<acpi::IdTable<T::IdInfo>> {
        T::ACPI_ID_TABLE
    }

    fn of_id_table() -> Option<of::IdTable<T::IdInfo>> {
        T::OF_ID_TABLE
    }
}

// SAFETY: C calls nothing of a driver when it has been unregistered.
unsafe impl<T: Driver> driver::RegistrationOps for Adapter<T> {
    type DriverType = bindings::platform_driver;

    unsafe fn register(
        pdrv: &Opaque<Self::DriverType>,
        name: &'static CStr,
        module: &'static ThisModule,
    ) -> Result {
        let pdrv = pdrv.get();
        // SAFETY: Nobody else knows of the driver yet.
        unsafe { Self::fill(pdrv, name) };
        // SAFETY: The caller promises that the driver stays where it is.
        to_result(unsafe {
            bindings::platform_driver_register(pdrv, module.as_ptr(), name.as_char_ptr())
        })
    }

    unsafe fn unregister(pdrv: &Opaque<Self::DriverType>) {
        // SAFETY: The caller promises that it is registered.
        unsafe { bindings::platform_driver_unregister(pdrv.get()) };
    }
}

/// Makes a module of a platform driver: `type` is the driver, the other keys are those of
/// [`module!`](crate::prelude::module). C: `module_platform_driver()`.
#[macro_export]
macro_rules! module_platform_driver {
    ($($f:tt)*) => {
        $crate::module_driver!(<T>, $crate::platform::Adapter<T>, { $($f)* });
    };
}
