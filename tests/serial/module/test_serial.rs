// SPDX-License-Identifier: GPL-2.0-only

//! A port without hardware, `/dev/ttyTS0`, which prints in the worst places, and does RS-485 and flow control.
//!
//! `tests/serial/stub.c` asks it. What it sends as a console it only counts.
//!
//! `/dev/ttyTS1` says when it is started and shut down; both sleep when `power` in debugfs is told so.
//!
//! And a client of somebody else's port, which would be a port too, and has much to say when it goes.

use kernel::debugfs::{Dir, File};
use kernel::device::{Bound, Core, Device};
use kernel::irq::{Flags, IrqRequest, IrqReturn};
use kernel::prelude::*;
use kernel::serial::{
    self, AutoFlow, Console, ConsoleOptions, LockedPort, ModemLines, Operations, Port, PortOptions,
    Rs485, Rs485Flags, Termios,
};
use kernel::sync::atomic::{Atomic, Relaxed};
use kernel::time::{Delta, Jiffies};
use kernel::uaccess::UserSliceReader;
use kernel::{acpi, driver, faux, serdev};

/// How many records with an `@` the console has got.
const GET_RECORDS: u32 = 0x5480;
/// Prints such a record under the port's lock.
const PRINT_LOCKED: u32 = 0x5481;
/// Whether the port is a console.
const IS_CONSOLE: u32 = 0x5482;
/// Does flow control by itself from the next settings on, or does not.
const AUTO_FLOW: u32 = 0x5483;
/// Receives so many characters.
const RECEIVE: u32 = 0x5484;
/// CTS is active, or is not; whether sending is stopped then.
const CTS: u32 = 0x5485;
/// How often C has called `throttle` and, 256 times as much, `unthrottle`.
const GET_THROTTLED: u32 = 0x5486;
/// Whether the user wants low latency.
const IS_LOW_LATENCY: u32 = 0x5487;

/// What the longest delay is that the port can keep.
const MAX_DELAY: Delta = Delta::from_millis(50);

static DRIVER: serial::Driver<Stub> =
    serial::Driver::new(c"test_serial", c"ttyTS", 2).with_console();

struct Stub {
    records: Atomic<i32>,
    has_auto_flow: Atomic<bool>,
    throttled: Atomic<i32>,
}

impl Stub {
    fn new() -> Self {
        Self {
            records: Atomic::new(0),
            has_auto_flow: Atomic::new(false),
            throttled: Atomic::new(0),
        }
    }
}

/// Prints under the port's lock, if that is asked for.
macro_rules! print_locked {
    ($($arg:tt)*) => {
        if module_parameters::prints.value() {
            pr_info!($($arg)*);
        }
    };
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
            print_locked!("@ start_tx, which C calls under the lock\n");
        }
        port.transmit(usize::MAX, |chars| {
            print_locked!("@ transmit of {}\n", chars.len());
        });
    }

    fn stop_tx(_stub: &Self, _port: &LockedPort<Self>) {}

    fn stop_rx(_stub: &Self, _port: &LockedPort<Self>) {}

    fn startup(_stub: &Self, port: &Port<Self>) -> Result {
        if port.line() == 1 {
            pr_info!("startup\n");
        }
        Ok(())
    }

    fn shutdown(_stub: &Self, port: &Port<Self>) {
        if port.line() == 1 {
            pr_info!("shutdown\n");
        }
    }

    fn interrupt(_stub: &Self, _port: &Port<Self>) -> IrqReturn {
        IrqReturn::None
    }

    fn set_termios(stub: &Self, port: &Port<Self>, new: &mut Termios, old: Option<&Termios>) {
        let baud = port.baud_rate(new, old, 50, 4_000_000);
        let port = port.lock();
        if let Ok(baud) = baud {
            port.update_timeout(new, baud);
        }
        port.set_auto_flow(if stub.has_auto_flow.load(Relaxed) {
            AutoFlow::RTS | AutoFlow::CTS | AutoFlow::XOFF
        } else {
            AutoFlow::NONE
        });
    }

    fn throttle(stub: &Self, _port: &Port<Self>) {
        stub.throttled.add(1, Relaxed);
    }

    fn unthrottle(stub: &Self, _port: &Port<Self>) {
        stub.throttled.add(256, Relaxed);
    }

    fn rs485_config(
        _stub: &Self,
        port: &LockedPort<Self>,
        termios: Option<&Termios>,
        rs485: &mut Rs485,
    ) -> Result {
        let was_on = port.rs485().flags().contains(Rs485Flags::ENABLED);
        print_locked!(
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

    fn ioctl(stub: &Self, port: &Port<Self>, cmd: u32, arg: usize) -> Result<i32> {
        match cmd {
            GET_RECORDS => Ok(stub.records.load(Relaxed)),
            PRINT_LOCKED => {
                let _locked = port.lock();
                print_locked!("@ under the lock\n");
                Ok(0)
            }
            IS_CONSOLE => Ok(port.is_console().into()),
            AUTO_FLOW => {
                stub.has_auto_flow.store(arg != 0, Relaxed);
                Ok(0)
            }
            RECEIVE => {
                let port = port.lock();
                port.insert_chars([b'x'; 4000].get(..arg).ok_or(EINVAL)?);
                port.flip_buffer_push();
                Ok(0)
            }
            CTS => {
                let port = port.lock();
                port.handle_cts_change(arg != 0);
                Ok(port.tx_stopped().into())
            }
            GET_THROTTLED => Ok(stub.throttled.load(Relaxed)),
            IS_LOW_LATENCY => Ok(port.is_low_latency().into()),
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

    fn unbind(sdev: &serdev::Device<Core<'_>>, _this: Pin<&Self>) {
        const FOR_EVER: Jiffies = 0;
        let written = sdev.write_all(&[b'x'; 10_000], FOR_EVER);
        sdev.wait_until_sent(FOR_EVER);
        pr_info!("the last that the client has sent: {:?}\n", written);
    }
}

/// The ports' device, whose ports sleep when somebody writes `s`, and wake up at `r`.
struct Power(faux::Registration);

impl Power {
    fn write(&self, reader: &mut UserSliceReader) -> Result {
        let mut text = [0; 16];
        let text = text.get_mut(..reader.len()).ok_or(EINVAL)?;
        reader.read_slice(text)?;
        let dev = self.0.as_ref().as_ref();
        match text.first() {
            Some(b's') => DRIVER.suspend_ports(dev),
            Some(b'r') => DRIVER.resume_ports(dev),
            _ => Err(EINVAL),
        }
    }
}

#[pin_data]
struct Module {
    // In the order of their ends: the device's port goes before the driver.
    #[pin]
    _client: driver::Registration<serdev::Adapter<Client>>,
    #[pin]
    _power: File<Power>,
    _serial: serial::Registration<Stub>,
}

impl Module {
    /// Adds the first port.
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
        Port::add(&DRIVER, dev, options, (), Ok::<_, Error>(Stub::new())).map(drop)
    }

    fn power() -> Result<Power> {
        let device = faux::Registration::new(c"test_serial", None)?;
        let dev = device.as_ref().as_ref();
        Self::add(dev)?;
        let options = PortOptions {
            irq: Some(IrqRequest::isa(dev, 5)?),
            irq_flags: Flags::SHARED,
            ..PortOptions::default()
        };
        Port::add(&DRIVER, dev, options, (), Ok::<_, Error>(Stub::new()))?;
        Ok(Power(device))
    }
}

impl kernel::InPlaceModule for Module {
    fn init(module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _serial: DRIVER.register(module)?,
            _power <- Dir::new(c"test_serial").write_callback_file(c"power", Self::power(), &Power::write),
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
    params: {
        prints: bool {
            default: true,
            description: "Whether it prints while it holds the port's lock",
            permissions: 0o444,
        },
    },
}
