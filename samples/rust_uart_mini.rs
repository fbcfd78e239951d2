// SPDX-License-Identifier: GPL-2.0-only

//! Mini serial driver sample: a 16550A on PCI, with what every serial driver must do and nothing else.
//!
//! docs/serial-tutorial.md grows it step by step; rust_uart16550 is what it can become.
//!
//! ```sh
//! insmod rust_uart_mini.ko
//! exec 3</dev/ttyUM1
//! echo "a text from one to the other" >/dev/ttyUM0
//! grep -m 1 "a text from one to the other" <&3
//! exec 3<&-
//! sleep 1
//! rmmod rust_uart_mini
//! ```
//!
//! ```text
//! 0000:00:0a.0: ttyUM0 … (irq = …, base_baud = 115200) is a 16550A
//! 0000:00:0b.0: ttyUM1 … (irq = …, base_baud = 115200) is a 16550A
//! ```

#![forbid(unsafe_code)]

use core::cell::Cell;
use kernel::io::{port::PortRegion, Io};
use kernel::irq::{Flags, IrqReturn};
use kernel::prelude::*;
use kernel::serial::{self, reg::*};
use kernel::serial::{LockedPort, ModemLines, Operations, Port, PortOptions, StatusBits, Termios};
use kernel::{device::Core, pci};

/// The interrupts of a receiver.
const RECEIVER: u8 = UART_IER_RDI | UART_IER_RLSI;

static DRIVER: serial::Driver<Uart> = serial::Driver::new(c"rust_uart_mini", c"ttyUM", 4);

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

    fn set_mctrl(uart: &Self, _port: &LockedPort<Self>, lines: ModemLines) {
        let bit = |line, bit| if lines.contains(line) { bit } else { 0 };
        let rts = bit(ModemLines::RTS, UART_MCR_RTS) | bit(ModemLines::DTR, UART_MCR_DTR);
        // OUT2 lets the interrupt through.
        let mcr = rts | bit(ModemLines::LOOP, UART_MCR_LOOP) | UART_MCR_OUT2;
        uart.0.write8(mcr, UART_MCR);
    }

    fn get_mctrl(uart: &Self, _port: &LockedPort<Self>) -> ModemLines {
        let (msr, none) = (uart.0.read8(UART_MSR), ModemLines::NONE);
        let line = |bit, line| if msr & bit != 0 { line } else { none };
        // Nobody here waits for a carrier.
        line(UART_MSR_CTS, ModemLines::CTS) | line(UART_MSR_DSR, ModemLines::DSR) | ModemLines::CAR
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
        uart.set_ier(&port, RECEIVER);
        Ok(())
    }

    fn shutdown(uart: &Self, port: &Port<Self>) {
        uart.set_ier(&port.lock(), 0);
        Self::break_ctl(uart, port, false);
    }

    fn break_ctl(uart: &Self, port: &Port<Self>, on: bool) {
        let _port = port.lock();
        let lcr = uart.0.read8(UART_LCR) & !UART_LCR_SBC | if on { UART_LCR_SBC } else { 0 };
        uart.0.write8(lcr, UART_LCR);
    }

    fn set_termios(uart: &Self, port: &Port<Self>, termios: &mut Termios, old: Option<&Termios>) {
        let baud = port.baud_rate(termios, old, 50, 115_200).unwrap_or(9600);
        // A user can ask for any divisor.
        let divisor = port.divisor(baud).map_or(12, |n| n.get().min(0xffff));
        // Nobody here waits for CTS.
        termios.clear_crtscts();
        termios.encode_baud_rate(baud);
        let lcr = line_control(termios);
        let port = port.lock();
        port.update_timeout(termios, baud);
        port.update_status_masks(termios, &StatusBits::UART_LSR);
        uart.0.write8(lcr | UART_LCR_DLAB, UART_LCR);
        uart.0.write8(divisor as u8, UART_DLL);
        uart.0.write8((divisor >> 8) as u8, UART_DLM);
        uart.0.write8(lcr, UART_LCR);
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
        let regs = PortRegion::<8>::request(iobase, 8, c"rust_uart_mini")?;
        // No interrupt before there is a handler; IER is there while DLAB is off.
        regs.write8(UART_LCR_WLEN8, UART_LCR);
        regs.write8(0, UART_IER);
        let uart = Ok::<_, Error>(Uart(regs));
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
    name: "rust_uart_mini",
    authors: ["The Ferrule developers"],
    description: "Sample of a serial driver, as small as can be",
    license: "GPL",
}
