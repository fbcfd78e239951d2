// SPDX-License-Identifier: GPL-2.0-only

//! Serial driver sample: pairs of ports that are each other's end, without hardware.
//!
//! `ttyNM0` and `ttyNM1` are the ends of one cable, `ttyNM2` and `ttyNM3` those of the next. Modem lines are
//! crossed; with `rate_limit=1` characters take the time that the baud rate says. An end with another rate, size or
//! parity receives what a UART would: errors and other characters; with `forgiving=1` all comes as it was sent. A number
//! in `rust_nullmodem/ttyNM0/parity` of debugfs, or `frame` or `overrun`, is how many of the next characters that the
//! port receives come with that error.
//!
//! ```sh
//! insmod rust_nullmodem.ko pairs=2
//! exec 3</dev/ttyNM3
//! echo "hello" >/dev/ttyNM2
//! grep -m 1 "hello" <&3
//! exec 3<&-
//! cat /proc/tty/driver/rust_nullmodem
//! sleep 1
//! rmmod rust_nullmodem
//! ```
//!
//! ```text
//! rust_nullmodem: ttyNM0 to ttyNM3 are there
//! rust_nullmodem: goodbye
//! ```

#![forbid(unsafe_code)]

use core::cell::Cell;
use kernel::debugfs::{Dir, Scope};
use kernel::faux;
use kernel::prelude::*;
use kernel::serial::{
    self, CharSize, LockedPort, ModemLines, Operations, Port, PortOptions, StatusBits, Termios,
};
use kernel::str::CString;
use kernel::sync::Arc;
use kernel::time::{Instant, Monotonic};

#[path = "rust_nullmodem_cable.rs"]
mod cable;
#[path = "rust_nullmodem_end.rs"]
mod end;
#[path = "rust_nullmodem_line.rs"]
mod line;

use cable::Cable;
use end::End;

/// The most pairs of ports.
const PAIRS: usize = 16;

/// The highest baud rate.
const BAUD_MAX: u32 = 4_000_000;

/// What a received character can be.
const STATUS: StatusBits = StatusBits::UART_LSR;

static DRIVER: serial::Driver<NullModem> =
    serial::Driver::new(c"rust_nullmodem", c"ttyNM", 2 * PAIRS);

/// One end of a cable: a port.
struct NullModem {
    cable: Arc<Cable>,
    side: usize,
}

/// What changes under the port's lock.
#[derive(Default)]
struct State {
    is_receiving: Cell<bool>,
    is_sending: Cell<bool>,
    /// Characters were taken from the transmit buffer, and are not at the other end.
    is_in_flight: Cell<bool>,
    /// Changes of modem lines are reported: those since these.
    reports: Cell<bool>,
    /// The bits of a character that are sent.
    mask: Cell<u8>,
    /// When the last character that was sent has left.
    sent_at: Cell<Option<Instant<Monotonic>>>,
}

impl NullModem {
    fn end(&self) -> &End {
        self.cable.end(self.side)
    }

    fn add(device: &faux::Registration, dir: &Dir, cable: &Arc<Cable>, side: usize) -> Result {
        let line = cable.line(side);
        let name = CString::try_from_fmt(fmt!("ttyNM{line}"))?;
        let port = Self {
            cable: cable.clone(),
            side,
        };
        let options = PortOptions {
            line: Some(line),
            uartclk: 16 * BAUD_MAX,
            fifosize: 16,
            sysrq: false,
            ..PortOptions::default()
        };
        let data = dir.scope(Ok::<_, Error>(port), &name, |port: &Self, dir| {
            dir.read_write_file(c"parity", &port.end().parity);
            dir.read_write_file(c"frame", &port.end().frame);
            dir.read_write_file(c"overrun", &port.end().overrun);
        });
        Port::add(
            &DRIVER,
            device.as_ref().as_ref(),
            options,
            State::default(),
            data,
        )?;
        Ok(())
    }
}

#[vtable]
impl Operations for NullModem {
    /// With its files in debugfs.
    type Data = Scope<Self>;
    type State = State;

    fn tx_empty(_end: &Scope<Self>, port: &Port<Self>) -> bool {
        let port = port.lock();
        !port.state().is_in_flight.get() && port.pending() == 0
    }

    fn set_mctrl(this: &Scope<Self>, _port: &LockedPort<Self>, lines: ModemLines) {
        Cable::drive(&this.cable, this.side, lines);
    }

    fn get_mctrl(this: &Scope<Self>, _port: &LockedPort<Self>) -> ModemLines {
        this.cable.lines(this.side)
    }

    fn start_tx(this: &Scope<Self>, port: &LockedPort<Self>) {
        let state = port.state();
        if !state.is_sending.replace(true) {
            this.end().start(state);
        }
        Cable::look(&this.cable);
    }

    fn stop_tx(_this: &Scope<Self>, port: &LockedPort<Self>) {
        port.state().is_sending.set(false);
    }

    fn stop_rx(_this: &Scope<Self>, port: &LockedPort<Self>) {
        port.state().is_receiving.set(false);
    }

    fn enable_ms(this: &Scope<Self>, port: &LockedPort<Self>) {
        if !port.state().reports.replace(true) {
            this.end().forget_changes();
        }
    }

    fn break_ctl(this: &Scope<Self>, _port: &Port<Self>, on: bool) {
        this.end().send_break(on);
        if on {
            Cable::look(&this.cable);
        }
    }

    fn startup(_this: &Scope<Self>, port: &Port<Self>) -> Result {
        port.lock().state().is_receiving.set(true);
        Ok(())
    }

    fn shutdown(this: &Scope<Self>, port: &Port<Self>) {
        this.end().send_break(false);
        let port = port.lock();
        port.state().is_receiving.set(false);
        port.state().is_sending.set(false);
        port.state().reports.set(false);
    }

    fn set_termios(
        this: &Scope<Self>,
        port: &Port<Self>,
        termios: &mut Termios,
        old: Option<&Termios>,
    ) {
        let baud = port.baud_rate(termios, old, 1, BAUD_MAX).unwrap_or(9600);
        let size = termios.char_size();
        this.end().set_format(baud, termios);

        let port = port.lock();
        port.update_timeout(termios, baud);
        port.update_status_masks(termios, &STATUS);
        port.state().mask.set(match size {
            CharSize::Eight => 0xff,
            size => (1 << (5 + size.bits())) - 1,
        });
        if port.wants_modem_status(termios) {
            Self::enable_ms(this, &port);
        } else {
            port.state().reports.set(false);
        }
        drop(port);
        termios.encode_baud_rate(baud);
    }

    fn type_name(_this: &Scope<Self>, _port: &Port<Self>) -> &'static CStr {
        c"null modem"
    }
}

/// What the module has while it is loaded: the ports go with the device, then the driver.
struct Module {
    _device: faux::Registration,
    _driver: serial::Registration<NullModem>,
}

impl kernel::Module for Module {
    fn init(module: &'static ThisModule) -> Result<Self> {
        let pairs = module_parameters::pairs.value();
        let driver = DRIVER.register(module)?;
        let device = faux::Registration::new(c"rust_nullmodem", None)?;
        let dir = Dir::new(c"rust_nullmodem");
        for pair in 0..pairs {
            let cable = Cable::new(2 * pair)?;
            for side in 0..2 {
                NullModem::add(&device, &dir, &cable, side)?;
            }
            // Somebody may have opened one end before the other was there.
            Cable::look(&cable);
        }
        pr_info!("ttyNM0 to ttyNM{} are there\n", 2 * pairs - 1);
        Ok(Self {
            _device: device,
            _driver: driver,
        })
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        pr_info!("goodbye\n");
    }
}

module! {
    type: Module,
    name: "rust_nullmodem",
    authors: ["The Ferrule developers"],
    description: "Sample of a serial driver: pairs of connected ports",
    license: "GPL",
    params: {
        pairs: u32 {
            default: 1,
            description: "How many pairs of ports there are",
            permissions: 0o444,
            min: 1,
            max: 16,
        },
        rate_limit: bool {
            default: false,
            description: "Whether characters take the time that the baud rate says",
            permissions: 0o644,
        },
        forgiving: bool {
            default: false,
            description: "Whether all is received as it was sent, whatever the settings of both ends",
            permissions: 0o644,
        },
    },
}
