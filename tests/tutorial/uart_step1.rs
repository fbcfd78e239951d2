// SPDX-License-Identifier: GPL-2.0-only

//! docs/serial-tutorial.md, first step: a driver that finds its device.
//!
//! ```sh
//! insmod uart_step1.ko
//! rmmod uart_step1
//! ```
//!
//! ```text
//! uart_step1 0000:00:0a.0: a UART at …, its line status is …
//! uart_step1 0000:00:0b.0: a UART at …, its line status is …
//! ```

use kernel::device::Core;
use kernel::io::{port::PortRegion, Io};
use kernel::pci;
use kernel::prelude::*;
use kernel::serial::reg::*;

/// A UART's registers.
struct Uart(PortRegion<8>);

kernel::pci_device_table!(
    PCI_TABLE,
    (),
    [(pci::DeviceId::from_id(pci::Vendor::REDHAT, 2), ())]
);

impl pci::Driver for Uart {
    type IdInfo = ();
    type Data<'bound> = Self;
    const ID_TABLE: pci::IdTable<()> = &PCI_TABLE;

    fn probe<'bound>(
        pdev: &'bound pci::Device<Core<'_>>,
        _info: Option<&'bound ()>,
    ) -> impl PinInit<Self, Error> + 'bound {
        pdev.enable_device()?;
        let iobase = u16::try_from(pdev.resource_start(0)?)?;
        let uart = Uart(PortRegion::request(iobase, 8, c"uart_step1")?);
        let status = uart.0.read8(UART_LSR);
        dev_info!(
            pdev,
            "a UART at {iobase:#x}, its line status is {status:#x}\n"
        );
        Ok(uart)
    }
}

kernel::module_pci_driver! {
    type: Uart,
    name: "uart_step1",
    authors: ["The Ferrule developers"],
    description: "First step of the serial tutorial",
    license: "GPL",
}
