// SPDX-License-Identifier: GPL-2.0-only

//! Registers of the 8250 and its kin, 16450 and 16550A among them, by the names that C has for them.
//!
//! Registers are places in an I/O region that has eight of them; the rest are bits.
//!
//! C header: `include/uapi/linux/serial_reg.h`.
//!
//! # Examples
//!
//! ```
//! use kernel::io::{port::PortRegion, Io};
//! use kernel::serial::reg::*;
//!
//! /// Whether a UART can take more to send.
//! fn has_room(uart: &PortRegion<8>) -> bool {
//!     uart.read8(UART_LSR) & UART_LSR_THRE != 0
//! }
//!
//! assert_eq!(UART_LSR_BRK_ERROR_BITS, UART_LSR_OE | UART_LSR_PE | UART_LSR_FE | UART_LSR_BI);
//! # let _ = has_room;
//! ```

use super::Parity;
use super::Termios;
use crate::bindings;

macro_rules! constants {
    ($type:ty: $(#[doc = $doc:literal] $name:ident)*) => {
        $(
            #[doc = $doc]
            pub const $name: $type = {
                let value = bindings::$name as $type;
                assert!(value as u32 == bindings::$name);
                value
            };
        )*
    };
}

constants! { usize:
    /// What was received, when it is read.
    UART_RX
    /// What is to be sent, when it is written.
    UART_TX
    /// The divisor's low byte, while [`UART_LCR_DLAB`] is set.
    UART_DLL
    /// The divisor's high byte, while [`UART_LCR_DLAB`] is set.
    UART_DLM
    /// Interrupt enable.
    UART_IER
    /// Interrupt identification, when it is read.
    UART_IIR
    /// FIFO control, when it is written.
    UART_FCR
    /// Line control.
    UART_LCR
    /// Modem control.
    UART_MCR
    /// Line status. To read it clears errors.
    UART_LSR
    /// Modem status. To read it clears what has changed.
    UART_MSR
    /// Scratch: a byte for whoever wants it.
    UART_SCR
}

constants! { u8:
    /// Interrupt: something was received.
    UART_IER_RDI
    /// Interrupt: there is room to send.
    UART_IER_THRI
    /// Interrupt: line status.
    UART_IER_RLSI
    /// Interrupt: modem status.
    UART_IER_MSI

    /// No interrupt is pending.
    UART_IIR_NO_INT
    /// Which interrupt is pending.
    UART_IIR_ID
    /// Pending: modem status.
    UART_IIR_MSI
    /// Pending: there is room to send.
    UART_IIR_THRI
    /// Pending: something was received.
    UART_IIR_RDI
    /// Pending: line status.
    UART_IIR_RLSI
    /// Pending: something was received some time ago.
    UART_IIR_RX_TIMEOUT

    /// Switches the FIFOs on.
    UART_FCR_ENABLE_FIFO
    /// Empties the receiver's.
    UART_FCR_CLEAR_RCVR
    /// Empties the sender's.
    UART_FCR_CLEAR_XMIT
    /// Interrupts at 1 character. What it means here and below is a 16550A's.
    UART_FCR_TRIGGER_1
    /// Interrupts at 4 characters.
    UART_FCR_TRIGGER_4
    /// Interrupts at 8 characters.
    UART_FCR_TRIGGER_8
    /// Interrupts at 14 characters.
    UART_FCR_TRIGGER_14

    /// 5 data bits.
    UART_LCR_WLEN5
    /// 6 data bits.
    UART_LCR_WLEN6
    /// 7 data bits.
    UART_LCR_WLEN7
    /// 8 data bits.
    UART_LCR_WLEN8
    /// Two stop bits.
    UART_LCR_STOP
    /// A parity bit.
    UART_LCR_PARITY
    /// Even parity.
    UART_LCR_EPAR
    /// The parity bit is always the same.
    UART_LCR_SPAR
    /// Sends a break.
    UART_LCR_SBC
    /// The divisor is where data and interrupt enable are else.
    UART_LCR_DLAB

    /// Sets DTR.
    UART_MCR_DTR
    /// Sets RTS.
    UART_MCR_RTS
    /// Sets OUT1.
    UART_MCR_OUT1
    /// Sets OUT2, which lets the interrupt through on most boards.
    UART_MCR_OUT2
    /// Connects the UART with itself.
    UART_MCR_LOOP

    /// Something was received.
    UART_LSR_DR
    /// Characters were lost.
    UART_LSR_OE
    /// A character has the wrong parity.
    UART_LSR_PE
    /// A character has no stop bit.
    UART_LSR_FE
    /// A break.
    UART_LSR_BI
    /// There is room to send; with FIFOs, the one for sending is empty.
    UART_LSR_THRE
    /// All is sent.
    UART_LSR_TEMT
    /// An error is in the FIFO.
    UART_LSR_FIFOE
    /// All errors, and breaks.
    UART_LSR_BRK_ERROR_BITS

    /// CTS has changed.
    UART_MSR_DCTS
    /// DSR has changed.
    UART_MSR_DDSR
    /// RI has ended.
    UART_MSR_TERI
    /// CD has changed.
    UART_MSR_DDCD
    /// All changes.
    UART_MSR_ANY_DELTA
    /// CTS is set.
    UART_MSR_CTS
    /// DSR is set.
    UART_MSR_DSR
    /// RI is set.
    UART_MSR_RI
    /// CD is set.
    UART_MSR_DCD
}

/// Returns the line control that `termios` asks for: data bits, stop bits and parity.
///
/// Of two stop bits the UART makes one and a half when there are five data bits. [`UART_LCR_EPAR`] is set with a parity
/// bit only, where C sets it without, too; the UART does not look at it then.
///
/// Context: any. C: what the 8250 driver computes for [`UART_LCR`] in its `set_termios`.
pub fn line_control(termios: &Termios) -> u8 {
    let stop = match termios.has_two_stop_bits() {
        true => UART_LCR_STOP,
        false => 0,
    };
    let parity = match termios.parity() {
        Parity::None => 0,
        Parity::Odd => UART_LCR_PARITY,
        Parity::Even => UART_LCR_PARITY | UART_LCR_EPAR,
        Parity::Mark => UART_LCR_PARITY | UART_LCR_SPAR,
        Parity::Space => UART_LCR_PARITY | UART_LCR_SPAR | UART_LCR_EPAR,
    };
    termios.char_size().bits() | stop | parity
}
