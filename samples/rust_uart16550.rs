// SPDX-License-Identifier: GPL-2.0-only

//! Serial driver sample: 16450 and 16550A UARTs.
//!
//! It takes QEMU's `pci-serial`, `pci-serial-2x` and `-4x`, the ports of PNP, and those of ISA that its
//! parameters name: `io=0x2f8 irq=3 baud_base=115200`. The kernel's own driver must leave the device alone:
//! `initcall_blacklist=serial_pci_driver_init` on the kernel's command line keeps it from PCI. Two ports that are
//! each other's end, and two of one card:
//!
//! ```sh
//! insmod rust_uart16550.ko
//! exec 3</dev/ttyRU1
//! echo "a text from one to the other" >/dev/ttyRU0
//! grep -m 1 "a text from one to the other" <&3
//! exec 3<&-
//! cat /proc/tty/driver/rust_uart16550
//! sleep 1
//! rmmod rust_uart16550
//! ```
//!
//! ```text
//! 0000:00:0a.0: ttyRU0 … (irq = …, base_baud = 115200) is a 16550A
//! 0000:00:0b.0: ttyRU1 … (irq = …, base_baud = 115200) is a 16550A
//! 0000:00:0c.0: ttyRU2 … (irq = …, base_baud = 115200) is a 16550A
//! 0000:00:0c.0: ttyRU3 … (irq = …, base_baud = 115200) is a 16550A
//! ```
//!
//! docs/serial.md tells more, and `tests/vm/serial.rs` tries all of it.

#![forbid(unsafe_code)]

use core::cell::Cell;
use kernel::io::port::PortRegion;
use kernel::io::Io;
use kernel::irq::{Flags, IrqRequest, IrqReturn};
use kernel::prelude::*;
use kernel::serial::{
    self, reg::line_control, CharSize, Console, DeviceAttribute, Icount, LockedPort, ModemLines,
    Operations, Port, PortOptions, PortType, StatusBits, Termios,
};
use kernel::time::{delay::udelay, Delta};

#[path = "rust_uart16550_bus.rs"]
mod bus;
#[path = "rust_uart16550_regs.rs"]
mod regs;
#[path = "rust_uart16550_trigger.rs"]
mod trigger;

use regs::*;

/// How often one interrupt looks at the device: a broken one must not keep the processor. In between others may
/// have the port.
const PASS_LIMIT: usize = 256;

/// How many microseconds a console waits for room: a character at 1200 baud.
const CONSOLE_WAIT: u32 = 10_000;

static DRIVER: serial::Driver<Uart> =
    serial::Driver::new(c"rust_uart16550", c"ttyRU", 32).with_console();

/// A UART's registers.
struct Uart(Registers<PortRegion<8>>);

impl Block for PortRegion<8> {
    #[inline]
    fn read<const REGISTER: usize>(&self) -> u8 {
        self.read8(REGISTER)
    }

    #[inline]
    fn write<const REGISTER: usize>(&self, value: u8) {
        self.write8(value, REGISTER);
    }
}

/// All who use the registers hold the port's lock,
impl Exclusive for LockedPort<Uart> {}

/// or have the port as a console: C lets nobody else in, or the kernel is about to die, or in the debugger.
struct OwnConsole;

impl Exclusive for OwnConsole {}

/// What was written to registers that cannot be read, or not for free.
#[derive(Default)]
struct Shadow {
    ier: Cell<u8>,
    lcr: Cell<u8>,
    /// OUT2 lets the interrupt through, while the port is open.
    out2: Cell<u8>,
    /// After how many characters the FIFO interrupts, as root wants it, and as it does.
    wanted_trigger: Cell<u8>,
    trigger: Cell<u8>,
}

impl Uart {
    /// Adds a port for the UART at `iobase`, if there is one, until `dev` loses its driver.
    fn add<'bound>(
        dev: &'bound kernel::device::Device<kernel::device::Bound>,
        iobase: u16,
        irq: IrqRequest<'bound>,
        irq_flags: Flags,
        baud_base: u32,
    ) -> Result<u32> {
        let ports = PortRegion::request(iobase, COUNT, c"rust_uart16550")?;
        let regs = Registers::probe(ports).ok_or(ENODEV)?;
        let options = PortOptions {
            uartclk: baud_base.checked_mul(16).ok_or(EINVAL)?,
            fifosize: regs.fifosize(),
            port_type: if regs.fifosize() > 1 {
                PortType::PORT_16550A
            } else {
                PortType::PORT_16450
            },
            iobase,
            irq: Some(irq),
            irq_flags,
            ..PortOptions::default()
        };
        let shadow = Shadow {
            wanted_trigger: Cell::new(FCR_TRIGGER_8),
            trigger: Cell::new(FCR_TRIGGER_8),
            ..Shadow::default()
        };
        Port::add(&DRIVER, dev, options, shadow, Ok::<_, Error>(Self(regs)))
    }

    /// Switches interrupts on and off.
    fn set_ier(&self, port: &LockedPort<Self>, ier: u8) {
        port.state().ier.set(ier);
        self.0.set_ier(ier);
    }

    fn set_lcr(&self, port: &LockedPort<Self>, lcr: u8) {
        port.state().lcr.set(lcr);
        self.0.set_lcr(lcr);
    }

    /// Waits until the line status has all of `bits`, or for too long.
    fn wait_for(&self, bits: u8) {
        for _ in 0..CONSOLE_WAIT {
            if self.0.line_status(&OwnConsole).contains(bits) {
                return;
            }
            udelay(Delta::from_micros(1));
        }
    }

    /// Reads the modem lines, and reports those that have changed.
    fn modem_status(&self, port: &LockedPort<Self>) -> u8 {
        let msr = self.0.modem_status(port);
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

    const ATTRIBUTES: &'static [DeviceAttribute<Self>] =
        &[DeviceAttribute::new::<trigger::RxTrigBytes>()];

    fn tx_empty(uart: &Self, port: &Port<Self>) -> bool {
        let port = port.lock();
        uart.0.line_status(&*port).contains(LSR_TEMT | LSR_THRE)
    }

    fn set_mctrl(uart: &Self, port: &LockedPort<Self>, lines: ModemLines) {
        let bit = |line, bit| if lines.contains(line) { bit } else { 0 };
        let mcr = bit(ModemLines::RTS, MCR_RTS)
            | bit(ModemLines::DTR, MCR_DTR)
            | bit(ModemLines::OUT1, MCR_OUT1)
            | bit(ModemLines::OUT2, MCR_OUT2)
            | bit(ModemLines::LOOP, MCR_LOOP);
        uart.0.set_mcr(mcr | port.state().out2.get());
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
        let port = port.lock();
        if !uart.0.reset(&*port) {
            return Err(ENODEV);
        }
        uart.set_lcr(&port, CharSize::Eight.bits());
        port.state().out2.set(MCR_OUT2);
        Self::set_mctrl(uart, &port, port.mctrl());
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
        uart.0.reset(&*port);
    }

    fn set_termios(uart: &Self, port: &Port<Self>, termios: &mut Termios, old: Option<&Termios>) {
        let clock = port.uartclk();
        // A clock may be a little slow.
        let (min, max) = (clock / 16 / 0xffff + 1, clock / 16 + clock / 1600);
        let baud = port.baud_rate(termios, old, min, max).unwrap_or(9600);
        // A user can ask for any divisor.
        let divisor = |baud| u16::try_from(port.divisor(baud)?.get()).map_err(Error::from);
        let divisor = divisor(baud).or_else(|_| divisor(9600)).unwrap_or(1);
        let port = port.lock();
        port.update_timeout(termios, baud);
        port.update_status_masks(termios, &StatusBits::UART_LSR);
        let mut ier = port.state().ier.get() & !IER_MSI;
        if port.wants_modem_status(termios) {
            ier |= IER_MSI;
        }
        port.state().ier.set(ier);
        let lcr = line_control(termios) | port.state().lcr.get() & LCR_BREAK;
        port.state().lcr.set(lcr);
        uart.0.set_divisor(divisor, lcr, &*port);
        uart.0.set_ier(ier);
        let trigger = match baud {
            ..2400 => FCR_TRIGGER_1,
            _ => port.state().wanted_trigger.get(),
        };
        port.state().trigger.set(trigger);
        uart.0.enable_fifos(trigger);
        Self::set_mctrl(uart, &port, port.mctrl());
        drop(port);
        termios.encode_baud_rate(baud);
    }

    fn interrupt(uart: &Self, port: &Port<Self>) -> IrqReturn {
        // Until nothing is left: a line by edge would not interrupt again, and leaving and entering the
        // handler costs more than a look.
        for pass in 0..PASS_LIMIT {
            let port = port.lock();
            if !uart.0.has_interrupt(&*port) {
                return if pass == 0 {
                    IrqReturn::None
                } else {
                    IrqReturn::Handled
                };
            }
            let mut status = uart.0.receive_status(&*port);
            if status.is_gone() {
                break;
            }
            if status.has_received() {
                status = uart.0.receive(status, &*port, |ch, status| {
                    port.receive_char(ch, status.bits().into(), &StatusBits::UART_LSR);
                });
                port.flip_buffer_push();
            }
            uart.modem_status(&port);
            let is_sending = port.state().ier.get() & IER_THRI != 0;
            if is_sending && status.contains(LSR_THRE) && !status.is_gone() {
                port.transmit(uart.0.fifosize() as usize, |chars| uart.0.send(chars));
            }
            port.unlock_and_check_sysrq();
        }
        IrqReturn::Handled
    }

    fn poll_get_char(uart: &Self) -> Option<u8> {
        uart.0.poll(&OwnConsole)
    }

    fn poll_put_char(uart: &Self, ch: u8) {
        let ier = Self::begin(uart);
        Self::putchar(uart, ch);
        Self::end(uart, ier);
    }

    fn type_name(uart: &Self, _port: &Port<Self>) -> &'static CStr {
        if uart.0.fifosize() > 1 {
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
        uart.0.mask()
    }

    fn putchar(uart: &Self, ch: u8) {
        uart.wait_for(LSR_THRE);
        uart.0.send(&[ch]);
    }

    fn end(uart: &Self, ier: u8) {
        uart.wait_for(LSR_TEMT | LSR_THRE);
        uart.0.set_ier(ier);
    }
}

/// Buses first: they remove their ports, then the driver is unregistered.
#[pin_data]
struct Uart16550 {
    #[pin]
    _buses: bus::Buses,
    _serial: serial::Registration<Uart>,
}

impl kernel::InPlaceModule for Uart16550 {
    fn init(module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _serial: DRIVER.register(module)?,
            _buses <- bus::Buses::new(module),
        })
    }
}

module! {
    type: Uart16550,
    name: "rust_uart16550",
    authors: ["The Ferrule developers"],
    description: "Sample of a serial driver, for 16550A UARTs",
    license: "GPL",
    params: {
        io: [u16; 4] {
            default: [],
            description: "First I/O ports of UARTs on the ISA bus, up to four",
            permissions: 0o444,
            hardware: ioport,
        },
        irq: [u32; 4] {
            default: [],
            description: "Their interrupts, 1 to 15",
            permissions: 0o444,
            hardware: irq,
        },
        baud_base: [u32; 4] {
            default: [],
            description: "Their highest baud rates, 115200 without it",
            permissions: 0o444,
        },
    },
}
