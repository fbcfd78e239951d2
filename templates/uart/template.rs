// SPDX-License-Identifier: GPL-2.0-only

//! The module template: a serial driver, with a port that sends into nothing until it is told where to.
//!
//! ```sh
//! insmod template.ko
//! echo hello > /dev/ttyTEMPLATE0
//! grep -q '^0: .* tx:7 rx:0' /proc/tty/driver/template
//! rmmod template
//! ```
//!
//! ```text
//! template: /dev/ttyTEMPLATE0 is there
//! template: goodbye
//! ```

#![forbid(unsafe_code)]

use kernel::faux;
use kernel::prelude::*;
use kernel::serial::{self, LockedPort, ModemLines, Operations, Port, PortOptions, Termios};

/// How many ports there can be.
const PORTS: usize = 4;

static DRIVER: serial::Driver<TemplateUart> =
    serial::Driver::new(c"template", c"ttyTEMPLATE", PORTS);

/// What the driver has for each port: its registers, for one.
struct TemplateUart;

#[vtable]
impl Operations for TemplateUart {
    type Data = Self;
    /// What changes under the port's lock.
    type State = ();

    fn tx_empty(_uart: &Self, _port: &Port<Self>) -> bool {
        true
    }

    fn set_mctrl(_uart: &Self, _port: &LockedPort<Self>, _lines: ModemLines) {}

    fn get_mctrl(_uart: &Self, _port: &LockedPort<Self>) -> ModemLines {
        ModemLines::CTS | ModemLines::DSR | ModemLines::CAR
    }

    fn start_tx(_uart: &Self, port: &LockedPort<Self>) {
        // A UART has its interrupt switched on here; `interrupt` then writes what fits into the FIFO.
        port.transmit(usize::MAX, |_chars| ());
    }

    fn stop_tx(_uart: &Self, _port: &LockedPort<Self>) {}

    fn stop_rx(_uart: &Self, _port: &LockedPort<Self>) {}

    fn startup(_uart: &Self, _port: &Port<Self>) -> Result {
        Ok(())
    }

    fn shutdown(_uart: &Self, _port: &Port<Self>) {}

    fn set_termios(_uart: &Self, port: &Port<Self>, termios: &mut Termios, old: Option<&Termios>) {
        if let Ok(baud) = port.baud_rate(termios, old, 50, 115_200) {
            port.lock().update_timeout(termios, baud);
        }
    }

    fn type_name(_uart: &Self, _port: &Port<Self>) -> &'static CStr {
        c"template"
    }
}

/// What the module has while it is loaded; the port goes with its device.
struct TemplateModule {
    _device: faux::Registration,
    _driver: serial::Registration<TemplateUart>,
}

impl kernel::Module for TemplateModule {
    fn init(module: &'static ThisModule) -> Result<Self> {
        let driver = DRIVER.register(module)?;
        // A bus driver's `probe` has a device that is there, as in docs/serial-tutorial.md of Ferrule.
        let device = faux::Registration::new(c"template", None)?;
        let uart = Ok::<_, Error>(TemplateUart);
        let line = Port::add(
            &DRIVER,
            device.as_ref().as_ref(),
            PortOptions::default(),
            (),
            uart,
        )?;
        pr_info!("/dev/ttyTEMPLATE{line} is there\n");
        Ok(Self {
            _device: device,
            _driver: driver,
        })
    }
}

impl Drop for TemplateModule {
    fn drop(&mut self) {
        pr_info!("goodbye\n");
    }
}

module! {
    type: TemplateModule,
    name: "template",
    authors: ["Your Name"],
    description: "A serial driver",
    license: "GPL",
}
