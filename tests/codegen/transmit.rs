// SPDX-License-Identifier: GPL-2.0-only

//! The loop that sends what a serial port has to send, as `rust_uart16550`'s.

use kernel::io::{port::PortRegion, Io};
use kernel::prelude::*;
use kernel::serial::{reg::UART_TX, LockedPort, ModemLines, Operations, Port, Termios};

/// How many characters the device takes at once.
const FIFO_SIZE: usize = 16;

struct Uart(PortRegion<8>);

#[unsafe(no_mangle)]
extern "C" fn codegen_transmit(uart: &Uart, port: &LockedPort<Uart>) {
    port.transmit(FIFO_SIZE, |chars| {
        for &ch in chars {
            uart.0.write8(ch, UART_TX);
        }
    });
}

/// What `transmit()` calls, `stop_tx()`, and what a driver must have besides.
#[vtable]
impl Operations for Uart {
    type Data = Self;
    type State = ();

    fn tx_empty(_uart: &Self, _port: &Port<Self>) -> bool {
        true
    }

    fn set_mctrl(_uart: &Self, _port: &LockedPort<Self>, _lines: ModemLines) {}

    fn get_mctrl(_uart: &Self, _port: &LockedPort<Self>) -> ModemLines {
        ModemLines::CAR
    }

    fn start_tx(uart: &Self, port: &LockedPort<Self>) {
        codegen_transmit(uart, port);
    }

    fn stop_tx(_uart: &Self, _port: &LockedPort<Self>) {}

    fn stop_rx(_uart: &Self, _port: &LockedPort<Self>) {}

    fn startup(_uart: &Self, _port: &Port<Self>) -> Result {
        Ok(())
    }

    fn shutdown(_uart: &Self, _port: &Port<Self>) {}

    fn set_termios(_uart: &Self, _port: &Port<Self>, _new: &mut Termios, _old: Option<&Termios>) {}
}
