// SPDX-License-Identifier: GPL-2.0-only

//! A module that leaves something behind that the kernel will call: unloading has to wait for it.

use kernel::prelude::*;
use kernel::sync::atomic::Atomic;
use kernel::sync::atomic::Full;
use kernel::sync::Arc;
use kernel::sync::ArcBorrow;
use kernel::time::msecs_to_jiffies;
use kernel::time::timer::new_timer;
use kernel::time::timer::Timer;
use kernel::time::timer::TimerCallback;
use kernel::time::timer::TimerCallbackContext;
use kernel::time::timer::TimerPointer;
use kernel::workqueue;
use kernel::workqueue::impl_has_delayed_work;
use kernel::workqueue::new_delayed_work;
use kernel::workqueue::DelayedWork;
use kernel::workqueue::WorkItem;

module! {
    type: LifeWork,
    name: "life_work",
    description: "Leaves work behind",
    license: "GPL",
    params: {
        fails: bool { default: false, description: "Fails to load, with work queued", },
        leak: bool { default: false, description: "Leaks the handle of a timer", },
        start: u32 {
            default: 0,
            description: "Starts work when it is given",
            permissions: 0o644,
            set: start_work,
        },
        number: u32 { default: 0, description: "A number", },
    },
}

/// Starts work before `init`, or through sysfs.
fn start_work(_value: &u32) -> Result {
    let _ = workqueue::system().enqueue_delayed(Left::new()?, msecs_to_jiffies(100));
    Ok(())
}

/// Work that enqueues itself twice, which nobody else has.
#[pin_data(PinnedDrop)]
struct Left {
    runs: Atomic<u32>,
    #[pin]
    work: DelayedWork<Left>,
}

impl Left {
    fn new() -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self { runs: Atomic::new(0), work <- new_delayed_work!() }),
            GFP_KERNEL,
        )
    }
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self> for Left { self.work }
}

impl WorkItem for Left {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        let runs = this.runs.fetch_add(1, Full) + 1;
        pr_info!("run {runs}\n");
        if runs < 3 {
            let _ = workqueue::system().enqueue_delayed(this, msecs_to_jiffies(100));
        }
    }
}

#[pinned_drop]
impl PinnedDrop for Left {
    fn drop(self: Pin<&mut Self>) {
        pr_info!("work dropped\n");
    }
}

#[pin_data]
struct Leaked {
    #[pin]
    timer: Timer<Self>,
}

kernel::impl_has_timer! {
    impl HasTimer<Self> for Leaked { self.timer }
}

impl TimerCallback for Leaked {
    type Pointer<'a> = Arc<Self>;

    fn run(_this: ArcBorrow<'_, Self>, ctx: TimerCallbackContext<'_, Self>) {
        ctx.modify(1);
    }
}

struct LifeWork(Option<Arc<Left>>);

impl kernel::Module for LifeWork {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        if module_parameters::leak.value() {
            let leaked = pin_init!(Leaked { timer <- new_timer!() });
            core::mem::forget(Arc::pin_init(leaked, GFP_KERNEL)?.start(1));
            return Ok(Self(None));
        }

        let left = Left::new()?;
        if module_parameters::fails.value() {
            let _ = workqueue::system().enqueue_delayed(left, msecs_to_jiffies(100));
            return Err(ENODEV);
        }
        Ok(Self(Some(left)))
    }
}

impl Drop for LifeWork {
    fn drop(&mut self) {
        pr_info!("exit\n");
        if let Some(left) = self.0.take() {
            let _ = workqueue::system().enqueue_delayed(left, msecs_to_jiffies(100));
        }
    }
}
