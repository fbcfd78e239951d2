// SPDX-License-Identifier: GPL-2.0-only

//! docs/serial-tutorial.md, third step: the interrupt, which sends and receives.
//!
//! ```sh
//! insmod uart_step3.ko
//! exec 3</dev/ttyUT1
//! echo "hello" >/dev/ttyUT0
//! grep -m 1 "hello" <&3
//! exec 3<&-
//! sleep 1
//! rmmod uart_step3
//! ```
//!
//! ```text
//! 0000:00:0a.0: ttyUT0 … is a 16550A
//! 0000:00:0b.0: ttyUT1 … is a 16550A
//! ```

use core::cell::Cell;
use kernel::device::Core;
use kernel::io::{port::PortRegion, Io};
use kernel::irq::{Flags, IrqReturn};
use kernel::pci;
use kernel::prelude::*;
use kernel::serial::{self, reg::*};
use kernel::serial::{LockedPort, ModemLines, Operations, Port, PortOptions, StatusBits, Termios};

/// The interrupts of a receiver.
const RECEIVER: u8 = UART_IER_RDI | UART_IER_RLSI;

static DRIVER: serial::Driver<Uart> = serial::Driver::new(c"uart_step3", c"ttyUT", 4);

/// What is kept under the port's lock.
#[derive(Default)]
struct State {
    /// IER, which says what the port is doing.
    ier: Cell<u8>,
    /// Errors that were seen and are no character's yet.
    errors: Cell<u8>,
}

/// A UART's registers.
struct Uart(PortRegion<8>);

impl Uart {
    fn set_ier(&self, port: &LockedPort<Self>, ier: u8) {
        port.state().ier.set(ier);
        self.0.write8(ier, UART_IER);
    }

    /// Reads the line status. What that clears of errors is kept for the next character.
    fn lsr(&self, port: &LockedPort<Self>) -> u8 {
        let lsr = self.0.read8(UART_LSR);
        let errors = &port.state().errors;
        errors.set(errors.get() | lsr & UART_LSR_BRK_ERROR_BITS);
        lsr
    }
}

#[vtable]
impl Operations for Uart {
    type Data = Self;
    type State = State;

    fn tx_empty(uart: &Self, port: &Port<Self>) -> bool {
        uart.lsr(&port.lock()) & UART_LSR_TEMT != 0
    }

    fn set_mctrl(_uart: &Self, _port: &LockedPort<Self>, _lines: ModemLines) {}

    fn get_mctrl(_uart: &Self, _port: &LockedPort<Self>) -> ModemLines {
        ModemLines::CTS | ModemLines::DSR | ModemLines::CAR
    }

    fn start_tx(uart: &Self, port: &LockedPort<Self>) {
        uart.set_ier(port, port.state().ier.get() | UART_IER_THRI);
    }

    fn stop_tx(uart: &Self, port: &LockedPort<Self>) {
        uart.set_ier(port, port.state().ier.get() & !UART_IER_THRI);
    }

    fn stop_rx(uart: &Self, port: &LockedPort<Self>) {
        uart.set_ier(port, port.state().ier.get() & !RECEIVER);
    }

    fn startup(uart: &Self, port: &Port<Self>) -> Result {
        let port = port.lock();
        uart.0.write8(UART_LCR_WLEN8, UART_LCR);
        // The FIFOs on and empty, an interrupt at 8 characters.
        let empty = UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_RCVR | UART_FCR_CLEAR_XMIT;
        uart.0.write8(empty | UART_FCR_TRIGGER_8, UART_FCR);
        port.state().errors.set(0);
        uart.0.write8(UART_MCR_OUT2, UART_MCR);
        uart.set_ier(&port, RECEIVER);
        Ok(())
    }

    fn shutdown(uart: &Self, port: &Port<Self>) {
        uart.set_ier(&port.lock(), 0);
    }

    fn interrupt(uart: &Self, port: &Port<Self>) -> IrqReturn {
        let port = port.lock();
        if uart.0.read8(UART_IIR) & UART_IIR_NO_INT != 0 {
            return IrqReturn::None;
        }
        // A device that is gone reads as all ones, for ever.
        let mut lsr = uart.lsr(&port);
        for _ in 0..256 {
            if lsr == 0xff || lsr & (UART_LSR_DR | UART_LSR_BI) == 0 {
                break;
            }
            let status = lsr | port.state().errors.take();
            port.receive_char(uart.0.read8(UART_RX), status.into(), &StatusBits::UART_LSR);
            lsr = uart.lsr(&port);
        }
        port.flip_buffer_push();
        if port.state().ier.get() & UART_IER_THRI != 0 && lsr & UART_LSR_THRE != 0 {
            let send = |chars: &[u8]| chars.iter().for_each(|&ch| uart.0.write8(ch, UART_TX));
            port.transmit(16, send);
        }
        port.unlock_and_check_sysrq();
        IrqReturn::Handled
    }

    fn set_termios(_uart: &Self, port: &Port<Self>, termios: &mut Termios, old: Option<&Termios>) {
        let baud = port.baud_rate(termios, old, 50, 115_200).unwrap_or(9600);
        port.lock().update_timeout(termios, baud);
    }

    fn type_name(_uart: &Self, _port: &Port<Self>) -> &'static CStr {
        c"16550A"
    }
}

kernel::pci_device_table!(
    PCI_TABLE,
    (),
    [(pci::DeviceId::from_id(pci::Vendor::REDHAT, 2), ())]
);

impl pci::Driver for Uart {
    type IdInfo = ();
    type Data<'bound> = ();
    const ID_TABLE: pci::IdTable<()> = &PCI_TABLE;

    fn probe<'bound>(
        pdev: &'bound pci::Device<Core<'_>>,
        _info: Option<&'bound ()>,
    ) -> impl PinInit<(), Error> + 'bound {
        pdev.enable_device()?;
        let iobase = u16::try_from(pdev.resource_start(0)?)?;
        let uart = Ok::<_, Error>(Uart(PortRegion::request(iobase, 8, c"uart_step3")?));
        let options = PortOptions {
            fifosize: 16,
            iobase,
            irq: Some(pdev.irq_line()?),
            irq_flags: Flags::SHARED,
            ..PortOptions::default()
        };
        Port::add(&DRIVER, pdev.as_ref(), options, State::default(), uart).map(drop)
    }
}

kernel::module_uart_driver! {
    type: Uart,
    driver: DRIVER,
    buses: { pci: Uart },
    name: "uart_step3",
    authors: ["The Ferrule developers"],
    description: "Third step of the serial tutorial",
    license: "GPL",
}
