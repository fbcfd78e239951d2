// SPDX-License-Identifier: GPL-2.0-only

//! What a serial driver does.

use super::DeviceAttribute;
use super::LockedPort;
use super::Port;
use super::Rs485;
use super::Termios;
use crate::bindings;
use crate::build_error;
use crate::error::Result;
use crate::error::VTABLE_DEFAULT_ERROR;
use crate::irq::IrqReturn;
use crate::str::CStr;
use macros::vtable;

/// The operations of a serial driver's ports. C: `struct uart_ops`.
///
/// Each gets what the driver keeps for the port, and the port in the context in which C calls it: a
/// [`LockedPort`] where the lock is held, interrupts are off and nothing may sleep; a [`Port`] where the
/// lock is not held. The calls come between [`Port::add()`] (some before it returns) and the time when the
/// port's device has lost its driver. [`startup()`](Self::startup) and [`shutdown()`](Self::shutdown) take
/// turns; after a `startup()` that succeeded a `shutdown()` comes.
///
/// # Examples
///
/// A port that sends into nothing:
///
/// ```
/// use kernel::serial::{self, LockedPort, ModemLines, Operations, Port, Termios};
///
/// struct Null;
///
/// static DRIVER: serial::Driver<Null> = serial::Driver::new(c"example_null", c"ttyEX", 4);
///
/// #[vtable]
/// impl Operations for Null {
///     type Data = ();
///     type State = ();
///
///     fn tx_empty(_data: &(), _port: &Port<Self>) -> bool {
///         true
///     }
///
///     fn set_mctrl(_data: &(), _port: &LockedPort<Self>, _lines: ModemLines) {}
///
///     fn get_mctrl(_data: &(), _port: &LockedPort<Self>) -> ModemLines {
///         ModemLines::CTS | ModemLines::DSR | ModemLines::CAR
///     }
///
///     fn start_tx(_data: &(), port: &LockedPort<Self>) {
///         port.transmit(usize::MAX, |_chars| ());
///     }
///
///     fn stop_tx(_data: &(), _port: &LockedPort<Self>) {}
///
///     fn stop_rx(_data: &(), _port: &LockedPort<Self>) {}
///
///     fn startup(_data: &(), _port: &Port<Self>) -> Result {
///         Ok(())
///     }
///
///     fn shutdown(_data: &(), _port: &Port<Self>) {}
///
///     fn set_termios(_data: &(), port: &Port<Self>, new: &mut Termios, old: Option<&Termios>) {
///         if let Ok(baud) = port.baud_rate(new, old, 50, 4_000_000) {
///             port.lock().update_timeout(new, baud);
///         }
///     }
/// }
///
/// # use kernel::serial::PortOptions;
/// # let module = kernel::module::this_module::<LocalModule>();
/// let registration = DRIVER.register(module)?;
/// let device = kernel::faux::Registration::new(c"example_null", None)?;
/// let dev = device.as_ref().as_ref();
/// let line = Port::add(&DRIVER, dev, PortOptions::default(), (), Ok::<_, Error>(()))?;
/// assert_eq!(line, 0);
/// # drop((device, registration));
/// # Ok::<(), Error>(())
/// ```
#[vtable]
pub trait Operations: Sized + 'static {
    /// What the driver keeps for a port: registers and the like. It is dropped after the last call, before
    /// the port's device has lost its driver.
    ///
    /// It cannot borrow from the device's driver: what that has is given back in the order in which it came,
    /// and a port that came earlier is still in use.
    type Data: Send + Sync + 'static;

    /// What the driver keeps under the port's lock: see [`LockedPort::state()`].
    type State: Send + 'static;

    /// The files of each port in sysfs, beside those that C makes for every port: see [`Attribute`](super::Attribute).
    ///
    /// C: `uart_port.attr_group`.
    const ATTRIBUTES: &'static [DeviceAttribute<Self>] = &[];

    /// Whether all characters have left the hardware.
    ///
    /// Context: process, may sleep.
    fn tx_empty(data: &Self::Data, port: &Port<Self>) -> bool;

    /// Sets the modem lines that the port drives, and loopback.
    ///
    /// Context: port lock held.
    fn set_mctrl(data: &Self::Data, port: &LockedPort<Self>, lines: ModemLines);

    /// Returns the modem lines as the port sees them. Those that it has not are reported as active.
    ///
    /// Context: port lock held.
    fn get_mctrl(data: &Self::Data, port: &LockedPort<Self>) -> ModemLines;

    /// Starts to send what is in the transmit buffer, see [`LockedPort::transmit()`].
    ///
    /// Context: port lock held.
    fn start_tx(data: &Self::Data, port: &LockedPort<Self>);

    /// Stops sending: there is nothing more, or the other side wants a pause.
    ///
    /// Context: port lock held; C's helpers call it, and so do this type's, where a driver calls them.
    fn stop_tx(data: &Self::Data, port: &LockedPort<Self>);

    /// Stops receiving: the port is about to be shut down.
    ///
    /// Context: port lock held.
    fn stop_rx(data: &Self::Data, port: &LockedPort<Self>);

    /// Makes the port ready to send and receive: it is opened for the first time, or resumed.
    ///
    /// If the driver has [`interrupt()`](Self::interrupt), it is requested before this call.
    ///
    /// Context: process, may sleep.
    ///
    /// # Errors
    ///
    /// Whatever the driver returns: opening the port fails with it.
    fn startup(data: &Self::Data, port: &Port<Self>) -> Result;

    /// Undoes [`startup()`](Self::startup). The interrupt is freed after this call.
    ///
    /// Context: process, may sleep.
    fn shutdown(data: &Self::Data, port: &Port<Self>);

    /// Sets baud rate, character size, parity, stop bits and flow control. `termios` is what was asked
    /// for; the driver changes in it what it cannot do. `old` is what was set before, if anything was.
    ///
    /// Context: process, may sleep.
    fn set_termios(
        data: &Self::Data,
        port: &Port<Self>,
        termios: &mut Termios,
        old: Option<&Termios>,
    );

    /// Handles the port's interrupt.
    ///
    /// Context: hard interrupt, must not sleep.
    fn interrupt(data: &Self::Data, port: &Port<Self>) -> IrqReturn {
        let _ = (data, port);
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Asks the other side to stop sending. Without it, nothing is done but what C does.
    ///
    /// Context: process, may sleep.
    fn throttle(data: &Self::Data, port: &Port<Self>) {
        let _ = (data, port);
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Undoes [`throttle()`](Self::throttle).
    ///
    /// Context: process, may sleep.
    fn unthrottle(data: &Self::Data, port: &Port<Self>) {
        let _ = (data, port);
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Sends a character before all others. Without it, [`LockedPort::transmit()`] does.
    ///
    /// Context: process or atomic.
    fn send_xchar(data: &Self::Data, port: &Port<Self>, ch: u8) {
        let _ = (data, port, ch);
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Starts receiving again. Context: port lock held.
    fn start_rx(data: &Self::Data, port: &LockedPort<Self>) {
        let _ = (data, port);
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Has changes of the modem lines reported from now on. Context: port lock held.
    fn enable_ms(data: &Self::Data, port: &LockedPort<Self>) {
        let _ = (data, port);
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Begins or ends a break. Context: process, may sleep.
    fn break_ctl(data: &Self::Data, port: &Port<Self>, on: bool) {
        let _ = (data, port, on);
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Forgets what was taken from the transmit buffer and not sent. Context: port lock held.
    fn flush_buffer(data: &Self::Data, port: &LockedPort<Self>) {
        let _ = (data, port);
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Changes the port's power state. Context: process, may sleep.
    fn pm(data: &Self::Data, port: &Port<Self>, state: PmState, old: PmState) {
        let _ = (data, port, state, old);
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// What `/proc/tty/driver` and the log call the hardware. Context: process.
    fn type_name(data: &Self::Data, port: &Port<Self>) -> &'static CStr {
        let _ = (data, port);
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Sets RS-485 as `rs485` says, which [`PortOptions::rs485_supported`](super::PortOptions::rs485_supported)
    /// has cut down to what the port can do; the driver changes in it what it cannot do. `termios` is there if
    /// the port is open. Afterwards [`LockedPort::rs485()`] has it.
    ///
    /// Context: port lock held.
    ///
    /// # Errors
    ///
    /// Whatever the driver returns: RS-485 stays as it is.
    fn rs485_config(
        data: &Self::Data,
        port: &LockedPort<Self>,
        termios: Option<&Termios>,
        rs485: &mut Rs485,
    ) -> Result {
        let _ = (data, port, termios, rs485);
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Makes the port ready for [`poll_get_char()`](Self::poll_get_char), also while it is closed.
    ///
    /// Context: process, may sleep.
    ///
    /// # Errors
    ///
    /// Whatever the driver returns: the debugger does not use the port then.
    fn poll_init(data: &Self::Data, port: &Port<Self>) -> Result {
        let _ = (data, port);
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Receives a character for the kernel's debugger, if one is there. A kernel without `CONFIG_CONSOLE_POLL`
    /// does not call it.
    ///
    /// Context: any, NMI too: no lock is held, and none can be waited for.
    fn poll_get_char(data: &Self::Data) -> Option<u8> {
        let _ = data;
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Sends a character for the kernel's debugger, when there is room for it.
    ///
    /// Context: as [`poll_get_char()`](Self::poll_get_char), without which it is not called.
    fn poll_put_char(data: &Self::Data, ch: u8) {
        let _ = (data, ch);
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Handles an ioctl that is the driver's own. It is asked for those that C does not answer itself (as it does
    /// `TIOCMIWAIT` and those of RS-485): one that it does not know gets [`ENOIOCTLCMD`](crate::error::code::ENOIOCTLCMD).
    ///
    /// Context: process, may sleep.
    ///
    /// # Errors
    ///
    /// Whatever the driver returns.
    fn ioctl(data: &Self::Data, port: &Port<Self>, cmd: u32, arg: usize) -> Result<i32> {
        let _ = (data, port, cmd, arg);
        build_error!(VTABLE_DEFAULT_ERROR)
    }
}

/// A port's power state. C: `enum uart_pm_state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PmState {
    /// In use.
    On,
    /// Closed, or suspended.
    Off,
    /// Not known yet.
    Undefined,
}

impl PmState {
    pub(super) fn from_raw(state: u32) -> Self {
        match state {
            bindings::UART_PM_STATE_ON => Self::On,
            bindings::UART_PM_STATE_OFF => Self::Off,
            _ => Self::Undefined,
        }
    }
}

/// A set of modem lines. C: `TIOCM_…`.
///
/// # Examples
///
/// ```
/// use kernel::serial::ModemLines;
///
/// let lines = ModemLines::DTR | ModemLines::RTS;
/// assert!(lines.contains(ModemLines::RTS));
/// assert!(!lines.contains(ModemLines::LOOP));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModemLines(u32);

impl ModemLines {
    /// No line is active.
    pub const NONE: Self = Self(0);
    /// Data terminal ready, an output.
    pub const DTR: Self = Self(bindings::TIOCM_DTR);
    /// Request to send, an output.
    pub const RTS: Self = Self(bindings::TIOCM_RTS);
    /// Clear to send.
    pub const CTS: Self = Self(bindings::TIOCM_CTS);
    /// Carrier detect.
    pub const CAR: Self = Self(bindings::TIOCM_CAR);
    /// Ring.
    pub const RNG: Self = Self(bindings::TIOCM_RNG);
    /// Data set ready.
    pub const DSR: Self = Self(bindings::TIOCM_DSR);
    /// The first auxiliary output.
    pub const OUT1: Self = Self(bindings::TIOCM_OUT1);
    /// The second auxiliary output.
    pub const OUT2: Self = Self(bindings::TIOCM_OUT2);
    /// Loopback: what is sent is received.
    pub const LOOP: Self = Self(bindings::TIOCM_LOOP);

    /// Whether all of `lines` are active.
    pub const fn contains(self, lines: Self) -> bool {
        self.0 & lines.0 == lines.0
    }

    /// Makes a set of the bits of C's `TIOCM_…`; others are left out.
    pub const fn from_bits_truncate(bits: u32) -> Self {
        const ALL: u32 = ModemLines::DTR.0
            | ModemLines::RTS.0
            | ModemLines::CTS.0
            | ModemLines::CAR.0
            | ModemLines::RNG.0
            | ModemLines::DSR.0
            | ModemLines::OUT1.0
            | ModemLines::OUT2.0
            | ModemLines::LOOP.0;
        Self(bits & ALL)
    }

    /// Returns the set as bits of C's, to be kept in an atomic for one.
    pub const fn bits(self) -> u32 {
        self.0
    }
}

impl core::ops::BitOr for ModemLines {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl core::ops::BitOrAssign for ModemLines {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}
