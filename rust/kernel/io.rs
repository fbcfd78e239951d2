// SPDX-License-Identifier: GPL-2.0-only

//! Registers and memory of devices.
//!
//! | what | type | accesses |
//! |---|---|---|
//! | memory-mapped registers | [`Mmio`], given by [`pci::Bar`](crate::pci::Bar), [`mem::IoMem`] | `readb()` and its like |
//! | I/O ports | [`PortIo`], given by [`pci::PortBar`](crate::pci::PortBar), [`port::PortRegion`] | `inb()` and its like |
//!
//! The accessors are those of the trait [`Io`]: with an offset that is known when the driver is compiled
//! they are one instruction, and a bad one is refused then; with any other offset they check.
//!
//! C header: `include/asm-generic/io.h`.

use crate::bindings;
use crate::build_assert;
use crate::const_assert;
use crate::error::code::EINVAL;
use crate::error::Result;
use crate::ptr::Alignment;
use crate::ptr::KnownSize;

pub mod mem;
mod mmio;
pub mod port;
pub mod resource;

pub use self::mmio::Mmio;
pub use self::mmio::MmioBackend;
pub use self::mmio::MmioRaw;
pub use self::mmio::RelaxedMmio;
pub use self::mmio::RelaxedMmioBackend;
pub use self::port::PortIo;
pub use self::port::PortIoBackend;
pub use self::resource::Resource;

/// A physical address.
pub type PhysAddr = bindings::phys_addr_t;

/// The size of a [`Resource`].
pub type ResourceSize = bindings::resource_size_t;

/// A range of registers of no particular type: at least `SIZE` bytes, aligned to 4.
///
/// There are pointers to it only, in the address space of the device.
#[repr(C, align(4))]
pub struct Region<const SIZE: usize = 0> {
    inner: [u8],
}

impl<const SIZE: usize> Region<SIZE> {
    /// Makes a pointer, which means nothing yet, to `size` bytes.
    #[inline]
    pub fn ptr_from_raw_parts_mut(base: *mut u8, size: usize) -> *mut Self {
        core::ptr::slice_from_raw_parts_mut(base, size) as *mut Self
    }

    /// As [`ptr_from_raw_parts_mut()`](Self::ptr_from_raw_parts_mut), if it can be such a region.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if there are less than `SIZE` bytes, or `base` or `size` is no multiple of 4.
    #[inline]
    pub fn ptr_try_from_raw_parts_mut(base: *mut u8, size: usize) -> Result<*mut Self> {
        if size < SIZE || (base.addr() | size) & 3 != 0 {
            return Err(EINVAL);
        }
        Ok(Self::ptr_from_raw_parts_mut(base, size))
    }
}

impl<const SIZE: usize> KnownSize for Region<SIZE> {
    const MIN_SIZE: usize = SIZE;
    const MIN_ALIGN: Alignment = Alignment::new::<4>();

    #[inline(always)]
    fn size(p: *const Self) -> usize {
        (p as *const [u8]).len()
    }
}

/// A way to reach registers, such as [`MmioBackend`].
///
/// # Safety
///
/// [`as_ptr()`](Self::as_ptr) must return a pointer with the size of what the view is of.
pub unsafe trait IoBackend {
    /// A `T` in the device.
    type View<'a, T: ?Sized + KnownSize>: IoBase<'a, Backend = Self, Target = T>;

    /// Returns the pointer behind a view: only its address and size mean something.
    fn as_ptr<'a, T: ?Sized + KnownSize>(view: Self::View<'a, T>) -> *mut T;

    /// Makes a view of a part.
    ///
    /// # Safety
    ///
    /// `ptr` must be [`Self::as_ptr(view)`](Self::as_ptr), or to a part of what that points to.
    unsafe fn project_view<'a, T: ?Sized + KnownSize, U: ?Sized + KnownSize>(
        view: Self::View<'a, T>,
        ptr: *mut U,
    ) -> Self::View<'a, U>;
}

/// Backends that can read and write a `T` at once.
pub trait IoCapable<T>: IoBackend {
    /// Reads.
    fn io_read<'a>(view: Self::View<'a, T>) -> T;

    /// Writes.
    fn io_write<'a>(view: Self::View<'a, T>, value: T);
}

/// A register of a `Base`: where it is, how it is accessed, and what its value is as a type.
///
/// `usize` is one for each integer; a driver may implement it for a type of its own, for example to
/// name the registers.
///
/// # Examples
///
/// ```
/// use kernel::io::{IoLoc, Region};
///
/// /// The line control register of a UART.
/// struct Lcr;
///
/// #[derive(Clone, Copy, PartialEq, Debug)]
/// struct LcrValue(u8);
///
/// impl From<u8> for LcrValue {
///     fn from(raw: u8) -> Self {
///         Self(raw)
///     }
/// }
///
/// impl From<LcrValue> for u8 {
///     fn from(value: LcrValue) -> u8 {
///         value.0
///     }
/// }
///
/// impl<const SIZE: usize> IoLoc<Region<SIZE>, LcrValue> for Lcr {
///     type IoType = u8;
///
///     fn offset(self) -> usize {
///         3
///     }
/// }
/// ```
pub trait IoLoc<Base: ?Sized, T> {
    /// The integer that is read or written at once.
    type IoType: Into<T> + From<T>;

    /// Where in `Base` the register is.
    fn offset(self) -> usize;
}

macro_rules! offsets_are_locations {
    ($($type:ty),*) => {
        $(
            impl<const SIZE: usize> IoLoc<Region<SIZE>, $type> for usize {
                type IoType = $type;

                #[inline(always)]
                fn offset(self) -> usize {
                    self
                }
            }
        )*
    };
}
offsets_are_locations!(u8, u16, u32, u64);

/// What [`Io`] is implemented for: cheap handles of registers.
pub trait IoBase<'a>: Copy {
    /// How they are accessed.
    type Backend: IoBackend;

    /// What they are: [`Region`] if of no particular type.
    type Target: ?Sized + KnownSize;

    /// Returns a view of all.
    fn as_view(self) -> <Self::Backend as IoBackend>::View<'a, Self::Target>;
}

/// Whether an access of a `U` at `offset` is within `size` bytes and aligned if `base` is.
#[inline(always)]
const fn offset_valid<U>(base: usize, offset: usize, size: usize) -> bool {
    match offset.checked_add(size_of::<U>()) {
        Some(end) => end <= size && base.wrapping_add(offset) & (align_of::<U>() - 1) == 0,
        None => false,
    }
}

/// The place of a `U`; the build fails unless it is known to be valid.
#[inline(always)]
fn place<'a, IO: Io<'a>, U>(io: IO, offset: usize) -> <IO::Backend as IoBackend>::View<'a, U> {
    const_assert!(align_of::<U>() <= IO::Target::MIN_ALIGN.as_usize());
    build_assert!(
        offset_valid::<U>(0, offset, IO::Target::MIN_SIZE),
        "the offset is not known to be within the registers"
    );
    let view = io.as_view();
    let ptr = IO::Backend::as_ptr(view).cast::<U>();
    // SAFETY: The assertions say that it is a part.
    unsafe { IO::Backend::project_view(view, ptr.wrapping_byte_add(offset)) }
}

/// The place of a `U`, if it is valid.
#[inline]
fn try_place<'a, IO: Io<'a>, U>(
    io: IO,
    offset: usize,
) -> Result<<IO::Backend as IoBackend>::View<'a, U>> {
    let view = io.as_view();
    let ptr = IO::Backend::as_ptr(view);
    if !offset_valid::<U>(ptr.addr(), offset, KnownSize::size(ptr)) {
        return Err(EINVAL);
    }
    // SAFETY: It was found to be a part.
    Ok(unsafe { IO::Backend::project_view(view, ptr.cast::<U>().wrapping_byte_add(offset)) })
}

macro_rules! accessors {
    ($($type:ident, $read:ident, $write:ident, $try_read:ident, $try_write:ident;)*) => {
        $(
            #[doc = concat!("Reads a `", stringify!($type), "` at an offset that is known when the driver is compiled.")]
            #[inline(always)]
            fn $read(self, offset: usize) -> $type
            where
                usize: IoLoc<Self::Target, $type, IoType = $type>,
                Self::Backend: IoCapable<$type>,
            {
                self.read(offset)
            }

            #[doc = concat!("Writes a `", stringify!($type), "` at an offset that is known when the driver is compiled.")]
            #[inline(always)]
            fn $write(self, value: $type, offset: usize)
            where
                usize: IoLoc<Self::Target, $type, IoType = $type>,
                Self::Backend: IoCapable<$type>,
            {
                self.write(offset, value)
            }

            #[doc = concat!("Reads a `", stringify!($type), "` at any offset.")]
            ///
            /// # Errors
            ///
            /// [`EINVAL`] if that is not within the registers, or not aligned.
            #[inline(always)]
            fn $try_read(self, offset: usize) -> Result<$type>
            where
                usize: IoLoc<Self::Target, $type, IoType = $type>,
                Self::Backend: IoCapable<$type>,
            {
                self.try_read(offset)
            }

            #[doc = concat!("Writes a `", stringify!($type), "` at any offset.")]
            ///
            /// # Errors
            ///
            /// [`EINVAL`] if that is not within the registers, or not aligned.
            #[inline(always)]
            fn $try_write(self, value: $type, offset: usize) -> Result
            where
                usize: IoLoc<Self::Target, $type, IoType = $type>,
                Self::Backend: IoCapable<$type>,
            {
                self.try_write(offset, value)
            }
        )*
    };
}

/// Reads and writes registers.
///
/// A read may have an effect in the device. A driver for which that matters keeps the handle in a type
/// of its own, whose methods take `&mut self` for such reads.
///
/// Context: any. C: `readb()`, `inb()` and their like.
///
/// # Examples
///
/// ```
/// use kernel::io::{Io, PortIo, Region};
///
/// fn loopback_works(uart: PortIo<'_, Region<8>>) -> bool {
///     uart.write8(0x1e, 4);
///     uart.read8(6) & 0xf0 == 0x90
/// }
/// ```
///
/// An offset that is not within the registers is refused when the module is linked:
///
/// ```compile_fail
/// use kernel::io::{Io, PortIo, Region};
///
/// #[inline(never)]
/// fn read(uart: PortIo<'_, Region<8>>) -> u8 {
///     uart.read8(8)
/// }
/// # let read: fn(PortIo<'_, Region<8>>) -> u8 = read;
/// # assert!(core::hint::black_box(read) as usize != 0);
/// ```
pub trait Io<'a>: IoBase<'a> {
    accessors! {
        u8, read8, write8, try_read8, try_write8;
        u16, read16, write16, try_read16, try_write16;
        u32, read32, write32, try_read32, try_write32;
        u64, read64, write64, try_read64, try_write64;
    }

    /// How many bytes there are.
    #[inline]
    fn size(self) -> usize {
        KnownSize::size(Self::Backend::as_ptr(self.as_view()))
    }

    /// Reads a register whose place is known when the driver is compiled.
    #[inline(always)]
    fn read<T, L>(self, location: L) -> T
    where
        L: IoLoc<Self::Target, T>,
        Self::Backend: IoCapable<L::IoType>,
    {
        Self::Backend::io_read(place::<Self, L::IoType>(self, location.offset())).into()
    }

    /// Writes a register whose place is known when the driver is compiled.
    #[inline(always)]
    fn write<T, L>(self, location: L, value: T)
    where
        L: IoLoc<Self::Target, T>,
        Self::Backend: IoCapable<L::IoType>,
    {
        let view = place::<Self, L::IoType>(self, location.offset());
        Self::Backend::io_write(view, value.into());
    }

    /// Reads a register and writes what `f` makes of its value. Nothing keeps others out meanwhile.
    #[inline(always)]
    fn update<T, L, F>(self, location: L, f: F)
    where
        L: IoLoc<Self::Target, T>,
        Self::Backend: IoCapable<L::IoType>,
        F: FnOnce(T) -> T,
    {
        let view = place::<Self, L::IoType>(self, location.offset());
        let value = Self::Backend::io_read(view).into();
        Self::Backend::io_write(view, f(value).into());
    }

    /// Reads a register.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if it is not there, or not aligned.
    #[inline(always)]
    fn try_read<T, L>(self, location: L) -> Result<T>
    where
        L: IoLoc<Self::Target, T>,
        Self::Backend: IoCapable<L::IoType>,
    {
        let view = try_place::<Self, L::IoType>(self, location.offset())?;
        Ok(Self::Backend::io_read(view).into())
    }

    /// Writes a register.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if it is not there, or not aligned.
    #[inline(always)]
    fn try_write<T, L>(self, location: L, value: T) -> Result
    where
        L: IoLoc<Self::Target, T>,
        Self::Backend: IoCapable<L::IoType>,
    {
        let view = try_place::<Self, L::IoType>(self, location.offset())?;
        Self::Backend::io_write(view, value.into());
        Ok(())
    }

    /// Reads a register and writes what `f` makes of its value. Nothing keeps others out meanwhile.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if it is not there, or not aligned.
    #[inline(always)]
    fn try_update<T, L, F>(self, location: L, f: F) -> Result
    where
        L: IoLoc<Self::Target, T>,
        Self::Backend: IoCapable<L::IoType>,
        F: FnOnce(T) -> T,
    {
        let view = try_place::<Self, L::IoType>(self, location.offset())?;
        let value = Self::Backend::io_read(view).into();
        Self::Backend::io_write(view, f(value).into());
        Ok(())
    }

    /// Reads a view of one integer.
    #[inline]
    fn read_val(self) -> Self::Target
    where
        Self::Target: Sized,
        Self::Backend: IoCapable<Self::Target>,
    {
        Self::Backend::io_read(self.as_view())
    }

    /// Writes a view of one integer.
    #[inline]
    fn write_val(self, value: Self::Target)
    where
        Self::Target: Sized,
        Self::Backend: IoCapable<Self::Target>,
    {
        Self::Backend::io_write(self.as_view(), value);
    }
}

// For all, so that nobody can have other methods, which the checks are in.
impl<'a, T: IoBase<'a>> Io<'a> for T {}
