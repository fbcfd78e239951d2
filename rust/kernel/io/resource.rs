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
use core::marker::PhantomData;
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
    /// Returns `None` if someone has requested some of it already, as of a [`Region`] itself, if it is not within the
    /// resource, or if the resource lies in an area that is busy, such as one that the firmware has reserved. Of `flags`,
    /// `IORESOURCE_MUXED` and `IORESOURCE_MEM_NONPOSTED` count.
    ///
    /// Context: process, may sleep. C: `request_mem_region()`, `request_region()`.
    pub fn request_region(
        &self,
        start: PhysAddr,
        size: ResourceSize,
        name: CString,
        flags: Flags,
    ) -> Option<Region<'_>> {
        // SAFETY: `self` is valid.
        let (first, last, own) = unsafe {
            let resource = self.0.get();
            ((*resource).start, (*resource).end, Flags((*resource).flags))
        };
        let end = start.checked_add(size.checked_sub(1)?)?;
        if start < first || end > last || own.contains(Flags::IORESOURCE_BUSY) {
            return None;
        }
        let root = root(own);
        let flags = flags & (Flags::IORESOURCE_MUXED | Flags::IORESOURCE_MEM_NONPOSTED);
        let flags = flags.0 as c_int;
        // From the root, as the release begins there. From the resource itself, C would not see that an area above it is
        // busy, below which the release does not look.
        // SAFETY: The root is a static of C's; the name stays as long as the result.
        let region =
            unsafe { bindings::__request_region(root, start, size, name.as_char_ptr(), flags) };
        let region = NonNull::new(region)?;
        let mut copy: bindings::resource = pin_init::zeroed();
        (copy.start, copy.end, copy.name) = (start, end, name.as_char_ptr());
        // SAFETY: C has made it for this one, and changes only how it is linked.
        copy.flags = unsafe { (&raw const (*region.as_ptr()).flags).read() };
        // INVARIANT: C has made the region for this one, and what it is a part of stays during the lifetime.
        Some(Region {
            resource: Opaque::new(copy),
            _name: name,
            _within: PhantomData,
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

    /// What it is called. Of a device's resource, whoever made the device has the string: a device that was kept
    /// ([`ARef`](crate::sync::aref::ARef)) lends no resources.
    pub fn name(&self) -> Option<&CStr> {
        // SAFETY: `self` is valid.
        let name = unsafe { (*self.0.get()).name };
        // SAFETY: What is not null is a string. It stays as long as the device is bound, and resources are lent no
        // longer: whoever made the device takes it away before the string goes. That of a `Region` is its own.
        (!name.is_null()).then(|| unsafe { CStr::from_char_ptr(name) })
    }

    /// What it is.
    pub fn flags(&self) -> Flags {
        // SAFETY: `self` is valid.
        Flags(unsafe { (*self.0.get()).flags })
    }
}

/// The tree in which what has these flags is requested.
fn root(flags: Flags) -> *mut bindings::resource {
    if flags.contains(Flags::IORESOURCE_MEM) {
        &raw mut bindings::iomem_resource
    } else {
        &raw mut bindings::ioport_resource
    }
}

/// A requested part of a [`Resource`]. Dropping it gives it back.
///
/// It ends before the resource does: when a device is removed, C takes all that was requested of its resources out of
/// the tree, and the next device there may have the same range. Upstream's type has no lifetime.
///
/// ```compile_fail
/// use kernel::io::resource::{Flags, Region};
/// use kernel::device::Bound;
/// use kernel::platform;
/// use kernel::str::CString;
///
/// fn keep(pdev: &platform::Device<Bound>, name: CString) -> Option<Region<'static>> {
///     let resource = pdev.resource_by_index(0)?;
///     resource.request_region(resource.start(), 4, name, Flags::IORESOURCE_MEM)
/// }
/// ```
///
/// # Invariants
///
/// `resource` is a copy of what `__request_region()` has made for `self`, which is in the tree that its flags say: C finds
/// it by its range when it is released. The copy has no pointer into the tree.
pub struct Region<'a> {
    resource: Opaque<bindings::resource>,
    /// C keeps a pointer to it.
    _name: CString,
    _within: PhantomData<&'a Resource>,
}

// SAFETY: C locks the tree of resources.
unsafe impl Send for Region<'_> {}

// SAFETY: As for `Send`; the copy is only read.
unsafe impl Sync for Region<'_> {}

impl Deref for Region<'_> {
    type Target = Resource;

    fn deref(&self) -> &Resource {
        // SAFETY: By the type invariant it is a valid resource, which is never changed; the name is there as long.
        unsafe { Resource::from_raw(self.resource.get()) }
    }
}

impl Drop for Region<'_> {
    fn drop(&mut self) {
        let root = root(self.flags());
        // SAFETY: By the type invariant it is there to be released.
        unsafe { bindings::__release_region(root, self.start(), self.size()) };
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
