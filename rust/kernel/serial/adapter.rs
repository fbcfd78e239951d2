// SPDX-License-Identifier: GPL-2.0-only

//! C's table of a driver's operations.

use super::port::Phase;
use super::LockedPort;
use super::ModemLines;
use super::Operations;
use super::PmState;
use super::Port;
use super::Rs485;
use super::Termios;
use crate::bindings;
use crate::error::code::EINVAL;
use crate::error::code::ENODEV;
use crate::error::from_result;
use crate::error::Result;
use crate::ffi::c_char;
use crate::ffi::c_int;
#[cfg(CONFIG_CONSOLE_POLL)]
use crate::ffi::c_uchar;
use crate::ffi::c_uint;
use crate::ffi::c_ulong;
use crate::ffi::c_void;
use crate::irq::IrqReturn;
use crate::str::CStrExt as _;
use core::marker::PhantomData;

/// The lowest clock that root can set, as a baud rate: C's drivers have the same.
const MIN_BAUD_BASE: i32 = 9600;

/// The largest FIFO that root can claim: more would make closing the port wait for hours.
const MAX_FIFO_SIZE: i32 = 65536;

/// The table of `T`.
pub(super) const fn operations<T: Operations>() -> &'static bindings::uart_ops {
    &Adapter::<T>::VTABLE
}

struct Adapter<T>(PhantomData<T>);

/// Gets from C's pointer to the port.
///
/// # Safety
///
/// `uart` must be the field of a `Port<T>` that stays during `'a`.
#[inline]
unsafe fn port<'a, T: Operations>(uart: *mut bindings::uart_port) -> &'a Port<T> {
    // SAFETY: It is the first field; the rest is the safety requirement.
    unsafe { &*uart.cast() }
}

/// As [`port()`], of one whose lock is held.
///
/// # Safety
///
/// As there, and this thread must hold the lock during `'a`.
#[inline]
unsafe fn locked<'a, T: Operations>(uart: *mut bindings::uart_port) -> &'a LockedPort<T> {
    // SAFETY: By the safety requirement.
    unsafe { port::<T>(uart).as_locked() }
}

/// The port is shut down: no interrupt, and no tty to rely on.
fn stopped<T: Operations>(port: &Port<T>) {
    port.free_irq();
    port.set_phase(|phase| match phase {
        Phase::Started => Phase::Closed,
        Phase::Leaving => Phase::Removed,
        phase => phase,
    });
}

/// Calls an operation with the port's data, and the port as `$kind` has it.
macro_rules! call {
    (locked, $uart:ident, $op:ident $(, $arg:expr)*) => {{
        // SAFETY: C calls the operation of a port that was added, and holds its lock.
        let held = unsafe { bindings::uart_port_hold($uart) };
        let result = call!(@ locked, $uart, $op $(, $arg)*);
        // SAFETY: As above.
        unsafe { bindings::uart_port_unhold($uart, held) };
        result
    }};
    (port, $($rest:tt)*) => {
        call!(@ port, $($rest)*)
    };
    (@ $kind:ident, $uart:ident, $op:ident $(, $arg:expr)*) => {{
        // SAFETY: C calls the operations of a port that was added, in the context of `uart_ops`.
        let port = unsafe { $kind::<T>($uart) };
        // SAFETY: The same.
        T::$op(unsafe { self::port::<T>($uart) }.data(), port $(, $arg)*)
    }};
}

// Each is called by C with the port of its table, in the context that `struct uart_ops` documents.
impl<T: Operations> Adapter<T> {
    const VTABLE: bindings::uart_ops = {
        // SAFETY: Zero is no function.
        let mut ops: bindings::uart_ops = unsafe { core::mem::zeroed() };
        ops.tx_empty = Some(Self::tx_empty);
        ops.set_mctrl = Some(Self::set_mctrl);
        ops.get_mctrl = Some(Self::get_mctrl);
        ops.start_tx = Some(Self::start_tx);
        ops.stop_tx = Some(Self::stop_tx);
        ops.stop_rx = Some(Self::stop_rx);
        ops.startup = Some(Self::startup);
        ops.shutdown = Some(Self::shutdown);
        ops.set_termios = Some(Self::set_termios);
        // C calls these without a look.
        ops.throttle = Some(Self::throttle);
        ops.unthrottle = Some(Self::unthrottle);
        ops.config_port = Some(Self::config_port);
        ops.request_port = Some(Self::request_port);
        ops.release_port = Some(Self::release_port);
        ops.verify_port = Some(Self::verify_port);
        ops.set_ldisc = Some(Self::set_ldisc);
        if T::HAS_SEND_XCHAR {
            ops.send_xchar = Some(Self::send_xchar);
        }
        if T::HAS_START_RX {
            ops.start_rx = Some(Self::start_rx);
        }
        if T::HAS_ENABLE_MS {
            ops.enable_ms = Some(Self::enable_ms);
        }
        if T::HAS_BREAK_CTL {
            ops.break_ctl = Some(Self::break_ctl);
        }
        if T::HAS_FLUSH_BUFFER {
            ops.flush_buffer = Some(Self::flush_buffer);
        }
        if T::HAS_PM {
            ops.pm = Some(Self::pm);
        }
        if T::HAS_TYPE_NAME {
            ops.type_ = Some(Self::type_);
        }
        if T::HAS_IOCTL {
            ops.ioctl = Some(Self::ioctl);
        }
        #[cfg(CONFIG_CONSOLE_POLL)]
        {
            if T::HAS_POLL_INIT {
                ops.poll_init = Some(Self::poll_init);
            }
            // C takes a port that has one for one that has both.
            if T::HAS_POLL_GET_CHAR && T::HAS_POLL_PUT_CHAR {
                ops.poll_get_char = Some(Self::poll_get_char);
                ops.poll_put_char = Some(Self::poll_put_char);
            }
        }
        ops
    };

    unsafe extern "C" fn tx_empty(uart: *mut bindings::uart_port) -> c_uint {
        match call!(port, uart, tx_empty) {
            true => bindings::TIOCSER_TEMT,
            false => 0,
        }
    }

    unsafe extern "C" fn set_mctrl(uart: *mut bindings::uart_port, lines: c_uint) {
        call!(
            locked,
            uart,
            set_mctrl,
            ModemLines::from_bits_truncate(lines)
        )
    }

    unsafe extern "C" fn get_mctrl(uart: *mut bindings::uart_port) -> c_uint {
        call!(locked, uart, get_mctrl).bits()
    }

    unsafe extern "C" fn start_tx(uart: *mut bindings::uart_port) {
        // A client of serdev may write while the system sleeps, too, or if the port could not be started.
        // SAFETY: C passes a port that was added, and holds its lock.
        if unsafe { locked::<T>(uart) }.may_send() {
            call!(locked, uart, start_tx)
        }
    }

    unsafe extern "C" fn stop_tx(uart: *mut bindings::uart_port) {
        call!(locked, uart, stop_tx)
    }

    unsafe extern "C" fn stop_rx(uart: *mut bindings::uart_port) {
        call!(locked, uart, stop_rx)
    }

    unsafe extern "C" fn startup(uart: *mut bindings::uart_port) -> c_int {
        // SAFETY: C passes a port that was added.
        let this = unsafe { port::<T>(uart) };
        let start = || -> Result {
            // C forgets that it has started a port which was suspended and opened again.
            if this.lock().is_open() {
                call!(port, uart, shutdown);
                stopped(this);
            }
            // Not while the port is being removed.
            let phase = this.set_phase(|phase| match phase {
                Phase::Closed => Phase::Started,
                phase => phase,
            });
            if phase != Phase::Started {
                return Err(ENODEV);
            }
            let started = this.request_irq().and_then(|()| call!(port, uart, startup));
            started.inspect_err(|_| stopped(this))
        };
        from_result(|| start().map(|()| 0))
    }

    unsafe extern "C" fn shutdown(uart: *mut bindings::uart_port) {
        call!(port, uart, shutdown);
        // SAFETY: C passes a port that was added.
        stopped(unsafe { port::<T>(uart) });
    }

    unsafe extern "C" fn set_termios(
        uart: *mut bindings::uart_port,
        new: *mut bindings::ktermios,
        old: *const bindings::ktermios,
    ) {
        // SAFETY: C passes structures of its own, which are this call's.
        let (new, old) = unsafe { (Termios::from_raw(new), Termios::try_from_raw(old)) };
        call!(port, uart, set_termios, new, old)
    }

    unsafe extern "C" fn set_ldisc(uart: *mut bindings::uart_port, new: *mut bindings::ktermios) {
        // SAFETY: C passes a port that was added.
        let port = unsafe { port::<T>(uart) };
        let port = port.lock();
        // SAFETY: C passes both, and holds the port's mutex.
        let is_pps = unsafe { bindings::uart_port_set_pps(uart, new) };
        if is_pps && T::HAS_ENABLE_MS && port.is_open() {
            call!(locked, uart, enable_ms);
        }
    }

    unsafe extern "C" fn throttle(uart: *mut bindings::uart_port) {
        if T::HAS_THROTTLE {
            call!(port, uart, throttle)
        }
    }

    unsafe extern "C" fn unthrottle(uart: *mut bindings::uart_port) {
        if T::HAS_UNTHROTTLE {
            call!(port, uart, unthrottle)
        }
    }

    unsafe extern "C" fn send_xchar(uart: *mut bindings::uart_port, ch: c_char) {
        call!(port, uart, send_xchar, ch)
    }

    unsafe extern "C" fn start_rx(uart: *mut bindings::uart_port) {
        call!(locked, uart, start_rx)
    }

    unsafe extern "C" fn enable_ms(uart: *mut bindings::uart_port) {
        call!(locked, uart, enable_ms)
    }

    unsafe extern "C" fn break_ctl(uart: *mut bindings::uart_port, on: c_int) {
        call!(port, uart, break_ctl, on != 0)
    }

    unsafe extern "C" fn flush_buffer(uart: *mut bindings::uart_port) {
        call!(locked, uart, flush_buffer)
    }

    unsafe extern "C" fn pm(uart: *mut bindings::uart_port, state: c_uint, old: c_uint) {
        let (state, old) = (PmState::from_raw(state), PmState::from_raw(old));
        call!(port, uart, pm, state, old)
    }

    unsafe extern "C" fn type_(uart: *mut bindings::uart_port) -> *const c_char {
        call!(port, uart, type_name).as_char_ptr()
    }

    unsafe extern "C" fn ioctl(uart: *mut bindings::uart_port, cmd: c_uint, arg: c_ulong) -> c_int {
        from_result(|| call!(port, uart, ioctl, cmd, arg))
    }

    #[cfg(CONFIG_CONSOLE_POLL)]
    unsafe extern "C" fn poll_init(uart: *mut bindings::uart_port) -> c_int {
        from_result(|| call!(port, uart, poll_init).map(|()| 0))
    }

    #[cfg(CONFIG_CONSOLE_POLL)]
    unsafe extern "C" fn poll_get_char(uart: *mut bindings::uart_port) -> c_int {
        // SAFETY: C passes a port that was added.
        let data = unsafe { port::<T>(uart) }.data();
        T::poll_get_char(data).map_or(bindings::NO_POLL_CHAR as c_int, c_int::from)
    }

    #[cfg(CONFIG_CONSOLE_POLL)]
    unsafe extern "C" fn poll_put_char(uart: *mut bindings::uart_port, ch: c_uchar) {
        // SAFETY: C passes a port that was added.
        T::poll_put_char(unsafe { port::<T>(uart) }.data(), ch)
    }

    // The bus driver has found the port, and has its resources.

    unsafe extern "C" fn config_port(_uart: *mut bindings::uart_port, _flags: c_int) {}

    unsafe extern "C" fn request_port(_uart: *mut bindings::uart_port) -> c_int {
        0
    }

    unsafe extern "C" fn release_port(_uart: *mut bindings::uart_port) {}

    unsafe extern "C" fn verify_port(
        uart: *mut bindings::uart_port,
        new: *mut bindings::serial_struct,
    ) -> c_int {
        // SAFETY: C passes both, and holds the port's mutex; the two fields never change.
        let (kind, irq, new) = unsafe { ((*uart).type_, (*uart).irq, &*new) };
        let is_same = new.type_ == kind as c_int && new.irq == irq as c_int;
        let clock = MIN_BAUD_BASE..=(u32::MAX / 16) as i32;
        // 0 leaves it as it is.
        let fifo = 0..=MAX_FIFO_SIZE;
        if is_same && clock.contains(&new.baud_base) && fifo.contains(&new.xmit_fifo_size) {
            0
        } else {
            EINVAL.to_errno()
        }
    }
}

/// Sets RS-485 of a port, for its field of that name.
///
/// # Safety
///
/// `uart` must be a `Port<T>` whose lock is held, `termios` null or valid, and `rs485` valid.
pub(super) unsafe extern "C" fn rs485_config<T: Operations>(
    uart: *mut bindings::uart_port,
    termios: *mut bindings::ktermios,
    rs485: *mut bindings::serial_rs485,
) -> c_int {
    // It may be the port's own, which a `LockedPort` reads.
    // SAFETY: By the safety requirement.
    let (termios, mut copy) = unsafe { (Termios::try_from_raw(termios), Rs485::from_raw(*rs485)) };
    match call!(locked, uart, rs485_config, termios, &mut copy) {
        Ok(()) => {
            // SAFETY: By the safety requirement.
            unsafe { *rs485 = copy.into_raw() };
            0
        }
        Err(error) => error.to_errno(),
    }
}

/// Handles the interrupt of a port.
///
/// # Safety
///
/// `cookie` must be the port of a `Port<T>` whose interrupt is requested.
pub(super) unsafe extern "C" fn interrupt<T: Operations>(
    _irq: c_int,
    cookie: *mut c_void,
) -> bindings::irqreturn_t {
    let uart: *mut bindings::uart_port = cookie.cast();
    let handled: IrqReturn = call!(port, uart, interrupt);
    handled as bindings::irqreturn_t
}
