// SPDX-License-Identifier: GPL-2.0-only

//! The registers of PCI devices: BARs.

use super::bar_index;
use super::Device;
use crate::bindings;
use crate::device::Bound;
use crate::devres::Devres;
use crate::error::code::EBUSY;
use crate::error::code::EINVAL;
use crate::error::code::ENOMEM;
use crate::error::Result;
use crate::ffi::c_int;
use crate::ffi::c_void;
use crate::io::IoBase;
use crate::io::Mmio;
use crate::io::MmioBackend;
use crate::io::MmioRaw;
use crate::io::PortIo;
use crate::io::PortIoBackend;
use crate::io::Region;
use crate::str::CStr;
use crate::str::CStrExt as _;
use crate::str::CString;

/// A BAR that the driver has for itself.
///
/// # Invariants
///
/// The BAR is requested, and only `self` releases it.
struct Requested<'a> {
    pdev: &'a Device<Bound>,
    bar: c_int,
    start: u64,
    len: usize,
    /// C keeps a pointer to it.
    _name: CString,
}

impl<'a> Requested<'a> {
    /// # Errors
    ///
    /// [`EINVAL`] if there can be no such BAR, or it is not of the kind; [`ENOMEM`] if the device does
    /// not have it, or there is no memory; [`EBUSY`] if someone has requested it.
    fn new(pdev: &'a Device<Bound>, bar: u32, kind: u32, name: &CStr) -> Result<Self> {
        let (start, len) = (pdev.resource_start(bar)?, pdev.resource_len(bar)?);
        let bar = bar_index(bar)?;
        if len == 0 {
            return Err(ENOMEM);
        }
        // SAFETY: `pdev` is valid, and it has a resource of that number.
        let flags = unsafe { bindings::pci_resource_flags(pdev.as_raw(), bar) };
        if flags & kind as usize == 0 {
            return Err(EINVAL);
        }
        let (len, name) = (usize::try_from(len)?, name.to_cstring()?);
        // SAFETY: `pdev` is valid; the name stays until the BAR is released.
        if unsafe { bindings::pci_request_region(pdev.as_raw(), bar, name.as_char_ptr()) } != 0 {
            return Err(EBUSY);
        }
        // INVARIANT: C has given it to this one.
        Ok(Self {
            pdev,
            bar,
            start,
            len,
            _name: name,
        })
    }
}

impl Drop for Requested<'_> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant it is requested.
        unsafe { bindings::pci_release_region(self.pdev.as_raw(), self.bar) };
    }
}

/// A BAR of memory, mapped: at least `SIZE` bytes. Dropping it unmaps and releases it.
///
/// See [`Io`](crate::io::Io) for the accessors.
///
/// # Invariants
///
/// `io` is mapped, and only `self` unmaps it.
///
/// # Examples
///
/// ```
/// use kernel::device::Bound;
/// use kernel::io::Io;
/// use kernel::pci;
///
/// fn count(pdev: &pci::Device<Bound>) -> Result<u32> {
///     let bar = pdev.iomap_region_sized::<0x10>(0, c"example")?;
///     Ok(bar.read32(0xc))
/// }
/// ```
///
/// It cannot outlive the time in which the device is known to have its driver:
///
/// ```compile_fail
/// use kernel::device::Bound;
/// use kernel::pci;
///
/// fn keep(pdev: &pci::Device<Bound>) -> Result<pci::Bar<'static>> {
///     pdev.iomap_region(0, c"example")
/// }
/// ```
pub struct Bar<'a, const SIZE: usize = 0> {
    io: MmioRaw<Region<SIZE>>,
    requested: Requested<'a>,
}

/// A [`Bar`] that can be kept anywhere, and is released when the device loses its driver.
pub type DevresBar<const SIZE: usize = 0> = Devres<Bar<'static, SIZE>>;

impl<const SIZE: usize> Bar<'_, SIZE> {
    /// Makes one that can be kept anywhere, and is released when the device loses its driver.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`] if there is no memory.
    pub fn into_devres(self) -> Result<DevresBar<SIZE>> {
        let dev = self.requested.pdev.as_ref();
        // SAFETY: A lifetime is nothing in memory. `Devres` drops the value while the device has its
        // driver, and a reference to it gives nothing that lives longer.
        let bar = unsafe { core::mem::transmute::<Bar<'_, SIZE>, Bar<'static, SIZE>>(self) };
        Devres::new(dev, bar)
    }
}

impl<const SIZE: usize> Drop for Bar<'_, SIZE> {
    fn drop(&mut self) {
        let addr: *mut c_void = core::ptr::without_provenance_mut(self.io.addr());
        // SAFETY: By the type invariant it is mapped.
        unsafe { bindings::pci_iounmap(self.requested.pdev.as_raw(), addr) };
    }
}

impl<'a, const SIZE: usize> IoBase<'a> for &'a Bar<'_, SIZE> {
    type Backend = MmioBackend;
    type Target = Region<SIZE>;

    #[inline]
    fn as_view(self) -> Mmio<'a, Region<SIZE>> {
        // SAFETY: By the type invariant it is mapped as long as `self` lives.
        unsafe { Mmio::from_raw(self.io) }
    }
}

/// A BAR of I/O ports: at least `SIZE`. Dropping it releases them.
///
/// See [`Io`](crate::io::Io) for the accessors. Not in upstream's crate, where a BAR is memory.
///
/// # Examples
///
/// ```
/// use kernel::device::Bound;
/// use kernel::io::Io;
/// use kernel::pci;
///
/// fn line_status(pdev: &pci::Device<Bound>) -> Result<u8> {
///     let uart = pdev.request_ports_sized::<8>(0, c"example")?;
///     Ok(uart.read8(5))
/// }
/// ```
pub struct PortBar<'a, const SIZE: usize = 0>(Requested<'a>);

/// A [`PortBar`] that can be kept anywhere, and is released when the device loses its driver.
pub type DevresPortBar<const SIZE: usize = 0> = Devres<PortBar<'static, SIZE>>;

impl<const SIZE: usize> PortBar<'_, SIZE> {
    /// Makes one that can be kept anywhere, and is released when the device loses its driver.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`] if there is no memory.
    pub fn into_devres(self) -> Result<DevresPortBar<SIZE>> {
        let dev = self.0.pdev.as_ref();
        // SAFETY: As in `Bar::into_devres()`.
        let bar =
            unsafe { core::mem::transmute::<PortBar<'_, SIZE>, PortBar<'static, SIZE>>(self) };
        Devres::new(dev, bar)
    }
}

impl<'a, const SIZE: usize> IoBase<'a> for &'a PortBar<'_, SIZE> {
    type Backend = PortIoBackend;
    type Target = Region<SIZE>;

    #[inline]
    fn as_view(self) -> PortIo<'a, Region<SIZE>> {
        // SAFETY: The ports are requested as long as `self` lives, and were checked when it was made.
        unsafe { PortIo::new_unchecked(self.0.start as usize, self.0.len) }
    }
}

impl Device<Bound> {
    /// Requests and maps a BAR of memory, of which there must be `SIZE` bytes at least.
    ///
    /// Context: process, may sleep. C: `pci_request_region()`, `pci_iomap()`.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if there can be no such BAR, or it is not memory, or has less than `SIZE` bytes;
    /// [`ENOMEM`] if the device does not have it, it cannot be mapped, or there is no memory;
    /// [`EBUSY`] if someone has requested it.
    pub fn iomap_region_sized<const SIZE: usize>(
        &self,
        bar: u32,
        name: &'static CStr,
    ) -> Result<Bar<'_, SIZE>> {
        let requested = Requested::new(self, bar, bindings::IORESOURCE_MEM, name)?;
        // Nothing is mapped that does not fit.
        MmioRaw::<Region<SIZE>>::new_region(0, requested.len)?;
        // SAFETY: `self` is valid, and the BAR is memory.
        let addr = unsafe { bindings::pci_iomap(self.as_raw(), requested.bar, 0) };
        if addr.is_null() {
            return Err(ENOMEM);
        }
        // INVARIANT: C has mapped it for this one. A BAR's start is a multiple of its size.
        Ok(Bar {
            io: MmioRaw::new_region(addr.addr(), requested.len)?,
            requested,
        })
    }

    /// As [`iomap_region_sized()`](Self::iomap_region_sized), of any size.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn iomap_region(&self, bar: u32, name: &'static CStr) -> Result<Bar<'_>> {
        self.iomap_region_sized(bar, name)
    }

    /// Requests a BAR of I/O ports, of which there must be `SIZE` at least.
    ///
    /// Context: process, may sleep. C: `pci_request_region()`.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if there can be no such BAR, or it has no ports, or less than `SIZE`;
    /// [`ENOMEM`] if the device does not have it, or there is no memory; [`EBUSY`] if someone has
    /// requested it.
    pub fn request_ports_sized<const SIZE: usize>(
        &self,
        bar: u32,
        name: &'static CStr,
    ) -> Result<PortBar<'_, SIZE>> {
        let requested = Requested::new(self, bar, bindings::IORESOURCE_IO, name)?;
        // SAFETY: The ports are requested.
        unsafe { PortIo::<Region<SIZE>>::new(requested.start as usize, requested.len) }?;
        Ok(PortBar(requested))
    }

    /// As [`request_ports_sized()`](Self::request_ports_sized), of any number.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn request_ports(&self, bar: u32, name: &'static CStr) -> Result<PortBar<'_>> {
        self.request_ports_sized(bar, name)
    }
}
