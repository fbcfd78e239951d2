// SPDX-License-Identifier: GPL-2.0-only

//! Waiting until something is true that a lock protects.
//!
//! C header: `include/linux/wait.h`.

use super::lock::Backend;
use super::lock::Guard;
use super::LockClassKey;
use crate::bindings;
use crate::ffi::c_int;
use crate::ffi::c_long;
use crate::ffi::c_uint;
use crate::init::PinInit;
use crate::str::CStr;
use crate::str::CStrExt as _;
use crate::time::Jiffies;
use crate::types::Opaque;
use core::marker::PhantomPinned;
use core::pin::Pin;
use core::ptr;
use pin_init::pin_data;
use pin_init::pin_init;

/// Makes the initialiser of a [`CondVar`], with a class of its own and the given name, or this place's.
#[macro_export]
macro_rules! new_condvar {
    ($($name:literal)?) => {
        $crate::sync::CondVar::new(
            $crate::optional_name!($($name)?),
            $crate::static_lock_class!(),
        )
    };
}
pub use new_condvar;

/// A condition variable: waiters release a lock and sleep until somebody notifies them.
///
/// A waiter may wake without a notification: it must look, and maybe wait again. With a spinlock too, which is
/// released before the task sleeps. C: `wait_queue_head_t`.
///
/// # Examples
///
/// ```
/// use kernel::sync::{new_condvar, new_mutex, CondVar, Mutex};
///
/// #[pin_data]
/// struct Mailbox {
///     #[pin]
///     letter: Mutex<Option<u32>>,
///     #[pin]
///     arrived: CondVar,
/// }
///
/// impl Mailbox {
///     fn new() -> impl PinInit<Self> {
///         pin_init!(Self {
///             letter <- new_mutex!(None),
///             arrived <- new_condvar!(),
///         })
///     }
///
///     fn put(&self, letter: u32) {
///         *self.letter.lock() = Some(letter);
///         self.arrived.notify_one();
///     }
///
///     /// Fails with `EINTR` on a signal.
///     fn take(&self) -> Result<u32> {
///         let mut letter = self.letter.lock();
///         loop {
///             if let Some(letter) = letter.take() {
///                 return Ok(letter);
///             }
///             if self.arrived.wait_interruptible(&mut letter) {
///                 return Err(EINTR);
///             }
///         }
///     }
/// }
///
/// let mailbox = KBox::pin_init(Mailbox::new(), GFP_KERNEL)?;
/// mailbox.put(5);
/// assert_eq!(mailbox.take(), Ok(5));
/// # Ok::<(), Error>(())
/// ```
///
/// # Invariants
///
/// `wait_queue_head` is initialised.
#[pin_data]
pub struct CondVar {
    #[pin]
    wait_queue_head: Opaque<bindings::wait_queue_head>,

    // Its list has pointers to itself.
    #[pin]
    _pin: PhantomPinned,
}

// SAFETY: C takes its lock in every call, and binds it to no thread.
unsafe impl Send for CondVar {}

// SAFETY: As for `Send`.
unsafe impl Sync for CondVar {}

impl CondVar {
    /// Makes the initialiser of one; [`new_condvar!`] gives a name and a class.
    pub fn new(name: &'static CStr, key: Pin<&'static LockClassKey>) -> impl PinInit<Self> {
        // INVARIANT: C initialises it.
        pin_init!(Self {
            _pin: PhantomPinned,
            wait_queue_head <- Opaque::ffi_init(|slot: *mut bindings::wait_queue_head| {
                // SAFETY: `slot` is a place for it; name and key live for ever.
                unsafe {
                    bindings::__init_waitqueue_head(slot, name.as_char_ptr(), key.as_ptr())
                }
            }),
        })
    }

    fn wait_internal<T: ?Sized, B: Backend>(
        &self,
        state: c_uint,
        guard: &mut Guard<'_, T, B>,
        timeout: c_long,
    ) -> c_long {
        let head = self.wait_queue_head.get();
        let entry = Opaque::<bindings::wait_queue_entry>::uninit();
        let entry = entry.get();

        // SAFETY: `entry` is a place for it.
        unsafe { bindings::init_wait(entry) };
        // SAFETY: Both are initialised; `entry` stays until `finish_wait` takes it out of the list.
        unsafe { bindings::prepare_to_wait_exclusive(head, entry, state as c_int) };

        // SAFETY: It may be called wherever sleeping is allowed.
        let left = guard.do_unlocked(|| unsafe { bindings::schedule_timeout(timeout) });

        // SAFETY: Both are those of above.
        unsafe { bindings::finish_wait(head, entry) };
        left
    }

    /// Whether a signal waits for this task.
    fn signal_pending() -> bool {
        // SAFETY: There is a current task, and it is this one.
        unsafe { bindings::signal_pending(bindings::get_current()) != 0 }
    }

    /// Releases the lock, sleeps until there is a notification, and takes the lock again.
    ///
    /// Deaf to signals: the task counts as loaded, and after two minutes as hung. Context: process, may sleep.
    pub fn wait<T: ?Sized, B: Backend>(&self, guard: &mut Guard<'_, T, B>) {
        self.wait_internal(bindings::TASK_UNINTERRUPTIBLE, guard, c_long::MAX);
    }

    /// As [`wait`](Self::wait), but a signal ends it. Returns whether there is one.
    #[must_use = "a task with a signal should stop waiting"]
    pub fn wait_interruptible<T: ?Sized, B: Backend>(&self, guard: &mut Guard<'_, T, B>) -> bool {
        self.wait_internal(bindings::TASK_INTERRUPTIBLE, guard, c_long::MAX);
        Self::signal_pending()
    }

    /// As [`wait_interruptible`](Self::wait_interruptible), in a task that may be frozen meanwhile.
    #[must_use = "a task with a signal should stop waiting"]
    pub fn wait_interruptible_freezable<T: ?Sized, B: Backend>(
        &self,
        guard: &mut Guard<'_, T, B>,
    ) -> bool {
        let state = bindings::TASK_INTERRUPTIBLE | bindings::TASK_FREEZABLE;
        self.wait_internal(state, guard, c_long::MAX);
        Self::signal_pending()
    }

    /// As [`wait_interruptible`](Self::wait_interruptible), for no longer than `jiffies`.
    #[must_use = "a task with a signal should stop waiting"]
    pub fn wait_interruptible_timeout<T: ?Sized, B: Backend>(
        &self,
        guard: &mut Guard<'_, T, B>,
        jiffies: Jiffies,
    ) -> CondVarTimeoutResult {
        let timeout = jiffies.try_into().unwrap_or(c_long::MAX);
        let left = self.wait_internal(bindings::TASK_INTERRUPTIBLE, guard, timeout);
        let jiffies = left as Jiffies;

        match (jiffies, Self::signal_pending()) {
            (jiffies, true) => CondVarTimeoutResult::Signal { jiffies },
            (0, false) => CondVarTimeoutResult::Timeout,
            (jiffies, false) => CondVarTimeoutResult::Woken { jiffies },
        }
    }

    fn notify(&self, count: c_int) {
        // SAFETY: By the type invariant the head is initialised.
        unsafe {
            bindings::__wake_up(
                self.wait_queue_head.get(),
                bindings::TASK_NORMAL,
                count,
                ptr::null_mut(),
            )
        };
    }

    /// Wakes a waiter, if there is one, from a task that is about to sleep itself: the waiter is not moved to
    /// another CPU. Context: any but NMI. C: `wake_up_interruptible_sync()`.
    pub fn notify_sync(&self) {
        // SAFETY: By the type invariant the head is initialised.
        unsafe { bindings::__wake_up_sync(self.wait_queue_head.get(), bindings::TASK_NORMAL) };
    }

    /// Wakes a waiter, if there is one. Context: any but NMI. C: `wake_up()`.
    pub fn notify_one(&self) {
        self.notify(1);
    }

    /// Wakes all waiters. Context: any but NMI. C: `wake_up_all()`.
    pub fn notify_all(&self) {
        self.notify(0);
    }
}

/// Why [`CondVar::wait_interruptible_timeout`] returned.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum CondVarTimeoutResult {
    /// The time is up.
    Timeout,
    /// There was a notification, or a wake-up without one.
    Woken {
        /// What is left of the time.
        jiffies: Jiffies,
    },
    /// There is a signal.
    Signal {
        /// What is left of the time.
        jiffies: Jiffies,
    },
}
