// SPDX-License-Identifier: GPL-2.0-only

//! The configuration space of PCI devices.

use super::Device;
use crate::bindings;
use crate::device::Bound;
use crate::error::code::EINVAL;
use crate::error::Result;
use crate::ffi::c_int;
use crate::io::IoBackend;
use crate::io::IoBase;
use crate::io::IoCapable;
use crate::io::Region;
use crate::ptr::KnownSize;

/// How large a configuration space is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum ConfigSpaceSize {
    /// That of PCI.
    Normal = 256,
    /// That of PCI Express.
    Extended = 4096,
}

impl ConfigSpaceSize {
    /// Returns the number of bytes.
    #[inline(always)]
    pub const fn into_raw(self) -> usize {
        self as usize
    }
}

/// The configuration space of PCI.
pub type Normal = Region<256>;

/// The configuration space of PCI Express.
pub type Extended = Region<4096>;

/// A device's configuration space: see [`Io`](crate::io::Io) for the accessors.
///
/// A device that is gone reads as all ones. Context: any.
///
/// # Invariants
///
/// `ptr` is an offset, aligned as a `T`, at which the configuration space has a `T`.
///
/// # Examples
///
/// ```
/// use kernel::device::Bound;
/// use kernel::io::Io;
/// use kernel::pci;
///
/// fn command(pdev: &pci::Device<Bound>) -> u16 {
///     pdev.config_space().read16(4)
/// }
/// ```
pub struct ConfigSpace<'a, T: ?Sized = Extended> {
    pdev: &'a Device<Bound>,
    ptr: *mut T,
}

impl<T: ?Sized> Copy for ConfigSpace<'_, T> {}

impl<T: ?Sized> Clone for ConfigSpace<'_, T> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

// SAFETY: The pointer is an offset; C locks each access.
unsafe impl<T: ?Sized + Sync> Send for ConfigSpace<'_, T> {}

// SAFETY: As for `Send`.
unsafe impl<T: ?Sized + Sync> Sync for ConfigSpace<'_, T> {}

/// The way to reach a [`ConfigSpace`].
pub struct ConfigSpaceBackend;

// SAFETY: The pointer is the view's own.
unsafe impl IoBackend for ConfigSpaceBackend {
    type View<'a, T: ?Sized + KnownSize> = ConfigSpace<'a, T>;

    #[inline]
    fn as_ptr<'a, T: ?Sized + KnownSize>(view: ConfigSpace<'a, T>) -> *mut T {
        view.ptr
    }

    #[inline]
    unsafe fn project_view<'a, T: ?Sized + KnownSize, U: ?Sized + KnownSize>(
        view: Self::View<'a, T>,
        ptr: *mut U,
    ) -> Self::View<'a, U> {
        // INVARIANT: By the safety requirement it is a part of the view.
        ConfigSpace {
            pdev: view.pdev,
            ptr,
        }
    }
}

impl<'a, T: ?Sized + KnownSize> IoBase<'a> for ConfigSpace<'a, T> {
    type Backend = ConfigSpaceBackend;
    type Target = T;

    #[inline]
    fn as_view(self) -> Self {
        self
    }
}

macro_rules! capable {
    ($($type:ty, $read:ident, $write:ident;)*) => {
        $(
            impl IoCapable<$type> for ConfigSpaceBackend {
                fn io_read<'a>(view: ConfigSpace<'a, $type>) -> $type {
                    let (offset, mut value) = (view.ptr.addr() as c_int, !0);
                    // SAFETY: The device is valid. An error leaves all ones, as on the bus.
                    unsafe { bindings::$read(view.pdev.as_raw(), offset, &mut value) };
                    value
                }

                fn io_write<'a>(view: ConfigSpace<'a, $type>, value: $type) {
                    let offset = view.ptr.addr() as c_int;
                    // SAFETY: The device is valid.
                    unsafe { bindings::$write(view.pdev.as_raw(), offset, value) };
                }
            }
        )*
    };
}
capable! {
    u8, pci_read_config_byte, pci_write_config_byte;
    u16, pci_read_config_word, pci_write_config_word;
    u32, pci_read_config_dword, pci_write_config_dword;
}

impl Device<Bound> {
    /// How large the configuration space is.
    pub fn cfg_size(&self) -> ConfigSpaceSize {
        // SAFETY: `self` is valid.
        if unsafe { (*self.as_raw()).cfg_size } >= ConfigSpaceSize::Extended.into_raw() as c_int {
            ConfigSpaceSize::Extended
        } else {
            ConfigSpaceSize::Normal
        }
    }

    /// The first 256 bytes of the configuration space.
    pub fn config_space(&self) -> ConfigSpace<'_, Normal> {
        let ptr = Region::ptr_from_raw_parts_mut(core::ptr::null_mut(), self.cfg_size().into_raw());
        // INVARIANT: The offsets are within the configuration space.
        ConfigSpace { pdev: self, ptr }
    }

    /// The whole configuration space of a PCI Express device.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if it has no more than 256 bytes.
    pub fn config_space_extended(&self) -> Result<ConfigSpace<'_, Extended>> {
        let size = self.cfg_size();
        if size != ConfigSpaceSize::Extended {
            return Err(EINVAL);
        }
        let ptr = Region::ptr_from_raw_parts_mut(core::ptr::null_mut(), size.into_raw());
        // INVARIANT: The offsets are within the configuration space.
        Ok(ConfigSpace { pdev: self, ptr })
    }
}
