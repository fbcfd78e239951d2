// SPDX-License-Identifier: GPL-2.0-only

//! What most UARTs say of a received character.

use super::Flag;
use super::Icount;
use super::LockedPort;
use super::Operations;
use super::Termios;
use crate::bindings;

/// The bits of a UART's line status, for [`LockedPort::receive_char()`]. C: `UART_LSR_…`, and each driver's own.
#[derive(Debug, Clone, Copy)]
pub struct StatusBits {
    /// A character was received.
    pub received: u32,
    /// Characters were lost before it.
    pub overrun: u32,
    /// It has the wrong parity.
    pub parity: u32,
    /// It has no stop bit.
    pub frame: u32,
    /// It is a break.
    pub brk: u32,
}

impl StatusBits {
    /// Those of a 16550 and its kin, whose line status says nothing of more than one character. C: `UART_LSR_…`.
    ///
    /// # Examples
    ///
    /// ```
    /// use kernel::serial::StatusBits;
    ///
    /// assert_eq!(StatusBits::UART_LSR.overrun, 0x02);
    /// assert_eq!(StatusBits::UART_LSR.brk, 0x10);
    /// ```
    pub const UART_LSR: Self = Self {
        received: bindings::UART_LSR_DR,
        overrun: bindings::UART_LSR_OE,
        parity: bindings::UART_LSR_PE,
        frame: bindings::UART_LSR_FE,
        brk: bindings::UART_LSR_BI,
    };

    const fn errors(&self) -> u32 {
        self.overrun | self.parity | self.frame | self.brk
    }
}

impl<T: Operations> LockedPort<T> {
    /// Sets which bits [`receive_char()`](Self::receive_char) looks at, and which of them the user ignores, as
    /// `termios` says: for [`Operations::set_termios()`].
    ///
    /// C: what a driver's `set_termios` does with `read_status_mask` and `ignore_status_mask`.
    pub fn update_status_masks(&self, termios: &Termios, bits: &StatusBits) {
        let is = |condition: bool, bits: u32| if condition { bits } else { 0 };
        let reports_breaks =
            termios.ignores_break() || termios.signals_break() || termios.marks_errors();
        let read = bits.received
            | bits.overrun
            | is(termios.checks_parity(), bits.frame | bits.parity)
            | is(reports_breaks, bits.brk);
        let ignores_all = termios.ignores_break() && termios.ignores_errors();
        let ignore = is(termios.ignores_errors(), bits.parity | bits.frame)
            | is(termios.ignores_break(), bits.brk)
            | is(ignores_all, bits.overrun)
            | is(!termios.is_receiving(), bits.received);
        self.set_status_masks(read, ignore);
    }

    /// Takes a received character and its line status: counts it and its errors, handles a break, takes it for
    /// a SysRq or puts it into the receive buffer with what is wrong with it, as the user wants it.
    ///
    /// [`flip_buffer_push()`](Self::flip_buffer_push) hands it to readers,
    /// [`unlock_and_check_sysrq()`](super::PortGuard::unlock_and_check_sysrq) acts on the SysRq.
    ///
    /// Context: port lock held. C: what a driver does between reading a character and `uart_insert_char()`.
    #[inline]
    pub fn receive_char(&self, ch: u8, mut status: u32, bits: &StatusBits) {
        let mut flag = Flag::Normal;
        self.count(Icount::Rx, 1);
        if status & bits.errors() != 0 {
            if status & bits.brk != 0 {
                // It looks like a character with the wrong parity and without a stop bit as well.
                status &= !(bits.parity | bits.frame);
                self.count(Icount::Brk, 1);
                if self.handle_break() {
                    return;
                }
            } else if status & bits.parity != 0 {
                self.count(Icount::Parity, 1);
            } else if status & bits.frame != 0 {
                self.count(Icount::Frame, 1);
            }
            if status & bits.overrun != 0 {
                self.count(Icount::Overrun, 1);
            }
            status &= self.read_status_mask();
            if status & bits.brk != 0 {
                flag = Flag::Break;
            } else if status & bits.parity != 0 {
                flag = Flag::Parity;
            } else if status & bits.frame != 0 {
                flag = Flag::Frame;
            }
        }
        if !self.prepare_sysrq_char(ch) {
            self.insert_char(status, bits.overrun, ch, flag);
        }
    }
}
