// SPDX-License-Identifier: GPL-2.0-only

//! PCI devices and their drivers.
//!
//! C header: `include/linux/pci.h`.

use crate::bindings;
use crate::container_of;
use crate::device;
use crate::device::Core;
use crate::device::CoreInternal;
use crate::device_id::RawDeviceIdIndex as _;
use crate::devres;
use crate::driver;
use crate::error::code::EINVAL;
use crate::error::from_result;
use crate::error::to_result;
use crate::error::Error;
use crate::error::Result;
use crate::ffi::c_int;
use crate::ffi::c_void;
use crate::init::PinInit;
use crate::pm;
use crate::str::CStr;
use crate::str::CStrExt as _;
use crate::types::Opaque;
use crate::ThisModule;
use core::marker::PhantomData;
use core::pin::Pin;

mod class;
mod config;
mod id;
mod io;
mod irq;
mod vendor;

pub use self::config::ConfigSpace;
pub use self::config::ConfigSpaceSize;
pub use self::config::Extended;
pub use self::config::Normal;
pub use self::id::Class;
pub use self::id::ClassMask;
pub use self::id::DeviceId;
pub use self::id::Vendor;
pub use self::io::Bar;
pub use self::io::DevresBar;
pub use self::io::DevresPortBar;
pub use self::io::PortBar;
pub use self::irq::IrqType;
pub use self::irq::IrqTypes;
pub use self::irq::IrqVector;
pub use self::irq::IrqVectorRegistration;

/// A table of [`DeviceId`], as drivers refer to it.
pub type IdTable<T> = &'static dyn crate::device_id::IdTable<DeviceId, T>;

/// A PCI device. C: `struct pci_dev`.
///
/// `Ctx` says what is known of it, see [`DeviceContext`](device::DeviceContext).
///
/// # Invariants
///
/// It is a valid `struct pci_dev` with a positive reference count, and what `Ctx` promises holds.
#[repr(transparent)]
pub struct Device<Ctx: device::DeviceContext = device::Normal>(
    Opaque<bindings::pci_dev>,
    PhantomData<Ctx>,
);

impl Device {
    /// Who made the device. Context: any.
    pub fn vendor_id(&self) -> Vendor {
        // SAFETY: `self` is valid, and this field stays as it is.
        Vendor::from_raw(unsafe { (*self.as_raw()).vendor })
    }

    /// Which of the vendor's devices it is. Context: any.
    pub fn device_id(&self) -> u16 {
        // SAFETY: As in `vendor_id()`.
        unsafe { (*self.as_raw()).device }
    }

    /// The revision. Context: any.
    pub fn revision_id(&self) -> u8 {
        // SAFETY: As in `vendor_id()`.
        unsafe { (*self.as_raw()).revision }
    }

    /// The bus number, and the device's and the function's: `bbbbbbbb dddddfff`. Context: any.
    /// C: `pci_dev_id()`.
    pub fn dev_id(&self) -> u16 {
        // SAFETY: `self` is valid.
        unsafe { bindings::pci_dev_id(self.as_raw()) }
    }

    /// Who made the card. Context: any.
    pub fn subsystem_vendor_id(&self) -> u16 {
        // SAFETY: As in `vendor_id()`.
        unsafe { (*self.as_raw()).subsystem_vendor }
    }

    /// Which of that vendor's cards it is. Context: any.
    pub fn subsystem_device_id(&self) -> u16 {
        // SAFETY: As in `vendor_id()`.
        unsafe { (*self.as_raw()).subsystem_device }
    }

    /// What kind of device it is. Context: any.
    pub fn pci_class(&self) -> Class {
        // SAFETY: As in `vendor_id()`.
        Class::from_raw(unsafe { (*self.as_raw()).class })
    }

    /// Where a BAR is. Context: any. C: `pci_resource_start()`.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if there can be no BAR of that number.
    pub fn resource_start(&self, bar: u32) -> Result<bindings::resource_size_t> {
        let bar = bar_index(bar)?;
        // SAFETY: `self` is valid, and it has a resource of that number.
        Ok(unsafe { bindings::pci_resource_start(self.as_raw(), bar) })
    }

    /// How many bytes a BAR has; 0 if the device does not have it. Context: any.
    /// C: `pci_resource_len()`.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if there can be no BAR of that number.
    pub fn resource_len(&self, bar: u32) -> Result<bindings::resource_size_t> {
        let bar = bar_index(bar)?;
        // SAFETY: As in `resource_start()`.
        Ok(unsafe { bindings::pci_resource_len(self.as_raw(), bar) })
    }
}

/// Checks the number of a BAR.
fn bar_index(bar: u32) -> Result<c_int> {
    if bar < bindings::PCI_NUM_RESOURCES {
        Ok(bar as c_int)
    } else {
        Err(EINVAL)
    }
}

impl Device<Core<'_>> {
    /// Enables the device, with its memory and its I/O ports. C: `pci_enable_device()`.
    ///
    /// It is disabled when the driver has been unbound. Context: process, may sleep.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] and others of C's if the device cannot be enabled;
    /// [`ENOMEM`](crate::error::code::ENOMEM) if there is no memory.
    pub fn enable_device(&self) -> Result {
        // SAFETY: `self` is valid.
        self.enabled(unsafe { bindings::pci_enable_device(self.as_raw()) })
    }

    /// Enables the device, with its memory alone. C: `pci_enable_device_mem()`.
    ///
    /// As [`enable_device()`](Self::enable_device).
    ///
    /// # Errors
    ///
    /// As for [`enable_device()`](Self::enable_device).
    pub fn enable_device_mem(&self) -> Result {
        // SAFETY: `self` is valid.
        self.enabled(unsafe { bindings::pci_enable_device_mem(self.as_raw()) })
    }

    /// What `pci_enable_device()` has returned; if it has enabled the device, sees to the opposite.
    fn enabled(&self, ret: c_int) -> Result {
        unsafe extern "C" fn disable(dev: *mut bindings::device, _node: *mut c_void) {
            // SAFETY: C passes the device, which is in a `struct pci_dev` and was enabled.
            unsafe { bindings::pci_disable_device(container_of!(dev, bindings::pci_dev, dev)) };
        }

        to_result(ret)?;
        // SAFETY: It is called when the device loses its driver, once for each time it was enabled.
        unsafe { devres::add(self.as_ref(), disable, core::ptr::null_mut()) }.inspect_err(|_| {
            // SAFETY: The device was enabled just now.
            unsafe { bindings::pci_disable_device(self.as_raw()) };
        })
    }

    /// Lets the device access memory. Context: process. C: `pci_set_master()`.
    pub fn set_master(&self) {
        // SAFETY: `self` is valid.
        unsafe { bindings::pci_set_master(self.as_raw()) };
    }
}

// SAFETY: `Device` is `struct pci_dev` to the compiler, whatever `Ctx` is; C locks what the methods change.
device::bus_device!(unsafe { Device }, pci_dev);

impl<'a, Ctx: device::DeviceContext> TryFrom<&'a device::Device<Ctx>> for &'a Device<Ctx> {
    type Error = Error;

    /// # Errors
    ///
    /// [`EINVAL`] if it is no PCI device.
    fn try_from(dev: &'a device::Device<Ctx>) -> Result<Self> {
        // SAFETY: `dev` is valid.
        if !unsafe { bindings::dev_is_pci(dev.as_raw()) } {
            return Err(EINVAL);
        }
        // SAFETY: What is on the PCI bus is in a `struct pci_dev`.
        let pdev = unsafe { container_of!(dev.as_raw(), bindings::pci_dev, dev) };
        // SAFETY: It lives as long as `dev`.
        Ok(unsafe { Device::from_raw(pdev) })
    }
}

/// A driver of PCI devices. C: `struct pci_driver`.
///
/// The type itself may be nothing but a name; what the driver keeps for a device is its
/// [`Data`](Self::Data).
///
/// # Examples
///
/// ```
/// use kernel::{device::Core, pci};
///
/// struct Driver;
///
/// kernel::pci_device_table!(
///     PCI_EXAMPLE, u8, [(pci::DeviceId::from_id(pci::Vendor::REDHAT, 0x0005), 7)]
/// );
///
/// impl pci::Driver for Driver {
///     type IdInfo = u8;
///     type Data<'bound> = &'bound pci::Device;
///     const ID_TABLE: pci::IdTable<u8> = &PCI_EXAMPLE;
///
///     fn probe<'bound>(
///         pdev: &'bound pci::Device<Core<'_>>,
///         _info: Option<&'bound u8>,
///     ) -> impl PinInit<Self::Data<'bound>, Error> + 'bound {
///         dev_info!(pdev, "found {}\n", pdev.vendor_id());
///         Ok(&***pdev)
///     }
/// }
/// ```
///
/// Any thread may take the device from the driver, so the data must be `Send`:
///
/// ```compile_fail,E0277
/// use kernel::{device::Core, pci};
///
/// struct Driver;
///
/// kernel::pci_device_table!(PCI_NONE, (), []);
///
/// impl pci::Driver for Driver {
///     type IdInfo = ();
///     type Data<'bound> = *mut u8;
///     const ID_TABLE: pci::IdTable<()> = &PCI_NONE;
///
///     fn probe<'bound>(
///         _pdev: &'bound pci::Device<Core<'_>>,
///         _info: Option<&'bound ()>,
///     ) -> impl PinInit<*mut u8, Error> + 'bound {
///         Ok(core::ptr::null_mut())
///     }
/// }
/// ```
///
/// What the driver keeps cannot have the device as `probe()` gets it:
///
/// ```compile_fail
/// use kernel::{device::Core, pci};
///
/// struct Driver;
///
/// kernel::pci_device_table!(PCI_NONE, (), []);
///
/// impl pci::Driver for Driver {
///     type IdInfo = ();
///     type Data<'bound> = &'bound pci::Device<Core<'bound>>;
///     const ID_TABLE: pci::IdTable<()> = &PCI_NONE;
///
///     fn probe<'bound>(
///         pdev: &'bound pci::Device<Core<'_>>,
///         _info: Option<&'bound ()>,
///     ) -> impl PinInit<Self::Data<'bound>, Error> + 'bound {
///         Ok(pdev)
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

    /// Takes a device on, and returns the initialiser of the driver's data.
    ///
    /// `id_info` is what [`ID_TABLE`](Self::ID_TABLE) has for the device; nothing if the device was
    /// bound by its name through `driver_override` in sysfs.
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

/// Makes a `struct pci_driver` of a [`Driver`].
pub struct Adapter<T: Driver>(T);

impl<T: Driver> Adapter<T> {
    extern "C" fn probe_callback(
        pdev: *mut bindings::pci_dev,
        id: *const bindings::pci_device_id,
    ) -> c_int {
        // SAFETY: C passes a valid device, which it has locked for this call.
        let pdev: &Device<CoreInternal<'_>> = unsafe { Device::from_raw(pdev) };
        // SAFETY: C passes a valid ID; `DeviceId` is the same to the compiler.
        let id = unsafe { &*id.cast::<DeviceId>() };
        // SAFETY: The ID is from `T::ID_TABLE`, or made by C with a zero or a pointer of that table.
        let info = unsafe { id.info_unchecked_opt::<T::IdInfo>() };
        let probe = || pdev.as_ref().set_drvdata(T::probe(pdev, info));
        from_result(|| devres::with_group(pdev.as_ref(), probe).map(|()| 0))
    }

    extern "C" fn remove_callback(pdev: *mut bindings::pci_dev) {
        // SAFETY: C passes a valid device, which it has locked for this call.
        let pdev: &Device<CoreInternal<'_>> = unsafe { Device::from_raw(pdev) };
        // SAFETY: `probe_callback` has succeeded, so it has stored such data.
        let data = unsafe { pdev.as_ref().drvdata_borrow::<T::Data<'_>>() };
        T::unbind(pdev, data);
        // SAFETY: As above; the borrow has ended, and nobody else has one.
        drop(unsafe { pdev.as_ref().drvdata_obtain::<T::Data<'_>>() });
        devres::release_group(pdev.as_ref());
    }
}

// SAFETY: C calls nothing of a driver when it has been unregistered.
unsafe impl<T: Driver> driver::RegistrationOps for Adapter<T> {
    type DriverType = bindings::pci_driver;

    unsafe fn register(
        pdrv: &Opaque<Self::DriverType>,
        name: &'static CStr,
        module: &'static ThisModule,
    ) -> Result {
        let pdrv = pdrv.get();
        // SAFETY: Nobody else knows of the driver yet.
        unsafe {
            (*pdrv).name = name.as_char_ptr();
            (*pdrv).id_table = T::ID_TABLE.as_ptr();
            (*pdrv).probe = Some(Self::probe_callback);
            (*pdrv).driver.pm = T::PM_OPS.map_or(core::ptr::null(), pm::Ops::as_raw);
            (*pdrv).remove = Some(Self::remove_callback);
        }
        // SAFETY: The caller promises that the driver stays where it is.
        to_result(unsafe {
            bindings::__pci_register_driver(pdrv, module.as_ptr(), name.as_char_ptr())
        })
    }

    unsafe fn unregister(pdrv: &Opaque<Self::DriverType>) {
        // SAFETY: The caller promises that it is registered.
        unsafe { bindings::pci_unregister_driver(pdrv.get()) };
    }
}

/// Makes a module of a PCI driver: `type` is the driver, the other keys are those of
/// [`module!`](crate::prelude::module). C: `module_pci_driver()`.
#[macro_export]
macro_rules! module_pci_driver {
    ($($f:tt)*) => {
        $crate::module_driver!(<T>, $crate::pci::Adapter<T>, { $($f)* });
    };
}
