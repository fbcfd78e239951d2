// SPDX-License-Identifier: GPL-2.0-only

//! A serial driver of three buses by `module_uart_driver!`: it takes the ports of PNP that are free, and sends into nothing,
//! also as a console.

use kernel::device::{Bound, Core, Device};
use kernel::prelude::*;
use kernel::serial::{
    self, Console, LockedPort, ModemLines, Operations, Port, PortOptions, Termios,
};
use kernel::{acpi, pci, platform, pnp};

static DRIVER: serial::Driver<Uart> =
    serial::Driver::new(c"test_uart_buses", c"ttyUB", 4).with_console();

struct Uart;

impl Uart {
    fn add(dev: &Device<Bound>, options: PortOptions<'_>) -> Result {
        let line = Port::add(&DRIVER, dev, options, (), Ok::<_, Error>(()))?;
        dev_info!(dev, "is ttyUB{line}\n");
        Ok(())
    }
}

impl Console for Uart {
    type Saved = ();

    fn begin(_data: &()) {}

    fn putchar(_data: &(), _ch: u8) {}

    fn end(_data: &(), _saved: ()) {}
}

#[vtable]
impl Operations for Uart {
    type Data = ();
    type State = ();

    fn tx_empty(_data: &(), _port: &Port<Self>) -> bool {
        true
    }

    fn set_mctrl(_data: &(), _port: &LockedPort<Self>, _lines: ModemLines) {}

    fn get_mctrl(_data: &(), _port: &LockedPort<Self>) -> ModemLines {
        ModemLines::CTS | ModemLines::DSR | ModemLines::CAR
    }

    fn start_tx(_data: &(), port: &LockedPort<Self>) {
        port.transmit(usize::MAX, |_chars| ());
    }

    fn stop_tx(_data: &(), _port: &LockedPort<Self>) {}

    fn stop_rx(_data: &(), _port: &LockedPort<Self>) {}

    fn startup(_data: &(), _port: &Port<Self>) -> Result {
        Ok(())
    }

    fn shutdown(_data: &(), _port: &Port<Self>) {}

    fn set_termios(_data: &(), _port: &Port<Self>, _new: &mut Termios, _old: Option<&Termios>) {}
}

// A test device of QEMU's, to which ACPI says that something is connected: its port is one of serdev.
kernel::pci_device_table!(
    PCI_TABLE,
    (),
    [(pci::DeviceId::from_id(pci::Vendor::REDHAT, 5), ())]
);

impl pci::Driver for Uart {
    type IdInfo = ();
    type Data<'bound> = ();
    const ID_TABLE: pci::IdTable<()> = &PCI_TABLE;

    fn probe<'bound>(
        pdev: &'bound pci::Device<Core<'_>>,
        _info: Option<&'bound ()>,
    ) -> impl PinInit<(), Error> + 'bound {
        let options = PortOptions {
            // Of no use but that a console has one.
            iobase: 0x2f0,
            ..PortOptions::default()
        };
        Self::add(pdev.as_ref(), options)?;
        // It has not slept, and C would look for its device file.
        DRIVER.resume_ports(pdev.as_ref())?;
        // As a console it does not, if there is `no_console_suspend`.
        DRIVER.suspend_ports(pdev.as_ref())?;
        DRIVER.resume_ports(pdev.as_ref())
    }
}

kernel::acpi_device_table!(ACPI_TABLE, (), [(acpi::DeviceId::new(c"LNUXDEAD"), ())]);

impl platform::Driver for Uart {
    type IdInfo = ();
    type Data<'bound> = ();
    const ACPI_ID_TABLE: Option<acpi::IdTable<()>> = Some(&ACPI_TABLE);

    fn probe<'bound>(
        pdev: &'bound platform::Device<Core<'_>>,
        _info: Option<&'bound ()>,
    ) -> impl PinInit<(), Error> + 'bound {
        Self::add(pdev.as_ref(), PortOptions::default())
    }
}

kernel::pnp_device_table!(PNP_TABLE, (), [(pnp::DeviceId::new(c"PNP0501"), ())]);

impl pnp::Driver for Uart {
    type IdInfo = ();
    type Data<'bound> = ();
    const ID_TABLE: pnp::IdTable<()> = &PNP_TABLE;

    fn probe<'bound>(
        dev: &'bound pnp::Device<Core<'_>>,
        _info: &'bound (),
    ) -> impl PinInit<(), Error> + 'bound {
        Self::add(dev.as_ref(), PortOptions::default())
    }
}

kernel::module_uart_driver! {
    type: Uart,
    driver: DRIVER,
    buses: { pci: Uart, platform: Uart, pnp: Uart },
    name: "test_uart_buses",
    authors: ["The Ferrule developers"],
    description: "A serial driver of three buses",
    license: "GPL",
}
