// SPDX-License-Identifier: GPL-2.0-only

//! Handlers that leave the work to a thread.

use super::Flags;
use super::IrqRequest;
use super::IrqReturn;
use crate::alloc::Allocator;
use crate::alloc::Box;
use crate::bindings;
use crate::devres::Devres;
use crate::error::Error;
use crate::error::Result;
use crate::ffi::c_int;
use crate::ffi::c_void;
use crate::init::PinInit;
use crate::str::CStr;
use crate::sync::Arc;
use core::marker::PhantomPinned;
use core::pin::Pin;
use pin_init::pin_data;
use pin_init::pinned_drop;

/// What the first half of a threaded handler says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum ThreadedIrqReturn {
    /// The interrupt was not of this device.
    None = bindings::IRQ_NONE,
    /// The interrupt was of this device, and has been handled.
    Handled = bindings::IRQ_HANDLED,
    /// The interrupt was of this device, and the thread shall handle it.
    WakeThread = bindings::IRQ_WAKE_THREAD,
}

/// What handles an interrupt in a thread, with its data.
pub trait ThreadedHandler: Sync {
    /// Looks at an interrupt. If it is not implemented, the thread is always woken: then a line by level
    /// needs [`Flags::ONESHOT`].
    ///
    /// Context: hard interrupt, must not sleep; in a thread on PREEMPT_RT.
    fn handle(&self) -> ThreadedIrqReturn {
        ThreadedIrqReturn::WakeThread
    }

    /// Handles an interrupt. Context: a thread of the line's, may sleep.
    fn handle_threaded(&self) -> IrqReturn;
}

impl<T: ?Sized + ThreadedHandler + Send> ThreadedHandler for Arc<T> {
    fn handle(&self) -> ThreadedIrqReturn {
        T::handle(self)
    }

    fn handle_threaded(&self) -> IrqReturn {
        T::handle_threaded(self)
    }
}

impl<T: ?Sized + ThreadedHandler, A: Allocator> ThreadedHandler for Box<T, A> {
    fn handle(&self) -> ThreadedIrqReturn {
        T::handle(self)
    }

    fn handle_threaded(&self) -> IrqReturn {
        T::handle_threaded(self)
    }
}

/// A registered [`ThreadedHandler`]. Dropping it ends the calls.
///
/// # Invariants
///
/// The handler is registered with the address of `self`.
///
/// # Examples
///
/// ```
/// use kernel::devres::Devres;
/// use kernel::irq::{Flags, IrqRequest, IrqReturn, ThreadedHandler, ThreadedRegistration};
///
/// struct Printer;
///
/// impl ThreadedHandler for Printer {
///     fn handle_threaded(&self) -> IrqReturn {
///         pr_info!("interrupt\n");
///         IrqReturn::Handled
///     }
/// }
///
/// fn print(request: IrqRequest<'_>) -> Result<Devres<ThreadedRegistration<'static, Printer>>> {
///     ThreadedRegistration::new_devres(request, Flags::ONESHOT, c"example", Ok(Printer))
/// }
/// ```
#[pin_data(PinnedDrop)]
pub struct ThreadedRegistration<'a, T: ThreadedHandler> {
    request: IrqRequest<'a>,
    #[pin]
    handler: T,
    // C knows the address.
    #[pin]
    _pin: PhantomPinned,
}

impl<'a, T: ThreadedHandler> ThreadedRegistration<'a, T> {
    /// Registers a handler, which may use what lives as long as the device has its driver.
    ///
    /// Context: process, may sleep. C: `request_threaded_irq()`.
    ///
    /// # Errors
    ///
    /// As for [`Registration::new()`](super::Registration::new).
    ///
    /// # Safety
    ///
    /// As for [`Registration::new()`](super::Registration::new).
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
                        Some(thread_callback::<T>),
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

    /// Waits until no call of the line's handlers runs, in threads neither.
    ///
    /// Context: process, may sleep; not in the handler. C: `synchronize_irq()`.
    pub fn synchronize(&self) {
        self.request.synchronize();
    }
}

impl<T: ThreadedHandler + Send + 'static> ThreadedRegistration<'static, T> {
    /// Registers a handler until the result is dropped or the device loses its driver, whatever comes
    /// first.
    ///
    /// Context: process, may sleep. C: `devm_request_threaded_irq()`.
    ///
    /// # Errors
    ///
    /// As for [`Registration::new()`](super::Registration::new).
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
        let registration = unsafe { Self::new(request, flags, name, handler) };
        Devres::new(request.device(), registration)
    }
}

#[pinned_drop]
impl<T: ThreadedHandler> PinnedDrop for ThreadedRegistration<'_, T> {
    fn drop(self: Pin<&mut Self>) {
        let cookie = core::ptr::from_ref(&*self).cast_mut().cast();
        // SAFETY: By the type invariant it is registered with that address.
        unsafe { self.request.free(cookie) };
    }
}

/// # Safety
///
/// `cookie` must be a [`ThreadedRegistration<'_, T>`](ThreadedRegistration).
unsafe extern "C" fn handle_callback<T: ThreadedHandler>(
    _irq: c_int,
    cookie: *mut c_void,
) -> bindings::irqreturn_t {
    // SAFETY: By the safety requirement.
    let this = unsafe { &*cookie.cast::<ThreadedRegistration<'_, T>>() };
    this.handler.handle() as bindings::irqreturn_t
}

/// # Safety
///
/// `cookie` must be a [`ThreadedRegistration<'_, T>`](ThreadedRegistration).
unsafe extern "C" fn thread_callback<T: ThreadedHandler>(
    _irq: c_int,
    cookie: *mut c_void,
) -> bindings::irqreturn_t {
    // SAFETY: By the safety requirement.
    let this = unsafe { &*cookie.cast::<ThreadedRegistration<'_, T>>() };
    this.handler.handle_threaded() as bindings::irqreturn_t
}
