// SPDX-License-Identifier: GPL-2.0-only

//! Waiting until something is done.
//!
//! C header: `include/linux/completion.h`.

use crate::bindings;
use crate::init::PinInit;
use crate::types::Opaque;
use pin_init::pin_data;
use pin_init::pin_init;

/// What one side waits for and the other completes (`struct completion`).
///
/// # Examples
///
/// ```
/// use kernel::sync::{Arc, Completion};
/// use kernel::workqueue;
///
/// let done = Arc::pin_init(Completion::new(), GFP_KERNEL)?;
///
/// let theirs = done.clone();
/// workqueue::system().try_spawn(GFP_KERNEL, move || theirs.complete_all())?;
///
/// done.wait_for_completion();
/// # Ok::<(), Error>(())
/// ```
///
/// # Invariants
///
/// `inner` is initialised.
#[pin_data]
pub struct Completion {
    #[pin]
    inner: Opaque<bindings::completion>,
}

// SAFETY: C takes its lock in every call, and binds it to no thread.
unsafe impl Send for Completion {}

// SAFETY: As for `Send`.
unsafe impl Sync for Completion {}

impl Completion {
    /// Makes the initialiser of one that is not completed. C: `init_completion()`.
    pub fn new() -> impl PinInit<Self> {
        // INVARIANT: C initialises it.
        pin_init!(Self {
            inner <- Opaque::ffi_init(|slot: *mut bindings::completion| {
                // SAFETY: `slot` is a place for it.
                unsafe { bindings::init_completion(slot) }
            }),
        })
    }

    fn as_raw(&self) -> *mut bindings::completion {
        self.inner.get()
    }

    /// Lets one waiter go on: that which waits, or the next that will.
    ///
    /// Context: any but NMI. C: `complete()`.
    #[inline]
    pub fn complete(&self) {
        // SAFETY: By the type invariant it is initialised.
        unsafe { bindings::complete(self.as_raw()) };
    }

    /// Lets all go on that wait or will wait.
    ///
    /// Context: any but NMI. C: `complete_all()`.
    #[inline]
    pub fn complete_all(&self) {
        // SAFETY: By the type invariant it is initialised.
        unsafe { bindings::complete_all(self.as_raw()) };
    }

    /// Waits, deaf to signals.
    ///
    /// Context: process, may sleep. C: `wait_for_completion()`.
    #[inline]
    pub fn wait_for_completion(&self) {
        // SAFETY: By the type invariant it is initialised.
        unsafe { bindings::wait_for_completion(self.as_raw()) };
    }
}
