// SPDX-License-Identifier: GPL-2.0-only

//! Serdev driver sample: a device at a serial port that says back what it hears.
//!
//! A table of ACPI has a device with the ID `LNUXBEEF` at the third serial port, which so has no device file; the
//! fourth is its other end. The ports are those of `rust_uart16550`, but could be any driver's.
//!
//! ```sh
//! insmod rust_uart16550.ko
//! insmod rust_driver_serdev.ko
//! exec 3<>/dev/ttyRU3
//! stty raw -echo <&3
//! echo "is there anybody?" >&3
//! timeout 20 grep -m 1 "is there anybody?" <&3
//! exec 3<&-
//! test ! -e /dev/ttyRU2
//! sleep 1
//! rmmod rust_driver_serdev
//! rmmod rust_uart16550
//! ```
//!
//! ```text
//! 0000:00:0a.0: ttyRU0 … is a 16550A
//! 0000:00:0b.0: ttyRU1 … is a 16550A
//! 0000:00:0c.0: ttyRU2 … is a 16550A
//! serial serial0: tty port ttyRU2 registered
//! 0000:00:0c.0: ttyRU3 … is a 16550A
//! rust_driver_serdev serial0-0: says back what it hears at 115200 baud
//! rust_driver_serdev serial0-0: goodbye
//! ```

#![forbid(unsafe_code)]

use kernel::device::{Bound, Core};
use kernel::prelude::*;
use kernel::sync::aref::ARef;
use kernel::{acpi, of, serdev};

struct SampleDriver {
    sdev: ARef<serdev::Device>,
}

kernel::of_device_table!(
    OF_TABLE,
    <SampleDriver as serdev::Driver>::IdInfo,
    [(of::DeviceId::new(c"test,rust_driver_serdev"), ())]
);

kernel::acpi_device_table!(
    ACPI_TABLE,
    <SampleDriver as serdev::Driver>::IdInfo,
    [(acpi::DeviceId::new(c"LNUXBEEF"), ())]
);

#[vtable]
impl serdev::Driver for SampleDriver {
    type IdInfo = ();
    type Data<'bound> = Self;

    const OF_ID_TABLE: Option<of::IdTable<Self::IdInfo>> = Some(&OF_TABLE);
    const ACPI_ID_TABLE: Option<acpi::IdTable<Self::IdInfo>> = Some(&ACPI_TABLE);

    fn probe<'bound>(
        sdev: &'bound serdev::Device<Core<'_>>,
        _info: Option<&'bound Self::IdInfo>,
    ) -> impl PinInit<Self, Error> + 'bound {
        let fwnode = sdev.as_ref().fwnode();
        let wanted = fwnode.and_then(|fwnode| fwnode.property_read(c"baudrate").optional());
        let baudrate = wanted.unwrap_or(9600);
        sdev.set_baudrate(baudrate).map_err(|_| EINVAL)?;
        sdev.set_flow_control(false);
        sdev.set_parity(serdev::Parity::None)?;
        dev_info!(sdev, "says back what it hears at {baudrate} baud\n");
        Ok(Self { sdev: sdev.into() })
    }

    fn receive(sdev: &serdev::Device<Bound>, _this: Pin<&Self>, data: &[u8]) -> usize {
        // What there is no room for comes again.
        sdev.write(data).map_or(0, |count| count as usize)
    }
}

impl Drop for SampleDriver {
    fn drop(&mut self) {
        dev_info!(self.sdev, "goodbye\n");
    }
}

kernel::module_serdev_device_driver! {
    type: SampleDriver,
    name: "rust_driver_serdev",
    authors: ["The Ferrule developers"],
    description: "Sample of a driver of a device at a serial port",
    license: "GPL",
}
