// SPDX-License-Identifier: GPL-2.0-only

//! The other object of `life_two`: work that is still queued when the module's value is gone.

use kernel::prelude::*;
use kernel::sync::atomic::Atomic;
use kernel::sync::atomic::Full;
use kernel::sync::Arc;
use kernel::time::msecs_to_jiffies;
use kernel::workqueue;
use kernel::workqueue::impl_has_delayed_work;
use kernel::workqueue::new_delayed_work;
use kernel::workqueue::DelayedWork;
use kernel::workqueue::WorkItem;

unsafe extern "C" {
    // SAFETY: `life_two_main.rs` defines it, with this type.
    safe fn life_two_said(run: u32);
}

/// Work that enqueues itself twice, which nobody else has.
#[pin_data]
struct Left {
    runs: Atomic<u32>,
    #[pin]
    work: DelayedWork<Left>,
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self> for Left { self.work }
}

impl WorkItem for Left {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        let runs = this.runs.fetch_add(1, Full) + 1;
        life_two_said(runs);
        if runs < 3 {
            let _ = workqueue::system().enqueue_delayed(this, msecs_to_jiffies(100));
        }
    }
}

/// Starts the work; returns whether there was memory for it.
#[unsafe(no_mangle)]
extern "C" fn life_two_start() -> bool {
    let left = pin_init!(Left { runs: Atomic::new(0), work <- new_delayed_work!() });
    match Arc::pin_init(left, GFP_KERNEL) {
        Ok(left) => workqueue::system()
            .enqueue_delayed(left, msecs_to_jiffies(100))
            .is_ok(),
        Err(_) => false,
    }
}
