// SPDX-License-Identifier: GPL-2.0-only

//! Ports whose lock is not held.

use super::adapter;
use super::attribute::Files;
use super::line::Line;
use super::power;
use super::Driver;
use super::LockedPort;
use super::Operations;
use super::PortGuard;
use super::Rs485;
use super::Termios;
use crate::alloc::flags::GFP_KERNEL;
use crate::alloc::KBox;
use crate::bindings;
use crate::device::Bound;
use crate::device::Device;
use crate::devres;
use crate::error::code::EDEADLK;
use crate::error::code::EINVAL;
use crate::error::code::ENODEV;
use crate::error::to_result;
use crate::error::Error;
use crate::error::Result;
use crate::init::PinInit;
use crate::irq::Flags;
use crate::irq::IrqRequest;
use crate::str::CStr;
use crate::str::CStrExt as _;
use crate::types::Opaque;
use core::cell::Cell;
use core::cell::UnsafeCell;
use core::num::NonZero;
use core::pin::Pin;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering;
use pin_init::pin_data;
use pin_init::pinned_drop;

/// What kind of UART a port is, for `TIOCGSERIAL`. C: `PORT_…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortType(u32);

impl PortType {
    /// A UART with a FIFO of 16 bytes.
    pub const PORT_16550A: Self = Self(bindings::PORT_16550A);
    /// A UART without a FIFO.
    pub const PORT_16450: Self = Self(bindings::PORT_16450);
    /// One that has no number of its own.
    pub const GENERIC: Self = Self(bindings::PORT_LINFLEXUART);

    pub(super) fn into_raw(self) -> u32 {
        self.0
    }
}

/// How a port is added. `PortOptions { irq: Some(request), ..PortOptions::default() }` sets what matters.
pub struct PortOptions<'a> {
    /// The line; without one, the first that is free.
    pub line: Option<u32>,
    /// The input clock in hertz: 16 times the highest baud rate.
    pub uartclk: u32,
    /// How many characters the hardware can hold.
    pub fifosize: u32,
    /// What the hardware is.
    pub port_type: PortType,
    /// The first I/O port, for the log and `TIOCGSERIAL`; 0 if there is none.
    pub iobase: u16,
    /// The physical address of the registers, for the same; 0 if there is none.
    pub mapbase: usize,
    /// The interrupt of [`Operations::interrupt()`].
    pub irq: Option<IrqRequest<'a>>,
    /// How the interrupt is requested.
    pub irq_flags: Flags,
    /// Whether a break and a character make a SysRq, if the port is a console.
    pub sysrq: bool,
    /// What the port can do of RS-485, see [`Operations::rs485_config()`].
    pub rs485_supported: Rs485,
}

impl Default for PortOptions<'_> {
    fn default() -> Self {
        Self {
            line: None,
            uartclk: 115_200 * 16,
            fifosize: 1,
            port_type: PortType::GENERIC,
            iobase: 0,
            mapbase: 0,
            irq: None,
            irq_flags: Flags::TRIGGER_NONE,
            sysrq: true,
            rs485_supported: Rs485::NONE,
        }
    }
}

/// What an interrupt of a port can be requested with. `ONESHOT` and `PERCPU` have it handled in no thread, as
/// `NO_THREAD` has; the others are for lines that no driver of a port has for itself.
const IRQ_FLAGS: Flags = Flags::TRIGGER_RISING
    .union(Flags::TRIGGER_FALLING)
    .union(Flags::TRIGGER_HIGH)
    .union(Flags::TRIGGER_LOW)
    .union(Flags::SHARED)
    .union(Flags::PROBE_SHARED)
    .union(Flags::NOBALANCING)
    .union(Flags::NO_DEBUG);

const NO_FLAGS: Flags = Flags::TRIGGER_NONE;

/// A serial port whose lock this code does not hold. C: `struct uart_port`.
///
/// # Invariants
///
/// `uart` is initialised, and part of a driver's ports as long as anybody has a reference to it. What is
/// in `state` is reached by who holds the port's lock.
#[pin_data(PinnedDrop)]
#[repr(C)]
pub struct Port<T: Operations> {
    // First: C's pointer is ours.
    #[pin]
    uart: Opaque<bindings::uart_port>,
    pub(super) state: UnsafeCell<T::State>,
    irq: Option<(IrqRequest<'static>, Flags)>,
    /// Whether the interrupt is requested. Changes in `startup` and `shutdown` alone.
    requested: AtomicBool,
    /// How far the port is open; changes under the lock.
    pub(super) phase: Cell<Phase>,
    #[pin]
    data: T::Data,
    /// What C reads as long as the port is there.
    files: Option<KBox<Files>>,
    // Last: C's part of the driver must outlive the data.
    place: Place<T>,
}

/// How far a port is open.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(super) enum Phase {
    /// There may be no tty.
    Closed,
    /// The port is being removed, and was shut down or never started.
    Removed,
    /// The port is being removed before `shutdown`: it sends, but the tty may go at any time.
    Leaving,
    /// From before `startup` until after `shutdown`.
    Started,
}

// SAFETY: C locks what it changes; the state is reached under the port's lock, so by one thread at a
// time, and is `Send`; the data are `Sync`.
unsafe impl<T: Operations> Sync for Port<T> {}

// SAFETY: As for `Sync`; all that is dropped with it is `Send`.
unsafe impl<T: Operations> Send for Port<T> {}

impl<T: Operations> Port<T> {
    /// Adds a port to `driver`, until `dev` loses its driver.
    ///
    /// Returns the line. If the port has an I/O port or an address, C calls [`Operations::pm()`],
    /// [`Operations::set_mctrl()`] and others before this returns.
    ///
    /// Context: process, may sleep; not in an operation of a port, whose mutexes this takes (and removing one does): there
    /// it can wait for ever. C: `uart_add_one_port()`.
    ///
    /// # Errors
    ///
    /// The initialiser's; [`ENODEV`] if the driver is not registered, or the port's device file or one of its
    /// [attributes](Operations::ATTRIBUTES) cannot be made; [`EINVAL`] if `options.line` is none of the driver's, `uartclk` is less than 16 or `fifosize` 0, the
    /// interrupt is another device's, or `irq_flags` has others than a trigger, `SHARED`, `PROBE_SHARED`, `NOBALANCING`
    /// and `NO_DEBUG`: some never let it be handled in a thread, where the port's lock may sleep;
    /// [`EBUSY`](crate::error::code::EBUSY) if a port has the line;
    /// [`EEXIST`](crate::error::code::EEXIST) if another [`Driver`] has a port of the same device, on kernels on which C
    /// makes a controller for the ports of a device, which logs it with a stack;
    /// [`ENOSPC`](crate::error::code::ENOSPC) if all lines are taken;
    /// [`EDEADLK`] if `dev` is a client of another port (see [`serdev`](crate::serdev)) or stands below one, as C
    /// ends those with a lock that removing a port takes;
    /// [`ENOMEM`](crate::error::code::ENOMEM) if there is no memory.
    pub fn add<'bound, E>(
        driver: &'static Driver<T>,
        dev: &'bound Device<Bound>,
        options: PortOptions<'bound>,
        state: T::State,
        data: impl PinInit<T::Data, E>,
    ) -> Result<u32>
    where
        Error: From<E>,
    {
        if options.uartclk < 16
            || options.fifosize == 0
            || options.irq_flags & !IRQ_FLAGS != NO_FLAGS
        {
            return Err(EINVAL);
        }
        // SAFETY: The device is valid, and keeps those that it stands below.
        if unsafe { bindings::device_is_below_serdev(dev.as_raw()) } {
            return Err(EDEADLK);
        }
        // Another device may lose its interrupts before this one loses its port.
        let is_own = |irq: IrqRequest<'_>| irq.device().as_raw() == dev.as_raw();
        if !options.irq.is_none_or(is_own) {
            return Err(EINVAL);
        }
        let place = Place::take(driver, options.line)?;
        let files = Files::new::<T>()?;
        let keep = |request: IrqRequest<'_>| -> Result<_> {
            request.keep()?;
            // SAFETY: The port is dropped before the device has lost its driver, and the device keeps the line.
            Ok((unsafe { request.until_unbound() }, options.irq_flags))
        };
        let kept = options.irq;
        let irq = kept.map(keep).transpose()?;
        let line = place.line;
        let group = files
            .as_ref()
            .map_or(core::ptr::null_mut(), |files| files.as_raw());
        let init = crate::try_pin_init!(&this in Self {
            // SAFETY: It is the place of a `uart_port`.
            uart <- Opaque::ffi_init(|uart| unsafe { fill::<T>(uart, dev, &options, line, group) }),
            state: UnsafeCell::new(state),
            irq,
            requested: AtomicBool::new(false),
            phase: Cell::new(Phase::Closed),
            data <- data,
            files,
            place,
            _: {
                // SAFETY: All fields are there, and stay until the drop, which removes the port.
                unsafe { Self::register(driver, this.cast().as_ptr()) }?;
            },
        });
        let added = devres::register::<Self, Error>(dev, init, GFP_KERNEL);
        // The port has not got as far as to need it.
        if let (Err(_), Some(irq)) = (added, kept) {
            irq.unkeep();
        }
        added.map(|()| line)
    }

    /// Hands the port to C, or leaves no trace of it.
    ///
    /// # Safety
    ///
    /// `uart` must be a port that [`fill()`] has filled, in a `Self` that is complete.
    unsafe fn register(driver: &Driver<T>, uart: *mut bindings::uart_port) -> Result {
        // SAFETY: The place holds a count of the driver, so it is registered.
        let added = to_result(unsafe { bindings::uart_add_one_port(driver.uart.get(), uart) });
        added.inspect_err(|_| {
            // C keeps it, maybe as a console, if there was no memory at the end.
            // SAFETY: The driver is registered, and nobody can have opened the port.
            unsafe { bindings::uart_forget_port(driver.uart.get(), uart) };
        })?;
        // C does not say on all kernels that the port has no device file.
        // SAFETY: The caller promises that it is complete.
        let this = unsafe { &*uart.cast::<Self>() };
        // SAFETY: It was added just now.
        if unsafe { bindings::uart_port_has_device(driver.uart.get(), uart) } {
            if this.irq.is_none() {
                // SAFETY: As above.
                unsafe { power::cannot_wake(driver.uart.get(), uart) };
            }
            // SAFETY: The port is complete; its drop takes the line back first.
            unsafe { this.place.line().open() };
            return Ok(());
        }
        this.leave();
        // SAFETY: It was added just now.
        unsafe { bindings::uart_remove_port_without_device(driver.uart.get(), uart) };
        this.end();
        Err(ENODEV)
    }

    /// Before C removes the port: it is not started again, takes nothing, and sends until it is shut down.
    fn leave(&self) {
        self.set_phase(|phase| match phase {
            Phase::Started => Phase::Leaving,
            _ => Phase::Removed,
        });
    }

    /// After C has removed the port, which it may leave started: a console that was closed, or opened in its place, or if
    /// an open was waiting for a carrier.
    fn end(&self) {
        if self.phase.get() == Phase::Leaving {
            self.set_phase(|_| Phase::Removed);
            T::shutdown(&self.data, self);
        }
        self.free_irq();
        // SAFETY: The place keeps the driver registered, and nobody else has the line yet.
        unsafe { bindings::uart_forget_state(self.place.driver.uart.get(), self.place.line) };
    }

    /// Takes the port's lock: interrupts are off until the result is dropped.
    ///
    /// Context: any but NMI, port lock not held. C: like `uart_port_lock_irqsave()`.
    #[inline]
    pub fn lock(&self) -> PortGuard<'_, T> {
        PortGuard::new(self)
    }

    /// Says how far the port is open.
    pub(super) fn set_phase(&self, phase: impl FnOnce(Phase) -> Phase) -> Phase {
        let _locked = self.lock();
        self.phase.set(phase(self.phase.get()));
        self.phase.get()
    }

    /// Which of the driver's ports this is.
    #[inline]
    pub fn line(&self) -> u32 {
        // SAFETY: It never changes.
        unsafe { (*self.as_raw()).line }
    }

    /// The input clock in hertz.
    #[inline]
    pub fn uartclk(&self) -> u32 {
        // SAFETY: It is one word, and C may write to it.
        unsafe { (&raw const (*self.as_raw()).uartclk).read_volatile() }
    }

    /// Whether this port is a console's.
    pub fn is_console(&self) -> bool {
        // SAFETY: The port is valid.
        unsafe { bindings::uart_console(self.as_raw()) }
    }

    /// Returns the baud rate that `termios` asks for, if it is within `min..=max`; else that of `old`, if that is, or the
    /// nearest, and changes `termios` to it. B0 counts as 9600, and B38400 for what `setserial spd_hi` and its kin say.
    ///
    /// Context: process. C: `uart_get_baud_rate()`.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if 9600 is not in the range.
    pub fn baud_rate(
        &self,
        termios: &mut Termios,
        old: Option<&Termios>,
        min: u32,
        max: u32,
    ) -> Result<u32> {
        if !(min..=max).contains(&9600) {
            return Err(EINVAL);
        }
        let asked = match termios.baud_rate() {
            None => return Ok(9600),
            // The kernel's oldest way to ask for a higher rate.
            Some(38_400) => self.spd_baud_rate().unwrap_or(38_400),
            Some(baud) => baud,
        };
        if (min..=max).contains(&asked) {
            return Ok(asked);
        }
        let old = old.map(|old| old.baud_rate().unwrap_or(0));
        let fits = |old: &u32| *old == 0 || (min..=max).contains(old);
        let baud = old.filter(fits).unwrap_or_else(|| asked.clamp(min, max));
        termios.encode_baud_rate(baud);
        Ok(if baud == 0 { 9600 } else { baud })
    }

    /// The baud rate that B38400 stands for, if a user has said so (`setserial spd_hi`).
    fn spd_baud_rate(&self) -> Option<u32> {
        match self.flags() & bindings::UPF_SPD_MASK {
            bindings::UPF_SPD_HI => Some(57_600),
            bindings::UPF_SPD_VHI => Some(115_200),
            bindings::UPF_SPD_SHI => Some(230_400),
            bindings::UPF_SPD_WARP => Some(460_800),
            _ => None,
        }
    }

    /// C: `port->flags`.
    pub(super) fn flags(&self) -> bindings::upf_t {
        // SAFETY: The port is valid; it is one word, and C may write to it.
        unsafe { (&raw const (*self.as_raw()).flags).read_volatile() }
    }

    /// Returns what the input clock is divided by for 16 times `baud`.
    ///
    /// Context: process. C: `uart_get_divisor()`.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if it were 0, as users can make it.
    pub fn divisor(&self, baud: u32) -> Result<NonZero<u32>> {
        if baud == 0 || baud > u32::MAX / 16 {
            return Err(EINVAL);
        }
        // SAFETY: The port is valid, and C divides by no 0.
        let divisor = unsafe { bindings::uart_get_divisor(self.as_raw(), baud) };
        NonZero::new(divisor).ok_or(EINVAL)
    }

    /// Returns what C takes.
    #[inline]
    pub(super) fn as_raw(&self) -> *mut bindings::uart_port {
        self.uart.get()
    }

    /// What the driver keeps for the port. Context: any.
    #[inline]
    pub fn data(&self) -> &T::Data {
        &self.data
    }

    /// Returns the port as one whose lock is held.
    ///
    /// # Safety
    ///
    /// It must be held by this thread as long as the result lives.
    #[inline]
    pub(super) unsafe fn as_locked(&self) -> &LockedPort<T> {
        // SAFETY: The type is transparent.
        unsafe { &*core::ptr::from_ref(self).cast() }
    }

    /// Requests the interrupt if the driver handles it.
    pub(super) fn request_irq(&self) -> Result {
        if !T::HAS_INTERRUPT {
            return Ok(());
        }
        let Some((request, flags)) = &self.irq else {
            return Ok(());
        };
        // SAFETY: It was set when the driver was made.
        let name = unsafe { CStr::from_char_ptr((*self.place.driver.uart.get()).driver_name) };
        // SAFETY: The port stays until `free_irq()`, which its drop calls at the latest.
        unsafe {
            request.register(
                Some(adapter::interrupt::<T>),
                None,
                *flags,
                name,
                self.as_raw().cast(),
            )
        }?;
        self.requested.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Frees the interrupt if it is requested.
    pub(super) fn free_irq(&self) {
        if let (true, Some((request, _))) =
            (self.requested.swap(false, Ordering::Relaxed), &self.irq)
        {
            // SAFETY: It is requested with this cookie.
            unsafe { request.free(self.as_raw().cast()) };
        }
    }
}

#[pinned_drop]
impl<T: Operations> PinnedDrop for Port<T> {
    fn drop(self: Pin<&mut Self>) {
        // C would end a client of serdev when the port sends no more, and with a lock that all ports share.
        // SAFETY: The port was added, and nobody holds that lock here.
        unsafe { bindings::uart_port_release_client(self.as_raw()) };
        // From now on nobody gets a reference to it.
        self.place.line().close();
        self.leave();
        // SAFETY: The port was added, and this is its end.
        unsafe { bindings::uart_remove_one_port(self.place.driver.uart.get(), self.as_raw()) };
        self.end();
    }
}

/// A line of a driver, which stays registered.
///
/// # Invariants
///
/// It is counted in `driver.users`, and `line` is taken.
struct Place<T: Operations> {
    driver: &'static Driver<T>,
    line: u32,
}

impl<T: Operations> Place<T> {
    fn take(driver: &'static Driver<T>, line: Option<u32>) -> Result<Self> {
        driver.get()?;
        match driver.take_line(line) {
            Ok(line) => Ok(Self { driver, line }),
            Err(error) => {
                // SAFETY: It was counted just now.
                unsafe { driver.put() };
                Err(error)
            }
        }
    }

    fn line(&self) -> &'static Line {
        &self.driver.lines[self.line as usize]
    }
}

impl<T: Operations> Drop for Place<T> {
    fn drop(&mut self) {
        self.line().free();
        // SAFETY: By the type invariant.
        unsafe { self.driver.put() };
    }
}

/// Fills what C reads of a port that is added.
///
/// # Safety
///
/// `uart` must be valid for writes.
unsafe fn fill<T: Operations>(
    uart: *mut bindings::uart_port,
    dev: &Device<Bound>,
    options: &PortOptions<'_>,
    line: u32,
    group: *mut bindings::attribute_group,
) {
    // SAFETY: By the safety requirement; zero is valid in each field.
    unsafe { uart.write_bytes(0, 1) };
    // SAFETY: Just written.
    let uart = unsafe { &mut *uart };
    uart.dev = dev.as_raw();
    uart.line = line;
    uart.ops = adapter::operations::<T>();
    uart.attr_group = group;
    uart.uartclk = options.uartclk;
    uart.fifosize = options.fifosize;
    uart.type_ = options.port_type.into_raw();
    uart.iobase = options.iobase.into();
    uart.mapbase = options.mapbase as bindings::resource_size_t;
    // SAFETY: It is a port.
    unsafe { bindings::uart_port_set_iotype(uart, options.iobase != 0) };
    uart.irq = options.irq.map_or(0, |irq| irq.irq());
    uart.has_sysrq = options.sysrq.into();
    if T::HAS_RS485_CONFIG {
        uart.rs485_config = Some(adapter::rs485_config::<T>);
        uart.rs485_supported = options.rs485_supported.into_raw();
    }
    // The lock may be in use when the port becomes a console.
    uart.console_reinit = 1;
    // Root must not move the port elsewhere.
    uart.flags = bindings::UPF_FIXED_PORT | bindings::UPF_FIXED_TYPE;
    if T::HAS_THROTTLE || T::HAS_UNTHROTTLE {
        // Without one of these, C does not call them. It goes on with RTS and XOFF by itself.
        uart.status = bindings::UPSTAT_SYNC_FIFO;
    }
}
