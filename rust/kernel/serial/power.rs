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
use core::sync::atomic::Ordering;

/// What C does with one port.
type Change = unsafe extern "C" fn(*mut bindings::uart_driver, *mut bindings::uart_port) -> c_int;

impl<T: Operations> Driver<T> {
    /// Suspends the ports of `dev`, for [`pm::Operations::suspend()`](crate::pm::Operations::suspend).
    ///
    /// A port that is open is shut down, and writers wait; a console keeps its records for later. A port that
    /// may wake the system (`power/wakeup` of the tty) goes on. It is for the system's sleep: at another time, who opens a
    /// port starts it again. Context: process, may sleep; not in an operation of these ports.
    /// C: `uart_suspend_port()`.
    ///
    /// # Errors
    ///
    /// C's, which has none so far.
    pub fn suspend_ports(&self, dev: &Device<Bound>) -> Result {
        self.for_ports_of(dev, bindings::uart_suspend_port)
    }

    /// Undoes [`suspend_ports()`](Self::suspend_ports): starts the ports that were open, with their settings; without it,
    /// does nothing.
    ///
    /// Context: process, may sleep; not in an operation of these ports. C: `uart_resume_port()`.
    ///
    /// # Errors
    ///
    /// C's, which has none so far: a port that cannot be started again is closed.
    pub fn resume_ports(&self, dev: &Device<Bound>) -> Result {
        self.for_ports_of(dev, bindings::uart_resume_port)
    }

    fn for_ports_of(&self, dev: &Device<Bound>, change: Change) -> Result {
        // Without a registration there are no ports.
        if self.get().is_err() {
            return Ok(());
        }
        // Of two threads that resume a port, the second would find none suspended, which C is not made for.
        while self.is_changing_power.swap(true, Ordering::Acquire) {
            // SAFETY: This is process context, and may sleep.
            unsafe { bindings::msleep(1) };
        }
        // SAFETY: The driver is registered. The ports of `dev` stay while it has its driver.
        let result = to_result(unsafe {
            bindings::uart_for_ports_of(self.uart.get(), dev.as_raw(), Some(change))
        });
        self.is_changing_power.store(false, Ordering::Release);
        // SAFETY: It was counted above.
        unsafe { self.put() };
        result
    }
}
