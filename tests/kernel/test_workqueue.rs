// SPDX-License-Identifier: GPL-2.0-only

//! Tests work items: that they run, once for each enqueuing, are cancelled, and leave nothing behind.

use kernel::prelude::*;
use kernel::sync::atomic::Atomic;
use kernel::sync::atomic::Relaxed;
use kernel::sync::new_mutex;
use kernel::sync::Arc;
use kernel::sync::Completion;
use kernel::sync::Mutex;
use kernel::time::delay::fsleep;
use kernel::time::msecs_to_jiffies;
use kernel::time::Delta;
use kernel::time::Instant;
use kernel::time::Monotonic;
use kernel::workqueue;
use kernel::workqueue::impl_has_delayed_work;
use kernel::workqueue::impl_has_work;
use kernel::workqueue::new_delayed_work;
use kernel::workqueue::new_work;
use kernel::workqueue::DelayedWork;
use kernel::workqueue::Work;
use kernel::workqueue::WorkItem;

#[macro_use]
mod ktap;
use ktap::Outcome;

ktap_module! {
    name: "test_workqueue",
    description: "Tests work queues",
    cases: [
        every_queue_runs,
        softirq_queues_run,
        runs_once_for_each_enqueuing,
        several_in_one_struct,
        of_a_box,
        enqueues_itself,
        two_at_a_time,
        delayed,
        delayed_work_at_once,
        cancelled_before_it_runs,
        cancelled_while_it_runs,
        cancelled_while_it_waits,
        closures,
        values_are_dropped,
    ],
}

/// Values that are alive.
static ALIVE: Atomic<u32> = Atomic::new(0);

struct Alive;

impl Alive {
    fn new() -> Self {
        ALIVE.add(1, Relaxed);
        Self
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        ALIVE.sub(1, Relaxed);
    }
}

/// Waits until something holds, for a second at most.
fn wait_until(condition: impl Fn() -> bool) -> bool {
    for _ in 0..1000 {
        if condition() {
            return true;
        }
        fsleep(Delta::from_millis(1));
    }
    false
}

/// The queues that may sleep.
fn queues() -> [&'static workqueue::Queue; 9] {
    [
        workqueue::system(),
        workqueue::system_percpu(),
        workqueue::system_highpri(),
        workqueue::system_long(),
        workqueue::system_unbound(),
        workqueue::system_dfl(),
        workqueue::system_freezable(),
        workqueue::system_power_efficient(),
        workqueue::system_freezable_power_efficient(),
    ]
}

fn every_queue_runs() -> Outcome {
    for queue in queues() {
        let done = Arc::pin_init(Completion::new(), GFP_KERNEL)?;
        let theirs = done.clone();
        queue.try_spawn(GFP_KERNEL, move || theirs.complete_all())?;
        done.wait_for_completion();
    }
    Ok(())
}

/// Queues that not every kernel has. Here are none; where there are some, the glob imports of
/// [`softirq_queues`] hide these.
#[allow(dead_code)]
mod without {
    use kernel::workqueue::Queue;

    pub(super) const WQ_BH: u32 = 0;

    pub(super) fn system_bh() -> Option<&'static Queue> {
        None
    }

    pub(super) fn system_bh_highpri() -> Option<&'static Queue> {
        None
    }
}
#[allow(unused_imports)]
use without::system_bh;
#[allow(unused_imports)]
use without::system_bh_highpri;
#[allow(unused_imports)]
use without::WQ_BH;

/// The queues whose work runs in a soft interrupt, and whether the kernel's headers know of such.
#[allow(unused_imports)]
fn softirq_queues() -> ([Option<&'static workqueue::Queue>; 2], bool) {
    use kernel::bindings::*;
    use kernel::workqueue::*;

    ([system_bh().into(), system_bh_highpri().into()], WQ_BH != 0)
}

fn softirq_queues_run() -> Outcome {
    let (queues, known) = softirq_queues();
    for queue in queues {
        check_eq!(queue.is_some(), known);
        let Some(queue) = queue else { continue };
        let done = Arc::pin_init(Completion::new(), GFP_KERNEL)?;
        let theirs = done.clone();
        queue.try_spawn(GFP_KERNEL, move || theirs.complete_all())?;
        done.wait_for_completion();

        let item = Late::new()?;
        check!(queue.enqueue(item.clone()).is_ok());
        check!(wait_until(|| item.ran.load(Relaxed) == 1));
        let delay = msecs_to_jiffies(5);
        check!(queue.enqueue_delayed(item.clone(), delay).is_ok());
        check!(wait_until(|| item.ran.load(Relaxed) == 2));
        let delay = msecs_to_jiffies(1_000_000);
        check!(queue.enqueue_delayed(item.clone(), delay).is_ok());
        check!(DelayedWork::cancel_sync(&item));
    }
    check!(wait_until(|| ALIVE.load(Relaxed) == 0));
    Ok(())
}

/// An item of two kinds of work, the second of which may be told to take its time.
#[pin_data]
struct Item {
    first: Atomic<u32>,
    second: Atomic<u32>,
    #[pin]
    hold: Mutex<()>,
    running: Atomic<bool>,
    #[pin]
    work_1: Work<Item, 1>,
    #[pin]
    work_2: Work<Item, 2>,
    _alive: Alive,
}

impl_has_work! {
    impl HasWork<Self, 1> for Item { self.work_1 }
    impl HasWork<Self, 2> for Item { self.work_2 }
}

impl Item {
    fn new() -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                first: Atomic::new(0),
                second: Atomic::new(0),
                hold <- new_mutex!(()),
                running: Atomic::new(false),
                work_1 <- new_work!("Item::work_1"),
                work_2 <- new_work!(),
                _alive: Alive::new(),
            }),
            GFP_KERNEL,
        )
    }
}

impl WorkItem<1> for Item {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.first.add(1, Relaxed);
    }
}

impl WorkItem<2> for Item {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.running.store(true, Relaxed);
        drop(this.hold.lock());
        this.second.add(1, Relaxed);
        this.running.store(false, Relaxed);
    }
}

fn runs_once_for_each_enqueuing() -> Outcome {
    let item = Item::new()?;
    let mut accepted = 0;
    for _ in 0..1000 {
        match workqueue::system().enqueue::<_, 1>(item.clone()) {
            Ok(()) => accepted += 1,
            Err(same) => check!(Arc::ptr_eq(&same, &item)),
        }
    }
    check!(accepted > 0);
    check!(wait_until(|| item.first.load(Relaxed) == accepted));
    fsleep(Delta::from_millis(5));
    check_eq!(item.first.load(Relaxed), accepted);
    Ok(())
}

fn several_in_one_struct() -> Outcome {
    let item = Item::new()?;
    check!(workqueue::system().enqueue::<_, 1>(item.clone()).is_ok());
    check!(workqueue::system().enqueue::<_, 2>(item.clone()).is_ok());
    check!(wait_until(
        || item.first.load(Relaxed) == 1 && item.second.load(Relaxed) == 1
    ));
    Ok(())
}

/// An item that enqueues itself, with what it owns, until it is done.
#[pin_data]
struct Boxed {
    left: u32,
    done: Arc<Completion>,
    #[pin]
    work: Work<Boxed>,
    _alive: Alive,
}

impl_has_work! {
    impl HasWork<Self> for Boxed { self.work }
}

impl WorkItem for Boxed {
    type Pointer = Pin<KBox<Self>>;

    fn run(mut this: Pin<KBox<Self>>) {
        let left = this.as_mut().project().left;
        if *left == 0 {
            this.done.complete_all();
            return;
        }
        *left -= 1;
        workqueue::system_unbound().enqueue(this);
    }
}

fn boxed(left: u32) -> Outcome {
    let done = Arc::pin_init(Completion::new(), GFP_KERNEL)?;
    let theirs = done.clone();
    let item = KBox::pin_init(
        pin_init!(Boxed {
            left,
            done: theirs,
            work <- new_work!(),
            _alive: Alive::new(),
        }),
        GFP_KERNEL,
    )?;
    workqueue::system().enqueue(item);
    done.wait_for_completion();
    Ok(())
}

fn of_a_box() -> Outcome {
    boxed(0)
}

fn enqueues_itself() -> Outcome {
    boxed(500)
}

/// Two items wait for each other: they must run at a time.
fn two_at_a_time() -> Outcome {
    let first = Arc::pin_init(Completion::new(), GFP_KERNEL)?;
    let second = Arc::pin_init(Completion::new(), GFP_KERNEL)?;
    let over = Arc::pin_init(Completion::new(), GFP_KERNEL)?;

    let (a, b, end) = (first.clone(), second.clone(), over.clone());
    workqueue::system_unbound().try_spawn(GFP_KERNEL, move || {
        a.complete_all();
        b.wait_for_completion();
        end.complete();
    })?;
    let end = over.clone();
    workqueue::system_unbound().try_spawn(GFP_KERNEL, move || {
        first.wait_for_completion();
        second.complete_all();
        end.complete();
    })?;
    over.wait_for_completion();
    over.wait_for_completion();
    Ok(())
}

#[pin_data]
struct Late {
    ran: Atomic<u32>,
    #[pin]
    work: DelayedWork<Late>,
    _alive: Alive,
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self> for Late { self.work }
}

impl WorkItem for Late {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.ran.add(1, Relaxed);
    }
}

impl Late {
    fn new() -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                ran: Atomic::new(0),
                work <- new_delayed_work!("Late::work"),
                _alive: Alive::new(),
            }),
            GFP_KERNEL,
        )
    }
}

fn delayed() -> Outcome {
    let item = Late::new()?;
    let start = Instant::<Monotonic>::now();
    let delay = msecs_to_jiffies(40);
    check!(workqueue::system()
        .enqueue_delayed(item.clone(), delay)
        .is_ok());
    check!(workqueue::system()
        .enqueue_delayed(item.clone(), delay)
        .is_err());
    check!(workqueue::system().enqueue(item.clone()).is_err());
    check!(wait_until(|| item.ran.load(Relaxed) == 1));
    // The first tick may be near.
    check!(start.elapsed() >= Delta::from_millis(30));
    Ok(())
}

fn delayed_work_at_once() -> Outcome {
    let item = Late::new()?;
    check!(workqueue::system().enqueue(item.clone()).is_ok());
    check!(wait_until(|| item.ran.load(Relaxed) == 1));
    check!(workqueue::system().enqueue_delayed(item.clone(), 0).is_ok());
    check!(wait_until(|| item.ran.load(Relaxed) == 2));
    Ok(())
}

fn cancelled_before_it_runs() -> Outcome {
    let item = Late::new()?;
    let delay = msecs_to_jiffies(1_000_000);
    check!(workqueue::system()
        .enqueue_delayed(item.clone(), delay)
        .is_ok());
    check!(DelayedWork::cancel_sync(&item));
    check!(!DelayedWork::cancel_sync(&item));
    // As work, too: it does not wait until the time has come.
    check!(workqueue::system()
        .enqueue_delayed(item.clone(), delay)
        .is_ok());
    check!(Work::cancel_sync(&item));
    check_eq!(item.ran.load(Relaxed), 0);
    // The queue has no reference any more.
    check!(Arc::into_unique_or_drop(item).is_some());
    Ok(())
}

fn cancelled_while_it_runs() -> Outcome {
    let item = Item::new()?;
    let hold = item.hold.lock();
    check!(workqueue::system().enqueue::<_, 2>(item.clone()).is_ok());
    check!(wait_until(|| item.running.load(Relaxed)));

    let theirs = item.clone();
    let cancelled = Arc::pin_init(Completion::new(), GFP_KERNEL)?;
    let end = cancelled.clone();
    workqueue::system_unbound().try_spawn(GFP_KERNEL, move || {
        assert!(!Work::<Item, 2>::cancel_sync(&theirs));
        assert!(theirs.second.load(Relaxed) == 1);
        end.complete_all();
    })?;
    fsleep(Delta::from_millis(10));
    check_eq!(item.second.load(Relaxed), 0);
    drop(hold);
    cancelled.wait_for_completion();
    check_eq!(item.second.load(Relaxed), 1);
    Ok(())
}

fn cancelled_while_it_waits() -> Outcome {
    let item = Item::new()?;
    let hold = item.hold.lock();
    check!(workqueue::system().enqueue::<_, 2>(item.clone()).is_ok());
    check!(wait_until(|| item.running.load(Relaxed)));
    // It runs; now it is queued once more.
    check!(workqueue::system().enqueue::<_, 2>(item.clone()).is_ok());

    let theirs = item.clone();
    let end = Arc::pin_init(Completion::new(), GFP_KERNEL)?;
    let cancelled = end.clone();
    workqueue::system_unbound().try_spawn(GFP_KERNEL, move || {
        assert!(Work::<Item, 2>::cancel_sync(&theirs));
        end.complete_all();
    })?;
    fsleep(Delta::from_millis(10));
    drop(hold);
    cancelled.wait_for_completion();
    check_eq!(item.second.load(Relaxed), 1);
    Ok(())
}

fn closures() -> Outcome {
    let sum = Arc::new(Atomic::new(0_u64), GFP_KERNEL)?;
    for i in 0..100 {
        let (sum, alive) = (sum.clone(), Alive::new());
        workqueue::system().try_spawn(GFP_KERNEL, move || {
            sum.add(i, Relaxed);
            drop(alive);
        })?;
    }
    check!(wait_until(|| sum.load(Relaxed) == 99 * 100 / 2));
    Ok(())
}

fn values_are_dropped() -> Outcome {
    check!(wait_until(|| ALIVE.load(Relaxed) == 0));
    Ok(())
}
