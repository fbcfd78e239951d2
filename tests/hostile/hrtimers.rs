// SPDX-License-Identifier: GPL-2.0-only

//! Steps with high resolution timers: shared, in a box, and in a function's frame.

use crate::memory::keep;
use crate::memory::lose;
use crate::state::Context::Atomic;
use crate::state::Context::Task;
use crate::state::State;
use crate::state::Step;
use crate::timers::act;
use crate::timers::Play;
use crate::timers::KEPT;
use crate::work::Item;
use crate::world::check;
use crate::world::Counted;
use crate::world::Pair;
use kernel::impl_has_hr_timer;
use kernel::prelude::*;
use kernel::sync::atomic::Atomic as AtomicNumber;
use kernel::sync::atomic::Relaxed;
use kernel::sync::new_spinlock_irq;
use kernel::sync::Arc;
use kernel::sync::ArcBorrow;
use kernel::sync::SpinLockIrq;
use kernel::time::delay::fsleep;
use kernel::time::hrtimer::HrTimer;
use kernel::time::hrtimer::HrTimerCallback;
use kernel::time::hrtimer::HrTimerCallbackContext;
use kernel::time::hrtimer::HrTimerHandle;
use kernel::time::hrtimer::HrTimerPointer;
use kernel::time::hrtimer::HrTimerRestart;
use kernel::time::hrtimer::RelativeMode;
use kernel::time::hrtimer::RelativeSoftMode;
use kernel::time::hrtimer::ScopedHrTimerPointer;
use kernel::time::Delta;
use kernel::time::Instant;
use kernel::time::Monotonic;
use pin_init::stack_pin_init;

pub(crate) const STEPS: &[Step] = &[
    Step("hi_start", 30, Atomic, hi_start),
    Step("hi_cancel", 15, Task, hi_cancel),
    Step("hi_drop", 15, Task, hi_drop),
    Step("hi_in_a_box", 5, Task, hi_in_a_box),
    Step("hi_elsewhere", 8, Atomic, hi_elsewhere),
    Step("hi_scoped", 2, Task, hi_scoped),
];

/// A timer that may be called in a hard interrupt.
#[pin_data]
pub(crate) struct Hi {
    #[pin]
    pub(crate) pair: SpinLockIrq<Pair>,
    play: Play,
    item: Arc<Item>,
    #[pin]
    timer: HrTimer<Self>,
    value: Counted,
}

impl_has_hr_timer! {
    impl HasHrTimer<Self> for Hi {
        mode: RelativeMode<Monotonic>, field: self.timer
    }
}

impl Hi {
    pub(crate) fn new(item: Arc<Item>) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                pair <- new_spinlock_irq!(Pair::new(), "Hi::pair"),
                play: Play::new(),
                item,
                timer <- HrTimer::new(),
                value: Counted::new(7),
            }),
            GFP_KERNEL,
        )
    }
}

impl HrTimerCallback for Hi {
    type Pointer<'a> = Arc<Self>;

    fn run(this: ArcBorrow<'_, Self>, mut ctx: HrTimerCallbackContext<'_, Self>) -> HrTimerRestart {
        let (mut rng, again) = this.play.next();
        this.value.check();
        act(&mut rng, &this.pair, &this.item);
        let same: Arc<Self> = this.into();
        let interval = Delta::from_nanos(rng.number() as i64);
        let _times = match rng.below(4) {
            0 => ctx.forward(Instant::now(), interval),
            1 => ctx.forward(Instant::now() + rng.delta(), interval),
            2 => ctx.forward_now(Delta::from_micros(100)),
            _ => 0,
        };
        drop(same);
        match again {
            true => HrTimerRestart::Restart,
            false => HrTimerRestart::NoRestart,
        }
    }
}

fn hi_start(s: &mut State<'_>) -> Result {
    if s.timers.his.len() < KEPT {
        let hi = s.rng.pick(&s.world.his);
        hi.play.write(&mut s.rng);
        let handle = hi.clone().start(s.rng.delta());
        core::hint::black_box(hi.timer.expires());
        let _ = s.timers.his.push_within_capacity(handle);
    }
    Ok(())
}

fn hi_cancel(s: &mut State<'_>) -> Result {
    if !s.timers.his.is_empty() {
        let at = s.rng.below(s.timers.his.len());
        s.timers.his[at].cancel();
    }
    Ok(())
}

fn hi_drop(s: &mut State<'_>) -> Result {
    lose(&mut s.timers.his, &mut s.rng);
    Ok(())
}

/// A closure starts it and cancels it, while others do so.
fn hi_elsewhere(s: &mut State<'_>) -> Result {
    let (hi, delta) = (s.rng.pick(&s.world.his).clone(), s.rng.delta());
    let span = Delta::from_micros(s.rng.within(0..50));
    crate::work::spawn(s, move || {
        let mut handle = hi.start(delta);
        kernel::time::delay::udelay(span);
        handle.cancel();
    })
}

/// A timer of a soft interrupt.
#[pin_data]
pub(crate) struct Soft {
    play: Play,
    calls: u32,
    #[pin]
    timer: HrTimer<Self>,
    value: Counted,
}

impl_has_hr_timer! {
    impl HasHrTimer<Self> for Soft {
        mode: RelativeSoftMode<Monotonic>, field: self.timer
    }
}

impl HrTimerCallback for Soft {
    type Pointer<'a> = Pin<KBox<Self>>;

    fn run(this: Pin<&mut Self>, mut ctx: HrTimerCallbackContext<'_, Self>) -> HrTimerRestart {
        let this = this.project();
        let (mut rng, again) = this.play.next();
        *this.calls += 1;
        this.value.check();
        ctx.forward_now(rng.delta());
        match again {
            true => HrTimerRestart::Restart,
            false => HrTimerRestart::NoRestart,
        }
    }
}

fn hi_in_a_box(s: &mut State<'_>) -> Result {
    if s.rng.one_in(3) {
        lose(&mut s.timers.boxes, &mut s.rng);
        return Ok(());
    }
    let soft = KBox::pin_init(
        pin_init!(Soft {
            play: Play::new(),
            calls: 0,
            timer <- HrTimer::new(),
            value: Counted::new(8),
        }),
        GFP_KERNEL,
    )?;
    soft.play.write(&mut s.rng);
    let handle = soft.start(s.rng.delta());
    keep(&mut s.timers.boxes, &mut s.rng, handle);
    Ok(())
}

/// A timer in a function's frame.
#[pin_data]
struct Scoped {
    calls: AtomicNumber<u32>,
    value: Counted,
    #[pin]
    timer: HrTimer<Self>,
}

impl_has_hr_timer! {
    impl HasHrTimer<Self> for Scoped {
        mode: RelativeMode<Monotonic>, field: self.timer
    }
}

impl HrTimerCallback for Scoped {
    type Pointer<'a> = Pin<&'a Self>;

    fn run(this: Pin<&Self>, mut ctx: HrTimerCallbackContext<'_, Self>) -> HrTimerRestart {
        this.value.check();
        if this.calls.fetch_add(1, Relaxed) < 4 {
            ctx.forward_now(Delta::from_micros(20));
            return HrTimerRestart::Restart;
        }
        HrTimerRestart::NoRestart
    }
}

fn hi_scoped(s: &mut State<'_>) -> Result {
    stack_pin_init!(let scoped = pin_init!(Scoped {
        calls: AtomicNumber::new(0),
        value: Counted::new(9),
        timer <- HrTimer::new(),
    }));
    let scoped = scoped.as_ref();
    let sleep = Delta::from_micros(s.rng.within(0..100));
    let calls = || scoped.calls.load(Relaxed);
    for _ in 0..s.rng.below(3) {
        let delta = s.rng.delta();
        scoped.start_scoped(delta, || fsleep(sleep));
        let before = calls();
        fsleep(sleep);
        check(calls() == before, "a cancelled timer is called");
    }
    Ok(())
}
