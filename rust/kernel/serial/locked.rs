// SPDX-License-Identifier: GPL-2.0-only

//! Ports whose lock is held.

use super::port::Phase;
use super::ModemLines;
use super::Operations;
use super::Port;
use super::Rs485;
use super::Termios;
use crate::bindings;
use crate::ffi::c_uint;
use core::marker::PhantomData;
use core::ops::Deref;

/// When fewer characters wait, writers are woken. C: `WAKEUP_CHARS`.
const WAKEUP_CHARS: u32 = 256;

/// A serial port whose lock is held: interrupts are off, and nothing may sleep.
///
/// It lends no lock: who looks a port up by [`Driver::port()`](super::Driver::port) must not take the lock again.
/// It cannot leave its thread:
///
/// ```compile_fail,E0277
/// use kernel::serial::{LockedPort, Operations};
///
/// fn send<T: Operations>(port: &LockedPort<T>) {
///     fn is_send<T: Send>(_: T) {}
///     is_send(port);
/// }
/// ```
///
/// A port whose lock is not held has no transmit buffer:
///
/// ```compile_fail,E0599
/// use kernel::serial::{Operations, Port};
///
/// fn send<T: Operations>(port: &Port<T>) {
///     port.transmit(1, |_| ());
/// }
/// ```
///
/// # Invariants
///
/// This thread holds the lock of the port as long as the reference lives.
#[repr(transparent)]
pub struct LockedPort<T: Operations> {
    port: Port<T>,
    _not_send: PhantomData<*mut ()>,
}

/// What a received character is, besides itself. C: `TTY_NORMAL` and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Flag {
    /// Nothing special.
    Normal = bindings::TTY_NORMAL as u8,
    /// A break.
    Break = bindings::TTY_BREAK as u8,
    /// One without a stop bit.
    Frame = bindings::TTY_FRAME as u8,
    /// One with the wrong parity.
    Parity = bindings::TTY_PARITY as u8,
    /// Characters were lost before it.
    Overrun = bindings::TTY_OVERRUN as u8,
}

/// One of a port's counters. C: `struct uart_icount`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icount {
    /// Changes of [`ModemLines::DSR`].
    Dsr,
    /// Ends of [`ModemLines::RNG`].
    Rng,
    /// Characters received.
    Rx,
    /// Characters sent, besides those of [`LockedPort::transmit()`].
    Tx,
    /// Framing errors.
    Frame,
    /// Overruns of the hardware.
    Overrun,
    /// Parity errors.
    Parity,
    /// Breaks.
    Brk,
}

impl<T: Operations> LockedPort<T> {
    #[inline]
    pub(super) fn as_raw(&self) -> *mut bindings::uart_port {
        self.port.as_raw()
    }

    /// What the driver keeps under the lock.
    #[inline]
    pub fn state(&self) -> &T::State {
        // SAFETY: By the type invariant this thread alone gets here; it is lent shared always.
        unsafe { &*self.port.state.get() }
    }

    /// Which of the driver's ports this is.
    #[inline]
    pub fn line(&self) -> u32 {
        self.port.line()
    }

    /// Sends up to `limit` characters: `put` gets them, in slices, and has to put all of each into the
    /// hardware. One that goes before all others comes first, even while sending is stopped. Writers are
    /// woken when there is room, and [`Operations::stop_tx()`] is called when nothing is left.
    ///
    /// C: `uart_port_tx_limited()`.
    #[inline]
    pub fn transmit(&self, limit: usize, mut put: impl FnMut(&[u8])) {
        let uart = self.as_raw();
        let mut left = u32::try_from(limit).unwrap_or(u32::MAX);

        // SAFETY: The port is valid, and its lock held.
        let ch = unsafe { (*uart).x_char };
        if ch != 0 && left > 0 {
            // SAFETY: As above.
            unsafe { (*uart).x_char = 0 };
            put(&[ch]);
            self.count(Icount::Tx, 1);
            left -= 1;
        }
        if self.tx_stopped() {
            // Or the next `start_tx()` would find it started, and do nothing.
            T::stop_tx(self.port.data(), self);
            return;
        }
        while left > 0 {
            let mut tail = core::ptr::null();
            // SAFETY: As above.
            let ready = unsafe { bindings::uart_xmit_peek(uart, &mut tail) }.min(left);
            if ready == 0 {
                break;
            }
            // SAFETY: C has `ready` characters there; only who holds the lock takes them away or frees
            // the buffer.
            put(unsafe { core::slice::from_raw_parts(tail, ready as usize) });
            // SAFETY: As above; a `put` that sends too may have taken them.
            unsafe { bindings::uart_xmit_skip(uart, ready.min(bindings::uart_xmit_pending(uart))) };
            left -= ready;
        }
        let pending = self.pending();
        if pending < WAKEUP_CHARS {
            self.write_wakeup();
            if pending == 0 {
                T::stop_tx(self.port.data(), self);
            }
        }
    }

    /// Whether the port is open: started, and not being removed. A console's stays so when its last file is closed.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.port.phase.get() == Phase::Started
    }

    /// Whether it is started: one that is being removed sends until it is shut down, as its last close may wait for that.
    #[inline]
    pub(super) fn may_send(&self) -> bool {
        self.port.phase.get() >= Phase::Leaving
    }

    /// How many characters wait to be sent. C: `kfifo_len()`.
    #[inline]
    pub fn pending(&self) -> u32 {
        // SAFETY: The port is valid, and its lock held.
        unsafe { bindings::uart_xmit_pending(self.as_raw()) }
    }

    /// Whether sending is stopped, by the other side or the user, or because the port is not open.
    /// C: `uart_tx_stopped()`.
    #[inline]
    pub fn tx_stopped(&self) -> bool {
        // SAFETY: The port is valid, and its lock held; a tty is kept for the call.
        !self.may_send() || unsafe { bindings::uart_tx_stopped(self.as_raw()) != 0 }
    }

    /// Wakes those who wait for room in the transmit buffer. C: `uart_write_wakeup()`.
    #[inline]
    pub fn write_wakeup(&self) {
        // SAFETY: The port is valid, and its lock held.
        unsafe { bindings::uart_write_wakeup(self.as_raw()) };
    }

    /// Puts a received character into the receive buffer, unless the user ignores what it is.
    ///
    /// `status` is what the hardware says of it, in bits of the driver's, and `overrun` the one that says
    /// that characters were lost. C: `uart_insert_char()`.
    #[inline]
    pub fn insert_char(&self, status: u32, overrun: u32, ch: u8, flag: Flag) {
        let ignored = self.ignore_status_mask();
        if status & ignored & !overrun == 0 {
            self.insert(ch, flag);
        }
        // An overrun is nothing of the character itself, which goes first.
        if status & !ignored & overrun != 0 {
            self.insert(0, Flag::Overrun);
        }
    }

    #[inline]
    fn insert(&self, ch: u8, flag: Flag) {
        // Or the next one who opens it would get it.
        if !self.is_open() {
            return;
        }
        let uart = self.as_raw();
        // SAFETY: The port is valid, and its lock held.
        unsafe {
            if !bindings::uart_insert_flip_char(uart, ch, flag as u8) {
                (*uart).icount.buf_overrun = (*uart).icount.buf_overrun.wrapping_add(1);
            }
        }
    }

    /// Puts received characters of which nothing special is known into the receive buffer, if the port is open.
    ///
    /// C: `tty_insert_flip_string()`.
    pub fn insert_chars(&self, chars: &[u8]) {
        if !self.is_open() {
            return;
        }
        let uart = self.as_raw();
        // SAFETY: The port is valid, and its lock held.
        unsafe {
            let taken = bindings::uart_insert_flip_string(uart, chars.as_ptr(), chars.len());
            let lost = chars.len().saturating_sub(taken) as u32;
            (*uart).icount.buf_overrun = (*uart).icount.buf_overrun.wrapping_add(lost);
        }
    }

    /// How many characters the receive buffer can take; more are lost. C: `tty_buffer_space_avail()`.
    ///
    /// A device that can wait keeps them from the other side until there is room.
    #[inline]
    pub fn buffer_space_avail(&self) -> usize {
        // SAFETY: The port is valid, so it has a state with a buffer.
        unsafe {
            bindings::tty_buffer_space_avail(&raw mut (*(*self.as_raw()).state).port) as usize
        }
    }

    /// Hands what is in the receive buffer to its readers, if the port is open.
    /// C: `tty_flip_buffer_push()`.
    #[inline]
    pub fn flip_buffer_push(&self) {
        // Newer kernels have no queue for it while the port is being added.
        if self.is_open() {
            // SAFETY: The port is valid, and its lock held.
            unsafe { bindings::tty_flip_buffer_push(&raw mut (*(*self.as_raw()).state).port) };
        }
    }

    /// Whether a received character belongs to a SysRq, and so is not for the receive buffer. It is acted
    /// on by [`PortGuard::unlock_and_check_sysrq()`]. C: `uart_prepare_sysrq_char()`.
    #[inline]
    pub fn prepare_sysrq_char(&self, ch: u8) -> bool {
        // SAFETY: The port is valid, and its lock held.
        unsafe { bindings::uart_prepare_sysrq_char(self.as_raw(), ch) != 0 }
    }

    /// Handles a received break; whether it begins a SysRq, and so is not for the receive buffer.
    /// A port that is not open has none. C: `uart_handle_break()`.
    pub fn handle_break(&self) -> bool {
        // SAFETY: The port is valid, and its lock held; a tty is kept for the call.
        self.is_open() && unsafe { bindings::uart_handle_break(self.as_raw()) != 0 }
    }

    /// Tells C that clear to send has changed; counts it too. C: `uart_handle_cts_change()`.
    ///
    /// It may call [`Operations::start_tx()`] and [`Operations::stop_tx()`].
    pub fn handle_cts_change(&self, active: bool) {
        // SAFETY: The port is valid, and its lock held.
        unsafe { bindings::uart_handle_cts_change(self.as_raw(), active) };
    }

    /// Tells C that carrier detect has changed; counts it too, if the port is open. C: `uart_handle_dcd_change()`.
    pub fn handle_dcd_change(&self, active: bool) {
        if self.is_open() {
            // SAFETY: The port is valid, and its lock held; a tty is kept for the call.
            unsafe { bindings::uart_port_handle_dcd_change(self.as_raw(), active) };
        }
    }

    /// Wakes those who wait for a change of modem lines (`TIOCMIWAIT`).
    pub fn wake_modem_waiters(&self) {
        // SAFETY: The port is valid, so it has a state with a queue.
        unsafe {
            let queue = &raw mut (*(*self.as_raw()).state).port.delta_msr_wait;
            bindings::__wake_up(
                queue,
                bindings::TASK_INTERRUPTIBLE,
                1,
                core::ptr::null_mut(),
            );
        }
    }

    /// Adds `n` to a counter.
    #[inline]
    pub fn count(&self, counter: Icount, n: u32) {
        // SAFETY: The port is valid.
        let icount = unsafe { &raw mut (*self.as_raw()).icount };
        // SAFETY: It is within the port. C reads it without the lock, so there is no reference.
        let counter = unsafe {
            match counter {
                Icount::Dsr => &raw mut (*icount).dsr,
                Icount::Rng => &raw mut (*icount).rng,
                Icount::Rx => &raw mut (*icount).rx,
                Icount::Tx => &raw mut (*icount).tx,
                Icount::Frame => &raw mut (*icount).frame,
                Icount::Overrun => &raw mut (*icount).overrun,
                Icount::Parity => &raw mut (*icount).parity,
                Icount::Brk => &raw mut (*icount).brk,
            }
        };
        // SAFETY: The lock is held, so nobody else writes.
        unsafe { counter.write(counter.read().wrapping_add(n)) };
    }

    /// The modem lines that C wants.
    #[inline]
    pub fn mctrl(&self) -> ModemLines {
        // SAFETY: The port is valid, and its lock held.
        ModemLines::from_bits_truncate(unsafe { (*self.as_raw()).mctrl })
    }

    /// What the driver is to look at in the status of received characters, in bits of its own.
    #[inline]
    pub fn read_status_mask(&self) -> u32 {
        // SAFETY: The port is valid, and its lock held.
        unsafe { (*self.as_raw()).read_status_mask }
    }

    /// What the user ignores of them.
    #[inline]
    pub fn ignore_status_mask(&self) -> u32 {
        // SAFETY: The port is valid, and its lock held.
        unsafe { (*self.as_raw()).ignore_status_mask }
    }

    /// Sets both.
    pub fn set_status_masks(&self, read: u32, ignore: u32) {
        // SAFETY: The port is valid, and its lock held.
        unsafe {
            (*self.as_raw()).read_status_mask = read as c_uint;
            (*self.as_raw()).ignore_status_mask = ignore as c_uint;
        }
    }

    /// How the port does RS-485. C: `port->rs485`.
    #[inline]
    pub fn rs485(&self) -> Rs485 {
        // SAFETY: The port is valid, and its lock held.
        Rs485::from_raw(unsafe { (*self.as_raw()).rs485 })
    }

    /// Tells C how long a character takes. C: `uart_update_timeout()`.
    pub fn update_timeout(&self, termios: &Termios, baud: u32) {
        // SAFETY: The port is valid, and its lock held; C divides by the rate.
        unsafe {
            bindings::uart_update_timeout(self.as_raw(), termios.cflag(), baud.max(1));
        }
    }

    /// Whether changes of the modem lines are to be reported. C: `UART_ENABLE_MS()`.
    pub fn wants_modem_status(&self, termios: &Termios) -> bool {
        // SAFETY: The port is valid, and its lock held.
        unsafe { bindings::uart_enable_ms(self.as_raw(), termios.cflag()) }
    }
}

/// The lock of a port is held until this is dropped: see [`LockedPort`].
///
/// Interrupts are off until the last of these and of [`LocalInterruptDisabled`](crate::interrupt::LocalInterruptDisabled)
/// is dropped, in whatever order that is.
///
/// # Invariants
///
/// This thread took the lock of the port, and counted the interrupts off.
pub struct PortGuard<'a, T: Operations> {
    port: &'a Port<T>,
    _not_send: PhantomData<*mut ()>,
}

impl<'a, T: Operations> PortGuard<'a, T> {
    #[inline]
    pub(super) fn new(port: &'a Port<T>) -> Self {
        // SAFETY: The port is valid.
        unsafe { bindings::uart_port_lock_irq_disable(port.as_raw()) };
        // INVARIANT: The lock was taken just now.
        Self {
            port,
            _not_send: PhantomData,
        }
    }

    /// Gives the lock back, then does what a SysRq asks for, if one was received.
    ///
    /// C: `uart_unlock_and_check_sysrq_irqrestore()`.
    #[inline]
    pub fn unlock_and_check_sysrq(self) {
        let port = self.port;
        core::mem::forget(self);
        // SAFETY: By the type invariant.
        unsafe { bindings::uart_unlock_and_check_sysrq_irq_enable(port.as_raw()) };
    }
}

impl<T: Operations> Deref for PortGuard<'_, T> {
    type Target = LockedPort<T>;

    #[inline]
    fn deref(&self) -> &LockedPort<T> {
        // SAFETY: By the type invariant.
        unsafe { self.port.as_locked() }
    }
}

impl<T: Operations> Drop for PortGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: By the type invariant.
        unsafe { bindings::uart_port_unlock_irq_enable(self.port.as_raw()) };
    }
}
