// SPDX-License-Identifier: GPL-2.0-only

//! Serial ports.
//!
//! A [`Driver`] is a static of the module: the name of its ports, and how many there can be. The module
//! registers it when it is loaded, and the driver of a bus adds a [`Port`] to it for each UART that it
//! finds. What the port does is in [`Operations`].
//!
//! # Contexts
//!
//! C calls some operations with the port's lock held, others where they may sleep, and its helpers call
//! operations back. Types tell these apart:
//!
//! - [`LockedPort`] is a port whose lock is held. It alone reaches the transmit buffer, the receive
//!   buffer, the counters and the driver's [`State`](Operations::State). It has no lock to take.
//! - [`Port`] is a port whose lock is not held by this code; [`Port::lock()`] takes it.
//!
//! A `State` is lent shared, because a helper may call back into an operation that has it too: what is
//! to change is a [`Cell`](core::cell::Cell).
//!
//! # What a driver cannot get wrong
//!
//! - The module stays while a port of it is open: `rmmod` says that it is in use.
//! - A port is removed before its driver is unregistered, and before its data and interrupt go.
//! - Each operation that C calls without a look is there.
//! - A port that is a [`Console`] sends what the kernel logs from anywhere, also while the port's lock is held.
//! - Root cannot change a port's addresses, interrupt or type through `TIOCSSERIAL`, and a divisor is
//!   never 0.
//!
//! Some things remain a matter of care, as with every lock: to take a port's lock while it is held by the
//! same code never returns; with the lock held nothing may sleep.
//!
//! C header: `include/linux/serial_core.h`.

use crate::bindings;
use crate::error::code::EBUSY;
use crate::error::code::ENODEV;
use crate::error::to_result;
use crate::error::Result;
use crate::ffi::c_int;
use crate::module::Live;
use crate::str::as_char_ptr_in_const_context;
use crate::str::CStr;
use crate::types::Opaque;
use crate::ThisModule;
use core::marker::PhantomData;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::AtomicUsize;
use core::sync::atomic::Ordering;
use line::Line;

mod adapter;
mod attribute;
mod console;
mod flow;
mod line;
mod locked;
mod operations;
mod port;
mod power;
pub mod reg;
mod rs485;
mod status;
mod termios;

pub use self::attribute::Attribute;
pub use self::attribute::DeviceAttribute;
pub use self::console::Console;
pub use self::console::ConsoleOptions;
pub use self::flow::AutoFlow;
pub use self::line::PortRef;
pub use self::locked::Flag;
pub use self::locked::Icount;
pub use self::locked::LockedPort;
pub use self::locked::PortGuard;
pub use self::operations::ModemLines;
pub use self::operations::Operations;
pub use self::operations::PmState;
pub use self::port::Port;
pub use self::port::PortOptions;
pub use self::port::PortType;
pub use self::rs485::Rs485;
pub use self::rs485::Rs485Flags;
pub use self::status::StatusBits;
pub use self::termios::CharSize;
pub use self::termios::Parity;
pub use self::termios::Termios;

/// The most ports of a driver: as many as C has minor numbers for it.
pub const MAX_PORTS: usize = 256;

/// [`Driver::users`] while C registers or unregisters the driver.
const CHANGING: usize = usize::MAX;

/// A serial driver: a static that has the name of its ports and their number. C: `struct uart_driver`.
///
/// # Invariants
///
/// `uart` is registered if `users` is neither 0 nor `CHANGING`: then the one [`Registration`] and each
/// port count for one. `console` is part of it if `init_console` is there.
///
/// # Examples
///
/// See [`Operations`].
#[repr(C)]
pub struct Driver<T: Operations> {
    // First: C's pointer is ours.
    uart: Opaque<bindings::uart_driver>,
    console: Opaque<bindings::console>,
    init_console: Option<unsafe fn(*mut bindings::console, *mut bindings::uart_driver)>,
    /// Whether the last character that the console sent was the end of a line.
    line_ended: AtomicBool,
    users: AtomicUsize,
    /// Ports are being suspended or resumed.
    is_changing_power: AtomicBool,
    lines: [Line; MAX_PORTS],
    _operations: PhantomData<fn() -> T>,
}

// SAFETY: C locks what it changes in a registered driver; the rest is atomic.
unsafe impl<T: Operations> Sync for Driver<T> {}

impl<T: Operations> Driver<T> {
    /// Makes a driver of `ports` ports at most. `dev_name` is what a port's device file begins with:
    /// `ttyXY` makes `/dev/ttyXY0` and so on.
    ///
    /// The names must be this driver's own: C finds out, and warns, when the driver is registered or a port is added. A
    /// number of ports that is 0 or too large is refused when this is compiled.
    pub const fn new(name: &'static CStr, dev_name: &'static CStr, ports: usize) -> Self {
        assert!(
            ports > 0 && ports <= MAX_PORTS,
            "a driver has 1 to 256 ports"
        );
        // C writes the name of a port into 64 bytes, and that of the driver into /proc.
        assert!(
            dev_name.count_bytes() > 0 && dev_name.count_bytes() <= 60,
            "a device's name has 1 to 60 bytes"
        );
        assert!(
            name.count_bytes() > 0 && name.count_bytes() <= 255,
            "a driver's name has 1 to 255 bytes"
        );
        let (mut i, mut dots) = (0, 0);
        while i < name.count_bytes() {
            assert!(name.to_bytes()[i] != b'/', "a driver's name has no slash");
            dots += (name.to_bytes()[i] == b'.') as usize;
            i += 1;
        }
        assert!(dots < i || dots > 2, "a driver's name is not . or ..");
        // SAFETY: Zero is a null pointer or number in each field.
        let mut uart: bindings::uart_driver = unsafe { core::mem::zeroed() };
        uart.driver_name = as_char_ptr_in_const_context(name);
        uart.dev_name = as_char_ptr_in_const_context(dev_name);
        uart.nr = ports as c_int;
        // INVARIANT: Nobody uses it.
        Self {
            uart: Opaque::new(uart),
            // SAFETY: Zero is a null pointer, no function or a number in each field.
            console: Opaque::new(unsafe { core::mem::zeroed() }),
            init_console: None,
            line_ended: AtomicBool::new(true),
            users: AtomicUsize::new(0),
            is_changing_power: AtomicBool::new(false),
            lines: [const { Line::new() }; MAX_PORTS],
            _operations: PhantomData,
        }
    }

    /// Gives the ports fixed numbers, from `minor` on. Without it C chooses the major number.
    pub const fn with_device_numbers(self, major: u16, minor: u16) -> Self {
        // SAFETY: `self` is owned, so nobody else uses the structure; `new()` has initialised it.
        unsafe {
            (*self.uart.get()).major = major as c_int;
            (*self.uart.get()).minor = minor as c_int;
        }
        self
    }

    /// Lets one of the ports be a console: `console=ttyXY0,115200n8` on the kernel's command line chooses it,
    /// also for a module that is loaded later. A port that has neither an I/O port nor an address in its
    /// [`PortOptions`] cannot be one.
    ///
    /// The device's name must have 15 bytes or less. C: `struct console`.
    pub const fn with_console(mut self) -> Self
    where
        T: Console,
    {
        // SAFETY: `self` is owned, so nobody else uses the structures; `new()` has initialised them.
        let (console, name) = unsafe {
            let name = (*self.uart.get()).dev_name;
            (&mut *self.console.get(), CStr::from_ptr(name.cast()))
        };
        assert!(
            name.count_bytes() < console.name.len(),
            "the name of a console has 1 to 15 bytes"
        );
        let mut i = 0;
        while i < name.count_bytes() {
            console.name[i] = name.to_bytes()[i];
            i += 1;
        }
        self.init_console = Some(console::init::<T>);
        self
    }

    /// Registers the driver, until the result is dropped and its last port is gone.
    ///
    /// Context: process, may sleep. C: `uart_register_driver()`.
    ///
    /// # Errors
    ///
    /// [`EBUSY`] if it is registered, or the device numbers are taken;
    /// [`EINVAL`](crate::error::code::EINVAL) if there is no such major number;
    /// [`ENOMEM`](crate::error::code::ENOMEM) if there is no memory.
    pub fn register(&'static self, module: &'static ThisModule) -> Result<Registration<T>> {
        self.users
            .compare_exchange(0, CHANGING, Ordering::Acquire, Ordering::Relaxed)
            .map_err(|_| EBUSY)?;
        let uart = self.uart.get();
        // SAFETY: This thread alone uses the structure, which is static.
        let registered = to_result(unsafe {
            (*uart).owner = module.as_ptr();
            if let Some(init) = self.init_console {
                init(self.console.get(), uart);
            }
            bindings::uart_register_driver(uart)
        });
        if let Err(error) = registered {
            // SAFETY: As above.
            unsafe { bindings::uart_driver_reset(uart) };
            self.users.store(0, Ordering::Release);
            return Err(error);
        }
        // C takes `owner` for /proc alone: this is what keeps the module while a port is open. There
        // are no ports yet.
        // SAFETY: C has made `tty_driver` when it registered the driver.
        unsafe { (*(*uart).tty_driver).owner = module.as_ptr() };
        // INVARIANT: It is registered, and the result counts for one.
        self.users.store(1, Ordering::Release);
        Ok(Registration {
            driver: self,
            _live: Live::new(),
        })
    }

    /// Counts a new user of a driver that is registered.
    fn get(&self) -> Result {
        self.users
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, |users| {
                (users != 0 && users != CHANGING).then(|| users + 1)
            })
            .map(drop)
            .map_err(|_| ENODEV)
    }

    /// Gives back what [`get()`](Self::get) counted, or the registration; the last one unregisters.
    ///
    /// # Safety
    ///
    /// The caller must be counted.
    unsafe fn put(&self) {
        let last = self
            .users
            .fetch_update(Ordering::AcqRel, Ordering::Relaxed, |users| {
                Some(if users == 1 { CHANGING } else { users - 1 })
            });
        if last == Ok(1) {
            let uart = self.uart.get();
            // A tty that was hung up uses C's part of its port until its last file is closed.
            // SAFETY: By the type invariant it is registered; nobody else is counted.
            while unsafe { bindings::uart_driver_has_ttys(uart) } {
                // SAFETY: This is process context, and may sleep.
                unsafe { bindings::msleep(100) };
            }
            // SAFETY: As above.
            unsafe { bindings::uart_unregister_driver(uart) };
            self.users.store(0, Ordering::Release);
        }
    }

    /// Takes a line: `wanted`, or the first that is free.
    fn take_line(&self, wanted: Option<u32>) -> Result<u32> {
        // SAFETY: Only `new()` writes to the field.
        let ports = unsafe { (*self.uart.get()).nr } as u32;
        let take = |line: u32| self.lines[line as usize].take();
        match wanted {
            Some(line) if line >= ports => Err(crate::error::code::EINVAL),
            Some(line) => take(line).then_some(line).ok_or(EBUSY),
            None => (0..ports)
                .find(|&line| take(line))
                .ok_or(crate::error::code::ENOSPC),
        }
    }
}

/// A registered [`Driver`]. Dropping it unregisters the driver when its last port is gone.
///
/// # Invariants
///
/// It is counted in `driver.users`.
pub struct Registration<T: Operations> {
    driver: &'static Driver<T>,
    _live: Live,
}

impl<T: Operations> Drop for Registration<T> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant.
        unsafe { self.driver.put() };
    }
}

/// Makes a module of a serial driver and the drivers of the buses on which its UARTs are found.
///
/// `type` is the [`Operations`], `driver` the static [`Driver`](crate::serial::Driver), and `buses` has a driver for
/// each bus: `pci`, `platform` or `pnp`. The other keys are those of [`module!`](crate::prelude::module). Whoever
/// has more to do in a module writes what this makes. Loading fails as [`Driver::register()`](crate::serial::Driver::register)
/// and the buses' registrations do. The module's type is called `DriverModule`.
///
/// # Examples
///
/// ```ignore
/// kernel::module_uart_driver! {
///     type: Uart,
///     driver: DRIVER,
///     buses: { pci: PciDriver, pnp: PnpDriver },
///     name: "uart",
///     authors: ["Somebody"],
///     description: "Drives a UART",
///     license: "GPL",
/// }
/// ```
///
/// `samples/rust_uart_mini.rs` is one that runs, `tests/serial/module/test_uart_buses.rs` one of three buses.
#[macro_export]
macro_rules! module_uart_driver {
    (
        type: $ops:ty,
        driver: $driver:path,
        buses: { $($bus:ident: $type:ty),+ $(,)? },
        $($f:tt)*
    ) => {
        // The drivers of buses go first: they remove their ports.
        #[$crate::prelude::pin_data]
        struct DriverModule {
            $(
                #[pin]
                $bus: $crate::driver::Registration<$crate::$bus::Adapter<$type>>,
            )+
            _driver: $crate::serial::Registration<$ops>,
        }

        impl $crate::InPlaceModule for DriverModule {
            fn init(
                module: &'static $crate::ThisModule,
            ) -> impl ::pin_init::PinInit<Self, $crate::error::Error> {
                $crate::try_pin_init!(Self {
                    _driver: $driver.register(module)?,
                    $(
                        $bus <- $crate::driver::Registration::new(
                            <Self as $crate::ModuleMetadata>::NAME,
                            module,
                        ),
                    )+
                })
            }
        }

        $crate::prelude::module! {
            type: DriverModule,
            $($f)*
        }
    };
}
