// SPDX-License-Identifier: GPL-2.0-only

//! Consoles on serial ports.
//!
//! C header: `include/linux/console.h`.

use super::CharSize;
use super::Driver;
use super::Operations;
use super::Parity;
use super::PmState;
use super::Port;
use crate::bindings;
use crate::error::code::ENODEV;
use crate::error::from_result;
use crate::error::to_result;
use crate::error::Result;
use crate::ffi::c_char;
use crate::ffi::c_int;
use crate::ffi::c_uint;
use crate::ffi::c_ulong;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering;

/// How a console's port is set. C: what `uart_parse_options()` finds in `console=ttyXY0,115200n8r`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConsoleOptions {
    /// The baud rate.
    pub baud: u32,
    /// The parity bit: none, odd or even.
    pub parity: Parity,
    /// The number of data bits, 7 or 8.
    pub bits: CharSize,
    /// Whether RTS and CTS control the flow.
    pub flow: bool,
}

impl Default for ConsoleOptions {
    /// 9600n8, as C's drivers have it.
    fn default() -> Self {
        Self {
            baud: 9600,
            parity: Parity::None,
            bits: CharSize::Eight,
            flow: false,
        }
    }
}

/// What a serial driver does for a console on one of its ports, see [`Driver::with_console()`].
///
/// For each record of the kernel's log come one [`begin()`](Self::begin), a [`putchar()`](Self::putchar) for
/// each character, and one [`end()`](Self::end). They get the port's data and nothing else: a record may
/// come from anywhere, from code that holds the port's lock and from an NMI in the middle of it. So they must
/// not wait for a lock, sleep, or print. What is to end after a while, as the wait for room, counts
/// [`udelay()`](crate::time::delay::udelay). A clock can be read in an NMI as well, but C prints a warning of who reads one
/// while the system sleeps: a console that goes on then (`no_console_suspend`) would never come to an end.
///
/// Where the kernel lets a more urgent record take the console over (C: `nbcon`), it does so between any two
/// of these calls; then `end()` comes late, and the rest of the record never.
///
/// # Examples
///
/// ```
/// use kernel::serial::{self, Console, Operations};
/// # use kernel::serial::{LockedPort, ModemLines, Port, Termios};
/// use kernel::sync::atomic::{Atomic, Relaxed};
///
/// struct Counter;
///
/// static DRIVER: serial::Driver<Counter> =
///     serial::Driver::new(c"example_counter", c"ttyEC", 1).with_console();
///
/// impl Console for Counter {
///     type Saved = ();
///
///     fn begin(_sent: &Atomic<i32>) {}
///
///     fn putchar(sent: &Atomic<i32>, _ch: u8) {
///         sent.fetch_add(1, Relaxed);
///     }
///
///     fn end(_sent: &Atomic<i32>, _saved: ()) {}
/// }
///
/// #[vtable]
/// impl Operations for Counter {
///     type Data = Atomic<i32>;
///     type State = ();
///     // ...
/// #     fn tx_empty(_data: &Self::Data, _port: &Port<Self>) -> bool { true }
/// #     fn set_mctrl(_data: &Self::Data, _port: &LockedPort<Self>, _lines: ModemLines) {}
/// #     fn get_mctrl(_data: &Self::Data, _port: &LockedPort<Self>) -> ModemLines { ModemLines::NONE }
/// #     fn start_tx(_data: &Self::Data, _port: &LockedPort<Self>) {}
/// #     fn stop_tx(_data: &Self::Data, _port: &LockedPort<Self>) {}
/// #     fn stop_rx(_data: &Self::Data, _port: &LockedPort<Self>) {}
/// #     fn startup(_data: &Self::Data, _port: &Port<Self>) -> Result { Ok(()) }
/// #     fn shutdown(_data: &Self::Data, _port: &Port<Self>) {}
/// #     fn set_termios(_data: &Self::Data, _port: &Port<Self>, _new: &mut Termios, _old: Option<&Termios>) {}
/// }
///
/// # let module = kernel::module::this_module::<LocalModule>();
/// let registration = DRIVER.register(module)?;
/// # drop(registration);
/// # Ok::<(), Error>(())
/// ```
pub trait Console: Operations {
    /// What [`end()`](Self::end) is to put back.
    type Saved;

    /// Looks at how the port is to be set before it becomes a console, and changes what cannot be.
    ///
    /// `options` is what the kernel's command line asks for, or the default. Afterwards
    /// [`Operations::set_termios()`] sets it. Context: process, may sleep.
    ///
    /// # Errors
    ///
    /// Whatever the driver returns: the port is no console then.
    fn setup(data: &Self::Data, port: &Port<Self>, options: &mut ConsoleOptions) -> Result {
        let _ = (data, port, options);
        Ok(())
    }

    /// Makes the hardware ready to send without interrupts. Context: any, NMI too.
    fn begin(data: &Self::Data) -> Self::Saved;

    /// Sends a character, when there is room for it; gives up after a while if there is none.
    /// Context: any, NMI too.
    fn putchar(data: &Self::Data, ch: u8);

    /// Waits, for a while, until all is sent, and undoes [`begin()`](Self::begin). Context: any, NMI too.
    fn end(data: &Self::Data, saved: Self::Saved);
}

/// Fills the console of a driver that is not registered, except for its name.
///
/// # Safety
///
/// `driver` must be the one that `console` is a field of; nobody else may use either.
pub(super) unsafe fn init<T: Console>(
    console: *mut bindings::console,
    driver: *mut bindings::uart_driver,
) {
    // SAFETY: By the safety requirement. The functions are for the console of a driver of `T`.
    unsafe {
        bindings::uart_console_init(
            console,
            driver,
            Some(setup::<T>),
            Some(write::<T>),
            Some(write_thread::<T>),
            Some(write_atomic::<T>),
            Some(device_lock),
            Some(device_unlock),
        );
    }
}

/// The driver of a console.
///
/// # Safety
///
/// `console` must be that of a driver of `T`.
unsafe fn driver<'a, T: Operations>(console: *mut bindings::console) -> &'a Driver<T> {
    // SAFETY: By the safety requirement `init()` has set it to the first field of a static.
    unsafe { &*(*console).data.cast() }
}

/// The port of a console; null if it is not there.
///
/// # Safety
///
/// `console` must be that of a registered driver.
unsafe fn uart(console: *mut bindings::console) -> *mut bindings::uart_port {
    // SAFETY: `init()` has set it.
    let (driver, index) = unsafe {
        (
            (*console).data.cast::<bindings::uart_driver>(),
            (*console).index,
        )
    };
    // SAFETY: The driver is registered.
    match usize::try_from(index) {
        // SAFETY: A registered driver has that many of them.
        Ok(index) if index < unsafe { (*driver).nr } as usize => unsafe {
            (*(*driver).state.add(index)).uart_port
        },
        _ => core::ptr::null_mut(),
    }
}

/// # Safety
///
/// `console` must be registered: then its port stays.
unsafe fn data<'a, T: Operations>(console: *mut bindings::console) -> &'a T::Data {
    // SAFETY: By the safety requirement; the port is the first field of a `Port<T>`.
    unsafe { &*uart(console).cast::<Port<T>>() }.data()
}

/// C calls this while it adds one of the driver's ports, or for a port that stays meanwhile: none of them
/// can be removed.
unsafe extern "C" fn setup<T: Console>(
    console: *mut bindings::console,
    options: *mut c_char,
) -> c_int {
    // SAFETY: C has a driver's console from the driver itself, while that is registered.
    let uart = unsafe { uart(console) };
    let setup = || -> Result {
        // SAFETY: If there is a port, it is part of a `Port<T>` whose fields are all there.
        let port = unsafe { uart.cast::<Port<T>>().as_ref() }.ok_or(ENODEV)?;
        // SAFETY: Both are valid.
        if !unsafe { bindings::uart_console_is_possible(uart, console) } {
            return Err(ENODEV);
        }
        // SAFETY: C passes null or what stands on the kernel's command line.
        let mut options = unsafe { parse(options) };
        T::setup(port.data(), port, &mut options)?;
        power_up(port);
        let flow = if options.flow { b'r' } else { b'n' };
        let parity = match options.parity {
            Parity::Odd => b'o',
            Parity::Even => b'e',
            Parity::None | Parity::Mark | Parity::Space => b'n',
        };
        let bits = if options.bits == CharSize::Seven {
            7
        } else {
            8
        };
        let baud = c_int::try_from(options.baud)?;
        // SAFETY: Both are valid. `console_reinit` is set, so the lock stays as it is.
        to_result(unsafe {
            bindings::uart_set_options(uart, console, baud, parity.into(), bits, flow.into())
        })
    };
    from_result(|| setup().map(|()| 0))
}

/// # Safety
///
/// `options` must be null or a string.
unsafe fn parse(options: *const c_char) -> ConsoleOptions {
    let defaults = ConsoleOptions::default();
    if options.is_null() {
        return defaults;
    }
    let (mut baud, mut parity, mut bits, mut flow) = (9600, b'n'.into(), 8, b'n'.into());
    // SAFETY: By the safety requirement; the rest are this function's own.
    unsafe { bindings::uart_parse_options(options, &mut baud, &mut parity, &mut bits, &mut flow) };
    let lower = |ch: c_int| u8::try_from(ch).unwrap_or(0).to_ascii_lowercase();
    ConsoleOptions {
        baud: u32::try_from(baud).unwrap_or(defaults.baud),
        parity: match lower(parity) {
            b'o' => Parity::Odd,
            b'e' => Parity::Even,
            _ => Parity::None,
        },
        bits: if bits == 7 {
            CharSize::Seven
        } else {
            CharSize::Eight
        },
        flow: lower(flow) == b'r',
    }
}

/// Switches a port on that was off, as a console has to be on while it is closed.
fn power_up<T: Operations>(port: &Port<T>) {
    if !T::HAS_PM {
        return;
    }
    // SAFETY: A port that was added has a state.
    let state = unsafe { &raw mut (*(*port.as_raw()).state).pm_state };
    // SAFETY: It is one word, and C may write to it: it switches a console's port on, or off again when it was so before.
    let old = unsafe { state.read_volatile() };
    if old != bindings::UART_PM_STATE_ON {
        T::pm(port.data(), port, PmState::On, PmState::from_raw(old));
        // SAFETY: As above.
        unsafe { state.write_volatile(bindings::UART_PM_STATE_ON) };
    }
}

/// Sends a record, unless another takes the console over.
///
/// `is_atomic` is whether it may itself have taken it over, in the middle of a line.
///
/// # Safety
///
/// `console` must be registered, and `context` C's for this record.
unsafe fn emit<T: Console>(
    console: *mut bindings::console,
    context: *mut bindings::nbcon_write_context,
    is_atomic: bool,
) {
    // SAFETY: By the safety requirement.
    let (data, line_ended) = unsafe { (data::<T>(console), &driver::<T>(console).line_ended) };
    // SAFETY: As above.
    if !unsafe { bindings::nbcon_enter_unsafe(context) } {
        return;
    }
    let saved = T::begin(data);
    if is_atomic && !line_ended.load(Ordering::Relaxed) {
        put::<T>(data, line_ended, b'\n');
    }
    // SAFETY: As above; it was entered.
    let is_ours = unsafe { bindings::nbcon_exit_unsafe(context) };
    // SAFETY: As above.
    if !is_ours || !unsafe { put_all::<T>(data, line_ended, context) } {
        // It was taken over. What was begun must be ended all the same.
        // SAFETY: As above.
        unsafe { bindings::nbcon_reacquire_nobuf(context) };
    }
    // SAFETY: As above.
    while !unsafe { bindings::nbcon_enter_unsafe(context) } {
        // SAFETY: As above.
        unsafe { bindings::nbcon_reacquire_nobuf(context) };
    }
    T::end(data, saved);
    // SAFETY: As above; it was entered.
    unsafe { bindings::nbcon_exit_unsafe(context) };
}

/// Returns whether the console was kept to the end of the record.
///
/// # Safety
///
/// As for [`emit()`]; the console must be owned.
unsafe fn put_all<T: Console>(
    data: &T::Data,
    line_ended: &AtomicBool,
    context: *mut bindings::nbcon_write_context,
) -> bool {
    // SAFETY: By the safety requirement.
    let (text, len) = unsafe { ((*context).outbuf, (*context).len) };
    for i in 0..len as usize {
        // SAFETY: As above.
        if !unsafe { bindings::nbcon_enter_unsafe(context) } {
            return false;
        }
        // SAFETY: The text is as long, and this one's while the console is.
        put::<T>(data, line_ended, unsafe { *text.add(i) });
        // SAFETY: As above; it was entered.
        if !unsafe { bindings::nbcon_exit_unsafe(context) } {
            return false;
        }
    }
    true
}

fn put<T: Console>(data: &T::Data, line_ended: &AtomicBool, ch: u8) {
    if ch == b'\n' {
        T::putchar(data, b'\r');
    }
    T::putchar(data, ch);
    line_ended.store(ch == b'\n', Ordering::Relaxed);
}

/// Where nothing takes a console over. C calls it for one record at a time, which others wait for.
unsafe extern "C" fn write<T: Console>(
    console: *mut bindings::console,
    text: *const c_char,
    len: c_uint,
) {
    // SAFETY: C calls this for a console that is registered.
    let uart = unsafe { uart(console) };
    let mut flags = 0;
    // SAFETY: Its port is there.
    let is_locked = unsafe { bindings::uart_console_lock(uart, &mut flags) };
    // SAFETY: It is a structure of integers and pointers.
    let mut context: bindings::nbcon_write_context = unsafe { core::mem::zeroed() };
    context.outbuf = text.cast_mut();
    context.len = len;
    // SAFETY: The console is registered; without a lock, it is the driver's data alone that is used.
    unsafe { emit::<T>(console, &mut context, false) };
    // SAFETY: The lock was taken above if `is_locked`.
    unsafe { bindings::uart_console_unlock(uart, is_locked, flags) };
}

unsafe extern "C" fn write_thread<T: Console>(
    console: *mut bindings::console,
    context: *mut bindings::nbcon_write_context,
) {
    // SAFETY: C calls this for a console that is registered.
    unsafe { emit::<T>(console, context, false) };
}

unsafe extern "C" fn write_atomic<T: Console>(
    console: *mut bindings::console,
    context: *mut bindings::nbcon_write_context,
) {
    // SAFETY: C calls this for a console that is registered.
    unsafe { emit::<T>(console, context, true) };
}

unsafe extern "C" fn device_lock(console: *mut bindings::console, flags: *mut c_ulong) {
    // SAFETY: C calls this for a console that is set up, so its port is there.
    unsafe { *flags = bindings::uart_port_lock_device(uart(console)) };
}

unsafe extern "C" fn device_unlock(console: *mut bindings::console, flags: c_ulong) {
    // SAFETY: C has called `device_lock()`.
    unsafe { bindings::uart_port_unlock_device(uart(console), flags) };
}
