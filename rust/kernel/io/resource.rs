// SPDX-License-Identifier: GPL-2.0-only

//! Where a device's registers, memory and so on are, as its bus found out.
//!
//! C header: `include/linux/ioport.h`.

use super::PhysAddr;
use super::ResourceSize;
use crate::bindings;
use crate::ffi::c_int;
use crate::ffi::c_ulong;
use crate::str::CStr;
use crate::str::CStrExt as _;
use crate::str::CString;
use crate::types::Opaque;
use core::ops::Deref;
use core::ptr::NonNull;

/// A resource of a device. C: `struct resource`.
///
/// # Invariants
///
/// It is a valid `struct resource`, which nobody changes.
#[repr(transparent)]
pub struct Resource(Opaque<bindings::resource>);

// SAFETY: It is only read, or C locks.
unsafe impl Send for Resource {}

// SAFETY: As for `Send`.
unsafe impl Sync for Resource {}

impl Resource {
    /// Wraps a resource that C has.
    ///
    /// # Safety
    ///
    /// During `'a`, `ptr` must be a valid resource that does not change.
    pub(crate) const unsafe fn from_raw<'a>(ptr: *mut bindings::resource) -> &'a Self {
        // SAFETY: `Resource` is `struct resource` to the compiler; the rest is the safety requirement.
        unsafe { &*ptr.cast() }
    }

    /// Requests a part of it: nobody else can request any of that meanwhile.
    ///
    /// Nothing is returned if someone has requested some of it already, as of a [`Region`] itself, or it is not within
    /// the resource. Of `flags`, `IORESOURCE_MUXED` and `IORESOURCE_MEM_NONPOSTED` count.
    ///
    /// Context: process, may sleep. C: `__request_region()`.
    pub fn request_region(
        &self,
        start: PhysAddr,
        size: ResourceSize,
        name: CString,
        flags: Flags,
    ) -> Option<Region> {
        // SAFETY: `self` is valid.
        let (first, last, own) = unsafe {
            let resource = self.0.get();
            ((*resource).start, (*resource).end, Flags((*resource).flags))
        };
        let end = start.checked_add(size.checked_sub(1)?)?;
        // What is released is found by where it is, so there must be one alone.
        if start < first || end > last || own.contains(Flags::IORESOURCE_BUSY) {
            return None;
        }
        // SAFETY: `self` is valid. One that is not in the tree, as those of PNP, keeps nobody off: its tree does.
        let parent = unsafe {
            if !(*self.0.get()).parent.is_null() {
                self.0.get()
            } else if own.contains(Flags::IORESOURCE_MEM) {
                &raw mut bindings::iomem_resource
            } else {
                &raw mut bindings::ioport_resource
            }
        };
        let flags = flags & (Flags::IORESOURCE_MUXED | Flags::IORESOURCE_MEM_NONPOSTED);
        let flags = flags.0 as c_int;
        // SAFETY: The parent is valid; the name stays as long as the result.
        let region =
            unsafe { bindings::__request_region(parent, start, size, name.as_char_ptr(), flags) };
        // INVARIANT: C has made the region for this one.
        Some(Region {
            resource: NonNull::new(region)?,
            _name: name,
        })
    }

    /// How many bytes, or ports, it has. C: `resource_size()`.
    pub fn size(&self) -> ResourceSize {
        // SAFETY: `self` is valid.
        unsafe { bindings::resource_size(self.0.get()) }
    }

    /// Where it starts.
    pub fn start(&self) -> PhysAddr {
        // SAFETY: `self` is valid.
        unsafe { (*self.0.get()).start }
    }

    /// What it is called.
    pub fn name(&self) -> Option<&CStr> {
        // SAFETY: `self` is valid.
        let name = unsafe { (*self.0.get()).name };
        // SAFETY: What is not null is a string that stays as the resource does.
        (!name.is_null()).then(|| unsafe { CStr::from_char_ptr(name) })
    }

    /// What it is.
    pub fn flags(&self) -> Flags {
        // SAFETY: `self` is valid.
        Flags(unsafe { (*self.0.get()).flags })
    }
}

/// A requested part of a [`Resource`]. Dropping it gives it back.
///
/// # Invariants
///
/// `resource` was made by `__request_region()`, and only `self` releases it. Nothing else was requested of the same range:
/// C finds it by that, in the tree that its flags say.
pub struct Region {
    resource: NonNull<bindings::resource>,
    /// C keeps a pointer to it.
    _name: CString,
}

// SAFETY: C locks the tree of resources.
unsafe impl Send for Region {}

// SAFETY: As for `Send`.
unsafe impl Sync for Region {}

impl Deref for Region {
    type Target = Resource;

    fn deref(&self) -> &Resource {
        // SAFETY: By the type invariant it is valid.
        unsafe { Resource::from_raw(self.resource.as_ptr()) }
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        let (start, size) = (self.start(), self.size());
        if self.flags().contains(Flags::IORESOURCE_MEM) {
            // SAFETY: By the type invariant it is there to be released.
            unsafe { bindings::release_mem_region(start, size) };
        } else {
            // SAFETY: As above.
            unsafe { bindings::release_region(start, size) };
        }
    }
}

/// What a resource is. C: `IORESOURCE_…`.
///
/// # Examples
///
/// ```
/// use kernel::io::resource::Flags;
///
/// let flags = Flags::IORESOURCE_MEM | Flags::IORESOURCE_MEM_NONPOSTED;
/// assert!(flags.contains(Flags::IORESOURCE_MEM));
/// assert!(!flags.contains(Flags::IORESOURCE_IO));
/// ```
#[derive(Clone, Copy, PartialEq)]
pub struct Flags(c_ulong);

impl Flags {
    /// I/O ports.
    pub const IORESOURCE_IO: Self = Self(bindings::IORESOURCE_IO as c_ulong);
    /// Memory.
    pub const IORESOURCE_MEM: Self = Self(bindings::IORESOURCE_MEM as c_ulong);
    /// Somebody has requested it.
    const IORESOURCE_BUSY: Self = Self(bindings::IORESOURCE_BUSY as c_ulong);
    /// It is shared: a request waits until the others have released it.
    pub const IORESOURCE_MUXED: Self = Self(bindings::IORESOURCE_MUXED as c_ulong);
    /// Memory whose writes wait for the device, `ioremap_np()`.
    pub const IORESOURCE_MEM_NONPOSTED: Self = Self(bindings::IORESOURCE_MEM_NONPOSTED as c_ulong);

    /// Whether it has all of `flags`.
    pub fn contains(self, flags: Self) -> bool {
        self & flags == flags
    }
}

impl core::ops::BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl core::ops::BitAnd for Flags {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl core::ops::Not for Flags {
    type Output = Self;

    fn not(self) -> Self {
        Self(!self.0)
    }
}
