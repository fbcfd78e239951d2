// SPDX-License-Identifier: GPL-2.0-only

//! A port without hardware, `/dev/ttyTS0`, which prints in the worst places, and does RS-485.
//!
//! `tests/serial/stub.c` asks it. What it sends as a console it only counts.
//!
//! And a client of somebody else's port, which would be a port too, and has much to say when it goes.

use kernel::device::{Bound, Core, Device};
use kernel::prelude::*;
use kernel::serial::{
    self, Console, ConsoleOptions, LockedPort, ModemLines, Operations, Port, PortOptions, Rs485,
    Rs485Flags, Termios,
};
use kernel::sync::atomic::{Atomic, Relaxed};
use kernel::time::{Delta, Jiffies};
use kernel::{acpi, driver, faux, serdev};

/// How many records with an `@` the console has got.
const GET_RECORDS: u32 = 0x5480;
/// Prints such a record under the port's lock.
const PRINT_LOCKED: u32 = 0x5481;
/// Whether the port is a console.
const IS_CONSOLE: u32 = 0x5482;

/// What the longest delay is that the port can keep.
const MAX_DELAY: Delta = Delta::from_millis(50);

static DRIVER: serial::Driver<Stub> =
    serial::Driver::new(c"test_serial", c"ttyTS", 2).with_console();

struct Stub {
    records: Atomic<i32>,
}

impl Console for Stub {
    type Saved = ();

    fn setup(_stub: &Self, port: &Port<Self>, options: &mut ConsoleOptions) -> Result {
        pr_info!(
            "setup of {}: {} {:?} {:?} {}\n",
            port.line(),
            options.baud,
            options.parity,
            options.bits,
            options.flow
        );
        Ok(())
    }

    fn begin(_stub: &Self) {}

    fn putchar(stub: &Self, ch: u8) {
        if ch == b'@' {
            stub.records.add(1, Relaxed);
        }
    }

    fn end(_stub: &Self, _saved: ()) {}
}

#[vtable]
impl Operations for Stub {
    type Data = Self;
    type State = ();

    fn tx_empty(_stub: &Self, _port: &Port<Self>) -> bool {
        true
    }

    fn set_mctrl(_stub: &Self, _port: &LockedPort<Self>, _lines: ModemLines) {}

    fn get_mctrl(_stub: &Self, _port: &LockedPort<Self>) -> ModemLines {
        ModemLines::CTS | ModemLines::DSR | ModemLines::CAR
    }

    fn start_tx(_stub: &Self, port: &LockedPort<Self>) {
        if port.pending() > 0 {
            pr_info!("@ start_tx, which C calls under the lock\n");
        }
        port.transmit(usize::MAX, |chars| {
            pr_info!("@ transmit of {}\n", chars.len());
        });
    }

    fn stop_tx(_stub: &Self, _port: &LockedPort<Self>) {}

    fn stop_rx(_stub: &Self, _port: &LockedPort<Self>) {}

    fn startup(_stub: &Self, _port: &Port<Self>) -> Result {
        Ok(())
    }

    fn shutdown(_stub: &Self, _port: &Port<Self>) {}

    fn set_termios(_stub: &Self, port: &Port<Self>, new: &mut Termios, old: Option<&Termios>) {
        if let Ok(baud) = port.baud_rate(new, old, 50, 4_000_000) {
            port.lock().update_timeout(new, baud);
        }
    }

    fn rs485_config(
        _stub: &Self,
        port: &LockedPort<Self>,
        termios: Option<&Termios>,
        rs485: &mut Rs485,
    ) -> Result {
        let was_on = port.rs485().flags().contains(Rs485Flags::ENABLED);
        pr_info!(
            "RS-485 was on: {}, open: {}, delay {} ms\n",
            was_on,
            termios.is_some(),
            rs485.delay_rts_after_send().as_millis()
        );
        if rs485.delay_rts_after_send() > MAX_DELAY {
            return Err(ERANGE);
        }
        if rs485.flags().contains(Rs485Flags::RX_DURING_TX) {
            rs485.set_flags(Rs485Flags::ENABLED | Rs485Flags::RTS_ON_SEND);
        }
        Ok(())
    }

    fn ioctl(stub: &Self, port: &Port<Self>, cmd: u32, _arg: usize) -> Result<i32> {
        match cmd {
            GET_RECORDS => Ok(stub.records.load(Relaxed)),
            PRINT_LOCKED => {
                let _locked = port.lock();
                pr_info!("@ under the lock\n");
                Ok(0)
            }
            IS_CONSOLE => Ok(port.is_console().into()),
            _ => Err(ENOIOCTLCMD),
        }
    }
}

struct Client;

kernel::acpi_device_table!(ACPI_CLIENT, (), [(acpi::DeviceId::new(c"LNUXBEEF"), ())]);

#[vtable]
impl serdev::Driver for Client {
    type IdInfo = ();
    type Data<'bound> = Self;
    const ACPI_ID_TABLE: Option<acpi::IdTable<()>> = Some(&ACPI_CLIENT);

    fn probe<'bound>(
        sdev: &'bound serdev::Device<Core<'_>>,
        _info: Option<&'bound ()>,
    ) -> impl PinInit<Self, Error> + 'bound {
        pr_info!("a client's port: {:?}\n", Module::add(sdev.as_ref()));
        Ok(Client)
    }

    fn unbind<'bound>(sdev: &'bound serdev::Device<Core<'_>>, _this: Pin<&Self>) {
        const FOR_EVER: Jiffies = 0;
        let written = sdev.write_all(&[b'x'; 10_000], FOR_EVER);
        sdev.wait_until_sent(FOR_EVER);
        pr_info!("the last that the client has sent: {:?}\n", written);
    }
}

#[pin_data]
struct Module {
    // In the order of their ends: the device's port goes before the driver.
    #[pin]
    _client: driver::Registration<serdev::Adapter<Client>>,
    _device: faux::Registration,
    _serial: serial::Registration<Stub>,
}

impl Module {
    fn add(dev: &Device<Bound>) -> Result {
        let options = PortOptions {
            line: Some(0),
            // For C to take it for one that can be a console.
            mapbase: 0x1000,
            rs485_supported: Rs485::new(
                Rs485Flags::ENABLED
                    | Rs485Flags::RTS_ON_SEND
                    | Rs485Flags::RTS_AFTER_SEND
                    | Rs485Flags::RX_DURING_TX,
            )
            .with_delays(),
            ..PortOptions::default()
        };
        let stub = Stub {
            records: Atomic::new(0),
        };
        Port::add(&DRIVER, dev, options, (), Ok::<_, Error>(stub)).map(drop)
    }
}

impl kernel::InPlaceModule for Module {
    fn init(module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _serial: DRIVER.register(module)?,
            _device: {
                let device = faux::Registration::new(c"test_serial", None)?;
                Self::add(device.as_ref().as_ref())?;
                device
            },
            _client <- driver::Registration::new(c"test_serial", module),
        })
    }
}

module! {
    type: Module,
    name: "test_serial",
    authors: ["The Ferrule developers"],
    description: "A serial port without hardware",
    license: "GPL",
}
