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

use core::cell::Cell;
use kernel::io::{port::PortRegion, Io};
use kernel::irq::{Flags, IrqReturn};
use kernel::prelude::*;
use kernel::serial::{
    self, LockedPort, ModemLines, Operations, Parity, Port, PortOptions, StatusBits, Termios,
};
use kernel::{device::Core, pci};

// The registers, as the datasheet names them, and their bits.
/// RBR and THR; DLL while DLAB is set.
const DATA: usize = 0;
/// Interrupt enable; DLM while DLAB is set.
const IER: usize = 1;
const IER_RECEIVE: u8 = 0x05;
const IER_THRE: u8 = 0x02;
/// Interrupt identification; FCR, the FIFOs' control, when it is written.
const IIR: usize = 2;
const IIR_NONE: u8 = 0x01;
/// Line control.
const LCR: usize = 3;
const LCR_8_BITS: u8 = 0x03;
const LCR_BREAK: u8 = 0x40;
const LCR_DLAB: u8 = 0x80;
/// Modem control.
const MCR: usize = 4;
/// Line status.
const LSR: usize = 5;
const LSR_RECEIVED: u8 = 0x11;
const LSR_ERRORS: u8 = 0x1e;
const LSR_THRE: u8 = 0x20;
const LSR_TEMT: u8 = 0x40;
/// Modem status.
const MSR: usize = 6;

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
        self.0.write8(ier, IER);
    }

    /// Reads the line status. What that clears of errors is kept for the next character.
    fn lsr(&self, port: &LockedPort<Self>) -> u8 {
        let lsr = self.0.read8(LSR);
        if lsr != 0xff {
            let errors = &port.state().errors;
            errors.set(errors.get() | lsr & LSR_ERRORS);
        }
        lsr
    }
}

#[vtable]
impl Operations for Uart {
    type Data = Self;
    type State = State;

    fn tx_empty(uart: &Self, port: &Port<Self>) -> bool {
        uart.lsr(&port.lock()) & LSR_TEMT != 0
    }

    fn set_mctrl(uart: &Self, _port: &LockedPort<Self>, lines: ModemLines) {
        let bit = |line, bit| if lines.contains(line) { bit } else { 0 };
        let mcr = bit(ModemLines::DTR, 1) | bit(ModemLines::RTS, 2) | bit(ModemLines::LOOP, 0x10);
        // OUT2, which lets the interrupt through.
        uart.0.write8(mcr | 0x08, MCR);
    }

    fn get_mctrl(uart: &Self, _port: &LockedPort<Self>) -> ModemLines {
        let (msr, none) = (uart.0.read8(MSR), ModemLines::NONE);
        let line = |bit, line| if msr & bit != 0 { line } else { none };
        // Nobody here waits for a carrier.
        line(0x10, ModemLines::CTS) | line(0x20, ModemLines::DSR) | ModemLines::CAR
    }

    fn start_tx(uart: &Self, port: &LockedPort<Self>) {
        uart.set_ier(port, port.state().ier.get() | IER_THRE);
    }

    fn stop_tx(uart: &Self, port: &LockedPort<Self>) {
        uart.set_ier(port, port.state().ier.get() & !IER_THRE);
    }

    fn stop_rx(uart: &Self, port: &LockedPort<Self>) {
        uart.set_ier(port, port.state().ier.get() & !IER_RECEIVE);
    }

    fn startup(uart: &Self, port: &Port<Self>) -> Result {
        let port = port.lock();
        uart.0.write8(LCR_8_BITS, LCR);
        // The FIFOs on and empty, an interrupt at 8 characters.
        uart.0.write8(0x87, IIR);
        uart.set_ier(&port, IER_RECEIVE);
        Ok(())
    }

    fn shutdown(uart: &Self, port: &Port<Self>) {
        let port = port.lock();
        uart.set_ier(&port, 0);
        uart.0.write8(uart.0.read8(LCR) & !LCR_BREAK, LCR);
    }

    fn break_ctl(uart: &Self, port: &Port<Self>, on: bool) {
        let _port = port.lock();
        let lcr = uart.0.read8(LCR) & !LCR_BREAK;
        uart.0.write8(if on { lcr | LCR_BREAK } else { lcr }, LCR);
    }

    fn set_termios(uart: &Self, port: &Port<Self>, termios: &mut Termios, old: Option<&Termios>) {
        let baud = port.baud_rate(termios, old, 50, 115_200).unwrap_or(9600);
        // A user can ask for any divisor.
        let divisor = port
            .divisor(baud)
            .ok()
            .and_then(|n| u16::try_from(n.get()).ok());
        let divisor = divisor.unwrap_or(12);
        let parity = match termios.parity() {
            Parity::None => 0,
            Parity::Odd => 0x08,
            Parity::Even => 0x18,
            Parity::Mark => 0x28,
            Parity::Space => 0x38,
        };
        let lcr = termios.char_size().bits() | u8::from(termios.has_two_stop_bits()) << 2 | parity;
        let port = port.lock();
        port.update_timeout(termios, baud);
        port.update_status_masks(termios, &StatusBits::UART_LSR);
        uart.0.write8(lcr | LCR_DLAB, LCR);
        uart.0.write8(divisor as u8, DATA);
        uart.0.write8((divisor >> 8) as u8, IER);
        uart.0.write8(lcr, LCR);
        drop(port);
        // Nobody here waits for CTS.
        termios.clear_crtscts();
        termios.encode_baud_rate(baud);
    }

    fn interrupt(uart: &Self, port: &Port<Self>) -> IrqReturn {
        let port = port.lock();
        if uart.0.read8(IIR) & IIR_NONE != 0 {
            return IrqReturn::None;
        }
        // A device that is gone reads as all ones, for ever.
        let mut lsr = uart.lsr(&port);
        for _ in 0..256 {
            if lsr == 0xff || lsr & LSR_RECEIVED == 0 {
                break;
            }
            let status = lsr | port.state().errors.take();
            port.receive_char(uart.0.read8(DATA), status.into(), &StatusBits::UART_LSR);
            lsr = uart.lsr(&port);
        }
        port.flip_buffer_push();
        if port.state().ier.get() & IER_THRE != 0 && lsr & LSR_THRE != 0 {
            let send = |chars: &[u8]| chars.iter().for_each(|&ch| uart.0.write8(ch, DATA));
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
        regs.write8(LCR_8_BITS, LCR);
        regs.write8(0, IER);
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
