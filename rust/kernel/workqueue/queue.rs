// SPDX-License-Identifier: GPL-2.0-only

//! Queues.

use super::impl_has_work;
use super::RawDelayedWorkItem;
use super::RawWorkItem;
use super::Work;
use super::WorkItem;
use crate::alloc::AllocError;
use crate::alloc::Flags;
use crate::alloc::InPlaceInit;
use crate::alloc::KBox;
use crate::bindings;
use crate::ffi::c_int;
use crate::static_lock_class;
use crate::time::Jiffies;
use crate::time::MAX_JIFFY_OFFSET;
use crate::types::Opaque;
use core::pin::Pin;
use pin_init::pin_data;
use pin_init::pin_init;

/// A queue of work (`struct workqueue_struct`): the system has some, like [`system()`].
#[repr(transparent)]
pub struct Queue(Opaque<bindings::workqueue_struct>);

// SAFETY: C takes its locks in every call, and binds a queue to no thread.
unsafe impl Send for Queue {}

// SAFETY: As for `Send`.
unsafe impl Sync for Queue {}

/// Any CPU will do.
const CPU: c_int = bindings::WORK_CPU_UNBOUND as c_int;

impl Queue {
    /// Borrows a queue that C made.
    ///
    /// # Safety
    ///
    /// `ptr` must point to a queue that is valid during `'a`, and that runs its items before it is destroyed.
    #[inline]
    pub unsafe fn from_raw<'a>(ptr: *const bindings::workqueue_struct) -> &'a Queue {
        // SAFETY: `Queue` is `repr(transparent)`; the caller promises validity.
        unsafe { &*ptr.cast::<Queue>() }
    }

    /// Enqueues an item, on this CPU if the queue is bound to CPUs.
    ///
    /// An `Arc` comes back as an error if its item is queued already. Context: any but NMI. C: `queue_work()`.
    pub fn enqueue<W, const ID: u64>(&self, w: W) -> W::EnqueueOutput
    where
        W: RawWorkItem<ID> + Send + 'static,
    {
        let queue = self.0.get();

        // SAFETY: C returns `false` only if the item is queued already. `W` is `Send` and lives for ever.
        unsafe {
            w.__enqueue(|work| {
                // SAFETY: The queue is valid, and `__enqueue` promises that the item is.
                bindings::queue_work_on(CPU, queue, work)
            })
        }
    }

    /// Enqueues an item when `delay` has passed. A longer one than a timer takes (2^62 ticks) is cut to that.
    ///
    /// An `Arc` comes back as an error if its item waits or is queued already. Context: any but NMI.
    /// C: `queue_delayed_work()`.
    pub fn enqueue_delayed<W, const ID: u64>(&self, w: W, delay: Jiffies) -> W::EnqueueOutput
    where
        W: RawDelayedWorkItem<ID> + Send + 'static,
    {
        let queue = self.0.get();
        let delay = delay.min(MAX_JIFFY_OFFSET);

        // SAFETY: As for `enqueue`; that the timer enqueues it, makes no difference to the item.
        unsafe {
            w.__enqueue(|work| {
                let offset = core::mem::offset_of!(bindings::delayed_work, work);
                let dwork = work.byte_sub(offset).cast::<bindings::delayed_work>();

                // SAFETY: The queue is valid, and `RawDelayedWorkItem` promises that the item is.
                bindings::queue_delayed_work_on(CPU, queue, dwork, delay)
            })
        }
    }

    /// Enqueues a closure, in memory that is allocated for it.
    ///
    /// Context: as `flags` allow. See [`Completion`](crate::sync::Completion) for an example.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory; `func` is dropped then.
    pub fn try_spawn<T: 'static + Send + FnOnce()>(
        &self,
        flags: Flags,
        func: T,
    ) -> Result<(), AllocError> {
        // Lockdep would take work of one class, in threads and in soft interrupts, for a deadlock.
        let (name, class) = if self.runs_in_softirq() {
            (c"Queue::try_spawn in softirq", static_lock_class!())
        } else {
            (c"Queue::try_spawn", static_lock_class!())
        };
        let init = pin_init!(ClosureWork {
            work <- Work::new(name, class),
            func: Some(func),
        });
        let work = KBox::pin_init(init, flags).map_err(|_| AllocError)?;

        self.enqueue(work);
        Ok(())
    }

    /// Whether work runs in soft interrupts; asked for lockdep only.
    #[cfg(all(CONFIG_LOCKDEP, has_system_bh_wq))]
    fn runs_in_softirq(&self) -> bool {
        let queue: *const bindings::workqueue_struct = self.0.get();

        [system_bh(), system_bh_highpri()]
            .iter()
            .any(|other| core::ptr::eq(queue, other.0.get()))
    }

    #[cfg(not(all(CONFIG_LOCKDEP, has_system_bh_wq)))]
    fn runs_in_softirq(&self) -> bool {
        false
    }
}

/// A closure that is work.
#[pin_data]
struct ClosureWork<T> {
    #[pin]
    work: Work<ClosureWork<T>>,
    func: Option<T>,
}

impl_has_work! {
    impl{T} HasWork<Self> for ClosureWork<T> { self.work }
}

impl<T: FnOnce()> WorkItem for ClosureWork<T> {
    type Pointer = Pin<KBox<Self>>;

    fn run(mut this: Pin<KBox<Self>>) {
        if let Some(func) = this.as_mut().project().func.take() {
            func();
        }
    }
}

macro_rules! system_queue {
    ($(#[$doc:meta])* $name:ident, $wq:ident) => {
        $(#[$doc])*
        #[inline]
        pub fn $name() -> &'static Queue {
            // SAFETY: The kernel makes it before there are modules, and keeps it.
            unsafe { Queue::from_raw(bindings::$wq) }
        }
    };
}

system_queue! {
    /// The queue for short work, on the CPU that enqueues it; as [`system_percpu()`]. C: `system_wq`.
    system, system_percpu_wq
}
system_queue! {
    /// The queue for short work, on the CPU that enqueues it. C: `system_percpu_wq`.
    system_percpu, system_percpu_wq
}
system_queue! {
    /// As [`system()`], with threads of high priority. C: `system_highpri_wq`.
    system_highpri, system_highpri_wq
}
system_queue! {
    /// As [`system()`], for work that takes long. C: `system_long_wq`.
    system_long, system_long_wq
}
system_queue! {
    /// The queue for work on any CPU; as [`system_dfl()`]. C: `system_unbound_wq`.
    system_unbound, system_dfl_wq
}
system_queue! {
    /// The queue for work on any CPU: the one to use by default. C: `system_dfl_wq`.
    system_dfl, system_dfl_wq
}
system_queue! {
    /// As [`system()`], but it stands still while the machine is suspended. C: `system_freezable_wq`.
    system_freezable, system_freezable_wq
}
system_queue! {
    /// As [`system()`], or [`system_unbound()`] where the machine is to save power.
    /// C: `system_power_efficient_wq`.
    system_power_efficient, system_power_efficient_wq
}
system_queue! {
    /// As [`system_power_efficient()`], and stands still while the machine is suspended.
    /// C: `system_freezable_power_efficient_wq`.
    system_freezable_power_efficient, system_freezable_power_efficient_wq
}
#[cfg(has_system_bh_wq)]
system_queue! {
    /// The queue for work in a soft interrupt, which must not sleep. C: `system_bh_wq`.
    ///
    /// Kernels before 6.9 have no such queue, and no such function.
    system_bh, system_bh_wq
}
#[cfg(has_system_bh_wq)]
system_queue! {
    /// As [`system_bh()`], before other soft interrupts. C: `system_bh_highpri_wq`.
    ///
    /// Kernels before 6.9 have no such queue, and no such function.
    system_bh_highpri, system_bh_highpri_wq
}
