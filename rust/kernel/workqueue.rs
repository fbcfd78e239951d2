// SPDX-License-Identifier: GPL-2.0-only

//! Work queues: functions that run soon, or some time later, in a thread of the kernel.
//!
//! A struct has a field [`Work`] and implements [`WorkItem`]. An [`Arc`] or a `Pin<KBox>` of it is enqueued:
//! the queue owns it until its `run` is called with it.
//!
//! | | struct's field | is enqueued by |
//! |---|---|---|
//! | at once | [`Work`], [`new_work!`], [`impl_has_work!`] | [`Queue::enqueue`] |
//! | later | [`DelayedWork`], [`new_delayed_work!`], [`impl_has_delayed_work!`] | [`Queue::enqueue_delayed`] |
//! | a closure | none | [`Queue::try_spawn`], which allocates |
//!
//! # Unloading
//!
//! What is in a queue outlives the module's value: nobody but the queue may own it. **Unloading waits for it**: when
//! the module's value is dropped, or its `init` fails, the module stays until all its work has run, and only
//! then its code is gone. So work that enqueues itself for ever, or is delayed for an hour, holds unloading up,
//! and the log says so; let the module's drop tell such work to stop, or [`cancel_sync`](Work::cancel_sync) it.
//! Enqueuing and running an item cost one instruction each for this, and unloading waits for a grace period
//! of RCU if the module has work.
//!
//! # Examples
//!
//! ```
//! use kernel::sync::{Arc, Completion};
//! use kernel::workqueue::{self, impl_has_work, new_work, Work, WorkItem};
//!
//! #[pin_data]
//! struct Report {
//!     value: i32,
//!     #[pin]
//!     done: Completion,
//!     #[pin]
//!     work: Work<Report>,
//! }
//!
//! impl_has_work! {
//!     impl HasWork<Self> for Report { self.work }
//! }
//!
//! impl WorkItem for Report {
//!     type Pointer = Arc<Self>;
//!
//!     fn run(this: Arc<Self>) {
//!         pr_info!("the value is {}\n", this.value);
//!         this.done.complete_all();
//!     }
//! }
//!
//! let report = Arc::pin_init(
//!     pin_init!(Report {
//!         value: 42,
//!         done <- Completion::new(),
//!         work <- new_work!("Report::work"),
//!     }),
//!     GFP_KERNEL,
//! )?;
//!
//! // It comes back as an error if it is queued already.
//! let _ = workqueue::system().enqueue(report.clone());
//! report.done.wait_for_completion();
//! # Ok::<(), Error>(())
//! ```
//!
//! Several kinds of work in one struct are told apart by a number:
//!
//! ```
//! use kernel::sync::Arc;
//! use kernel::workqueue::{self, impl_has_work, new_work, Work, WorkItem};
//!
//! #[pin_data]
//! struct Port {
//!     #[pin]
//!     receive: Work<Port, 1>,
//!     #[pin]
//!     transmit: Work<Port, 2>,
//! }
//!
//! impl_has_work! {
//!     impl HasWork<Self, 1> for Port { self.receive }
//!     impl HasWork<Self, 2> for Port { self.transmit }
//! }
//!
//! impl WorkItem<1> for Port {
//!     type Pointer = Arc<Self>;
//!
//!     fn run(_this: Arc<Self>) {}
//! }
//!
//! impl WorkItem<2> for Port {
//!     type Pointer = Arc<Self>;
//!
//!     fn run(_this: Arc<Self>) {}
//! }
//!
//! let port = Arc::pin_init(
//!     pin_init!(Port { receive <- new_work!(), transmit <- new_work!() }),
//!     GFP_KERNEL,
//! )?;
//! let _ = workqueue::system().enqueue::<Arc<Port>, 1>(port.clone());
//! let _ = workqueue::system().enqueue::<Arc<Port>, 2>(port);
//! # Ok::<(), Error>(())
//! ```
//!
//! C header: `include/linux/workqueue.h`.
//!
//! [`Arc`]: crate::sync::Arc

mod delayed;
mod item;
mod pointer;
mod queue;

pub use self::delayed::impl_has_delayed_work;
pub use self::delayed::new_delayed_work;
pub use self::delayed::DelayedWork;
pub use self::delayed::HasDelayedWork;
pub use self::item::impl_has_work;
pub use self::item::new_work;
pub use self::item::HasWork;
pub use self::item::RawDelayedWorkItem;
pub use self::item::RawWorkItem;
pub use self::item::Work;
pub use self::item::WorkItem;
pub use self::item::WorkItemPointer;
pub use self::queue::system;
#[cfg(has_system_bh_wq)]
pub use self::queue::system_bh;
#[cfg(has_system_bh_wq)]
pub use self::queue::system_bh_highpri;
pub use self::queue::system_dfl;
pub use self::queue::system_freezable;
pub use self::queue::system_freezable_power_efficient;
pub use self::queue::system_highpri;
pub use self::queue::system_long;
pub use self::queue::system_percpu;
pub use self::queue::system_power_efficient;
pub use self::queue::system_unbound;
pub use self::queue::Queue;
