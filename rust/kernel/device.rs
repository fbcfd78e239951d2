// SPDX-License-Identifier: GPL-2.0-only

//! Devices of the driver model, and what is known of one where a driver meets it.
//!
//! C header: `include/linux/device.h`.

use crate::alloc::flags::GFP_KERNEL;
use crate::alloc::InPlaceInit as _;
use crate::alloc::KBox;
use crate::bindings;
use crate::error::Error;
use crate::error::Result;
use crate::fmt;
use crate::init::PinInit;
use crate::print;
use crate::print::Level;
use crate::str::CStr;
use crate::str::CStrExt as _;
use crate::sync::aref::ARef;
use crate::sync::aref::AlwaysRefCounted;
use crate::types::ForeignOwnable;
use crate::types::Opaque;
use core::marker::PhantomData;
use core::pin::Pin;
use core::ptr::NonNull;

mod bus;
mod context;
mod levels;
pub mod property;

pub(crate) use self::bus::bus_device;
pub use self::context::Bound;
pub use self::context::BoundInternal;
pub use self::context::Core;
pub use self::context::CoreInternal;
pub use self::context::DeviceContext;
pub use self::context::InternalBoundContext;
pub use self::context::Normal;

/// A device. C: `struct device`.
///
/// `Ctx` says what is known of it as long as the reference lives, see [`DeviceContext`]; a device in
/// a context is also one in each weaker context. To keep a device for longer, take an
/// [`ARef<Device>`](ARef), of which nothing is known but that it exists.
///
/// # Invariants
///
/// It is a valid `struct device` with a positive reference count, and what `Ctx` promises holds.
///
/// # Examples
///
/// ```
/// use kernel::device::{Bound, Device};
/// use kernel::sync::aref::ARef;
///
/// // A function that needs a device with a driver, and keeps it.
/// fn remember(dev: &Device<Bound>) -> ARef<Device> {
///     dev_info!(dev, "will be remembered\n");
///     dev.into()
/// }
/// ```
///
/// A device that was kept may have lost its driver:
///
/// ```compile_fail,E0308
/// use kernel::device::{Bound, Device};
/// use kernel::sync::aref::ARef;
///
/// fn with_driver(kept: &ARef<Device>) -> &Device<Bound> {
///     kept
/// }
/// ```
#[repr(transparent)]
pub struct Device<Ctx: DeviceContext = Normal>(Opaque<bindings::device>, PhantomData<Ctx>);

impl Device {
    /// Takes a reference to a device that C has.
    ///
    /// # Safety
    ///
    /// `ptr` must be a valid device, and someone must hold a reference to it during the call.
    pub unsafe fn get_device(ptr: *mut bindings::device) -> ARef<Self> {
        // SAFETY: By the safety requirement.
        unsafe { Self::from_raw(ptr) }.into()
    }

    /// Promises that the device has a driver.
    ///
    /// # Safety
    ///
    /// The device must have a driver, and it must not be unbound as long as the result lives.
    pub unsafe fn as_bound(&self) -> &Device<Bound> {
        // SAFETY: `self` is a valid device; by the safety requirement it has a driver.
        unsafe { Device::from_raw(self.as_raw()) }
    }
}

impl Device<CoreInternal<'_>> {
    /// Makes the driver's data and keeps it with the device.
    ///
    /// Context: process, may sleep. C: `dev_set_drvdata()`.
    ///
    /// # Errors
    ///
    /// The initialiser's; [`ENOMEM`](crate::error::code::ENOMEM) if there is no memory.
    pub fn set_drvdata<T>(&self, data: impl PinInit<T, Error>) -> Result {
        let data = KBox::pin_init(data, GFP_KERNEL)?.into_foreign();
        // SAFETY: `self` is valid; C only stores the pointer.
        unsafe { bindings::dev_set_drvdata(self.as_raw(), data) };
        Ok(())
    }

    /// Takes back the driver's data, if there is any.
    ///
    /// # Safety
    ///
    /// `T` must be the type that [`set_drvdata()`](Self::set_drvdata) was called with, but for
    /// lifetimes, and nothing may be borrowed of the data.
    pub(crate) unsafe fn drvdata_obtain<T>(&self) -> Option<Pin<KBox<T>>> {
        // SAFETY: `self` is valid.
        let data = unsafe { bindings::dev_get_drvdata(self.as_raw()) };
        // SAFETY: As above.
        unsafe { bindings::dev_set_drvdata(self.as_raw(), core::ptr::null_mut()) };
        // SAFETY: What is not null is from `set_drvdata()`, and it was taken away just now.
        unsafe { Pin::<KBox<T>>::try_from_foreign(data) }
    }
}

impl<Ctx: InternalBoundContext> Device<Ctx> {
    /// Borrows the driver's data.
    ///
    /// # Safety
    ///
    /// `T` must be the type that [`set_drvdata()`](Device::set_drvdata) was called with, but for
    /// lifetimes, and the data must stay as long as the result lives.
    pub unsafe fn drvdata_borrow<T>(&self) -> Pin<&T> {
        // SAFETY: `self` is valid.
        let data = unsafe { bindings::dev_get_drvdata(self.as_raw()) };
        // SAFETY: By the safety requirement it is a `T` that stays.
        unsafe { Pin::<KBox<T>>::borrow(data) }
    }
}

impl<Ctx: DeviceContext> Device<Ctx> {
    /// Returns what C takes.
    pub(crate) fn as_raw(&self) -> *mut bindings::device {
        self.0.get()
    }

    /// Wraps a device that C has.
    ///
    /// # Safety
    ///
    /// During `'a`, `ptr` must be a valid device with a reference that someone holds, of which holds
    /// what `Ctx` promises.
    pub unsafe fn from_raw<'a>(ptr: *mut bindings::device) -> &'a Self {
        // SAFETY: `Device` is `struct device` to the compiler; the rest is the safety requirement.
        unsafe { &*ptr.cast() }
    }

    /// The device's name, as in `/sys/devices`. Context: any. C: `dev_name()`.
    pub fn name(&self) -> &CStr {
        // SAFETY: `self` is valid, so it has a name that ends with a NUL byte.
        unsafe { CStr::from_char_ptr(bindings::dev_name(self.as_raw())) }
    }

    /// How many bytes the device's path in sysfs has; the most if there is no memory to find out.
    pub(crate) fn path_len(&self) -> usize {
        // SAFETY: `self` is valid, and keeps the devices that it stands below; the flags are C's.
        let path = unsafe {
            bindings::kobject_get_path(&raw const (*self.as_raw()).kobj, GFP_KERNEL.as_raw())
        };
        if path.is_null() {
            return usize::MAX / 2;
        }
        // SAFETY: It is a string of this function's own.
        let len = unsafe { CStr::from_char_ptr(path) }.to_bytes().len();
        // SAFETY: C has allocated it, and nobody uses it any more.
        unsafe { bindings::kfree(path.cast()) };
        len
    }

    /// Prints at level emerg: [`dev_emerg!`](crate::dev_emerg) is the short form.
    pub fn pr_emerg(&self, args: fmt::Arguments<'_>) {
        self.printk(Level::EMERG, args);
    }

    /// Prints at level alert: [`dev_alert!`](crate::dev_alert) is the short form.
    pub fn pr_alert(&self, args: fmt::Arguments<'_>) {
        self.printk(Level::ALERT, args);
    }

    /// Prints at level crit: [`dev_crit!`](crate::dev_crit) is the short form.
    pub fn pr_crit(&self, args: fmt::Arguments<'_>) {
        self.printk(Level::CRIT, args);
    }

    /// Prints at level err: [`dev_err!`](crate::dev_err) is the short form.
    pub fn pr_err(&self, args: fmt::Arguments<'_>) {
        self.printk(Level::ERR, args);
    }

    /// Prints at level warning: [`dev_warn!`](crate::dev_warn) is the short form.
    pub fn pr_warn(&self, args: fmt::Arguments<'_>) {
        self.printk(Level::WARNING, args);
    }

    /// Prints at level notice: [`dev_notice!`](crate::dev_notice) is the short form.
    pub fn pr_notice(&self, args: fmt::Arguments<'_>) {
        self.printk(Level::NOTICE, args);
    }

    /// Prints at level info: [`dev_info!`](crate::dev_info) is the short form.
    pub fn pr_info(&self, args: fmt::Arguments<'_>) {
        self.printk(Level::INFO, args);
    }

    /// Prints at level debug, in code that is compiled with debug assertions:
    /// [`dev_dbg!`](crate::dev_dbg) is the short form.
    pub fn pr_dbg(&self, args: fmt::Arguments<'_>) {
        if cfg!(debug_assertions) {
            self.printk(Level::DEBUG, args);
        }
    }

    fn printk(&self, level: Level, args: fmt::Arguments<'_>) {
        // SAFETY: `self` is a valid device.
        unsafe { print::call_dev_printk(level, self.as_raw(), args) };
    }
}

// SAFETY: `Device` is `struct device` to the compiler, whatever `Ctx` is.
kernel::impl_device_context_deref!(unsafe { Device });
kernel::impl_device_context_into_aref!(Device);

// SAFETY: C counts a device's references; nobody owns a `Device` by value.
unsafe impl AlwaysRefCounted for Device {
    fn inc_ref(&self) {
        // SAFETY: `self` is valid.
        unsafe { bindings::get_device(self.as_raw()) };
    }

    unsafe fn dec_ref(obj: NonNull<Self>) {
        // SAFETY: The caller owns a reference.
        unsafe { bindings::put_device(obj.cast().as_ptr()) };
    }
}

// SAFETY: C lets any thread give back a device's last reference.
unsafe impl Send for Device {}

// SAFETY: The methods only read what stays, or C locks.
unsafe impl Sync for Device {}

// SAFETY: As for a device of which less is known.
unsafe impl Sync for Device<Bound> {}

impl<Ctx: DeviceContext> AsRef<Device<Ctx>> for Device<Ctx> {
    fn as_ref(&self) -> &Device<Ctx> {
        self
    }
}

/// Devices of a bus: a `struct` around `struct device`.
///
/// # Safety
///
/// A `Self` must have its [`Device<Ctx>`] `OFFSET` bytes behind its start.
pub unsafe trait AsBusDevice<Ctx: DeviceContext>: AsRef<Device<Ctx>> {
    /// Where the device is in `Self`.
    const OFFSET: usize;

    /// Gets from the device to the device of the bus.
    ///
    /// # Safety
    ///
    /// `dev` must be in a `Self`.
    unsafe fn from_device(dev: &Device<Ctx>) -> &Self
    where
        Self: Sized,
    {
        // SAFETY: By the safety requirements of the function and of the trait.
        unsafe { &*dev.as_raw().byte_sub(Self::OFFSET).cast::<Self>() }
    }
}
