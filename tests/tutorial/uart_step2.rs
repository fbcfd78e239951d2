// SPDX-License-Identifier: GPL-2.0-only

//! docs/serial-tutorial.md, second step: a port that can be opened, and sends.
//!
//! ```sh
//! insmod uart_step2.ko
//! echo hello >/dev/ttyUS1
//! grep '^1: .* tx:7 ' /proc/tty/driver/uart_step2
//! sleep 1
//! rmmod uart_step2
//! ```
//!
//! ```text
//! 0000:00:0a.0: ttyUS0 … is a 16550A
//! 0000:00:0b.0: ttyUS1 … is a 16550A
//! ```

use kernel::device::Core;
use kernel::io::{port::PortRegion, Io};
use kernel::pci;
use kernel::prelude::*;
use kernel::serial::{self, reg::*};
use kernel::serial::{LockedPort, ModemLines, Operations, Port, PortOptions, Termios};

static DRIVER: serial::Driver<Uart> = serial::Driver::new(c"uart_step2", c"ttyUS", 4);

/// A UART's registers.
struct Uart(PortRegion<8>);

#[vtable]
impl Operations for Uart {
    type Data = Self;
    type State = ();

    fn tx_empty(uart: &Self, port: &Port<Self>) -> bool {
        let _port = port.lock();
        uart.0.read8(UART_LSR) & UART_LSR_TEMT != 0
    }

    fn set_mctrl(_uart: &Self, _port: &LockedPort<Self>, _lines: ModemLines) {}

    fn get_mctrl(_uart: &Self, _port: &LockedPort<Self>) -> ModemLines {
        ModemLines::CTS | ModemLines::DSR | ModemLines::CAR
    }

    fn start_tx(uart: &Self, port: &LockedPort<Self>) {
        // The device may be broken: it is not waited for again.
        let mut is_alive = true;
        port.transmit(usize::MAX, |chars| {
            for &ch in chars {
                let has_room = |_| uart.0.read8(UART_LSR) & UART_LSR_THRE != 0;
                is_alive = is_alive && (0..100_000).any(has_room);
                if is_alive {
                    uart.0.write8(ch, UART_TX);
                }
            }
        });
    }

    fn stop_tx(_uart: &Self, _port: &LockedPort<Self>) {}

    fn stop_rx(_uart: &Self, _port: &LockedPort<Self>) {}

    fn startup(_uart: &Self, _port: &Port<Self>) -> Result {
        Ok(())
    }

    fn shutdown(_uart: &Self, _port: &Port<Self>) {}

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
        let uart = Ok::<_, Error>(Uart(PortRegion::request(iobase, 8, c"uart_step2")?));
        let options = PortOptions {
            iobase,
            ..PortOptions::default()
        };
        Port::add(&DRIVER, pdev.as_ref(), options, (), uart).map(drop)
    }
}

kernel::module_uart_driver! {
    type: Uart,
    driver: DRIVER,
    buses: { pci: Uart },
    name: "uart_step2",
    authors: ["The Ferrule developers"],
    description: "Second step of the serial tutorial",
    license: "GPL",
}
