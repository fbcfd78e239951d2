// SPDX-License-Identifier: GPL-2.0-only

//! Files of a port in sysfs.
//!
//! C headers: `include/linux/sysfs.h`, `include/linux/device.h` (`DEVICE_ATTR_RW()`).

use super::Operations;
use super::Port;
use crate::alloc::flags::GFP_KERNEL;
use crate::alloc::KBox;
use crate::alloc::KVec;
use crate::bindings;
use crate::build_error;
use crate::error::Error;
use crate::error::Result;
use crate::error::VTABLE_DEFAULT_ERROR;
use crate::ffi::c_char;
use crate::fmt::Write as _;
use crate::str::CStr;
use crate::str::CStrExt as _;
use crate::str::RawFormatter;
use core::fmt::Display;
use core::marker::PhantomData;
use macros::vtable;

/// A file in the directory of a port's tty: `/sys/class/tty/ttyXY0/NAME`. C: `struct device_attribute`.
///
/// [`Operations::ATTRIBUTES`] lists those of a driver. Everybody may read them, and root may write to those that implement
/// [`store()`](Self::store).
///
/// Context of all functions: process, may sleep; port lock not held. They are called from when the device file is there until
/// the port is removed, whether it is open or not, also by several threads at once. Removing the port waits for them, so they
/// must not wait for that.
///
/// # Examples
///
/// ```
/// use kernel::serial::{Attribute, Operations, Port};
/// use kernel::str::kstrtou8;
/// use kernel::sync::atomic::{Atomic, Relaxed};
///
/// struct Level;
///
/// #[vtable]
/// impl<T: Operations<Data = Atomic<u32>>> Attribute<T> for Level {
///     const NAME: &'static CStr = c"level";
///     type Value = u32;
///
///     fn show(level: &Atomic<u32>, _port: &Port<T>) -> Result<u32> {
///         Ok(level.load(Relaxed))
///     }
///
///     fn store(level: &Atomic<u32>, _port: &Port<T>, text: &CStr) -> Result {
///         level.store(kstrtou8(text, 10)?.into(), Relaxed);
///         Ok(())
///     }
/// }
/// ```
#[vtable]
pub trait Attribute<T: Operations>: 'static {
    /// The file's name: not one that C or another attribute of the driver has in this directory, such as `uartclk`.
    const NAME: &'static CStr;

    /// What is read.
    type Value: Display;

    /// Returns what the file says. A line feed follows it; what does not fit into a page is cut off.
    ///
    /// # Errors
    ///
    /// Whatever the driver returns: reading fails with it.
    fn show(data: &T::Data, port: &Port<T>) -> Result<Self::Value>;

    /// Takes what is written in one go, at most a page: from the shell with the line feed at its end.
    ///
    /// # Errors
    ///
    /// Whatever the driver returns: writing fails with it.
    fn store(data: &T::Data, port: &Port<T>, text: &CStr) -> Result {
        let _ = (data, port, text);
        build_error!(VTABLE_DEFAULT_ERROR)
    }
}

type Show = unsafe extern "C" fn(
    *mut bindings::device,
    *mut bindings::device_attribute,
    *mut c_char,
) -> isize;

type Store = unsafe extern "C" fn(
    *mut bindings::device,
    *mut bindings::device_attribute,
    *const c_char,
    usize,
) -> isize;

/// An [`Attribute`] for [`Operations::ATTRIBUTES`].
pub struct DeviceAttribute<T: Operations> {
    name: &'static CStr,
    show: Show,
    store: Option<Store>,
    _operations: PhantomData<fn() -> T>,
}

impl<T: Operations> DeviceAttribute<T> {
    /// Makes the entry of an attribute. A name that no file can have is refused when this is compiled.
    ///
    /// C: `DEVICE_ATTR_RW()`, or `DEVICE_ATTR_RO()` of an attribute that does not implement [`Attribute::store()`].
    pub const fn new<A: Attribute<T>>() -> Self {
        let name = A::NAME.to_bytes();
        assert!(
            !name.is_empty() && name.len() <= 255,
            "an attribute's name has 1 to 255 bytes"
        );
        let (mut i, mut dots) = (0, 0);
        while i < name.len() {
            assert!(name[i] != b'/', "an attribute's name has no slash");
            dots += (name[i] == b'.') as usize;
            i += 1;
        }
        assert!(dots < i || dots > 2, "an attribute's name is not . or ..");
        Self {
            name: A::NAME,
            show: show::<T, A>,
            store: if A::HAS_STORE {
                Some(store::<T, A>)
            } else {
                None
            },
            _operations: PhantomData,
        }
    }
}

/// Reads an attribute.
///
/// # Safety
///
/// `tty` must be the device of a tty whose port is a `Port<T>` that stays for the call; `page` a page that is initialised
/// and this call's.
unsafe extern "C" fn show<T: Operations, A: Attribute<T>>(
    tty: *mut bindings::device,
    _attribute: *mut bindings::device_attribute,
    page: *mut c_char,
) -> isize {
    // SAFETY: By the safety requirement; the port's first field is C's.
    let port = unsafe { &*bindings::tty_device_uart_port(tty).cast::<Port<T>>() };
    let value = match A::show(port.data(), port) {
        Ok(value) => value,
        Err(error) => return error.to_errno() as isize,
    };
    // SAFETY: By the safety requirement.
    let page = unsafe { core::slice::from_raw_parts_mut(page, bindings::PAGE_SIZE - 1) };
    let mut text = RawFormatter::new(page);
    // It takes everything; a value that fails leaves what it has written.
    let _ = writeln!(text, "{value}");
    text.bytes_written().min(bindings::PAGE_SIZE - 1) as isize
}

/// Writes to an attribute.
///
/// # Safety
///
/// As of [`show()`]; `text` must be a NUL-terminated string that stays for the call.
unsafe extern "C" fn store<T: Operations, A: Attribute<T>>(
    tty: *mut bindings::device,
    _attribute: *mut bindings::device_attribute,
    text: *const c_char,
    len: usize,
) -> isize {
    // SAFETY: By the safety requirement; the port's first field is C's.
    let port = unsafe { &*bindings::tty_device_uart_port(tty).cast::<Port<T>>() };
    // SAFETY: By the safety requirement.
    let text = unsafe { CStr::from_char_ptr(text) };
    match A::store(port.data(), port, text) {
        Ok(()) => len as isize,
        Err(error) => error.to_errno() as isize,
    }
}

/// What C has of a port's attributes. It must outlive the files.
pub(super) struct Files {
    group: bindings::attribute_group,
    _attributes: KVec<bindings::device_attribute>,
    _pointers: KVec<*mut bindings::attribute>,
}

impl Files {
    /// The files of a driver; none if it has no attributes.
    pub(super) fn new<T: Operations>() -> Result<Option<KBox<Self>>> {
        if T::ATTRIBUTES.is_empty() {
            return Ok(None);
        }
        let mut attributes = KVec::with_capacity(T::ATTRIBUTES.len(), GFP_KERNEL)?;
        for DeviceAttribute {
            name, show, store, ..
        } in T::ATTRIBUTES
        {
            // SAFETY: Zero is a null pointer, no function or a number in each field.
            let mut attribute: bindings::device_attribute = unsafe { core::mem::zeroed() };
            let mode = if store.is_some() { 0o644 } else { 0o444 };
            // SAFETY: The attribute is this call's, and the name a static.
            unsafe {
                bindings::device_attribute_init(
                    &mut attribute,
                    name.as_char_ptr(),
                    mode,
                    Some(*show),
                    *store,
                )
            };
            attributes.push(attribute, GFP_KERNEL)?;
        }
        let mut pointers = KVec::with_capacity(attributes.len() + 1, GFP_KERNEL)?;
        for attribute in attributes.iter_mut() {
            pointers.push(&raw mut attribute.attr, GFP_KERNEL)?;
        }
        pointers.push(core::ptr::null_mut(), GFP_KERNEL)?;
        // SAFETY: As above.
        let mut group: bindings::attribute_group = unsafe { core::mem::zeroed() };
        // SAFETY: The group is this call's; the pointers, of which the last is null, stay where they are.
        unsafe { bindings::attribute_group_init(&mut group, pointers.as_mut_ptr()) };
        let files = Self {
            group,
            _attributes: attributes,
            _pointers: pointers,
        };
        KBox::new(files, GFP_KERNEL).map(Some).map_err(Error::from)
    }

    /// What C takes, and only reads.
    pub(super) fn as_raw(&self) -> *mut bindings::attribute_group {
        (&raw const self.group).cast_mut()
    }
}
