// SPDX-License-Identifier: GPL-2.0-only

//! Devices that are connected to a serial port, and their drivers.
//!
//! Firmware describes them below the port, in a device tree or by a `UartSerialBusV2` in ACPI. The port then
//! has no device file. It may be one of C's or of [`serial`](crate::serial).
//!
//! C header: `include/linux/serdev.h`.

use crate::acpi;
use crate::bindings;
use crate::build_error;
use crate::device;
use crate::device::Bound;
use crate::device::BoundInternal;
use crate::device::Core;
use crate::device::CoreInternal;
use crate::devres;
use crate::driver;
use crate::driver::Adapter as _;
use crate::error::code::EINVAL;
use crate::error::from_result;
use crate::error::to_result;
use crate::error::Error;
use crate::error::Result;
use crate::error::VTABLE_DEFAULT_ERROR;
use crate::ffi::c_int;
use crate::init::PinInit;
use crate::new_mutex;
use crate::of;
use crate::str::CStr;
use crate::str::CStrExt as _;
use crate::sync::Completion;
use crate::sync::Mutex;
use crate::time::Jiffies;
use crate::types::Opaque;
use crate::ThisModule;
use core::cell::UnsafeCell;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::pin::Pin;
use macros::vtable;
use pin_init::pin_data;

/// The parity bit. C: `enum serdev_parity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Parity {
    /// There is none.
    None = bindings::SERDEV_PARITY_NONE,
    /// The number of ones is even.
    Even = bindings::SERDEV_PARITY_EVEN,
    /// The number of ones is odd.
    Odd = bindings::SERDEV_PARITY_ODD,
}

/// A device at a serial port. C: `struct serdev_device`.
///
/// `Ctx` says what is known of it, see [`DeviceContext`](device::DeviceContext). Its port is open while it has a
/// driver, from [`probe()`](Driver::probe) to the end of the driver's data. Open means what it means for a tty: while
/// the system sleeps, or if the port's driver could not start it and root had the client probed, nothing is sent.
///
/// Nothing is locked between two changes to the settings of the port: made at the same time, one may be lost.
///
/// # Invariants
///
/// It is a valid `struct serdev_device` with a positive reference count, and what `Ctx` promises holds. If that is
/// `Bound` or more, its port is open.
#[repr(transparent)]
pub struct Device<Ctx: device::DeviceContext = device::Normal>(
    Opaque<bindings::serdev_device>,
    PhantomData<Ctx>,
);

impl Device<Bound> {
    /// Sets the baud rate, in bits per second.
    ///
    /// What was written and not sent yet may be sent with either: see [`wait_until_sent()`](Self::wait_until_sent).
    ///
    /// Context: process, may sleep. C: `serdev_device_set_baudrate()`.
    ///
    /// # Errors
    ///
    /// The rate that is set instead, in bits per second. C says this of ports that are no ttys; a tty's
    /// driver may take another rate, which is near or the last one, and nothing tells.
    pub fn set_baudrate(&self, speed: u32) -> Result<(), u32> {
        // SAFETY: The device is valid and its port open.
        match unsafe { bindings::serdev_device_set_baudrate(self.as_raw(), speed) } {
            set if set == speed => Ok(()),
            set => Err(set),
        }
    }

    /// Switches flow control by RTS and CTS on or off. Nothing tells if the port has none.
    ///
    /// Context: process, may sleep. C: `serdev_device_set_flow_control()`.
    pub fn set_flow_control(&self, enable: bool) {
        // SAFETY: The device is valid and its port open.
        unsafe { bindings::serdev_device_set_flow_control(self.as_raw(), enable) };
    }

    /// Sets the parity bit.
    ///
    /// Context: process, may sleep. C: `serdev_device_set_parity()`.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if the port cannot do it.
    pub fn set_parity(&self, parity: Parity) -> Result {
        // SAFETY: The device is valid and its port open.
        to_result(unsafe { bindings::serdev_device_set_parity(self.as_raw(), parity as u32) })
    }

    /// Writes all of `data` into the port's buffer, and waits for room in it for up to `timeout`; 0, and what
    /// C has no number for, means for ever, even if the other side never lets the port send. Returns how much was
    /// written, which is less if time is over or a signal comes.
    ///
    /// Context: process, may sleep; not without a timeout from [`Driver::receive()`], for which closing the port waits,
    /// nor from [`Driver::unbind()`]. C: `serdev_device_write()`.
    ///
    /// # Errors
    ///
    /// If nothing was written: [`ETIMEDOUT`](crate::error::code::ETIMEDOUT) if there was no room in time,
    /// [`ERESTARTSYS`](crate::error::code::ERESTARTSYS) if a signal came; the port's own, whatever was written before.
    /// [`EINVAL`] if `data` has more than [`i32::MAX`] bytes.
    pub fn write_all(&self, data: &[u8], timeout: Jiffies) -> Result<usize> {
        if c_int::try_from(data.len()).is_err() {
            return Err(EINVAL);
        }
        let timeout = timeout.try_into().unwrap_or(0);
        // SAFETY: The device is valid and its port open; C reads the slice and no more.
        let written = unsafe {
            bindings::serdev_write_all(self.as_raw(), data.as_ptr(), data.len(), timeout)
        };
        to_result(written as c_int)?;
        Ok(written.unsigned_abs())
    }

    /// Writes as much of `data` into the port's buffer as there is room for. Returns how much that was.
    ///
    /// Context: any but NMI, with the port's lock not held. C: `serdev_device_write_buf()`.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if `data` has more than [`i32::MAX`] bytes; the port's own.
    pub fn write(&self, data: &[u8]) -> Result<u32> {
        if c_int::try_from(data.len()).is_err() {
            return Err(EINVAL);
        }
        // SAFETY: The device is valid and its port open; C reads the slice and no more.
        let written =
            unsafe { bindings::serdev_device_write_buf(self.as_raw(), data.as_ptr(), data.len()) };
        to_result(written)?;
        Ok(written.unsigned_abs())
    }

    /// Drops what was written and is in the port's buffer yet; what the hardware has is sent.
    ///
    /// Context: process, may sleep. C: `serdev_device_write_flush()`.
    pub fn write_flush(&self) {
        // SAFETY: The device is valid and its port open.
        unsafe { bindings::serdev_device_write_flush(self.as_raw()) };
    }

    /// Waits until all is sent, for up to `timeout`; 0, and what C has no number for, means for ever. A signal ends
    /// it earlier, and nothing tells.
    ///
    /// Context: process, may sleep; not without a timeout from [`Driver::receive()`], for which closing the port waits,
    /// nor from [`Driver::unbind()`]. C: `serdev_device_wait_until_sent()`.
    pub fn wait_until_sent(&self, timeout: Jiffies) {
        let timeout = timeout.try_into().unwrap_or(0);
        // SAFETY: The device is valid and its port open.
        unsafe { bindings::serdev_device_wait_until_sent(self.as_raw(), timeout) };
    }
}

// SAFETY: `Device` is `struct serdev_device` to the compiler, whatever `Ctx` is; any thread may call what the methods
// call, at the same time too.
device::bus_device!(unsafe { Device }, serdev_device);

/// A driver of devices at serial ports. C: `struct serdev_device_driver`.
///
/// # Examples
///
/// ```
/// use kernel::device::{Bound, Core};
/// use kernel::{acpi, serdev};
///
/// /// Says back what it hears.
/// struct Echo;
///
/// kernel::acpi_device_table!(ACPI_ECHO, (), [(acpi::DeviceId::new(c"LNUXBEEF"), ())]);
///
/// #[vtable]
/// impl serdev::Driver for Echo {
///     type IdInfo = ();
///     type Data<'bound> = Self;
///     const ACPI_ID_TABLE: Option<acpi::IdTable<()>> = Some(&ACPI_ECHO);
///
///     fn probe<'bound>(
///         sdev: &'bound serdev::Device<Core<'_>>,
///         _info: Option<&'bound ()>,
///     ) -> impl PinInit<Self, Error> + 'bound {
///         sdev.set_baudrate(115_200).map_err(|_| EINVAL)?;
///         Ok(Echo)
///     }
///
///     fn receive(sdev: &serdev::Device<Bound>, _this: Pin<&Self>, data: &[u8]) -> usize {
///         sdev.write(data).map_or(0, |count| count as usize)
///     }
/// }
/// ```
#[vtable]
pub trait Driver {
    /// What the driver knows of each kind of device.
    type IdInfo: 'static;

    /// What the driver keeps for a device: it is dropped before `'bound` ends.
    type Data<'bound>: Send + Sync + 'bound;

    /// Which devices of a device tree the driver is for.
    const OF_ID_TABLE: Option<of::IdTable<Self::IdInfo>> = None;

    /// Which devices of ACPI the driver is for.
    const ACPI_ID_TABLE: Option<acpi::IdTable<Self::IdInfo>> = None;

    /// Takes a device on, whose port is open, and returns the initialiser of the driver's data.
    ///
    /// `id_info` is what the table has in which the device was found, if it was found in one.
    ///
    /// Context: process, may sleep.
    ///
    /// # Errors
    ///
    /// The driver's. [`ENODEV`](crate::error::code::ENODEV) and [`ENXIO`](crate::error::code::ENXIO) mean that it
    /// is not for this device; other errors are logged.
    fn probe<'bound>(
        sdev: &'bound Device<Core<'_>>,
        id_info: Option<&'bound Self::IdInfo>,
    ) -> impl PinInit<Self::Data<'bound>, Error> + 'bound;

    /// Is called when the device is about to lose the driver, before the data is dropped and the port closed.
    /// Characters may still be received, at the same time too.
    ///
    /// A port of [`serial`](crate::serial) that is being removed sends until this has returned and the data is dropped.
    /// One of C's drivers does not: it may not even start to send, so there is nothing to wait for.
    ///
    /// Context: process, may sleep. If the port is C's and is being removed, C holds a lock that it takes to add and
    /// remove serial ports: neither this nor the drop of the data may do that, or wait for who does, as by dropping a
    /// registration of a driver that has ports.
    fn unbind<'bound>(sdev: &'bound Device<Core<'_>>, this: Pin<&Self::Data<'bound>>) {
        let _ = (sdev, this);
    }

    /// Takes what was received, and returns how much of it: the rest comes again, when more is received.
    ///
    /// What comes before [`probe()`](Self::probe) has ended waits for that. Without this operation nothing is
    /// received.
    ///
    /// Context: process, may sleep; one call at a time for each device.
    fn receive<'bound>(
        sdev: &'bound Device<Bound>,
        this: Pin<&Self::Data<'bound>>,
        data: &[u8],
    ) -> usize {
        let _ = (sdev, this, data);
        build_error!(VTABLE_DEFAULT_ERROR)
    }
}

/// What a device's driver keeps of it here.
///
/// # Invariants
///
/// `data` is initialised while `is_bound` has `true`.
#[pin_data]
struct Client<'bound, T: Driver> {
    #[pin]
    data: UnsafeCell<MaybeUninit<T::Data<'bound>>>,
    /// The port is open before there is data for what is received: who receives waits for it. Nothing is locked
    /// meanwhile, as C's open and close have locks of their own, of which one is held where characters come.
    #[pin]
    is_probed: Completion,
    /// The port is closed after the data is dropped, as that may use it. Who receives has the lock.
    #[pin]
    is_bound: Mutex<bool>,
}

impl<'bound, T: Driver> Client<'bound, T> {
    /// Borrows the data.
    ///
    /// # Safety
    ///
    /// `is_bound` must have `true` as long as the data is borrowed.
    unsafe fn data(self: Pin<&Self>) -> Pin<&T::Data<'bound>> {
        // SAFETY: By the type invariant it is initialised, and changed by nobody then.
        let data = unsafe { (*self.data.get()).assume_init_ref() };
        // SAFETY: It is part of what is pinned.
        unsafe { Pin::new_unchecked(data) }
    }
}

/// Makes a `struct serdev_device_driver` of a [`Driver`].
pub struct Adapter<T: Driver>(T);

impl<T: Driver> Adapter<T> {
    const OPS: &'static bindings::serdev_device_ops = &bindings::serdev_device_ops {
        receive_buf: if T::HAS_RECEIVE {
            Some(Self::receive_buf_callback)
        } else {
            None
        },
        write_wakeup: Some(bindings::serdev_device_write_wakeup),
    };

    unsafe extern "C" fn probe_callback(sdev: *mut bindings::serdev_device) -> c_int {
        // SAFETY: C passes a valid device, which it has locked for this call. Its port is opened before anybody
        // else sees it.
        let sdev: &Device<CoreInternal<'_>> = unsafe { Device::from_raw(sdev) };
        // SAFETY: The device is being bound to this driver.
        let info = unsafe { Self::id_info(sdev.as_ref()) };
        let probe = || {
            sdev.as_ref()
                .set_drvdata(crate::try_pin_init!(Client::<'_, T> {
                    data: UnsafeCell::new(MaybeUninit::uninit()),
                    is_probed <- Completion::new(),
                    is_bound <- new_mutex!(false, "serdev::is_bound"),
                }))?;
            let bound = Self::open_and_probe(sdev, info);
            if bound.is_err() {
                // SAFETY: It was stored above; nobody receives, as the port is closed.
                drop(unsafe { sdev.as_ref().drvdata_obtain::<Client<'_, T>>() });
            }
            bound
        };
        from_result(|| devres::with_group(sdev.as_ref(), probe).map(|()| 0))
    }

    /// Opens the port, and leaves it open if the driver takes the device on.
    fn open_and_probe(sdev: &Device<CoreInternal<'_>>, info: Option<&'static T::IdInfo>) -> Result {
        // SAFETY: The caller has stored such data.
        let client = unsafe { sdev.as_ref().drvdata_borrow::<Client<'_, T>>() };
        // SAFETY: The device is valid, and the operations are a static.
        unsafe { bindings::serdev_device_set_client_ops(sdev.as_raw(), Self::OPS) };
        // SAFETY: The device is valid.
        to_result(unsafe { bindings::serdev_open(sdev.as_raw()) })?;
        let data = client.data.get().cast();
        // SAFETY: `data` is valid for writes and pinned; nobody looks at it before `is_bound` has `true`, and not at
        // all at what is written in vain.
        let result = unsafe { T::probe(sdev, info).__pinned_init(data) };
        *client.is_bound.lock() = result.is_ok();
        // Closing waits for who receives.
        client.is_probed.complete_all();
        if result.is_err() {
            // SAFETY: The port was opened above.
            unsafe { bindings::serdev_device_close(sdev.as_raw()) };
        }
        result
    }

    unsafe extern "C" fn remove_callback(sdev: *mut bindings::serdev_device) {
        // SAFETY: C passes a valid device, which it has locked for this call. Its port is open.
        let sdev: &Device<CoreInternal<'_>> = unsafe { Device::from_raw(sdev) };
        // SAFETY: `probe_callback` has succeeded, so it has stored such data.
        let client = unsafe { sdev.as_ref().drvdata_borrow::<Client<'_, T>>() };
        // SAFETY: Only what follows makes it `false`.
        T::unbind(sdev, unsafe { client.data() });
        *client.is_bound.lock() = false;
        // SAFETY: By the type invariant it was initialised; who borrowed it had the lock, and nobody does any more.
        unsafe { client.data.get().cast::<T::Data<'_>>().drop_in_place() };
        // SAFETY: The port is open. When this has returned, nobody receives any more.
        unsafe { bindings::serdev_device_close(sdev.as_raw()) };
        // SAFETY: As above; the borrow has ended, and nobody else has one.
        drop(unsafe { sdev.as_ref().drvdata_obtain::<Client<'_, T>>() });
        devres::release_group(sdev.as_ref());
    }

    unsafe extern "C" fn receive_buf_callback(
        sdev: *mut bindings::serdev_device,
        buf: *const u8,
        count: usize,
    ) -> bindings::serdev_received_t {
        // SAFETY: C passes a valid device; its port is open, so it is bound or about to be.
        let sdev: &Device<BoundInternal> = unsafe { Device::from_raw(sdev) };
        // SAFETY: Such data is stored before the port is opened, and taken away after it is closed.
        let client = unsafe { sdev.as_ref().drvdata_borrow::<Client<'_, T>>() };
        client.is_probed.wait_for_completion();
        let is_bound = client.is_bound.lock();
        let taken = if *is_bound {
            // SAFETY: C passes so many bytes, which stay as they are for this call.
            let received = unsafe { core::slice::from_raw_parts(buf, count) };
            // SAFETY: The lock is held.
            T::receive(sdev, unsafe { client.data() }, received)
        } else {
            // For nobody.
            count
        };
        // C warns of more; a buffer's length fits into an `int`.
        taken.min(count) as bindings::serdev_received_t
    }
}

impl<T: Driver> driver::Adapter for Adapter<T> {
    type IdInfo = T::IdInfo;

    fn acpi_id_table() -> Option<acpi::IdTable<T::IdInfo>> {
        T::ACPI_ID_TABLE
    }

    fn of_id_table() -> Option<of::IdTable<T::IdInfo>> {
        T::OF_ID_TABLE
    }
}

// SAFETY: C calls nothing of a driver when it has been unregistered.
unsafe impl<T: Driver + 'static> driver::RegistrationOps for Adapter<T> {
    type DriverType = bindings::serdev_device_driver;

    unsafe fn register(
        sdrv: &Opaque<Self::DriverType>,
        name: &'static CStr,
        module: &'static ThisModule,
    ) -> Result {
        let sdrv = sdrv.get();
        let acpi = Self::acpi_id_table().map_or(core::ptr::null(), |table| table.as_ptr());
        let of = Self::of_id_table().map_or(core::ptr::null(), |table| table.as_ptr());
        // SAFETY: Nobody else knows of the driver yet.
        unsafe {
            (*sdrv).driver.name = name.as_char_ptr();
            (*sdrv).driver.mod_name = name.as_char_ptr();
            (*sdrv).driver.acpi_match_table = acpi;
            (*sdrv).driver.of_match_table = of;
            (*sdrv).probe = Some(Self::probe_callback);
            (*sdrv).remove = Some(Self::remove_callback);
        }
        // SAFETY: The caller promises that the driver stays where it is.
        to_result(unsafe { bindings::__serdev_device_driver_register(sdrv, module.as_ptr()) })
    }

    unsafe fn unregister(sdrv: &Opaque<Self::DriverType>) {
        // SAFETY: The caller promises that it is registered.
        unsafe { bindings::driver_unregister(&raw mut (*sdrv.get()).driver) };
    }
}

/// Makes a module of a driver: `type` is the driver, the other keys are those of
/// [`module!`](crate::prelude::module). Devices are probed after the module was loaded, not before `insmod` returns.
/// C: `module_serdev_device_driver()`.
#[macro_export]
macro_rules! module_serdev_device_driver {
    ($($f:tt)*) => {
        $crate::module_driver!(<T>, $crate::serdev::Adapter<T>, { $($f)* });
    };
}
