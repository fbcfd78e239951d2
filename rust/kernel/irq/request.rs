// SPDX-License-Identifier: GPL-2.0-only

//! Handlers that run in interrupt context, and what they are requested with.

use super::Flags;
use crate::alloc::Allocator;
use crate::alloc::Box;
use crate::bindings;
use crate::device::Bound;
use crate::device::Device;
use crate::devres;
use crate::devres::Devres;
use crate::error::code::EINVAL;
use crate::error::to_result;
use crate::error::Error;
use crate::error::Result;
use crate::ffi::c_int;
use crate::ffi::c_void;
use crate::init::PinInit;
use crate::str::CStr;
use crate::str::CStrExt as _;
use crate::sync::Arc;
use core::marker::PhantomPinned;
use core::pin::Pin;
use pin_init::pin_data;
use pin_init::pinned_drop;

/// What a handler says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum IrqReturn {
    /// The interrupt was not of this device.
    None = bindings::IRQ_NONE,
    /// The interrupt was of this device, and has been handled.
    Handled = bindings::IRQ_HANDLED,
}

/// What handles an interrupt, with its data.
pub trait Handler: Sync {
    /// Handles an interrupt. On a shared line it is called for interrupts of other devices too.
    ///
    /// Context: hard interrupt, must not sleep; in a thread on PREEMPT_RT. One line's handlers run one
    /// after the other. The first call may come before the registration has returned, none comes
    /// after the drop.
    fn handle(&self) -> IrqReturn;
}

impl<T: ?Sized + Handler + Send> Handler for Arc<T> {
    fn handle(&self) -> IrqReturn {
        T::handle(self)
    }
}

impl<T: ?Sized + Handler, A: Allocator> Handler for Box<T, A> {
    fn handle(&self) -> IrqReturn {
        T::handle(self)
    }
}

/// Says only that the device keeps its lines, as long as it is there. Other functions that do nothing can have the same
/// address, so there is a number as well.
unsafe extern "C" fn kept(_dev: *mut bindings::device, _node: *mut c_void) {}

const KEPT: *mut c_void = core::ptr::without_provenance_mut(1);

/// An interrupt line of a device that has a driver.
///
/// # Invariants
///
/// `irq` is an interrupt line of `dev`.
#[derive(Clone, Copy)]
pub struct IrqRequest<'a> {
    dev: &'a Device<Bound>,
    irq: u32,
}

impl<'a> IrqRequest<'a> {
    /// # Safety
    ///
    /// `irq` must be an interrupt line of `dev`.
    pub(crate) unsafe fn new(dev: &'a Device<Bound>, irq: u32) -> Self {
        // INVARIANT: By the safety requirement.
        Self { dev, irq }
    }

    /// Returns a line of the ISA bus, 1 to 15, which says itself of no device whose line it is. It is
    /// refused when it is requested if another driver has it.
    ///
    /// Context: any. C: `irq_canonicalize()`.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if there is no such line, as where the machine has no ISA interrupts.
    ///
    /// # Examples
    ///
    /// ```
    /// use kernel::faux;
    /// use kernel::irq::IrqRequest;
    ///
    /// let device = faux::Registration::new(c"irq_example", None)?;
    /// let dev = device.as_ref().as_ref();
    /// assert_eq!(IrqRequest::isa(dev, 3)?.irq(), 3);
    /// // The second interrupt controller is behind line 2, and what was 2 is 9.
    /// assert_eq!(IrqRequest::isa(dev, 2)?.irq(), 9);
    /// assert_eq!(IrqRequest::isa(dev, 16).err(), Some(EINVAL));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn isa(dev: &'a Device<Bound>, irq: u32) -> Result<Self> {
        let irq = match irq {
            2 => 9,
            1..=15 => irq,
            _ => return Err(EINVAL),
        };
        // SAFETY: C takes any number.
        if unsafe { bindings::irq_get_irq_data(irq) }.is_null() {
            return Err(EINVAL);
        }
        // INVARIANT: The ISA bus has no devices of its own: `dev` stands for what has the line.
        Ok(Self { dev, irq })
    }

    /// The number of the line, as in `/proc/interrupts`.
    pub fn irq(&self) -> u32 {
        self.irq
    }

    /// The device whose line it is.
    pub(crate) fn device(&self) -> &'a Device<Bound> {
        self.dev
    }

    /// Registers handlers that C calls with `cookie`.
    ///
    /// # Safety
    ///
    /// Until [`free()`](Self::free) with the same cookie, the handlers must be sound to be called with
    /// it, and that must come before the name goes away.
    pub(crate) unsafe fn register(
        &self,
        handler: bindings::irq_handler_t,
        thread: bindings::irq_handler_t,
        flags: Flags,
        name: &'static CStr,
        cookie: *mut c_void,
    ) -> Result {
        // C warns of a name that is none of a directory in /proc/irq, and of a line that nobody would unmask.
        let is_name =
            !matches!(name.to_bytes(), b"" | b"." | b"..") && !name.to_bytes().contains(&b'/');
        let is_oneshot = flags & Flags::ONESHOT == Flags::ONESHOT;
        if !is_name || is_oneshot && thread.is_none() {
            return Err(EINVAL);
        }
        let (irq, flags, name) = (self.irq, flags.into_inner(), name.as_char_ptr());
        // SAFETY: By the safety requirement.
        to_result(unsafe {
            match thread {
                // Some kernels let it share a line with a driver that has a thread.
                None => bindings::request_irq(irq, handler, flags, name, cookie),
                thread => bindings::request_threaded_irq(irq, handler, thread, flags, name, cookie),
            }
        })
    }

    /// Unregisters the handlers, and waits until no call of them runs.
    ///
    /// # Safety
    ///
    /// They must be registered with `cookie`.
    pub(crate) unsafe fn free(&self, cookie: *mut c_void) {
        // SAFETY: By the safety requirement.
        unsafe { bindings::free_irq(self.irq, cookie) };
    }

    /// Has the device keep the line until it loses its driver, or [`unkeep()`](Self::unkeep), for who requests and frees
    /// it in between.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`](crate::error::code::ENOMEM) if there is no memory.
    pub(crate) fn keep(&self) -> Result {
        // SAFETY: It does nothing.
        unsafe { devres::add(self.dev, kept, KEPT) }
    }

    /// Undoes one [`keep()`](Self::keep).
    pub(crate) fn unkeep(&self) {
        devres::remove(self.dev, kept, KEPT);
    }

    /// Whether the device keeps any of its lines.
    #[cfg(CONFIG_PCI)]
    pub(crate) fn is_any_kept(dev: &Device) -> bool {
        devres::has(dev, kept, KEPT)
    }

    /// Forgets how long the device is sure to have its driver.
    ///
    /// # Safety
    ///
    /// The result must not be used when the device has lost its driver.
    pub(crate) unsafe fn until_unbound(self) -> IrqRequest<'static> {
        // SAFETY: The device is valid; by the safety requirement it has its driver when it is used.
        let dev = unsafe { Device::from_raw(self.dev.as_raw()) };
        IrqRequest { dev, irq: self.irq }
    }

    pub(super) fn synchronize(&self) {
        // SAFETY: C takes any number.
        unsafe { bindings::synchronize_irq(self.irq) };
    }
}

/// A registered [`Handler`]. Dropping it ends the calls.
///
/// # Invariants
///
/// The handler is registered with the address of `self`.
///
/// # Examples
///
/// ```
/// use core::sync::atomic::{AtomicU32, Ordering};
/// use kernel::devres::Devres;
/// use kernel::irq::{self, Flags, IrqRequest, IrqReturn, Registration};
///
/// struct Counter(AtomicU32);
///
/// impl irq::Handler for Counter {
///     fn handle(&self) -> IrqReturn {
///         self.0.fetch_add(1, Ordering::Relaxed);
///         IrqReturn::Handled
///     }
/// }
///
/// fn count(request: IrqRequest<'_>) -> Result<Devres<Registration<'static, Counter>>> {
///     let counter = Counter(AtomicU32::new(0));
///     Registration::new_devres(request, Flags::SHARED, c"example", Ok(counter))
/// }
/// ```
///
/// A handler is shared among processors:
///
/// ```compile_fail,E0277
/// use core::cell::Cell;
/// use kernel::irq::{self, IrqReturn};
///
/// struct Counter(Cell<u32>);
///
/// impl irq::Handler for Counter {
///     fn handle(&self) -> IrqReturn {
///         IrqReturn::None
///     }
/// }
/// ```
#[pin_data(PinnedDrop)]
pub struct Registration<'a, T: Handler> {
    request: IrqRequest<'a>,
    #[pin]
    handler: T,
    // C knows the address.
    #[pin]
    _pin: PhantomPinned,
}

impl<'a, T: Handler> Registration<'a, T> {
    /// Registers a handler, which may use what lives as long as the device has its driver.
    ///
    /// Context: process, may sleep. C: `request_irq()`.
    ///
    /// # Errors
    ///
    /// The initialiser's; [`EBUSY`](crate::error::code::EBUSY) if the line is taken and not shared by
    /// all; [`EINVAL`](crate::error::code::EINVAL) if the flags do not fit, as `ONESHOT` without a thread, or the name is
    /// no directory's;
    /// [`ENOMEM`](crate::error::code::ENOMEM) if there is no memory.
    ///
    /// # Safety
    ///
    /// The registration must be dropped: it must not be forgotten, or leaked in any other way. See
    /// [`new_devres()`](Self::new_devres) for the way that needs no promise.
    pub unsafe fn new(
        request: IrqRequest<'a>,
        flags: Flags,
        name: &'static CStr,
        handler: impl PinInit<T, Error> + 'a,
    ) -> impl PinInit<Self, Error> + 'a
    where
        T: 'a,
    {
        crate::try_pin_init!(&this in Self {
            handler <- handler,
            request,
            _pin: PhantomPinned,
            _: {
                // INVARIANT: The address is that of `this`.
                // SAFETY: All fields are there, and pinned until the drop, which frees the line.
                unsafe {
                    request.register(
                        Some(handle_callback::<T>),
                        None,
                        flags,
                        name,
                        this.as_ptr().cast(),
                    )
                }?;
            },
        })
    }

    /// The handler.
    pub fn handler(&self) -> &T {
        &self.handler
    }

    /// Waits until no call of the line's handlers runs.
    ///
    /// Context: process, may sleep; not in the handler. C: `synchronize_irq()`.
    pub fn synchronize(&self) {
        self.request.synchronize();
    }
}

impl<T: Handler + Send + 'static> Registration<'static, T> {
    /// Registers a handler until the result is dropped or the device loses its driver, whatever comes
    /// first.
    ///
    /// Context: process, may sleep. C: `devm_request_irq()`.
    ///
    /// # Errors
    ///
    /// As for [`new()`](Self::new).
    pub fn new_devres(
        request: IrqRequest<'_>,
        flags: Flags,
        name: &'static CStr,
        handler: impl PinInit<T, Error> + 'static,
    ) -> Result<Devres<Self>> {
        // SAFETY: The device has its driver as long as the registration lives: `Devres` drops it before
        // the driver is gone.
        let request = unsafe { request.until_unbound() };
        // SAFETY: `Devres` drops it, even if it is leaked itself.
        Devres::new(request.dev, unsafe {
            Self::new(request, flags, name, handler)
        })
    }
}

#[pinned_drop]
impl<T: Handler> PinnedDrop for Registration<'_, T> {
    fn drop(self: Pin<&mut Self>) {
        let cookie = core::ptr::from_ref(&*self).cast_mut().cast();
        // SAFETY: By the type invariant it is registered with that address.
        unsafe { self.request.free(cookie) };
    }
}

/// # Safety
///
/// `cookie` must be a [`Registration<'_, T>`](Registration).
unsafe extern "C" fn handle_callback<T: Handler>(
    _irq: c_int,
    cookie: *mut c_void,
) -> bindings::irqreturn_t {
    // SAFETY: By the safety requirement.
    let this = unsafe { &*cookie.cast::<Registration<'_, T>>() };
    this.handler.handle() as bindings::irqreturn_t
}
