// SPDX-License-Identifier: GPL-2.0-only

//! I/O ports of x86.
//!
//! C headers: `include/linux/ioport.h`, `arch/x86/include/asm/io.h`.

use super::resource::Flags;
use super::IoBackend;
use super::IoBase;
use super::IoCapable;
use super::Region;
use super::Resource;
use crate::bindings;
use crate::error::code::EBUSY;
use crate::error::code::EINVAL;
use crate::error::Result;
use crate::ptr::KnownSize;
use crate::str::CStr;
use crate::str::CStrExt as _;
use crate::str::CString;
use core::marker::PhantomData;

/// One more than the last port.
const PORTS: usize = 0x1_0000;

/// I/O ports that the driver has for itself: see [`Io`](super::Io) for the accessors.
///
/// # Invariants
///
/// All ports are below 65536, and the driver has requested them for at least `'a`. (If C adds a device at ports that were
/// requested before, and removes it again, others may request them, too: who has the ports is not what memory safety
/// rests on.)
pub struct PortIo<'a, T: ?Sized> {
    /// The address is the number of the first port.
    ptr: *mut T,
    _requested: PhantomData<&'a ()>,
}

impl<T: ?Sized> Copy for PortIo<'_, T> {}

impl<T: ?Sized> Clone for PortIo<'_, T> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

// SAFETY: It is a number; the accesses are by instructions that others may interleave with.
unsafe impl<T: ?Sized + Sync> Send for PortIo<'_, T> {}

// SAFETY: As for `Send`.
unsafe impl<T: ?Sized + Sync> Sync for PortIo<'_, T> {}

impl<const SIZE: usize> PortIo<'_, Region<SIZE>> {
    /// Makes one of the numbers of ports.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if there are less than `SIZE` ports, or some have too high a number.
    ///
    /// # Safety
    ///
    /// As long as the lifetime, the ports must have been requested by the caller.
    pub(crate) unsafe fn new(start: usize, size: usize) -> Result<Self> {
        if size < SIZE || start > PORTS || size > PORTS - start {
            return Err(EINVAL);
        }
        // SAFETY: By the check above and the safety requirement.
        Ok(unsafe { Self::new_unchecked(start, size) })
    }

    /// As [`new()`](Self::new), without the check.
    ///
    /// # Safety
    ///
    /// As there, and there must be `SIZE` ports or more, all below 65536.
    #[inline]
    pub(crate) unsafe fn new_unchecked(start: usize, size: usize) -> Self {
        let base = core::ptr::without_provenance_mut(start);
        // INVARIANT: By the safety requirement.
        Self {
            ptr: Region::ptr_from_raw_parts_mut(base, size),
            _requested: PhantomData,
        }
    }
}

impl<T: ?Sized> PortIo<'_, T> {
    /// The number of the first port.
    #[inline]
    pub fn port(self) -> u16 {
        // By the type invariant it fits.
        self.ptr.addr() as u16
    }
}

/// The way to reach [`PortIo`].
pub struct PortIoBackend;

// SAFETY: The pointer is the view's own.
unsafe impl IoBackend for PortIoBackend {
    type View<'a, T: ?Sized + KnownSize> = PortIo<'a, T>;

    #[inline]
    fn as_ptr<'a, T: ?Sized + KnownSize>(view: PortIo<'a, T>) -> *mut T {
        view.ptr
    }

    #[inline]
    unsafe fn project_view<'a, T: ?Sized + KnownSize, U: ?Sized + KnownSize>(
        _view: Self::View<'a, T>,
        ptr: *mut U,
    ) -> Self::View<'a, U> {
        // INVARIANT: By the safety requirement it is a part of the view.
        PortIo {
            ptr,
            _requested: PhantomData,
        }
    }
}

impl<'a, T: ?Sized + KnownSize> IoBase<'a> for PortIo<'a, T> {
    type Backend = PortIoBackend;
    type Target = T;

    #[inline]
    fn as_view(self) -> Self {
        self
    }
}

macro_rules! capable {
    ($($type:ty, $read:ident, $write:ident;)*) => {
        $(
            impl IoCapable<$type> for PortIoBackend {
                #[inline]
                fn io_read<'a>(view: PortIo<'a, $type>) -> $type {
                    // SAFETY: By the type invariant the port is the driver's.
                    unsafe { bindings::$read(view.port()) }
                }

                #[inline]
                fn io_write<'a>(view: PortIo<'a, $type>, value: $type) {
                    // SAFETY: By the type invariant the port is the driver's.
                    unsafe { bindings::$write(value, view.port()) }
                }
            }
        )*
    };
}
capable! {
    u8, inb, outb;
    u16, inw, outw;
    u32, inl, outl;
}

/// I/O ports by their numbers, as ISA devices have them. Dropping it gives them back.
///
/// # Invariants
///
/// `size` ports from `start` on are requested, with the name's text.
///
/// # Examples
///
/// ```
/// use kernel::io::{port::PortRegion, Io};
///
/// // The POST diagnostic codes' neighbours: nothing is there.
/// let ports = PortRegion::<4>::request(0x2f0, 4, c"example")?;
/// assert_eq!(ports.read8(0), 0xff);
/// assert_eq!(ports.try_read8(4), Err(EINVAL));
/// assert_eq!(PortRegion::<4>::request(0x2f0, 4, c"second").err(), Some(EBUSY));
///
/// // The first interrupt controller is the kernel's own.
/// assert_eq!(PortRegion::<2>::request(0x20, 2, c"pic").err(), Some(EBUSY));
/// # Ok::<(), Error>(())
/// ```
pub struct PortRegion<const SIZE: usize = 0> {
    start: usize,
    size: usize,
    /// C keeps a pointer to it.
    _name: CString,
}

impl<const SIZE: usize> PortRegion<SIZE> {
    /// Requests ports; `/proc/ioports` shows them with the name.
    ///
    /// Context: process, may sleep. C: `request_region()`.
    ///
    /// # Errors
    ///
    /// [`EBUSY`] if someone has one of the ports, as the kernel itself has those of the PC's own
    /// parts; [`EINVAL`] if there are no ports of such numbers, or less than `SIZE`;
    /// [`ENOMEM`](crate::error::code::ENOMEM) if there is no memory.
    pub fn request(start: u16, size: u16, name: &CStr) -> Result<Self> {
        let (start, size) = (usize::from(start), usize::from(size));
        // SAFETY: Only the check is of interest, nothing is accessed.
        unsafe { PortIo::<Region<SIZE>>::new(start, size) }?;
        if size == 0 {
            return Err(EINVAL);
        }
        let name = name.to_cstring()?;
        // SAFETY: The name stays until the ports are released.
        let region =
            unsafe { bindings::request_region(start as u64, size as u64, name.as_char_ptr()) };
        if region.is_null() {
            return Err(EBUSY);
        }
        // INVARIANT: C has given the ports to this one.
        Ok(Self {
            start,
            size,
            _name: name,
        })
    }
}

impl<const SIZE: usize> PortRegion<SIZE> {
    /// As [`request()`](Self::request), for the ports of a resource.
    ///
    /// # Errors
    ///
    /// As there; [`EINVAL`] if the resource has no ports.
    pub fn from_resource(resource: &Resource, name: &CStr) -> Result<Self> {
        if !resource.flags().contains(Flags::IORESOURCE_IO) {
            return Err(EINVAL);
        }
        Self::request(
            resource.start().try_into()?,
            resource.size().try_into()?,
            name,
        )
    }
}

impl<const SIZE: usize> Drop for PortRegion<SIZE> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the ports are requested.
        unsafe { bindings::release_region(self.start as u64, self.size as u64) };
    }
}

impl<'a, const SIZE: usize> IoBase<'a> for &'a PortRegion<SIZE> {
    type Backend = PortIoBackend;
    type Target = Region<SIZE>;

    #[inline]
    fn as_view(self) -> PortIo<'a, Region<SIZE>> {
        // SAFETY: By the type invariant; `request()` has checked the numbers.
        unsafe { PortIo::new_unchecked(self.start, self.size) }
    }
}
