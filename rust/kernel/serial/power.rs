// SPDX-License-Identifier: GPL-2.0-only

//! Ports while the system sleeps.

use super::Driver;
use super::Operations;
use crate::bindings;
use crate::device::Bound;
use crate::device::Device;
use crate::error::to_result;
use crate::error::Result;
use crate::ffi::c_int;
use crate::ffi::c_void;
use core::sync::atomic::Ordering;

/// What C does with one port.
type Change = unsafe extern "C" fn(*mut bindings::uart_driver, *mut bindings::uart_port) -> c_int;

/// Lets the port's device not wake the system. C would have the port's interrupt do that without a look whether there is
/// one of that number.
///
/// # Safety
///
/// The port must have been added to the driver, and stay.
pub(super) unsafe fn cannot_wake(
    driver: *mut bindings::uart_driver,
    uart: *mut bindings::uart_port,
) {
    // SAFETY: The driver is registered.
    let mut devt = unsafe { bindings::uart_port_devt(driver, uart) };
    // SAFETY: The port's own device is valid; a port of serdev has none.
    unsafe { device_cannot_wake((*uart).dev, (&raw mut devt).cast()) };
}

/// Looks for the device of the number `devt`: a child of the UART's, or further below.
unsafe extern "C" fn device_cannot_wake(dev: *mut bindings::device, devt: *mut c_void) -> c_int {
    // SAFETY: `cannot_wake()` and C pass valid devices, and what `cannot_wake()` has.
    unsafe {
        if bindings::uart_device_cannot_wake(dev, *devt.cast()) {
            return 1;
        }
        bindings::device_for_each_child(dev, devt, Some(device_cannot_wake))
    }
}

impl<T: Operations> Driver<T> {
    /// Suspends the ports of `dev`, for [`pm::Operations::suspend()`](crate::pm::Operations::suspend).
    ///
    /// A port that is open is shut down, and writers wait; a console keeps its records for later. A port that
    /// may wake the system (`power/wakeup` of the tty, where the port has an interrupt) goes on. One that is suspended
    /// already is left alone. It is for the system's sleep: at another time, who opens a port starts it again.
    /// Context: process, may sleep; not in an operation of these ports. C: `uart_suspend_port()`.
    ///
    /// # Errors
    ///
    /// C's, which has none so far.
    pub fn suspend_ports(&'static self, dev: &Device<Bound>) -> Result {
        self.for_ports_of(dev, true, bindings::uart_suspend_port)
    }

    /// Undoes [`suspend_ports()`](Self::suspend_ports): starts the ports that were open, with their settings. One that was
    /// not suspended is left alone.
    ///
    /// Context: process, may sleep; not in an operation of these ports. C: `uart_resume_port()`.
    ///
    /// # Errors
    ///
    /// C's, which has none so far: a port that cannot be started again is closed.
    pub fn resume_ports(&'static self, dev: &Device<Bound>) -> Result {
        self.for_ports_of(dev, false, bindings::uart_resume_port)
    }

    fn for_ports_of(
        &'static self,
        dev: &Device<Bound>,
        is_suspend: bool,
        change: Change,
    ) -> Result {
        // What C does is made for one thread.
        while self.is_changing_power.swap(true, Ordering::Acquire) {
            // SAFETY: This is process context, and may sleep.
            unsafe { bindings::msleep(1) };
        }
        let mut result = Ok(());
        for (number, line) in (0..).zip(&self.lines) {
            let Some(port) = self.port(number) else {
                continue;
            };
            // SAFETY: The port is valid; its device never changes.
            let is_its = unsafe { (*port.as_raw()).dev } == dev.as_raw();
            // C counts on one resume for each suspend.
            if !is_its || line.is_asleep.swap(is_suspend, Ordering::Relaxed) == is_suspend {
                continue;
            }
            let (driver, uart) = (self.uart.get(), port.as_raw());
            // SAFETY: The port is valid, and its interrupt never changes; C takes any number.
            if unsafe { bindings::irq_get_irq_data((*uart).irq) }.is_null() {
                // SAFETY: The port was added to the driver, and the reference keeps it.
                unsafe { cannot_wake(driver, uart) };
            }
            // SAFETY: The port was added to the driver, and the reference keeps it.
            let changed = unsafe { change(driver, uart) };
            if is_suspend {
                // SAFETY: As above.
                unsafe { bindings::uart_port_to_be_resumed(driver, uart) };
            }
            result = result.and(to_result(changed));
        }
        self.is_changing_power.store(false, Ordering::Release);
        result
    }
}
