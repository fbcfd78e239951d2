// SPDX-License-Identifier: GPL-2.0-only

//! The lines of a driver, and references to the ports that have them.

use super::Driver;
use super::Operations;
use super::Port;
use crate::bindings;
use core::ops::Deref;
use core::ptr::NonNull;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering;

/// [`Line::refs`]: there is a port, and nobody gets a new reference to it.
const CLOSED: u32 = 1 << 31;

/// A place for a port: C's `state->refcount`, where it can be asked without a port being there.
///
/// # Invariants
///
/// `refs` is 0 if no port has the line. Else it counts the references to the port, and the port itself. While
/// it is neither 0 nor `CLOSED | 1`, C's state of the line has a port that is complete.
pub(super) struct Line {
    refs: AtomicU32,
    /// Whether the port was suspended, and not resumed.
    pub(super) is_asleep: AtomicBool,
}

impl Line {
    pub(super) const fn new() -> Self {
        Self {
            refs: AtomicU32::new(0),
            is_asleep: AtomicBool::new(false),
        }
    }

    /// Takes the line for a port that is not complete yet; whether it was free.
    pub(super) fn take(&self) -> bool {
        let taken = self
            .refs
            .compare_exchange(0, CLOSED | 1, Ordering::Acquire, Ordering::Relaxed);
        taken.is_ok()
    }

    /// Lets references be taken.
    ///
    /// # Safety
    ///
    /// C's state of the line must have a complete port until [`close()`](Self::close) returns.
    pub(super) unsafe fn open(&self) {
        self.refs.fetch_and(!CLOSED, Ordering::Release);
    }

    /// Waits until the last reference is gone.
    pub(super) fn close(&self) {
        self.refs.fetch_or(CLOSED, Ordering::Relaxed);
        while self.refs.load(Ordering::Acquire) != CLOSED | 1 {
            // SAFETY: A port is removed in process context, and may sleep.
            unsafe { bindings::msleep(1) };
        }
    }

    /// Gives the line back.
    pub(super) fn free(&self) {
        self.is_asleep.store(false, Ordering::Relaxed);
        self.refs.store(0, Ordering::Release);
    }

    /// Counts a reference, if there is a port.
    fn get(&self) -> bool {
        let got = self
            .refs
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, |refs| {
                (refs != 0 && refs < CLOSED - 1).then(|| refs + 1)
            });
        got.is_ok()
    }
}

impl<T: Operations> Driver<T> {
    /// Returns the port that has `line`, if there is one: for timers, work and others that are none of the
    /// port's own operations.
    ///
    /// Removing the port waits until the result is dropped: it is to be held for a short time, and neither where
    /// the port is removed nor in what goes with it, as its data, or it would wait for ever. A port is found soon
    /// after it can be opened, so what finds none looks again. The lock of a port that is held by the same code
    /// must not be taken, and those of two ports in one order only.
    ///
    /// Context: any. C: `uart_port_ref()`.
    ///
    /// # Examples
    ///
    /// A device without an interrupt is looked at by a timer or work:
    ///
    /// ```
    /// use kernel::serial::{Driver, Icount, Operations};
    ///
    /// fn receive<T: Operations>(driver: &'static Driver<T>, line: u32, chars: &[u8]) -> Result {
    ///     let port = driver.port(line).ok_or(ENODEV)?;
    ///     let port = port.lock();
    ///     port.count(Icount::Rx, chars.len() as u32);
    ///     port.insert_chars(chars);
    ///     port.flip_buffer_push();
    ///     Ok(())
    /// }
    /// ```
    pub fn port(&'static self, line: u32) -> Option<PortRef<T>> {
        if !self.lines.get(line as usize)?.get() {
            return None;
        }
        // SAFETY: By the invariant of `Line` the port is complete, so the driver is registered, and the line
        // one of it.
        let uart = unsafe { (*(*self.uart.get()).state.add(line as usize)).uart_port };
        // INVARIANT: It was counted just now.
        Some(PortRef {
            driver: self,
            // SAFETY: As above: C has the address of `uart`, the first field of a `Port`.
            port: unsafe { NonNull::new_unchecked(uart.cast()) },
        })
    }
}

/// A reference to a port, which keeps it from being removed. See [`Driver::port()`].
///
/// Dropping it: any context. C: `uart_port_deref()`.
///
/// # Invariants
///
/// It is counted in the line of `port`, a port of `driver`.
pub struct PortRef<T: Operations> {
    driver: &'static Driver<T>,
    port: NonNull<Port<T>>,
}

// SAFETY: It is a reference to a port, which is `Sync`, and its drop is atomic.
unsafe impl<T: Operations> Send for PortRef<T> {}

// SAFETY: As for `Send`.
unsafe impl<T: Operations> Sync for PortRef<T> {}

impl<T: Operations> Deref for PortRef<T> {
    type Target = Port<T>;

    #[inline]
    fn deref(&self) -> &Port<T> {
        // SAFETY: By the type invariant it stays until `self` is dropped.
        unsafe { self.port.as_ref() }
    }
}

impl<T: Operations> Drop for PortRef<T> {
    #[inline]
    fn drop(&mut self) {
        let line = &self.driver.lines[self.line() as usize];
        line.refs.fetch_sub(1, Ordering::Release);
    }
}
