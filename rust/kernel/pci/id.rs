// SPDX-License-Identifier: GPL-2.0-only

//! IDs of PCI devices.

use crate::bindings;
use crate::device_id::RawDeviceId;
use crate::device_id::RawDeviceIdIndex;
use crate::error::code::EINVAL;
use crate::error::Error;
use crate::fmt;

/// What kind of device it is: 24 bits of base class, subclass and programming interface.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct Class(u32);

/// How much of a [`Class`] has to match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum ClassMask {
    /// Base class, subclass and programming interface.
    Full = 0xffffff,
    /// Base class and subclass.
    ClassSubclass = 0xffff00,
}

/// Who made the device.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct Vendor(u16);

/// Defines the constants of [`Class`], and prints them by name.
macro_rules! class_constants {
    ($($name:ident = $number:literal,)+) => {
        #[allow(missing_docs)]
        impl super::Class {
            $(pub const $name: Self = Self::from_raw($number);)+
        }

        crate::pci::id::named!(super::Class, u32, $($name = $number,)+);
    };
}
pub(super) use class_constants;

/// Defines the constants of [`Vendor`], and prints them by name.
macro_rules! vendor_constants {
    ($($name:ident = $number:literal,)+) => {
        #[allow(missing_docs)]
        impl super::Vendor {
            $(pub const $name: Self = Self::from_raw($number);)+
        }

        crate::pci::id::named!(super::Vendor, u16, $($name = $number,)+);
    };
}
pub(super) use vendor_constants;

/// Prints the value with the constant's name, or its number if it has none.
macro_rules! named {
    ($type:ty, $raw:ty, $($name:ident = $number:literal,)+) => {
        impl crate::fmt::Display for $type {
            fn fmt(&self, f: &mut crate::fmt::Formatter<'_>) -> crate::fmt::Result {
                // A table takes less room than code; of two names of a number the first counts.
                const NAMES: &[($raw, &str)] = &[$(($number, stringify!($name))),+];
                match NAMES.iter().find(|(number, _)| *number == self.as_raw()) {
                    Some((_, name)) => f.write_str(name),
                    None => crate::fmt::Debug::fmt(self, f),
                }
            }
        }
    };
}
pub(super) use named;

impl Class {
    pub(super) const fn from_raw(class: u32) -> Self {
        Self(class)
    }

    /// Returns the number.
    pub const fn as_raw(self) -> u32 {
        self.0
    }
}

impl fmt::Debug for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:06x}", self.0)
    }
}

impl ClassMask {
    /// Returns the number.
    pub const fn as_raw(self) -> u32 {
        self as u32
    }
}

impl TryFrom<u32> for ClassMask {
    type Error = Error;

    /// # Errors
    ///
    /// [`EINVAL`] if it is none of the masks.
    fn try_from(mask: u32) -> Result<Self, Error> {
        [Self::Full, Self::ClassSubclass]
            .into_iter()
            .find(|known| known.as_raw() == mask)
            .ok_or(EINVAL)
    }
}

impl Vendor {
    pub(super) const fn from_raw(vendor: u16) -> Self {
        Self(vendor)
    }

    /// Returns the number.
    pub const fn as_raw(self) -> u16 {
        self.0
    }
}

impl fmt::Debug for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:04x}", self.0)
    }
}

/// Which devices a driver is for. C: `struct pci_device_id`.
///
/// # Examples
///
/// ```
/// use kernel::pci::{Class, ClassMask, DeviceId, Vendor};
///
/// let _ = DeviceId::from_id(Vendor::REDHAT, 0x0005);
/// let _ = DeviceId::from_class_and_vendor(
///     Class::COMMUNICATION_SERIAL,
///     ClassMask::ClassSubclass,
///     Vendor::REDHAT,
/// );
/// ```
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct DeviceId(pub(super) bindings::pci_device_id);

impl DeviceId {
    const ANY: u32 = !0;

    const fn new(vendor: u32, device: u32, class: u32, class_mask: u32) -> Self {
        Self(bindings::pci_device_id {
            vendor,
            device,
            subvendor: Self::ANY,
            subdevice: Self::ANY,
            class,
            class_mask,
            driver_data: 0,
            override_only: 0,
        })
    }

    /// A vendor's device. C: `PCI_DEVICE()`.
    #[inline]
    pub const fn from_id(vendor: Vendor, device: u32) -> Self {
        Self::new(vendor.as_raw() as u32, device, 0, 0)
    }

    /// Any device of a class, as far as the mask tells. C: `PCI_DEVICE_CLASS()`.
    #[inline]
    pub const fn from_class(class: u32, class_mask: u32) -> Self {
        Self::new(Self::ANY, Self::ANY, class, class_mask)
    }

    /// A vendor's devices of a class, as far as the mask tells.
    #[inline]
    pub const fn from_class_and_vendor(
        class: Class,
        class_mask: ClassMask,
        vendor: Vendor,
    ) -> Self {
        let vendor = vendor.as_raw() as u32;
        Self::new(vendor, Self::ANY, class.as_raw(), class_mask.as_raw())
    }
}

// SAFETY: It is C's type; C's tables end with an entry of zeroes.
unsafe impl RawDeviceId for DeviceId {
    type RawType = bindings::pci_device_id;
}

// SAFETY: The field is an integer of a pointer's size.
unsafe impl RawDeviceIdIndex for DeviceId {
    const DRIVER_DATA_OFFSET: usize = core::mem::offset_of!(bindings::pci_device_id, driver_data);
}

/// Makes a table of PCI IDs, which modpost finds: `TABLE, InfoType, [(id, info), ...]`.
///
/// # Examples
///
/// ```
/// use kernel::pci::{DeviceId, Vendor};
///
/// kernel::pci_device_table!(SERIAL_CARDS, u8, [
///     (DeviceId::from_id(Vendor::REDHAT, 0x0002), 1),
///     (DeviceId::from_id(Vendor::REDHAT, 0x0003), 2),
/// ]);
/// # let _: kernel::pci::IdTable<u8> = &SERIAL_CARDS;
/// ```
///
/// What the driver knows of its devices has to be of the table's type:
///
/// ```compile_fail,E0308
/// use kernel::pci::{DeviceId, Vendor};
///
/// kernel::pci_device_table!(TABLE, u8, [(DeviceId::from_id(Vendor::REDHAT, 2), "one port")]);
/// ```
#[macro_export]
macro_rules! pci_device_table {
    ($($tt:tt)*) => {
        $crate::module_device_table!("pci", $crate::pci::DeviceId, $($tt)*);
    };
}
