// SPDX-License-Identifier: GPL-2.0-only

//! A device that the module makes for its own driver.

use super::Adapter;
use super::Device;
use super::Driver;
use crate::bindings;
use crate::container_of;
use crate::driver;
use crate::error::code::ENODEV;
use crate::error::code::ENOMEM;
use crate::error::code::ENXIO;
use crate::error::code::EPROBE_DEFER;
use crate::error::to_result;
use crate::error::Error;
use crate::error::Result;
use crate::ffi::c_int;
use crate::init::PinInit;
use crate::module::Live;
use crate::str::CStr;
use crate::str::CStrExt as _;
use crate::types::Opaque;
use crate::ThisModule;
use core::marker::PhantomData;
use core::pin::Pin;
use core::sync::atomic::AtomicI32;
use core::sync::atomic::Ordering;
use pin_init::pin_data;
use pin_init::pinned_drop;

/// A driver and the one device that it is for, which nothing describes: parameters name its hardware, or it has none.
///
/// Other than a [faux device](crate::faux), it is there when the system sleeps ([`PM_OPS`](Driver::PM_OPS)), and the
/// administrator can unbind and bind it. The driver takes no other device, so its tables are not used.
///
/// Dropping it removes the device, then the driver, and waits for what they are called for: dropped in `probe()`,
/// `unbind()` or with the driver's data, it waits for ever. If one is leaked, the module cannot be unloaded: `rmmod`
/// hangs.
///
/// # Invariants
///
/// The driver and the device in `inner` are registered; only `self` unregisters them.
///
/// # Examples
///
/// ```
/// use kernel::{device::Core, platform};
///
/// struct Driver;
///
/// impl platform::Driver for Driver {
///     type IdInfo = ();
///     type Data<'bound> = ();
///
///     fn probe<'bound>(
///         pdev: &'bound platform::Device<Core<'_>>,
///         _info: Option<&'bound ()>,
///     ) -> impl PinInit<(), Error> + 'bound {
///         match pdev.as_ref().name().to_bytes() {
///             b"bundle_example" => Ok(()),
///             _ => Err(ENODEV),
///         }
///     }
/// }
///
/// # let module = kernel::module::this_module::<LocalModule>();
/// let bundle = KBox::pin_init(platform::Bundle::<Driver>::new(c"bundle_example", module), GFP_KERNEL)?;
/// let pdev: &platform::Device = (*bundle).as_ref();
/// assert_eq!(pdev.as_ref().name(), c"bundle_example");
/// drop(bundle);
///
/// // What `probe()` says is what the module's `init()` can say.
/// let other = KBox::pin_init(platform::Bundle::<Driver>::new(c"bundle_other", module), GFP_KERNEL);
/// assert_eq!(other.err(), Some(ENODEV));
/// # Ok::<(), Error>(())
/// ```
#[pin_data(PinnedDrop)]
pub struct Bundle<T: Driver> {
    #[pin]
    inner: Opaque<Inner>,
    _live: Live,
    _driver: PhantomData<T>,
}

/// What C holds pointers to.
struct Inner {
    driver: bindings::platform_driver,
    device: *mut bindings::platform_device,
    /// What the first probe has returned.
    probed: AtomicI32,
}

impl Inner {
    /// # Safety
    ///
    /// Both must be registered, and this must be called once.
    unsafe fn unregister(this: *mut Self) {
        // SAFETY: The caller promises it.
        unsafe {
            bindings::platform_device_unregister((*this).device);
            bindings::platform_driver_unregister(&raw mut (*this).driver);
        }
    }
}

/// No probe has taken place: no errno.
const NOT_PROBED: c_int = 1;

// SAFETY: A shared reference to it gives access to nothing.
unsafe impl<T: Driver> Sync for Bundle<T> {}

// SAFETY: Any thread may remove the device and the driver.
unsafe impl<T: Driver> Send for Bundle<T> {}

impl<T: Driver + 'static> Bundle<T> {
    /// Registers the driver and a device, both with that name, and probes it before this returns.
    ///
    /// Context: process, may sleep. C: `platform_create_bundle()`.
    ///
    /// # Errors
    ///
    /// What [`probe()`](Driver::probe) has returned, but [`ENXIO`] for [`EPROBE_DEFER`]: there is no later.
    /// [`EINVAL`](crate::error::code::EINVAL) if the name is empty, has a `/`, or more than 128 bytes;
    /// [`EBUSY`](crate::error::code::EBUSY) if the bus has a driver of that name, or another has taken the device;
    /// [`EEXIST`](crate::error::code::EEXIST) if it has a device of that name, which C logs with a stack;
    /// [`ENOMEM`] if there is no memory.
    pub fn new(name: &'static CStr, module: &'static ThisModule) -> impl PinInit<Self, Error> {
        crate::try_pin_init!(Self {
            inner <- Opaque::try_ffi_init(|inner: *mut Inner| {
                driver::check_name(name)?;
                // SAFETY: `inner` is valid for writes, zeroes are a valid `Inner`, and it stays pinned until it is
                // dropped, which unregisters both.
                unsafe {
                    inner.write_bytes(0, 1);
                    Self::register(inner, name, module)
                }
            }),
            _live: Live::new(),
            _driver: PhantomData,
        })
    }

    /// # Safety
    ///
    /// `inner` must be all zeroes. After success it must stay where it is until `unregister()`.
    unsafe fn register(
        inner: *mut Inner,
        name: &'static CStr,
        module: &'static ThisModule,
    ) -> Result {
        // SAFETY: C copies the name.
        let device = unsafe {
            bindings::platform_device_alloc(name.as_char_ptr(), bindings::PLATFORM_DEVID_NONE)
        };
        if device.is_null() {
            return Err(ENOMEM);
        }
        // SAFETY: `inner` is valid.
        let driver = unsafe { &raw mut (*inner).driver };
        // SAFETY: Nobody else knows of any of it yet.
        unsafe {
            (*inner).device = device;
            (*inner).probed = AtomicI32::new(NOT_PROBED);
            Adapter::<T>::fill(driver, name);
            // They would also be for devices that are not of this bundle.
            (*driver).driver.acpi_match_table = core::ptr::null();
            (*driver).driver.of_match_table = core::ptr::null();
            (*driver).probe = Some(Self::probe_callback);
            (*driver).driver.probe_type = bindings::PROBE_FORCE_SYNCHRONOUS;
            (*driver).prevent_deferred_probe = true;
        }
        // SAFETY: The caller promises that the driver stays where it is.
        let registered = to_result(unsafe {
            bindings::platform_driver_register(driver, module.as_ptr(), core::ptr::null())
        });
        registered.inspect_err(|_| {
            // SAFETY: It was not added, and this was its only reference.
            unsafe { bindings::platform_device_put(device) };
        })?;
        // SAFETY: As above.
        let added = to_result(unsafe { bindings::platform_device_add(device) });
        added.inspect_err(|_| {
            // SAFETY: The driver was registered. The device was not, and this was its only reference.
            unsafe {
                bindings::platform_driver_unregister(driver);
                bindings::platform_device_put(device);
            }
        })?;
        // SAFETY: Both are registered.
        unsafe { Self::attach(inner) }.inspect_err(|_| {
            // SAFETY: As above, and this is their end.
            unsafe { Inner::unregister(inner) };
        })
    }

    /// Sees to it that the driver has the device.
    ///
    /// # Safety
    ///
    /// Both must be registered.
    unsafe fn attach(inner: *mut Inner) -> Result {
        // SAFETY: The caller promises that it is valid. C does not know of these fields.
        let (device, probed) = unsafe { ((*inner).device, &(*inner).probed) };
        let mut result = probed.load(Ordering::Relaxed);
        if result == NOT_PROBED {
            // The bus may be told not to look for drivers; or C has not got as far as to probe, and says why.
            // SAFETY: Both are registered.
            let attached = unsafe {
                bindings::device_driver_attach(
                    &raw mut (*inner).driver.driver,
                    &raw mut (*device).dev,
                )
            };
            result = match probed.load(Ordering::Relaxed) {
                NOT_PROBED => attached,
                result => result,
            };
        }
        // There is no later.
        if result == EPROBE_DEFER.to_errno() {
            return Err(ENXIO);
        }
        to_result(result)
    }

    extern "C" fn probe_callback(pdev: *mut bindings::platform_device) -> c_int {
        // SAFETY: The device is being bound to the driver of a bundle.
        let inner = unsafe { container_of!((*pdev).dev.driver, Inner, driver.driver) };
        // SAFETY: The driver is registered, so the bundle is there. Its device was set before that, and is just compared.
        let (device, probed) = unsafe { ((*inner).device, &(*inner).probed) };
        // Others can have its name, or be told to want this driver.
        if device != pdev {
            return ENODEV.to_errno();
        }
        let result = Adapter::<T>::probe_callback(pdev);
        // Somebody can unbind and bind it before `new()` has looked.
        let _ = probed.compare_exchange(NOT_PROBED, result, Ordering::Relaxed, Ordering::Relaxed);
        result
    }
}

impl<T: Driver> AsRef<Device> for Bundle<T> {
    fn as_ref(&self) -> &Device {
        // SAFETY: By the type invariant it is registered, and nobody changes which one it is.
        unsafe { Device::from_raw((*self.inner.get()).device) }
    }
}

#[pinned_drop]
impl<T: Driver> PinnedDrop for Bundle<T> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: By the type invariant both are registered, and this is their end.
        unsafe { Inner::unregister(self.inner.get()) };
    }
}
