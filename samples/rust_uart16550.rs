// SPDX-License-Identifier: GPL-2.0-only

//! Serial driver sample: the 16550A UARTs of QEMU's `pci-serial`, `pci-serial-2x` and `-4x`.
//!
//! The kernel's own driver must leave the device alone (`initcall_blacklist=serial_pci_driver_init` on its
//! command line). docs/serial.md shows how it is used, `tests/vm/serial.rs` tries it with two ports that
//! are each other's end.

use core::cell::Cell;
use kernel::device::{Core, Device};
use kernel::io::port::PortRegion;
use kernel::io::Io;
use kernel::irq::{Flags, IrqReturn};
use kernel::pci;
use kernel::pm;
use kernel::prelude::*;
use kernel::serial::{
    self, CharSize, Console, Flag, Icount, LockedPort, ModemLines, Operations, Parity, Port,
    PortOptions, PortType, Termios,
};
use kernel::sync::atomic::{Atomic, Relaxed};
use kernel::time::{delay::udelay, Delta};

/// The registers, and their bits.
mod regs {
    /// Data: read to receive, write to send. The divisor's low byte while DLAB is set.
    pub(super) const DATA: usize = 0;
    /// Interrupt enable. The divisor's high byte while DLAB is set.
    pub(super) const IER: usize = 1;
    pub(super) const IER_RDI: u8 = 0x01;
    pub(super) const IER_THRI: u8 = 0x02;
    pub(super) const IER_RLSI: u8 = 0x04;
    pub(super) const IER_MSI: u8 = 0x08;
    /// Interrupt identification (read); FIFO control (write).
    pub(super) const IIR: usize = 2;
    pub(super) const IIR_NO_INT: u8 = 0x01;
    pub(super) const IIR_FIFO: u8 = 0xc0;
    pub(super) const FCR: usize = 2;
    pub(super) const FCR_ENABLE: u8 = 0x01;
    pub(super) const FCR_CLEAR: u8 = 0x06;
    pub(super) const FCR_TRIGGER_8: u8 = 0x80;
    /// Line control.
    pub(super) const LCR: usize = 3;
    pub(super) const LCR_STOP: u8 = 0x04;
    pub(super) const LCR_PARITY: u8 = 0x08;
    pub(super) const LCR_EVEN: u8 = 0x10;
    pub(super) const LCR_STICK: u8 = 0x20;
    pub(super) const LCR_BREAK: u8 = 0x40;
    pub(super) const LCR_DLAB: u8 = 0x80;
    /// Modem control.
    pub(super) const MCR: usize = 4;
    pub(super) const MCR_DTR: u8 = 0x01;
    pub(super) const MCR_RTS: u8 = 0x02;
    pub(super) const MCR_OUT1: u8 = 0x04;
    pub(super) const MCR_OUT2: u8 = 0x08;
    pub(super) const MCR_LOOP: u8 = 0x10;
    /// Line status: a read clears the errors.
    pub(super) const LSR: usize = 5;
    pub(super) const LSR_DR: u8 = 0x01;
    pub(super) const LSR_OE: u8 = 0x02;
    pub(super) const LSR_PE: u8 = 0x04;
    pub(super) const LSR_FE: u8 = 0x08;
    pub(super) const LSR_BI: u8 = 0x10;
    pub(super) const LSR_THRE: u8 = 0x20;
    pub(super) const LSR_TEMT: u8 = 0x40;
    pub(super) const LSR_ERRORS: u8 = LSR_OE | LSR_PE | LSR_FE | LSR_BI;
    /// What a device that is gone reads as.
    pub(super) const GONE: u8 = 0xff;
    /// Modem status: a read clears the changes.
    pub(super) const MSR: usize = 6;
    pub(super) const MSR_DCTS: u8 = 0x01;
    pub(super) const MSR_DDSR: u8 = 0x02;
    pub(super) const MSR_TERI: u8 = 0x04;
    pub(super) const MSR_DDCD: u8 = 0x08;
    pub(super) const MSR_CHANGES: u8 = 0x0f;
    pub(super) const MSR_CTS: u8 = 0x10;
    pub(super) const MSR_DSR: u8 = 0x20;
    pub(super) const MSR_RI: u8 = 0x40;
    pub(super) const MSR_DCD: u8 = 0x80;
    /// A byte for whoever wants it.
    pub(super) const SCRATCH: usize = 7;
    pub(super) const COUNT: u16 = 8;
}

use regs::*;

/// How many characters one interrupt receives at most.
const RX_LIMIT: usize = 256;

/// How many microseconds a console waits for room: a character at 1200 baud.
const CONSOLE_WAIT: u32 = 10_000;

static DRIVER: serial::Driver<Uart> =
    serial::Driver::new(c"rust_uart16550", c"ttyRU", 32).with_console();

/// A UART: its registers, and how many characters it takes when it is empty.
struct Uart {
    regs: PortRegion<8>,
    fifosize: u32,
    /// Errors of the next character: a read of LSR has cleared them. A console reads it without the lock.
    errors: Atomic<u8>,
}

/// What was written to registers that cannot be read, or not for free.
#[derive(Default)]
struct Shadow {
    ier: Cell<u8>,
    lcr: Cell<u8>,
    /// OUT2 lets the interrupt through, while the port is open.
    out2: Cell<u8>,
}

impl Uart {
    /// Finds out what is there.
    fn new(regs: PortRegion<8>) -> Result<Self> {
        // DLAB may be set.
        regs.write8(0, LCR);
        regs.write8(0x5a, SCRATCH);
        if regs.read8(SCRATCH) != 0x5a || regs.read8(LSR) == GONE {
            return Err(ENODEV);
        }
        regs.write8(0, IER);
        regs.write8(FCR_ENABLE, FCR);
        let has_fifo = regs.read8(IIR) & IIR_FIFO == IIR_FIFO;
        regs.write8(0, FCR);
        Ok(Self {
            regs,
            fifosize: if has_fifo { 16 } else { 1 },
            errors: Atomic::new(0),
        })
    }

    fn clear_fifos(&self) {
        if self.fifosize > 1 {
            self.regs.write8(FCR_ENABLE, FCR);
            self.regs.write8(FCR_ENABLE | FCR_CLEAR, FCR);
            self.regs.write8(0, FCR);
        }
    }

    /// Switches interrupts on and off.
    fn set_ier(&self, port: &LockedPort<Self>, ier: u8) {
        port.state().ier.set(ier);
        self.regs.write8(ier, IER);
    }

    fn set_lcr(&self, port: &LockedPort<Self>, lcr: u8) {
        port.state().lcr.set(lcr);
        self.regs.write8(lcr, LCR);
    }

    /// Reads the line status, and keeps what the read clears.
    fn line_status(&self) -> u8 {
        let lsr = self.regs.read8(LSR);
        if lsr != GONE && lsr & LSR_ERRORS != 0 {
            let errors = self.errors.load(Relaxed);
            self.errors.store(errors | lsr & LSR_ERRORS, Relaxed);
        }
        lsr
    }

    /// Waits until the line status has all of `bits`, or for too long.
    fn wait_for(&self, bits: u8) {
        for _ in 0..CONSOLE_WAIT {
            if self.line_status() & bits == bits {
                return;
            }
            udelay(Delta::from_micros(1));
        }
    }

    /// Receives what is there, `lsr` being the line status of the first character.
    fn receive(&self, port: &LockedPort<Self>, mut lsr: u8) -> u8 {
        let errors = self.errors.load(Relaxed);
        if errors != 0 {
            self.errors.store(0, Relaxed);
            lsr |= errors;
        }
        for i in 1.. {
            // A break may come without a character.
            let ch = if lsr & LSR_DR != 0 {
                self.regs.read8(DATA)
            } else {
                0
            };
            port.count(Icount::Rx, 1);
            self.receive_one(port, lsr, ch);
            if i == RX_LIMIT {
                break;
            }
            lsr = self.regs.read8(LSR);
            if lsr & (LSR_DR | LSR_BI) == 0 || lsr == GONE {
                break;
            }
        }
        port.flip_buffer_push();
        lsr
    }

    #[inline]
    fn receive_one(&self, port: &LockedPort<Self>, mut lsr: u8, ch: u8) {
        let mut flag = Flag::Normal;
        if lsr & LSR_ERRORS != 0 {
            if lsr & LSR_BI != 0 {
                // A break looks like a framing error too.
                lsr &= !(LSR_FE | LSR_PE);
                port.count(Icount::Brk, 1);
                if port.handle_break() {
                    return;
                }
            } else if lsr & LSR_PE != 0 {
                port.count(Icount::Parity, 1);
            } else if lsr & LSR_FE != 0 {
                port.count(Icount::Frame, 1);
            }
            if lsr & LSR_OE != 0 {
                port.count(Icount::Overrun, 1);
            }
            lsr &= port.read_status_mask() as u8;
            if lsr & LSR_BI != 0 {
                flag = Flag::Break;
            } else if lsr & LSR_PE != 0 {
                flag = Flag::Parity;
            } else if lsr & LSR_FE != 0 {
                flag = Flag::Frame;
            }
        }
        if !port.prepare_sysrq_char(ch) {
            port.insert_char(lsr.into(), LSR_OE.into(), ch, flag);
        }
    }

    /// Reads the modem lines, and reports those that have changed.
    fn modem_status(&self, port: &LockedPort<Self>) -> u8 {
        let msr = self.regs.read8(MSR);
        if msr & MSR_CHANGES != 0 && port.state().ier.get() & IER_MSI != 0 {
            if msr & MSR_TERI != 0 {
                port.count(Icount::Rng, 1);
            }
            if msr & MSR_DDSR != 0 {
                port.count(Icount::Dsr, 1);
            }
            if msr & MSR_DDCD != 0 {
                port.handle_dcd_change(msr & MSR_DCD != 0);
            }
            if msr & MSR_DCTS != 0 {
                port.handle_cts_change(msr & MSR_CTS != 0);
            }
            port.wake_modem_waiters();
        }
        msr
    }
}

#[vtable]
impl Operations for Uart {
    type Data = Self;
    type State = Shadow;

    fn tx_empty(uart: &Self, port: &Port<Self>) -> bool {
        let _locked = port.lock();
        uart.line_status() & (LSR_TEMT | LSR_THRE) == LSR_TEMT | LSR_THRE
    }

    fn set_mctrl(uart: &Self, port: &LockedPort<Self>, lines: ModemLines) {
        let bit = |line, bit| if lines.contains(line) { bit } else { 0 };
        let mcr = bit(ModemLines::RTS, MCR_RTS)
            | bit(ModemLines::DTR, MCR_DTR)
            | bit(ModemLines::OUT1, MCR_OUT1)
            | bit(ModemLines::OUT2, MCR_OUT2)
            | bit(ModemLines::LOOP, MCR_LOOP);
        uart.regs.write8(mcr | port.state().out2.get(), MCR);
    }

    fn get_mctrl(uart: &Self, port: &LockedPort<Self>) -> ModemLines {
        let msr = uart.modem_status(port);
        let mut lines = ModemLines::NONE;
        for (bit, line) in [
            (MSR_DCD, ModemLines::CAR),
            (MSR_RI, ModemLines::RNG),
            (MSR_DSR, ModemLines::DSR),
            (MSR_CTS, ModemLines::CTS),
        ] {
            if msr & bit != 0 {
                lines |= line;
            }
        }
        lines
    }

    fn start_tx(uart: &Self, port: &LockedPort<Self>) {
        let ier = port.state().ier.get();
        if ier & IER_THRI == 0 {
            uart.set_ier(port, ier | IER_THRI);
        }
    }

    fn stop_tx(uart: &Self, port: &LockedPort<Self>) {
        let ier = port.state().ier.get();
        if ier & IER_THRI != 0 {
            uart.set_ier(port, ier & !IER_THRI);
        }
    }

    fn stop_rx(uart: &Self, port: &LockedPort<Self>) {
        let ier = port.state().ier.get();
        uart.set_ier(port, ier & !(IER_RLSI | IER_RDI));
    }

    fn enable_ms(uart: &Self, port: &LockedPort<Self>) {
        let ier = port.state().ier.get();
        uart.set_ier(port, ier | IER_MSI);
    }

    fn break_ctl(uart: &Self, port: &Port<Self>, on: bool) {
        let port = port.lock();
        let lcr = port.state().lcr.get();
        uart.set_lcr(
            &port,
            if on {
                lcr | LCR_BREAK
            } else {
                lcr & !LCR_BREAK
            },
        );
    }

    fn startup(uart: &Self, port: &Port<Self>) -> Result {
        uart.clear_fifos();
        // What was there before is nobody's.
        for register in [LSR, DATA, IIR, MSR] {
            uart.regs.try_read8(register)?;
        }
        if uart.regs.read8(LSR) == GONE {
            return Err(ENODEV);
        }
        let port = port.lock();
        uart.set_lcr(&port, CharSize::Eight.bits());
        port.state().out2.set(MCR_OUT2);
        Self::set_mctrl(uart, &port, port.mctrl());
        uart.errors.store(0, Relaxed);
        // set_termios() switches them on, when all is set.
        port.state().ier.set(IER_RLSI | IER_RDI);
        Ok(())
    }

    fn shutdown(uart: &Self, port: &Port<Self>) {
        let port = port.lock();
        uart.set_ier(&port, 0);
        port.state().out2.set(0);
        Self::set_mctrl(uart, &port, port.mctrl());
        uart.set_lcr(&port, port.state().lcr.get() & !LCR_BREAK);
        uart.clear_fifos();
        uart.regs.read8(DATA);
    }

    fn set_termios(uart: &Self, port: &Port<Self>, termios: &mut Termios, old: Option<&Termios>) {
        let clock = port.uartclk();
        let (min, max) = (clock / 16 / 0xffff + 1, clock / 16);
        let baud = port.baud_rate(termios, old, min, max).unwrap_or(9600);
        // A user can ask for any divisor.
        let divisor = |baud| u16::try_from(port.divisor(baud)?.get()).map_err(Error::from);
        let divisor = divisor(baud).or_else(|_| divisor(9600)).unwrap_or(1);
        let mut lcr = termios.char_size().bits();
        if termios.has_two_stop_bits() {
            lcr |= LCR_STOP;
        }
        lcr |= match termios.parity() {
            Parity::None => 0,
            Parity::Odd => LCR_PARITY,
            Parity::Even => LCR_PARITY | LCR_EVEN,
            Parity::Mark => LCR_PARITY | LCR_STICK,
            Parity::Space => LCR_PARITY | LCR_STICK | LCR_EVEN,
        };
        let mut read = LSR_OE | LSR_THRE | LSR_DR;
        if termios.checks_parity() {
            read |= LSR_FE | LSR_PE;
        }
        if termios.ignores_break() || termios.signals_break() || termios.marks_errors() {
            read |= LSR_BI;
        }
        let mut ignore = 0;
        if termios.ignores_errors() {
            ignore |= LSR_PE | LSR_FE;
        }
        if termios.ignores_break() {
            ignore |= LSR_BI;
            if termios.ignores_errors() {
                ignore |= LSR_OE;
            }
        }
        if !termios.is_receiving() {
            ignore |= LSR_DR;
        }

        let port = port.lock();
        port.update_timeout(termios, baud);
        port.set_status_masks(read.into(), ignore.into());
        let mut ier = port.state().ier.get() & !IER_MSI;
        if port.wants_modem_status(termios) {
            ier |= IER_MSI;
        }
        uart.set_ier(&port, ier);
        let [low, high] = divisor.to_le_bytes();
        uart.regs.write8(lcr | LCR_DLAB, LCR);
        uart.regs.write8(low, DATA);
        uart.regs.write8(high, IER);
        uart.set_lcr(&port, lcr | port.state().lcr.get() & LCR_BREAK);
        if uart.fifosize > 1 {
            uart.regs.write8(FCR_ENABLE, FCR);
            uart.regs.write8(FCR_ENABLE | FCR_TRIGGER_8, FCR);
        }
        Self::set_mctrl(uart, &port, port.mctrl());
        drop(port);
        termios.encode_baud_rate(baud);
    }

    fn interrupt(uart: &Self, port: &Port<Self>) -> IrqReturn {
        // A device that is gone has no interrupt either.
        if uart.regs.read8(IIR) & IIR_NO_INT != 0 {
            return IrqReturn::None;
        }
        let port = port.lock();
        let mut lsr = uart.line_status();
        if lsr == GONE {
            return IrqReturn::Handled;
        }
        if lsr & (LSR_DR | LSR_BI) != 0 {
            lsr = uart.receive(&port, lsr);
        }
        uart.modem_status(&port);
        if lsr & LSR_THRE != 0 && lsr != GONE && port.state().ier.get() & IER_THRI != 0 {
            port.transmit(uart.fifosize as usize, |chars| {
                for &ch in chars {
                    uart.regs.write8(ch, DATA);
                }
            });
        }
        // The line is one by level: what has come meanwhile interrupts again.
        port.unlock_and_check_sysrq();
        IrqReturn::Handled
    }

    fn poll_get_char(uart: &Self) -> Option<u8> {
        let is_there = uart.line_status() & LSR_DR != 0;
        is_there.then(|| uart.regs.read8(DATA))
    }

    fn poll_put_char(uart: &Self, ch: u8) {
        let ier = Self::begin(uart);
        Self::putchar(uart, ch);
        Self::end(uart, ier);
    }

    fn type_name(uart: &Self, _port: &Port<Self>) -> &'static CStr {
        if uart.fifosize > 1 {
            c"16550A"
        } else {
            c"16450"
        }
    }
}

impl Console for Uart {
    /// The interrupts that were on.
    type Saved = u8;

    fn begin(uart: &Self) -> u8 {
        let ier = uart.regs.read8(IER);
        uart.regs.write8(0, IER);
        ier
    }

    fn putchar(uart: &Self, ch: u8) {
        uart.wait_for(LSR_THRE);
        uart.regs.write8(ch, DATA);
    }

    fn end(uart: &Self, ier: u8) {
        uart.wait_for(LSR_TEMT | LSR_THRE);
        uart.regs.write8(ier, IER);
    }
}

struct PciDriver;

kernel::pci_device_table!(
    PCI_TABLE,
    <PciDriver as pci::Driver>::IdInfo,
    [
        (pci::DeviceId::from_id(pci::Vendor::REDHAT, 0x2), 1),
        (pci::DeviceId::from_id(pci::Vendor::REDHAT, 0x3), 2),
        (pci::DeviceId::from_id(pci::Vendor::REDHAT, 0x4), 4),
    ]
);

impl pci::Driver for PciDriver {
    /// The number of ports.
    type IdInfo = u16;
    type Data<'bound> = ();
    const ID_TABLE: pci::IdTable<u16> = &PCI_TABLE;
    const PM_OPS: Option<&'static pm::Ops> = Some(pm::ops::<Self>());

    fn probe<'bound>(
        pdev: &'bound pci::Device<Core<'_>>,
        ports: Option<&'bound u16>,
    ) -> impl PinInit<(), Error> + 'bound {
        pdev.enable_device()?;
        let start = u16::try_from(pdev.resource_start(0)?)?;
        for i in 0..*ports.unwrap_or(&1) {
            let iobase = start + i * COUNT;
            let uart = Uart::new(PortRegion::request(iobase, COUNT, c"rust_uart16550")?)?;
            let options = PortOptions {
                fifosize: uart.fifosize,
                port_type: if uart.fifosize > 1 {
                    PortType::PORT_16550A
                } else {
                    PortType::PORT_16450
                },
                iobase,
                irq: Some(pdev.irq_line()?),
                irq_flags: Flags::SHARED,
                ..PortOptions::default()
            };
            Port::add(
                &DRIVER,
                pdev.as_ref(),
                options,
                Shadow::default(),
                Ok::<_, Error>(uart),
            )?;
        }
        Ok(())
    }
}

impl pm::Operations for PciDriver {
    fn suspend(dev: &Device<Core<'_>>) -> Result {
        DRIVER.suspend_ports(dev)
    }

    fn resume(dev: &Device<Core<'_>>) -> Result {
        DRIVER.resume_ports(dev)
    }
}

#[pin_data]
struct Uart16550 {
    #[pin]
    _pci: kernel::driver::Registration<pci::Adapter<PciDriver>>,
    _serial: serial::Registration<Uart>,
}

impl kernel::InPlaceModule for Uart16550 {
    fn init(module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _serial: DRIVER.register(module)?,
            _pci <- kernel::driver::Registration::new(c"rust_uart16550", module),
        })
    }
}

module! {
    type: Uart16550,
    name: "rust_uart16550",
    authors: ["The Ferrule developers"],
    description: "Sample of a serial driver, for 16550A UARTs",
    license: "GPL",
}
