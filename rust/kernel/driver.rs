// SPDX-License-Identifier: GPL-2.0-only

//! Drivers of any bus: their registration, and how they find what they know of a device.
//!
//! Each bus has a trait `Driver` that a driver implements, an `Adapter<T>` that makes C's table of it,
//! and a macro `module_…_driver!` that makes a module of one driver.
//!
//! The life of a device with its driver:
//!
//! 1. `probe()` gets the device and returns an initialiser of the driver's data. If it fails, the device
//!    stays without a driver, and all that `probe()` got by then is given back.
//! 2. The data may use the device as long as `'bound` lasts: its registers, interrupts and so on.
//! 3. The device goes away, someone writes to the driver's `unbind` in sysfs, or the module is unloaded:
//!    `unbind()` is called, then the data is dropped, then what [`devres`](crate::devres) holds. Only then the bus
//!    switches the device off.
//!
//! No two of these calls run at the same time for one device; those for different devices may.

use crate::acpi;
use crate::bindings;
use crate::device;
use crate::error::code::EINVAL;
use crate::error::Error;
use crate::error::Result;
use crate::init::PinInit;
use crate::module::Live;
use crate::of;
use crate::str::CStr;
use crate::types::Opaque;
use crate::ThisModule;
use core::pin::Pin;
use pin_init::pin_data;
use pin_init::pinned_drop;
use pin_init::Zeroable;

/// How a bus registers its drivers.
///
/// # Safety
///
/// What [`register()`](Self::register) registers must be called no more when
/// [`unregister()`](Self::unregister) has returned.
pub unsafe trait RegistrationOps {
    /// C's type of a driver, for example `struct pci_driver`.
    type DriverType: Zeroable;

    /// Registers a driver.
    ///
    /// # Errors
    ///
    /// C's.
    ///
    /// # Safety
    ///
    /// `reg` must be all zeroes. After success it must stay where it is until it is unregistered.
    unsafe fn register(
        reg: &Opaque<Self::DriverType>,
        name: &'static CStr,
        module: &'static ThisModule,
    ) -> Result;

    /// Unregisters a driver: it loses all its devices first.
    ///
    /// # Safety
    ///
    /// `reg` must have been registered, and this must be called once for it.
    unsafe fn unregister(reg: &Opaque<Self::DriverType>);
}

/// The longest name of a driver, or of a device without hardware: C warns of one that fits no uevent.
pub(crate) const MAX_NAME: usize = 128;

/// Says whether a driver can have that name.
///
/// C warns of an empty one, and where it fits no uevent; it is a name of a file.
///
/// # Errors
///
/// [`EINVAL`] if not.
pub(crate) fn check_name(name: &CStr) -> Result {
    let name = name.to_bytes();
    if name.is_empty() || name.len() > MAX_NAME || name.contains(&b'/') {
        return Err(EINVAL);
    }
    Ok(())
}

/// A registered driver. Dropping it takes all its devices away from it, and unregisters it.
///
/// If one is leaked, the module cannot be unloaded: `rmmod` hangs.
///
/// # Invariants
///
/// `reg` is registered by `T`.
#[pin_data(PinnedDrop)]
pub struct Registration<T: RegistrationOps> {
    #[pin]
    reg: Opaque<T::DriverType>,
    _live: Live,
}

// SAFETY: A shared reference to it gives access to nothing.
unsafe impl<T: RegistrationOps> Sync for Registration<T> {}

// SAFETY: Any thread may unregister a driver.
unsafe impl<T: RegistrationOps> Send for Registration<T> {}

impl<T: RegistrationOps + 'static> Registration<T> {
    /// Registers a driver. Devices that are there are probed before this returns, but those of serdev, which are probed
    /// later, and at the same time.
    ///
    /// Context: process, may sleep. C: `driver_register()`.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if the name is empty, has a `/`, or more than 128 bytes;
    /// [`EBUSY`](crate::error::code::EBUSY) if the bus has a driver of that name;
    /// [`ENOMEM`](crate::error::code::ENOMEM) if there is no memory. That a device could not be
    /// probed is no error.
    pub fn new(name: &'static CStr, module: &'static ThisModule) -> impl PinInit<Self, Error> {
        crate::try_pin_init!(Self {
            reg <- Opaque::try_ffi_init(|reg: *mut T::DriverType| {
                check_name(name)?;
                // SAFETY: `reg` is valid for writes; zeroes are a valid `DriverType`.
                unsafe { reg.write_bytes(0, 1) };
                // SAFETY: `Opaque` is transparent, and `reg` stays pinned until it is dropped, which
                // unregisters it.
                unsafe { T::register(&*Opaque::cast_from(reg), name, module) }
            }),
            _live: Live::new(),
        })
    }
}

#[pinned_drop]
impl<T: RegistrationOps> PinnedDrop for Registration<T> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: By the type invariant `reg` is registered, and this is its end.
        unsafe { T::unregister(&self.reg) };
    }
}

/// Makes a module that is nothing but one driver; the buses' own macros build on it.
#[macro_export]
macro_rules! module_driver {
    (<$gen_type:ident>, $driver_ops:ty, { type: $type:ty, $($f:tt)* }) => {
        type Ops<$gen_type> = $driver_ops;

        #[$crate::prelude::pin_data]
        struct DriverModule {
            #[pin]
            _driver: $crate::driver::Registration<Ops<$type>>,
        }

        impl $crate::InPlaceModule for DriverModule {
            fn init(
                module: &'static $crate::ThisModule,
            ) -> impl ::pin_init::PinInit<Self, $crate::error::Error> {
                $crate::try_pin_init!(Self {
                    _driver <- $crate::driver::Registration::new(
                        <Self as $crate::ModuleMetadata>::NAME,
                        module,
                    ),
                })
            }
        }

        $crate::prelude::module! {
            type: DriverModule,
            $($f)*
        }
    };
}

/// What the adapters of buses have in common whose devices firmware describes.
pub trait Adapter {
    /// What the driver knows of each kind of device.
    type IdInfo: 'static;

    /// The driver's table of ACPI IDs, if it has one.
    fn acpi_id_table() -> Option<acpi::IdTable<Self::IdInfo>>;

    /// The driver's table of device tree IDs, if it has one.
    fn of_id_table() -> Option<of::IdTable<Self::IdInfo>>;

    /// Returns what the driver knows of a device, from the table in which the device was found.
    ///
    /// # Safety
    ///
    /// `dev` must be bound to a driver whose tables for firmware are the two above.
    unsafe fn id_info(dev: &device::Device) -> Option<&'static Self::IdInfo> {
        // SAFETY: `dev` is valid.
        let info = unsafe { bindings::device_get_match_data(dev.as_raw()) };
        // SAFETY: C returns the pointer of an entry of the tables, which are of such references, or null.
        unsafe { info.cast::<Self::IdInfo>().as_ref() }
    }
}
