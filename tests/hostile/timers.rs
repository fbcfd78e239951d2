// SPDX-License-Identifier: GPL-2.0-only

//! Steps with timers: started and cancelled from several threads, in closures and while their functions run.
//!
//! A timer's function is called again a few times at most: to do so for ever is a documented endless loop. Handles are
//! dropped in a context that may wait.

use crate::hrtimers::Hi;
use crate::hrtimers::Soft;
use crate::memory::lose;
use crate::rng::Rng;
use crate::state::Context::Atomic;
use crate::state::Context::Task;
use crate::state::State;
use crate::state::Step;
use crate::work::Item;
use crate::world::Counted;
use crate::world::Pair;
use kernel::alloc::allocator::Kmalloc;
use kernel::impl_has_timer;
use kernel::prelude::*;
use kernel::sync::atomic::Atomic as AtomicNumber;
use kernel::sync::atomic::Relaxed;
use kernel::sync::new_spinlock_irq;
use kernel::sync::Arc;
use kernel::sync::ArcBorrow;
use kernel::sync::SpinLockIrq;
use kernel::time::hrtimer::ArcHrTimerHandle;
use kernel::time::hrtimer::BoxHrTimerHandle;
use kernel::time::timer::new_timer;
use kernel::time::timer::ArcTimerHandle;
use kernel::time::timer::Timer;
use kernel::time::timer::TimerCallback;
use kernel::time::timer::TimerCallbackContext;
use kernel::time::timer::TimerHandle;
use kernel::time::timer::TimerPointer;
use kernel::workqueue;

pub(crate) const STEPS: &[Step] = &[
    Step("low_start", 20, Atomic, low_start),
    Step("low_modify", 20, Atomic, low_modify),
    Step("low_cancel", 10, Task, low_cancel),
    Step("low_drop", 10, Task, low_drop),
    Step("low_elsewhere", 5, Atomic, low_elsewhere),
];

pub(crate) const KEPT: usize = 6;

/// How often a function is called again without another start.
const AGAIN: i32 = 4;

/// The handles that are kept.
pub(crate) struct Timers {
    pub(crate) his: KVec<ArcHrTimerHandle<Hi>>,
    pub(crate) boxes: KVec<BoxHrTimerHandle<Soft, Kmalloc>>,
    lows: KVec<ArcTimerHandle<Low>>,
}

impl Timers {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            his: KVec::with_capacity(KEPT, GFP_KERNEL)?,
            boxes: KVec::with_capacity(KEPT, GFP_KERNEL)?,
            lows: KVec::with_capacity(KEPT, GFP_KERNEL)?,
        })
    }
}

/// What a timer's function does, by what it finds there: the step that starts it writes it.
pub(crate) struct Play {
    left: AtomicNumber<i32>,
    script: AtomicNumber<u64>,
}

impl Play {
    pub(crate) fn new() -> Self {
        Self {
            left: AtomicNumber::new(0),
            script: AtomicNumber::new(0),
        }
    }

    pub(crate) fn write(&self, rng: &mut Rng) {
        self.script.store(rng.next(), Relaxed);
        self.left
            .store(rng.below(AGAIN as usize + 1) as i32, Relaxed);
    }

    /// Numbers for a call of the function, and whether it may ask for another call.
    pub(crate) fn next(&self) -> (Rng, bool) {
        let left = self.left.fetch_sub(1, Relaxed);
        let script = self.script.fetch_add(1, Relaxed);
        (Rng::new(script, 0), left > 0)
    }
}

/// What any function of a timer may do: use a lock that turns interrupts off, allocate, and enqueue work.
pub(crate) fn act(rng: &mut Rng, pair: &SpinLockIrq<Pair>, item: &Arc<Item>) {
    match rng.below(4) {
        0 => pair.lock().touch(rng.next()),
        1 => pair
            .try_lock()
            .into_iter()
            .for_each(|mut pair| pair.touch(1)),
        2 => drop(KBox::new(Counted::new(rng.next()), GFP_ATOMIC)),
        _ => item.enqueue(workqueue::system(), rng),
    }
}

/// A timer of the wheel.
#[pin_data]
pub(crate) struct Low {
    #[pin]
    pub(crate) pair: SpinLockIrq<Pair>,
    play: Play,
    item: Arc<Item>,
    #[pin]
    timer: Timer<Self>,
    value: Counted,
}

impl_has_timer! {
    impl HasTimer<Self> for Low { self.timer }
}

impl Low {
    pub(crate) fn new(item: Arc<Item>) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                pair <- new_spinlock_irq!(Pair::new(), "Low::pair"),
                play: Play::new(),
                item,
                timer <- new_timer!("Low::timer"),
                value: Counted::new(10),
            }),
            GFP_KERNEL,
        )
    }
}

impl TimerCallback for Low {
    type Pointer<'a> = Arc<Self>;

    fn run(this: ArcBorrow<'_, Self>, ctx: TimerCallbackContext<'_, Self>) {
        let (mut rng, again) = this.play.next();
        this.value.check();
        act(&mut rng, &this.pair, &this.item);
        if again {
            ctx.modify(rng.jiffies());
        }
    }
}

fn low_start(s: &mut State<'_>) -> Result {
    if s.timers.lows.len() < KEPT {
        let low = s.rng.pick(&s.world.lows);
        low.play.write(&mut s.rng);
        let handle = low.clone().start(s.rng.jiffies());
        let _ = s.timers.lows.push_within_capacity(handle);
    }
    Ok(())
}

fn low_modify(s: &mut State<'_>) -> Result {
    let jiffies = s.rng.jiffies();
    if !s.timers.lows.is_empty() {
        let at = s.rng.below(s.timers.lows.len());
        s.timers.lows[at].modify(jiffies);
    }
    Ok(())
}

fn low_cancel(s: &mut State<'_>) -> Result {
    if !s.timers.lows.is_empty() {
        let at = s.rng.below(s.timers.lows.len());
        s.timers.lows[at].cancel();
    }
    Ok(())
}

fn low_drop(s: &mut State<'_>) -> Result {
    lose(&mut s.timers.lows, &mut s.rng);
    Ok(())
}

fn low_elsewhere(s: &mut State<'_>) -> Result {
    let (low, jiffies) = (s.rng.pick(&s.world.lows).clone(), s.rng.jiffies());
    crate::work::spawn(s, move || {
        let mut handle = low.start(jiffies);
        handle.modify(jiffies);
        handle.cancel();
    })
}
