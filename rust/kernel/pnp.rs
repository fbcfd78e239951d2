// SPDX-License-Identifier: GPL-2.0-only

//! Devices of the mainboard that ACPI or the PnP BIOS describes by a PNP ID, and their drivers.
//!
//! A PC's own serial ports are such: `PNP0501`. Upstream's crate has no such module; it is shaped as
//! [`platform`](crate::platform).
//!
//! C header: `include/linux/pnp.h`.

use crate::bindings;
use crate::build_assert;
use crate::device;
use crate::device::Bound;
use crate::device::Core;
use crate::device::CoreInternal;
use crate::device_id::RawDeviceId;
use crate::device_id::RawDeviceIdIndex;
use crate::devres;
use crate::driver;
use crate::error::code::ENXIO;
use crate::error::from_result;
use crate::error::to_result;
use crate::error::Error;
use crate::error::Result;
use crate::ffi::c_int;
use crate::ffi::c_ulong;
use crate::init::PinInit;
use crate::io::mem::IoRequest;
use crate::io::Resource;
use crate::irq::IrqRequest;
use crate::pm;
use crate::str::CStr;
use crate::str::CStrExt as _;
use crate::types::Opaque;
use crate::ThisModule;
use core::marker::PhantomData;
use core::pin::Pin;

/// A table of [`DeviceId`], as drivers refer to it.
pub type IdTable<T> = &'static dyn crate::device_id::IdTable<DeviceId, T>;

/// A device by its PNP ID. C: `struct pnp_device_id`.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct DeviceId(bindings::pnp_device_id);

// SAFETY: It is C's type; C's tables end with an empty ID.
unsafe impl RawDeviceId for DeviceId {
    type RawType = bindings::pnp_device_id;
}

// SAFETY: The field is an integer of a pointer's size.
unsafe impl RawDeviceIdIndex for DeviceId {
    const DRIVER_DATA_OFFSET: usize = core::mem::offset_of!(bindings::pnp_device_id, driver_data);
}

impl DeviceId {
    /// Makes an ID, for example of `c"PNP0501"`: at most 7 characters.
    #[inline(always)]
    pub const fn new(id: &'static CStr) -> Self {
        let text = id.to_bytes();
        let mut raw: bindings::pnp_device_id = pin_init::zeroed();
        build_assert!(
            text.len() < raw.id.len(),
            "a PNP ID has at most 7 characters"
        );
        let mut i = 0;
        while i < text.len() {
            raw.id[i] = text[i];
            i += 1;
        }
        Self(raw)
    }
}

/// Makes a table of PNP IDs, which modpost finds: `TABLE, InfoType, [(id, info), ...]`.
///
/// # Examples
///
/// ```
/// use kernel::pnp::DeviceId;
///
/// kernel::pnp_device_table!(PNP_UARTS, u32, [(DeviceId::new(c"PNP0501"), 16)]);
/// # let _: kernel::pnp::IdTable<u32> = &PNP_UARTS;
/// ```
#[macro_export]
macro_rules! pnp_device_table {
    ($($tt:tt)*) => {
        $crate::module_device_table!("pnp", $crate::pnp::DeviceId, $($tt)*);
    };
}

/// A PNP device. C: `struct pnp_dev`.
///
/// `Ctx` says what is known of it, see [`DeviceContext`](device::DeviceContext).
///
/// # Invariants
///
/// It is a valid `struct pnp_dev` with a positive reference count, and what `Ctx` promises holds.
#[repr(transparent)]
pub struct Device<Ctx: device::DeviceContext = device::Normal>(
    Opaque<bindings::pnp_dev>,
    PhantomData<Ctx>,
);

// The resources of a device without a driver can be changed through sysfs.
impl Device<Bound> {
    fn resource(&self, kind: u32, index: u32) -> Option<&Resource> {
        // SAFETY: `self` is valid.
        let resource = unsafe { bindings::pnp_resource(self.as_raw(), kind as c_ulong, index) };
        // SAFETY: A device has its resources as long as it has a driver, and nobody changes them.
        (!resource.is_null()).then(|| unsafe { Resource::from_raw(resource) })
    }

    /// One of the device's ranges of memory. Context: any. C: `pnp_get_resource()`.
    pub fn resource_by_index(&self, index: u32) -> Option<&Resource> {
        self.resource(bindings::IORESOURCE_MEM, index)
    }

    /// One of the device's ranges of I/O ports. Context: any. C: `pnp_get_resource()`.
    pub fn ports_by_index(&self, index: u32) -> Option<&Resource> {
        self.resource(bindings::IORESOURCE_IO, index)
    }

    /// One of the device's ranges of memory, to be mapped. Context: any.
    pub fn io_request_by_index(&self, index: u32) -> Option<IoRequest<'_>> {
        let resource = self.resource_by_index(index)?;
        // SAFETY: It is the device's.
        Some(unsafe { IoRequest::new(self.as_ref(), resource) })
    }

    /// One of the device's interrupts. Context: any. C: `pnp_irq()`.
    ///
    /// # Errors
    ///
    /// [`ENXIO`] if there is none.
    pub fn irq_by_index(&self, index: u32) -> Result<IrqRequest<'_>> {
        let line = self
            .resource(bindings::IORESOURCE_IRQ, index)
            .ok_or(ENXIO)?;
        let irq = u32::try_from(line.start())?;
        // SAFETY: It is one of the device's.
        Ok(unsafe { IrqRequest::new(self.as_ref(), irq) })
    }
}

// SAFETY: `Device` is `struct pnp_dev` to the compiler, whatever `Ctx` is; C locks what the methods change.
device::bus_device!(unsafe { Device }, pnp_dev);

/// A driver of PNP devices. C: `struct pnp_driver`.
///
/// # Examples
///
/// ```
/// use kernel::device::Core;
/// use kernel::io::port::PortRegion;
/// use kernel::pnp;
///
/// struct Driver;
///
/// kernel::pnp_device_table!(PNP_EXAMPLE, (), [(pnp::DeviceId::new(c"PNP0501"), ())]);
///
/// impl pnp::Driver for Driver {
///     type IdInfo = ();
///     type Data<'bound> = PortRegion<8>;
///     const ID_TABLE: pnp::IdTable<()> = &PNP_EXAMPLE;
///
///     fn probe<'bound>(
///         dev: &'bound pnp::Device<Core<'_>>,
///         _info: &'bound (),
///     ) -> impl PinInit<Self::Data<'bound>, Error> + 'bound {
///         PortRegion::from_resource(dev.ports_by_index(0).ok_or(ENODEV)?, c"example")
///     }
/// }
/// ```
pub trait Driver {
    /// What the driver knows of each kind of device.
    type IdInfo: 'static;

    /// What the driver keeps for a device: it is dropped before `'bound` ends.
    type Data<'bound>: Send + 'bound;

    /// Which devices the driver is for.
    const ID_TABLE: IdTable<Self::IdInfo>;

    /// What the driver does when the system goes to sleep, see [`pm::ops()`].
    const PM_OPS: Option<&'static pm::Ops> = None;

    /// Takes a device on, which is active, and returns the initialiser of the driver's data.
    ///
    /// Context: process, may sleep.
    ///
    /// # Errors
    ///
    /// The driver's. [`ENODEV`](crate::error::code::ENODEV) and [`ENXIO`] mean that it is not for this
    /// device; other errors are logged.
    fn probe<'bound>(
        dev: &'bound Device<Core<'_>>,
        id_info: &'bound Self::IdInfo,
    ) -> impl PinInit<Self::Data<'bound>, Error> + 'bound;

    /// Is called when the device is about to lose the driver, before the data is dropped.
    ///
    /// Context: process, may sleep.
    fn unbind<'bound>(dev: &'bound Device<Core<'_>>, this: Pin<&Self::Data<'bound>>) {
        let _ = (dev, this);
    }
}

/// Makes a `struct pnp_driver` of a [`Driver`].
pub struct Adapter<T: Driver>(T);

impl<T: Driver> Adapter<T> {
    unsafe extern "C" fn probe_callback(
        dev: *mut bindings::pnp_dev,
        id: *const bindings::pnp_device_id,
    ) -> c_int {
        // SAFETY: C passes a valid device, which it has locked for this call.
        let dev: &Device<CoreInternal<'_>> = unsafe { Device::from_raw(dev) };
        // SAFETY: C passes a valid ID; `DeviceId` is the same to the compiler.
        let id = unsafe { &*id.cast::<DeviceId>() };
        // SAFETY: The ID is one of `T::ID_TABLE`.
        let info = unsafe { id.info_unchecked_opt::<T::IdInfo>() };
        let probe = || dev.as_ref().set_drvdata(T::probe(dev, info.ok_or(ENXIO)?));
        from_result(|| devres::with_group(dev.as_ref(), probe).map(|()| 0))
    }

    unsafe extern "C" fn remove_callback(dev: *mut bindings::pnp_dev) {
        // SAFETY: C passes a valid device, which it has locked for this call.
        let dev: &Device<CoreInternal<'_>> = unsafe { Device::from_raw(dev) };
        // SAFETY: `probe_callback` has succeeded, so it has stored such data.
        let data = unsafe { dev.as_ref().drvdata_borrow::<T::Data<'_>>() };
        T::unbind(dev, data);
        // SAFETY: As above; the borrow has ended, and nobody else has one.
        drop(unsafe { dev.as_ref().drvdata_obtain::<T::Data<'_>>() });
        devres::release_group(dev.as_ref());
    }
}

// SAFETY: C calls nothing of a driver when it has been unregistered.
unsafe impl<T: Driver> driver::RegistrationOps for Adapter<T> {
    type DriverType = bindings::pnp_driver;

    unsafe fn register(
        pdrv: &Opaque<Self::DriverType>,
        name: &'static CStr,
        module: &'static ThisModule,
    ) -> Result {
        let pdrv = pdrv.get();
        // SAFETY: Nobody else knows of the driver yet.
        unsafe {
            (*pdrv).name = name.as_char_ptr();
            (*pdrv).driver.owner = module.as_ptr();
            (*pdrv).driver.mod_name = name.as_char_ptr();
            (*pdrv).id_table = T::ID_TABLE.as_ptr();
            (*pdrv).probe = Some(Self::probe_callback);
            (*pdrv).driver.pm = T::PM_OPS.map_or(core::ptr::null(), pm::Ops::as_raw);
            (*pdrv).remove = Some(Self::remove_callback);
        }
        // SAFETY: The caller promises that the driver stays where it is.
        to_result(unsafe { bindings::pnp_register_driver(pdrv) })
    }

    unsafe fn unregister(pdrv: &Opaque<Self::DriverType>) {
        // SAFETY: The caller promises that it is registered.
        unsafe { bindings::pnp_unregister_driver(pdrv.get()) };
    }
}

/// Makes a module of a PNP driver: `type` is the driver, the other keys are those of
/// [`module!`](crate::prelude::module). C: `module_pnp_driver()`.
#[macro_export]
macro_rules! module_pnp_driver {
    ($($f:tt)*) => {
        $crate::module_driver!(<T>, $crate::pnp::Adapter<T>, { $($f)* });
    };
}
