// SPDX-License-Identifier: GPL-2.0-only

//! Memory-mapped registers.

use super::IoBackend;
use super::IoBase;
use super::IoCapable;
use super::Region;
use crate::bindings;
use crate::error::Result;
use crate::ptr::KnownSize;
use core::marker::PhantomData;

/// An address of memory-mapped registers. C: `void __iomem *`.
///
/// Nothing says that there are any: that is what [`Mmio`] is for.
pub struct MmioRaw<T: ?Sized> {
    ptr: *mut T,
}

impl<T: ?Sized> Copy for MmioRaw<T> {}

impl<T: ?Sized> Clone for MmioRaw<T> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

// SAFETY: It is a number.
unsafe impl<T: ?Sized> Send for MmioRaw<T> {}

// SAFETY: It is a number.
unsafe impl<T: ?Sized> Sync for MmioRaw<T> {}

impl<T> MmioRaw<T> {
    /// Makes one of an address.
    #[inline]
    pub fn new(addr: usize) -> Self {
        let ptr = core::ptr::without_provenance_mut(addr);
        Self { ptr }
    }
}

impl<const SIZE: usize> MmioRaw<Region<SIZE>> {
    /// Makes one of an address and a size.
    ///
    /// # Errors
    ///
    /// [`EINVAL`](crate::error::code::EINVAL) if there are less than `SIZE` bytes, or one of both is
    /// no multiple of 4.
    #[inline]
    pub fn new_region(addr: usize, size: usize) -> Result<Self> {
        let base = core::ptr::without_provenance_mut(addr);
        let ptr = Region::ptr_try_from_raw_parts_mut(base, size)?;
        Ok(Self { ptr })
    }
}

impl<T: ?Sized + KnownSize> MmioRaw<T> {
    /// Returns the address.
    #[inline]
    pub fn addr(&self) -> usize {
        self.ptr.addr()
    }

    /// Returns the number of bytes.
    #[inline]
    pub fn size(&self) -> usize {
        KnownSize::size(self.ptr)
    }
}

/// Memory-mapped registers: see [`Io`](super::Io) for the accessors.
///
/// # Invariants
///
/// They are mapped, at least as long as `'a`, and aligned as a `T`.
pub struct Mmio<'a, T: ?Sized> {
    ptr: *mut T,
    _mapped: PhantomData<&'a ()>,
}

impl<T: ?Sized> Copy for Mmio<'_, T> {}

impl<T: ?Sized> Clone for Mmio<'_, T> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

// SAFETY: It is an address; the accesses are by instructions that others may interleave with.
unsafe impl<T: ?Sized + Sync> Send for Mmio<'_, T> {}

// SAFETY: As for `Send`.
unsafe impl<T: ?Sized + Sync> Sync for Mmio<'_, T> {}

impl<'a, T: ?Sized> Mmio<'a, T> {
    /// Makes one of an address.
    ///
    /// # Safety
    ///
    /// There must be mapped registers as long as `'a`, aligned as a `T`.
    #[inline]
    pub unsafe fn from_raw(raw: MmioRaw<T>) -> Self {
        // INVARIANT: By the safety requirement.
        Self {
            ptr: raw.ptr,
            _mapped: PhantomData,
        }
    }

    /// Returns the same registers, with accesses that are not ordered with others to memory.
    /// C: `readb_relaxed()` and its like.
    #[inline]
    pub fn relaxed(self) -> RelaxedMmio<'a, T> {
        RelaxedMmio(self)
    }
}

/// [`Mmio`] whose accesses are not ordered with others to memory.
pub struct RelaxedMmio<'a, T: ?Sized>(Mmio<'a, T>);

impl<T: ?Sized> Copy for RelaxedMmio<'_, T> {}

impl<T: ?Sized> Clone for RelaxedMmio<'_, T> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

/// The way to reach [`Mmio`].
pub struct MmioBackend;

// SAFETY: The pointer is the view's own.
unsafe impl IoBackend for MmioBackend {
    type View<'a, T: ?Sized + KnownSize> = Mmio<'a, T>;

    #[inline]
    fn as_ptr<'a, T: ?Sized + KnownSize>(view: Mmio<'a, T>) -> *mut T {
        view.ptr
    }

    #[inline]
    unsafe fn project_view<'a, T: ?Sized + KnownSize, U: ?Sized + KnownSize>(
        _view: Self::View<'a, T>,
        ptr: *mut U,
    ) -> Self::View<'a, U> {
        // INVARIANT: By the safety requirement it is a part of the view.
        Mmio {
            ptr,
            _mapped: PhantomData,
        }
    }
}

/// The way to reach [`RelaxedMmio`].
pub struct RelaxedMmioBackend;

// SAFETY: The pointer is the view's own.
unsafe impl IoBackend for RelaxedMmioBackend {
    type View<'a, T: ?Sized + KnownSize> = RelaxedMmio<'a, T>;

    #[inline]
    fn as_ptr<'a, T: ?Sized + KnownSize>(view: RelaxedMmio<'a, T>) -> *mut T {
        view.0.ptr
    }

    #[inline]
    unsafe fn project_view<'a, T: ?Sized + KnownSize, U: ?Sized + KnownSize>(
        view: Self::View<'a, T>,
        ptr: *mut U,
    ) -> Self::View<'a, U> {
        // SAFETY: The safety requirement is the same.
        RelaxedMmio(unsafe { MmioBackend::project_view(view.0, ptr) })
    }
}

impl<'a, T: ?Sized + KnownSize> IoBase<'a> for Mmio<'a, T> {
    type Backend = MmioBackend;
    type Target = T;

    #[inline]
    fn as_view(self) -> Self {
        self
    }
}

impl<'a, T: ?Sized + KnownSize> IoBase<'a> for RelaxedMmio<'a, T> {
    type Backend = RelaxedMmioBackend;
    type Target = T;

    #[inline]
    fn as_view(self) -> Self {
        self
    }
}

macro_rules! capable {
    ($($backend:ident, $type:ty, $read:ident, $write:ident;)*) => {
        $(
            impl IoCapable<$type> for $backend {
                #[inline]
                fn io_read<'a>(view: Self::View<'a, $type>) -> $type {
                    // SAFETY: By the invariant of `Mmio` there is such a register.
                    unsafe { bindings::$read(Self::as_ptr(view).cast_const().cast()) }
                }

                #[inline]
                fn io_write<'a>(view: Self::View<'a, $type>, value: $type) {
                    // SAFETY: By the invariant of `Mmio` there is such a register.
                    unsafe { bindings::$write(value, Self::as_ptr(view).cast()) }
                }
            }
        )*
    };
}
capable! {
    MmioBackend, u8, readb, writeb;
    MmioBackend, u16, readw, writew;
    MmioBackend, u32, readl, writel;
    MmioBackend, u64, readq, writeq;
    RelaxedMmioBackend, u8, readb_relaxed, writeb_relaxed;
    RelaxedMmioBackend, u16, readw_relaxed, writew_relaxed;
    RelaxedMmioBackend, u32, readl_relaxed, writel_relaxed;
    RelaxedMmioBackend, u64, readq_relaxed, writeq_relaxed;
}
