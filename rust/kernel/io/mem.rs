// SPDX-License-Identifier: GPL-2.0-only

//! A device's registers in memory, mapped.

use super::resource::Flags;
use super::IoBase;
use super::Mmio;
use super::MmioBackend;
use super::MmioRaw;
use super::Region;
use super::Resource;
use crate::bindings;
use crate::device::Bound;
use crate::device::Device;
use crate::error::code::EBUSY;
use crate::error::code::EINVAL;
use crate::error::code::ENOMEM;
use crate::error::Result;
use crate::ffi::c_void;
use crate::str::CStrExt as _;

/// A resource of a device that has a driver, to be mapped.
pub struct IoRequest<'a> {
    _device: &'a Device<Bound>,
    resource: &'a Resource,
}

impl<'a> IoRequest<'a> {
    /// # Safety
    ///
    /// `resource` must be one of `device`.
    pub(crate) unsafe fn new(device: &'a Device<Bound>, resource: &'a Resource) -> Self {
        Self {
            _device: device,
            resource,
        }
    }

    /// Maps the registers, of which there must be `SIZE` bytes at least; others may map them too.
    ///
    /// Context: process, may sleep. C: `ioremap()`.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if it is not memory, has less than `SIZE` bytes, or its start or size is no multiple of
    /// 4; [`ENOMEM`] if it cannot be mapped.
    pub fn iomap_sized<const SIZE: usize>(self) -> Result<IoMem<'a, SIZE>> {
        IoMem::ioremap(self.resource)
    }

    /// As [`iomap_sized()`](Self::iomap_sized), and requests the registers, so that nobody else does.
    ///
    /// # Errors
    ///
    /// As there; [`EBUSY`] if someone has requested them, or they lie in an area that the kernel keeps as busy.
    pub fn iomap_exclusive_sized<const SIZE: usize>(self) -> Result<ExclusiveIoMem<'a, SIZE>> {
        ExclusiveIoMem::ioremap(self.resource)
    }

    /// As [`iomap_sized()`](Self::iomap_sized), of any size.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn iomap(self) -> Result<IoMem<'a>> {
        self.iomap_sized()
    }

    /// As [`iomap_exclusive_sized()`](Self::iomap_exclusive_sized), of any size.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn iomap_exclusive(self) -> Result<ExclusiveIoMem<'a, 0>> {
        self.iomap_exclusive_sized()
    }
}

/// A device's registers in memory. Dropping it unmaps them.
///
/// # Invariants
///
/// `io` is mapped, and only `self` unmaps it.
pub struct IoMem<'a, const SIZE: usize = 0> {
    io: MmioRaw<Region<SIZE>>,
    _resource: core::marker::PhantomData<&'a Resource>,
}

impl<const SIZE: usize> IoMem<'_, SIZE> {
    fn ioremap(resource: &Resource) -> Result<Self> {
        let (start, flags) = (resource.start(), resource.flags());
        let size = usize::try_from(resource.size())?;
        // What is mapped starts in its page as the registers do.
        MmioRaw::<Region<SIZE>>::new_region(start as usize, size)?;
        if size == 0 || !flags.contains(Flags::IORESOURCE_MEM) {
            return Err(EINVAL);
        }
        let addr = if flags.contains(Flags::IORESOURCE_MEM_NONPOSTED) {
            // SAFETY: C refuses what cannot be mapped.
            unsafe { bindings::ioremap_np(start, size) }
        } else {
            // SAFETY: As above.
            unsafe { bindings::ioremap(start, size) }
        };
        if addr.is_null() {
            return Err(ENOMEM);
        }
        // INVARIANT: C has mapped it for this one.
        Ok(Self {
            io: MmioRaw::new_region(addr.addr(), size)?,
            _resource: core::marker::PhantomData,
        })
    }
}

impl<const SIZE: usize> Drop for IoMem<'_, SIZE> {
    fn drop(&mut self) {
        let addr: *mut c_void = core::ptr::without_provenance_mut(self.io.addr());
        // SAFETY: By the type invariant it is mapped.
        unsafe { bindings::iounmap(addr) };
    }
}

impl<'a, const SIZE: usize> IoBase<'a> for &'a IoMem<'_, SIZE> {
    type Backend = MmioBackend;
    type Target = Region<SIZE>;

    #[inline]
    fn as_view(self) -> Mmio<'a, Region<SIZE>> {
        // SAFETY: By the type invariant it is mapped as long as `self` lives.
        unsafe { Mmio::from_raw(self.io) }
    }
}

/// A device's registers in memory, which the driver has for itself. Dropping it unmaps and releases them.
pub struct ExclusiveIoMem<'a, const SIZE: usize> {
    // Unmapped before it is released.
    iomem: IoMem<'a, SIZE>,
    _region: super::resource::Region<'a>,
}

impl<'a, const SIZE: usize> ExclusiveIoMem<'a, SIZE> {
    fn ioremap(resource: &'a Resource) -> Result<Self> {
        let name = resource.name().unwrap_or_default().to_cstring()?;
        let (start, size) = (resource.start(), resource.size());
        if !resource.flags().contains(Flags::IORESOURCE_MEM) {
            return Err(EINVAL);
        }
        let region = resource.request_region(start, size, name, Flags::IORESOURCE_MEM);
        let region = region.ok_or(EBUSY)?;
        Ok(Self {
            iomem: IoMem::ioremap(resource)?,
            _region: region,
        })
    }
}

impl<'a, const SIZE: usize> IoBase<'a> for &'a ExclusiveIoMem<'_, SIZE> {
    type Backend = MmioBackend;
    type Target = Region<SIZE>;

    #[inline]
    fn as_view(self) -> Mmio<'a, Region<SIZE>> {
        self.iomem.as_view()
    }
}
