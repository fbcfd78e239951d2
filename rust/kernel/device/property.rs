// SPDX-License-Identifier: GPL-2.0-only

//! What firmware says of a device: its properties and children, in a device tree or ACPI.
//!
//! C header: `include/linux/property.h`.

use super::Bound;
use super::Device;
use super::DeviceContext;
use crate::alloc::flags::GFP_KERNEL;
use crate::alloc::KVec;
use crate::bindings;
use crate::devres;
use crate::error::code::EPROTO;
use crate::error::to_result;
use crate::error::Result;
use crate::ffi::c_int;
use crate::str::CStr;
use crate::str::CStrExt as _;
use crate::str::CString;
use crate::sync::aref::ARef;
use crate::sync::aref::AlwaysRefCounted;
use crate::types::Opaque;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

impl Device<Bound> {
    /// What firmware says of the device, if it knows it.
    ///
    /// Upstream's returns a reference that ends with the device's; this one is counted, as the node may go before the
    /// device does.
    ///
    /// Context: any. C: `dev_fwnode()`, `fwnode_handle_get()`.
    pub fn fwnode(&self) -> Option<ARef<FwNode>> {
        // SAFETY: The device is valid and bound, so C keeps its node.
        let fwnode = unsafe { bindings::bound_device_fwnode_get(self.as_raw()) };
        // SAFETY: The helper returns a reference.
        unsafe { FwNode::try_from_owned(fwnode) }
    }
}

impl Device {
    /// What firmware says of a device that may lose its driver, as one that was kept. Nothing if it has none.
    ///
    /// Of a device that a driver of another module has, nothing either while somebody holds the device's lock, or in an
    /// interrupt. It does not wait.
    ///
    /// Context: any but NMI. C: `dev_fwnode()`, `fwnode_handle_get()`.
    ///
    /// # Examples
    ///
    /// The node of a device that was kept does not end with the device:
    ///
    /// ```compile_fail,E0308
    /// use kernel::device::{property::FwNode, Device};
    ///
    /// fn keep(dev: &'static Device) -> Option<&'static FwNode> {
    ///     dev.fwnode()
    /// }
    /// ```
    pub fn fwnode(&self) -> Option<ARef<FwNode>> {
        if let Some(fwnode) = devres::while_bound(self, Device::<Bound>::fwnode) {
            return fwnode;
        }
        // SAFETY: The device is valid.
        let fwnode = unsafe { bindings::device_fwnode_get(self.as_raw()) };
        // SAFETY: The helper returns a reference.
        unsafe { FwNode::try_from_owned(fwnode) }
    }
}

/// A node of firmware's description. C: `struct fwnode_handle`.
///
/// C counts the references to the nodes of device trees and of software. For one to a node of ACPI, the device of
/// ACPI is counted that it is part of. Of a node of software that a module in C has as a static
/// (`software_node_register()`), C counts only what it keeps itself: whoever is bound to a device of that module must
/// not keep it for longer.
///
/// # Invariants
///
/// It is a valid `struct fwnode_handle` with a positive reference count, or of a device that has one.
///
/// # Examples
///
/// ```
/// use kernel::device::Device;
/// use kernel::str::CString;
///
/// fn speed(dev: &Device) -> Result<u32> {
///     let fwnode = dev.fwnode().ok_or(ENOENT)?;
///     let name: Option<CString> = fwnode.property_read(c"label").optional();
///     if let Some(name) = name {
///         dev_info!(dev, "is {name:?}\n");
///     }
///     let [min, max] = fwnode.property_read::<[u32; 2]>(c"speeds").or([9600, 115_200]);
///     fwnode
///         .property_read::<u32>(c"current-speed")
///         .required_by(dev)
///         .map(|speed| speed.clamp(min, max))
/// }
/// # let _ = speed;
/// ```
#[repr(transparent)]
pub struct FwNode(Opaque<bindings::fwnode_handle>);

// SAFETY: C lets any thread give back a node's last reference.
unsafe impl Send for FwNode {}

// SAFETY: C's functions for reading it lock what they need.
unsafe impl Sync for FwNode {}

// SAFETY: C counts a node's references, or the helpers those of its device; nobody owns a `FwNode` by value.
unsafe impl AlwaysRefCounted for FwNode {
    fn inc_ref(&self) {
        // SAFETY: `self` is valid.
        unsafe { bindings::fwnode_get(self.as_raw()) };
    }

    unsafe fn dec_ref(obj: NonNull<Self>) {
        // SAFETY: The caller owns a reference.
        unsafe { bindings::fwnode_put(obj.cast().as_ptr()) };
    }
}

impl FwNode {
    fn as_raw(&self) -> *mut bindings::fwnode_handle {
        self.0.get()
    }

    /// Takes over what C has returned.
    ///
    /// # Safety
    ///
    /// `fwnode` must be null, or valid with a reference that is the caller's.
    unsafe fn try_from_owned(fwnode: *mut bindings::fwnode_handle) -> Option<ARef<Self>> {
        // SAFETY: By the safety requirement; `FwNode` is `struct fwnode_handle` to the compiler.
        NonNull::new(fwnode).map(|fwnode| unsafe { ARef::from_raw(fwnode.cast()) })
    }

    /// Whether it is part of a device tree. Context: any. C: `is_of_node()`.
    pub fn is_of_node(&self) -> bool {
        // SAFETY: `self` is valid.
        unsafe { bindings::is_of_node(self.as_raw()) }
    }

    /// Whether it has a property `name`. Context: any. C: `fwnode_property_present()`.
    pub fn property_present(&self, name: &CStr) -> bool {
        // SAFETY: `self` is valid, the name a C string.
        unsafe { bindings::fwnode_property_present(self.as_raw(), name.as_char_ptr()) }
    }

    /// Whether it has a property `name`: what is there is true. Context: any. C: `fwnode_property_read_bool()`.
    pub fn property_read_bool(&self, name: &CStr) -> bool {
        self.property_present(name)
    }

    /// The place of `string` in the property `name`, which has strings.
    ///
    /// Context: process, may sleep. C: `fwnode_property_match_string()`.
    ///
    /// # Errors
    ///
    /// [`ENODATA`](crate::error::code::ENODATA) if `string` is not there, or the property has no value.
    /// [`EINVAL`](crate::error::code::EINVAL) if there is no such property. [`EPROTO`] or
    /// [`EILSEQ`](crate::error::code::EILSEQ) if it has something else. [`ENOMEM`](crate::error::code::ENOMEM) if
    /// there is no memory.
    pub fn property_match_string(&self, name: &CStr, string: &CStr) -> Result<usize> {
        self.check_strings(name)?;
        let (name, string) = (name.as_char_ptr(), string.as_char_ptr());
        // SAFETY: `self` is valid, the others are C strings.
        let place = unsafe { bindings::fwnode_property_match_string(self.as_raw(), name, string) };
        to_result(place)?;
        Ok(place.unsigned_abs() as usize)
    }

    /// Refuses what C would take for pointers to strings: it does not look at the types of software's nodes.
    fn check_strings(&self, name: &CStr) -> Result {
        // SAFETY: `self` is valid, the name a C string.
        let may_be =
            unsafe { bindings::fwnode_property_may_be_string(self.as_raw(), name.as_char_ptr()) };
        may_be.then_some(()).ok_or(EPROTO)
    }

    /// How many numbers of type `T` the property `name` has. Context: any. C: `fwnode_property_count_u32()` and kin.
    ///
    /// # Errors
    ///
    /// As for [`property_read()`](Self::property_read).
    pub fn property_count_elem<T: PropertyInt>(&self, name: &CStr) -> Result<usize> {
        // SAFETY: C writes nothing.
        let count = unsafe { T::read_raw(self, name, core::ptr::null_mut(), 0) };
        to_result(count)?;
        Ok(count.unsigned_abs() as usize)
    }

    /// Reads the first `len` numbers of the property `name`.
    ///
    /// Context: process, may sleep. C: `fwnode_property_read_u32_array()` and kin.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`](crate::error::code::ENOMEM) if there is no memory; others are the guard's.
    pub fn property_read_array_vec<'fwnode, 'name, T: PropertyInt>(
        &'fwnode self,
        name: &'name CStr,
        len: usize,
    ) -> Result<PropertyGuard<'fwnode, 'name, KVec<T>>> {
        let mut values: KVec<T> = KVec::with_capacity(len, GFP_KERNEL)?;
        let inner = if len == 0 {
            // C would count them.
            self.property_count_elem::<T>(name).map(drop)
        } else {
            // SAFETY: There is room for so many.
            to_result(unsafe { T::read_raw(self, name, values.as_mut_ptr(), len) })
        };
        let inner = inner.map(|()| {
            // SAFETY: C has written them all, if there are any.
            unsafe { values.inc_len(len) };
            values
        });
        Ok(PropertyGuard {
            inner,
            fwnode: self,
            name,
        })
    }

    /// Reads the property `name`: an integer, an array of them or a [`CString`]. What is done if it is not there is
    /// the guard's to say.
    ///
    /// Context: process, may sleep. C: `fwnode_property_read_u32()` and kin, `fwnode_property_read_string()`.
    pub fn property_read<'fwnode, 'name, T: Property>(
        &'fwnode self,
        name: &'name CStr,
    ) -> PropertyGuard<'fwnode, 'name, T> {
        let inner = T::read_from_fwnode_property(self, name);
        PropertyGuard {
            inner,
            fwnode: self,
            name,
        }
    }

    /// The child of that name. Context: process, may sleep. C: `fwnode_get_named_child_node()`.
    pub fn get_child_by_name(&self, name: &CStr) -> Option<ARef<Self>> {
        // SAFETY: `self` is valid, the name a C string.
        let child = unsafe { bindings::fwnode_named_child(self.as_raw(), name.as_char_ptr()) };
        // SAFETY: C returns a reference.
        unsafe { Self::try_from_owned(child) }
    }

    /// Its children. Context: process, may sleep. C: `fwnode_for_each_child_node()`.
    pub fn children(&self) -> impl Iterator<Item = ARef<Self>> + '_ {
        let mut last: Option<ARef<Self>> = None;
        core::iter::from_fn(move || {
            let before = last.take().map_or(core::ptr::null_mut(), |last| {
                ARef::into_raw(last).as_ptr().cast()
            });
            // SAFETY: `self` is valid, and C takes back the reference to the last child.
            let next = unsafe { bindings::fwnode_next_child(self.as_raw(), before) };
            // SAFETY: C returns a reference.
            last = unsafe { Self::try_from_owned(next) };
            last.clone()
        })
        // After the last, C would begin again.
        .fuse()
    }
}

/// A property that was read, or was not there.
#[must_use = "it says what is to be done if the property is not there"]
pub struct PropertyGuard<'fwnode, 'name, T> {
    inner: Result<T>,
    fwnode: &'fwnode FwNode,
    name: &'name CStr,
}

impl<T> PropertyGuard<'_, '_, T> {
    /// The value; without one the log says which device misses what.
    ///
    /// # Errors
    ///
    /// [`EINVAL`](crate::error::code::EINVAL) if the property is not there, and for some kinds of nodes if its value is
    /// of another type; [`ENODATA`](crate::error::code::ENODATA) if it has no value; [`EPROTO`] or
    /// [`EILSEQ`](crate::error::code::EILSEQ) if it has one of another type;
    /// [`EOVERFLOW`](crate::error::code::EOVERFLOW) if its number does not fit or it has too few;
    /// [`ENOMEM`](crate::error::code::ENOMEM) if there is no memory for a string;
    /// [`ENXIO`](crate::error::code::ENXIO) if the device has no firmware that could be asked.
    pub fn required_by<Ctx: DeviceContext>(self, dev: &Device<Ctx>) -> Result<T> {
        if self.inner.is_err() {
            let (name, what) = (
                self.name,
                match self.fwnode.property_present(self.name) {
                    true => "not as it should be",
                    false => "missing",
                },
            );
            crate::dev_err!(dev, "property {name:?} is {what}\n");
        }
        self.inner
    }

    /// The value, if there is one.
    pub fn optional(self) -> Option<T> {
        self.inner.ok()
    }

    /// The value, or `default`.
    pub fn or(self, default: T) -> T {
        self.inner.unwrap_or(default)
    }

    /// The value, or the type's default.
    pub fn or_default(self) -> T
    where
        T: Default,
    {
        self.inner.unwrap_or_default()
    }
}

/// What a property can have.
pub trait Property: Sized {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// As [`PropertyGuard::required_by()`] says.
    fn read_from_fwnode_property(fwnode: &FwNode, name: &CStr) -> Result<Self>;
}

impl Property for CString {
    fn read_from_fwnode_property(fwnode: &FwNode, name: &CStr) -> Result<Self> {
        fwnode.check_strings(name)?;
        let mut string = core::ptr::null();
        // SAFETY: `fwnode` is valid, the name a C string, and C writes a pointer.
        to_result(unsafe {
            bindings::fwnode_property_read_string(fwnode.as_raw(), name.as_char_ptr(), &mut string)
        })?;
        if string.is_null() {
            return Err(EPROTO);
        }
        // SAFETY: C has a string there, as long as the node lives.
        let string = unsafe { CStr::from_char_ptr(string) };
        Ok(string.try_into()?)
    }
}

/// An integer that properties have.
pub trait PropertyInt: Copy + private::Sealed {
    /// Reads `len` numbers, or counts them if `values` is null. Returns what C does.
    ///
    /// # Safety
    ///
    /// `values` must be null, or have room for `len`.
    #[doc(hidden)]
    unsafe fn read_raw(fwnode: &FwNode, name: &CStr, values: *mut Self, len: usize) -> c_int;
}

mod private {
    /// Keeps the types to those that C has functions for.
    pub trait Sealed {}
}

macro_rules! integers {
    ($($function:ident: $unsigned:ty, $signed:ty;)*) => {
        $(integers!(@ $function, $unsigned, $unsigned);)*
        $(integers!(@ $function, $unsigned, $signed);)*
    };
    (@ $function:ident, $raw:ty, $type:ty) => {
        impl private::Sealed for $type {}

        impl PropertyInt for $type {
            unsafe fn read_raw(fwnode: &FwNode, name: &CStr, values: *mut Self, len: usize) -> c_int {
                let name = name.as_char_ptr();
                // SAFETY: `fwnode` is valid, the name a C string, and the rest is the safety requirement.
                unsafe { bindings::$function(fwnode.as_raw(), name, values.cast::<$raw>(), len) }
            }
        }

        impl Property for $type {
            fn read_from_fwnode_property(fwnode: &FwNode, name: &CStr) -> Result<Self> {
                <[Self; 1]>::read_from_fwnode_property(fwnode, name).map(|[value]| value)
            }
        }
    };
}

integers! {
    fwnode_property_read_u8_array: u8, i8;
    fwnode_property_read_u16_array: u16, i16;
    fwnode_property_read_u32_array: u32, i32;
    fwnode_property_read_u64_array: u64, i64;
}

impl<T: PropertyInt, const N: usize> Property for [T; N] {
    fn read_from_fwnode_property(fwnode: &FwNode, name: &CStr) -> Result<Self> {
        let mut values: MaybeUninit<[T; N]> = MaybeUninit::uninit();
        // No numbers are no question to C.
        if N == 0 {
            fwnode.property_count_elem::<T>(name)?;
        } else {
            // SAFETY: There is room for so many.
            let result = unsafe { T::read_raw(fwnode, name, values.as_mut_ptr().cast(), N) };
            to_result(result)?;
        }
        // SAFETY: C has written them all.
        Ok(unsafe { values.assume_init() })
    }
}
