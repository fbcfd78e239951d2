// SPDX-License-Identifier: GPL-2.0-only

//! Steps with work items: enqueued on all queues, with delays, and cancelled, by several threads.

use crate::rng::Rng;
use crate::state::Context::Atomic;
use crate::state::Context::Task;
use crate::state::State;
use crate::state::Step;
use crate::world::check;
use crate::world::Counted;
use crate::world::Pair;
use kernel::prelude::*;
use kernel::sync::atomic::Atomic as AtomicNumber;
use kernel::sync::atomic::Relaxed;
use kernel::sync::new_mutex;
use kernel::sync::Arc;
use kernel::sync::Completion;
use kernel::sync::Mutex;
use kernel::time::delay::fsleep;
use kernel::time::Delta;
use kernel::workqueue;
use kernel::workqueue::impl_has_delayed_work;
use kernel::workqueue::impl_has_work;
use kernel::workqueue::new_delayed_work;
use kernel::workqueue::new_work;
use kernel::workqueue::DelayedWork;
use kernel::workqueue::Queue;
use kernel::workqueue::Work;
use kernel::workqueue::WorkItem;

pub(crate) const STEPS: &[Step] = &[
    Step("enqueue", 30, Atomic, enqueue),
    Step("enqueue_delayed", 20, Atomic, enqueue_delayed),
    Step("cancel_work", 10, Task, cancel),
    Step("closure", 10, Atomic, closure),
    Step("boxed_work", 10, Atomic, boxed),
    Step("complete", 3, Task, complete),
];

/// Closures that have not run to their end, and how many there are at most.
static CLOSURES: AtomicNumber<u32> = AtomicNumber::new(0);
const MOST: u32 = 32;

/// Runs a closure in a queue, unless there are many that wait.
pub(crate) fn spawn(s: &mut State<'_>, run: impl FnOnce() + Send + 'static) -> Result {
    if CLOSURES.load(Relaxed) >= MOST {
        return Ok(());
    }
    let (queue, flags) = (queue(&mut s.rng), s.flags());
    CLOSURES.add(1, Relaxed);
    let spawned = queue.try_spawn(flags, move || {
        run();
        CLOSURES.sub(1, Relaxed);
    });
    if spawned.is_err() {
        CLOSURES.sub(1, Relaxed);
    }
    Ok(spawned?)
}

fn queue(rng: &mut Rng) -> &'static Queue {
    match rng.below(6) {
        0 => workqueue::system(),
        1 => workqueue::system_highpri(),
        2 => workqueue::system_long(),
        3 => workqueue::system_freezable(),
        4 => workqueue::system_power_efficient(),
        _ => workqueue::system_unbound(),
    }
}

/// An item with two kinds of work, and one with a delay.
#[pin_data]
pub(crate) struct Item {
    runs: AtomicNumber<u32>,
    #[pin]
    pair: Mutex<Pair>,
    #[pin]
    first: Work<Item, 1>,
    #[pin]
    second: Work<Item, 2>,
    #[pin]
    delayed: DelayedWork<Item, 3>,
    value: Counted,
}

impl_has_work! {
    impl HasWork<Self, 1> for Item { self.first }
    impl HasWork<Self, 2> for Item { self.second }
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self, 3> for Item { self.delayed }
}

impl Item {
    pub(crate) fn new() -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                runs: AtomicNumber::new(0),
                pair <- new_mutex!(Pair::new(), "Item::pair"),
                first <- new_work!("Item::first"),
                second <- new_work!("Item::second"),
                delayed <- new_delayed_work!("Item::delayed"),
                value: Counted::new(11),
            }),
            GFP_KERNEL,
        )
    }

    /// Enqueues one of the kinds. Context: any but NMI.
    pub(crate) fn enqueue(self: &Arc<Self>, queue: &Queue, rng: &mut Rng) {
        let same = match rng.below(3) {
            0 => queue.enqueue::<_, 1>(self.clone()),
            1 => queue.enqueue::<_, 2>(self.clone()),
            _ => queue.enqueue::<_, 3>(self.clone()),
        };
        if let Err(same) = same {
            check(Arc::ptr_eq(&same, self), "another item comes back");
        }
    }

    /// Cancels one of the kinds, and waits if it runs.
    fn cancel(self: &Arc<Self>, kind: usize) -> bool {
        match kind {
            0 => Work::<Self, 1>::cancel_sync(self),
            1 => Work::<Self, 2>::cancel_sync(self),
            _ => DelayedWork::<Self, 3>::cancel_sync(self),
        }
    }

    /// Cancels all; nobody enqueues it any more.
    pub(crate) fn end(self: &Arc<Self>) {
        for kind in 0..3 {
            self.cancel(kind);
            check(!self.cancel(kind), "cancelled work is enqueued");
        }
    }

    fn ran(&self) {
        self.runs.add(1, Relaxed);
        self.value.check();
        self.pair.lock().touch(1);
    }
}

impl WorkItem<1> for Item {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.ran();
    }
}

impl WorkItem<2> for Item {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.ran();
        fsleep(Delta::from_micros(50));
    }
}

impl WorkItem<3> for Item {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.ran();
    }
}

fn enqueue(s: &mut State<'_>) -> Result {
    let queue = queue(&mut s.rng);
    s.rng.pick(&s.world.items).enqueue(queue, &mut s.rng);
    Ok(())
}

fn enqueue_delayed(s: &mut State<'_>) -> Result {
    let (queue, delay) = (queue(&mut s.rng), s.rng.jiffies());
    let item = s.rng.pick(&s.world.items);
    if let Err(same) = queue.enqueue_delayed::<_, 3>(item.clone(), delay) {
        check(Arc::ptr_eq(&same, item), "another item comes back");
    }
    Ok(())
}

fn cancel(s: &mut State<'_>) -> Result {
    let kind = s.rng.below(3);
    s.rng.pick(&s.world.items).cancel(kind);
    Ok(())
}

/// Values are dropped in another thread.
fn closure(s: &mut State<'_>) -> Result {
    let (number, module) = (s.rng.next(), s.world.module);
    let value = Counted::new(number);
    let arc = s.memory.arcs.first().cloned();
    let reference = module.try_get();
    spawn(s, move || {
        check(value.value() == number, "a closure's value");
        drop(arc);
        drop(reference);
    })
}

/// Work that enqueues itself, with what it owns, some times.
#[pin_data]
struct Boxed {
    left: u32,
    value: Counted,
    #[pin]
    work: Work<Boxed>,
}

impl_has_work! {
    impl HasWork<Self> for Boxed { self.work }
}

impl WorkItem for Boxed {
    type Pointer = Pin<KBox<Self>>;

    fn run(mut this: Pin<KBox<Self>>) {
        this.value.check();
        let left = this.as_mut().project().left;
        if *left > 0 {
            *left -= 1;
            workqueue::system_unbound().enqueue(this);
        }
    }
}

fn boxed(s: &mut State<'_>) -> Result {
    if !s.rng.one_in(4) {
        return Ok(());
    }
    let (flags, left) = (s.flags(), s.rng.below(8) as u32);
    let init = pin_init!(Boxed { left, value: Counted::new(12), work <- new_work!("Boxed::work") });
    queue(&mut s.rng).enqueue(KBox::pin_init(init, flags)?);
    Ok(())
}

/// Waits for what another thread completes.
fn complete(s: &mut State<'_>) -> Result {
    let flags = s.flags();
    let (done, all) = (Arc::pin_init(Completion::new(), flags)?, s.rng.one_in(2));
    let theirs = done.clone();
    workqueue::system_unbound().try_spawn(flags, move || match all {
        true => theirs.complete_all(),
        false => theirs.complete(),
    })?;
    done.wait_for_completion();
    Ok(())
}

/// Whether all closures have run to their end.
pub(crate) fn is_over() -> bool {
    CLOSURES.load(Relaxed) == 0
}
