// SPDX-License-Identifier: GPL-2.0-only

//! Tests clocks and delays, and that timers fire, fire again, and are over when their handle is dropped.

use kernel::impl_has_hr_timer;
use kernel::impl_has_timer;
use kernel::prelude::*;
use kernel::sync::atomic::Atomic;
use kernel::sync::atomic::Full;
use kernel::sync::atomic::Relaxed;
use kernel::sync::Arc;
use kernel::sync::ArcBorrow;
use kernel::sync::Completion;
use kernel::time::delay::fsleep;
use kernel::time::delay::udelay;
use kernel::time::hrtimer::AbsoluteMode;
use kernel::time::hrtimer::HrTimer;
use kernel::time::hrtimer::HrTimerCallback;
use kernel::time::hrtimer::HrTimerCallbackContext;
use kernel::time::hrtimer::HrTimerHandle;
use kernel::time::hrtimer::HrTimerPointer;
use kernel::time::hrtimer::HrTimerRestart;
use kernel::time::hrtimer::RelativeMode;
use kernel::time::hrtimer::RelativeSoftMode;
use kernel::time::hrtimer::ScopedHrTimerPointer;
use kernel::time::jiffies;
use kernel::time::msecs_to_jiffies;
use kernel::time::timer::new_timer;
use kernel::time::timer::HasTimer;
use kernel::time::timer::Timer;
use kernel::time::timer::TimerCallback;
use kernel::time::timer::TimerCallbackContext;
use kernel::time::timer::TimerHandle;
use kernel::time::timer::TimerPointer;
use kernel::time::BootTime;
use kernel::time::ClockSource;
use kernel::time::Delta;
use kernel::time::Instant;
use kernel::time::Jiffies;
use kernel::time::Monotonic;
use kernel::time::RealTime;
use kernel::time::Tai;
use pin_init::stack_pin_init;

#[macro_use]
mod ktap;
use ktap::Outcome;

ktap_module! {
    name: "test_time",
    description: "Tests clocks and timers",
    cases: [
        clocks_go_on,
        spans,
        delays_take_their_time,
        ticks,
        hrtimer_fires_again,
        hrtimer_is_cancelled,
        hrtimer_waits_for_its_function,
        hrtimer_of_a_box,
        hrtimer_of_the_stack,
        hrtimer_of_an_exclusive_reference,
        timer_fires_again,
        timer_is_cancelled,
        timer_waits_for_its_function,
        timer_of_a_box,
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

fn goes_on<C: ClockSource>() -> Outcome {
    let start = Instant::<C>::now();
    fsleep(Delta::from_millis(5));
    let elapsed = start.elapsed();
    check!(elapsed >= Delta::from_millis(5));
    check!(elapsed < Delta::from_secs(10));
    check!(start + elapsed > start && start - elapsed < start);
    Ok(())
}

fn clocks_go_on() -> Outcome {
    goes_on::<Monotonic>()?;
    goes_on::<BootTime>()?;
    goes_on::<RealTime>()?;
    goes_on::<Tai>()
}

fn spans() -> Outcome {
    const MAX: Delta = Delta::from_nanos(i64::MAX);

    check_eq!(Delta::from_micros(-1).as_nanos(), -1000);
    check!(Delta::from_micros(-1).is_negative() && Delta::ZERO.is_zero());
    check_eq!(Delta::from_nanos(1).as_micros_ceil(), 1);
    check_eq!(Delta::from_nanos(1001).rem_nanos(1000).as_nanos(), 1);
    check_eq!(Delta::from_nanos(i64::MIN).rem_nanos(-1), Delta::ZERO);
    check_eq!(MAX + Delta::from_nanos(1), MAX);
    check_eq!(MAX * -2, Delta::from_nanos(i64::MIN));
    check_eq!(
        Delta::from_nanos(i64::MIN) / Delta::from_nanos(-1),
        i64::MAX
    );
    let mut span = Delta::from_secs(2);
    span -= Delta::from_millis(1);
    span *= 2;
    check_eq!(span.as_millis(), 3998);

    let early = Instant::<Monotonic>::now() - MAX;
    check_eq!(early - MAX, early);
    check_eq!((early + MAX) + MAX, early + MAX);
    Ok(())
}

fn delays_take_their_time() -> Outcome {
    for span in [Delta::from_micros(900), Delta::from_millis(30)] {
        let start = Instant::<Monotonic>::now();
        fsleep(span);
        check!(start.elapsed() >= span);
    }
    // Spinning goes by the calibrated speed, which in an emulated machine can be far from the real one:
    // what holds there too is that more is longer.
    check!(shortest_delay(Delta::from_millis(5)) > shortest_delay(Delta::from_micros(50)));
    Ok(())
}

/// How long `udelay` of `span` took when nothing came between.
fn shortest_delay(span: Delta) -> Delta {
    let mut shortest = Delta::from_secs(60);
    for _ in 0..5 {
        let start = Instant::<Monotonic>::now();
        udelay(span);
        shortest = shortest.min(start.elapsed());
    }
    shortest
}

fn ticks() -> Outcome {
    let start = jiffies();
    fsleep(Delta::from_millis(100));
    check!(jiffies().wrapping_sub(start) >= msecs_to_jiffies(90));
    check!(msecs_to_jiffies(1) >= 1);
    Ok(())
}

/// How often timers fire before they are done.
const TIMES: u32 = 5;

/// Counts calls, and says when there were enough; then it goes on if it is to.
#[pin_data]
struct Counter {
    calls: Atomic<u32>,
    for_ever: bool,
    slow: bool,
    running: Atomic<bool>,
    #[pin]
    done: Completion,
    _alive: Alive,
}

impl Counter {
    fn new(for_ever: bool, slow: bool) -> impl PinInit<Self> {
        pin_init!(Self {
            calls: Atomic::new(0),
            for_ever,
            slow,
            running: Atomic::new(false),
            done <- Completion::new(),
            _alive: Alive::new(),
        })
    }

    /// Whether to call again.
    fn called(&self) -> bool {
        self.running.store(true, Relaxed);
        if self.slow {
            udelay(Delta::from_millis(2));
        }
        let calls = self.calls.fetch_add(1, Full) + 1;
        if calls == TIMES {
            self.done.complete_all();
        }
        self.running.store(false, Relaxed);
        calls < TIMES || self.for_ever
    }

    /// Waits until it is called, or was since: on this CPU nobody sees it running.
    fn wait_for_a_call(&self) {
        let calls = self.calls.load(Relaxed);
        while !self.running.load(Relaxed) && self.calls.load(Relaxed) == calls {
            fsleep(Delta::from_micros(20));
        }
    }

    /// Fails if there are calls although there should be none.
    fn is_over(&self) -> Outcome {
        check!(!self.running.load(Relaxed));
        let calls = self.calls.load(Relaxed);
        fsleep(Delta::from_millis(30));
        check_eq!(self.calls.load(Relaxed), calls);
        Ok(())
    }
}

#[pin_data]
struct High {
    #[pin]
    counter: Counter,
    #[pin]
    timer: HrTimer<Self>,
}

impl_has_hr_timer! {
    impl HasHrTimer<Self> for High {
        mode: RelativeMode<Monotonic>, field: self.timer
    }
}

impl HrTimerCallback for High {
    type Pointer<'a> = Arc<Self>;

    fn run(this: ArcBorrow<'_, Self>, mut ctx: HrTimerCallbackContext<'_, Self>) -> HrTimerRestart {
        if !this.counter.called() {
            return HrTimerRestart::NoRestart;
        }
        ctx.forward_now(Delta::from_micros(500));
        HrTimerRestart::Restart
    }
}

fn high(for_ever: bool, slow: bool) -> Result<Arc<High>> {
    Arc::pin_init(
        pin_init!(High {
            counter <- Counter::new(for_ever, slow),
            timer <- HrTimer::new(),
        }),
        GFP_KERNEL,
    )
}

fn hrtimer_fires_again() -> Outcome {
    let timer = high(false, false)?;
    let start = Instant::<Monotonic>::now();
    let mut handle = timer.clone().start(Delta::from_millis(1));
    timer.counter.done.wait_for_completion();
    check!(start.elapsed() >= Delta::from_millis(1));
    check!(timer.timer.expires() >= start);
    // Its function may not have returned, but will not be called again.
    check!(!handle.cancel());
    check_eq!(timer.counter.calls.load(Relaxed), TIMES);
    Ok(())
}

fn hrtimer_is_cancelled() -> Outcome {
    let timer = high(true, false)?;
    let mut handle = timer.clone().start(Delta::from_secs(1000));
    check!(handle.cancel());
    check!(!handle.cancel());
    drop(handle);

    // Each of two handles cancels.
    let first = timer.clone().start(Delta::from_secs(1000));
    let mut second = timer.clone().start(Delta::from_secs(1000));
    drop(first);
    check!(!second.cancel());
    check_eq!(timer.counter.calls.load(Relaxed), 0);
    Ok(())
}

fn hrtimer_waits_for_its_function() -> Outcome {
    let timer = high(true, true)?;
    for _ in 0..20 {
        let handle = timer.clone().start(Delta::from_micros(100));
        timer.counter.wait_for_a_call();
        drop(handle);
        check!(!timer.counter.running.load(Relaxed));
    }
    timer.counter.is_over()
}

/// Of other modes and pointers.
#[pin_data]
struct Soft {
    #[pin]
    counter: Counter,
    #[pin]
    timer: HrTimer<Self>,
}

impl_has_hr_timer! {
    impl HasHrTimer<Self> for Soft {
        mode: RelativeSoftMode<BootTime>, field: self.timer
    }
}

/// How often [`Soft`] was called: nothing else tells when a box has the timer.
static SOFT: Atomic<u32> = Atomic::new(0);

impl HrTimerCallback for Soft {
    type Pointer<'a> = Pin<KBox<Self>>;

    fn run(this: Pin<&mut Self>, mut ctx: HrTimerCallbackContext<'_, Self>) -> HrTimerRestart {
        SOFT.add(1, Relaxed);
        this.counter.called();
        ctx.forward_now(Delta::from_micros(300));
        HrTimerRestart::Restart
    }
}

fn hrtimer_of_a_box() -> Outcome {
    let timer = KBox::pin_init(
        pin_init!(Soft { counter <- Counter::new(true, false), timer <- HrTimer::new() }),
        GFP_KERNEL,
    )?;
    let handle = timer.start(Delta::from_micros(300));
    while SOFT.load(Relaxed) < TIMES {
        fsleep(Delta::from_micros(200));
    }
    drop(handle);
    let calls = SOFT.load(Relaxed);
    fsleep(Delta::from_millis(20));
    check_eq!(SOFT.load(Relaxed), calls);
    Ok(())
}

#[pin_data]
struct Scoped {
    #[pin]
    counter: Counter,
    #[pin]
    timer: HrTimer<Self>,
}

impl_has_hr_timer! {
    impl HasHrTimer<Self> for Scoped {
        mode: AbsoluteMode<Monotonic>, field: self.timer
    }
}

impl HrTimerCallback for Scoped {
    type Pointer<'a> = Pin<&'a Self>;

    fn run(this: Pin<&Self>, mut ctx: HrTimerCallbackContext<'_, Self>) -> HrTimerRestart {
        if !this.counter.called() {
            return HrTimerRestart::NoRestart;
        }
        ctx.forward(Instant::now(), Delta::from_micros(300));
        HrTimerRestart::Restart
    }
}

fn hrtimer_of_the_stack() -> Outcome {
    stack_pin_init!(let timer = pin_init!(Scoped {
        counter <- Counter::new(true, false),
        timer <- HrTimer::new(),
    }));
    let timer = timer.as_ref();

    let at = Instant::now() + Delta::from_millis(1);
    let late = timer.start_scoped(at, || {
        timer.counter.done.wait_for_completion();
        Instant::now() - at
    });
    check!(!late.is_negative());
    timer.counter.is_over()
}

#[pin_data]
struct Exclusive {
    #[pin]
    counter: Counter,
    own: u32,
    #[pin]
    timer: HrTimer<Self>,
}

impl_has_hr_timer! {
    impl HasHrTimer<Self> for Exclusive {
        mode: RelativeMode<Monotonic>, field: self.timer
    }
}

impl HrTimerCallback for Exclusive {
    type Pointer<'a> = Pin<&'a mut Self>;

    fn run(this: Pin<&mut Self>, _ctx: HrTimerCallbackContext<'_, Self>) -> HrTimerRestart {
        *this.project().own += 1;
        HrTimerRestart::NoRestart
    }
}

fn hrtimer_of_an_exclusive_reference() -> Outcome {
    stack_pin_init!(let timer = pin_init!(Exclusive {
        counter <- Counter::new(false, false),
        own: 0,
        timer <- HrTimer::new(),
    }));
    timer
        .as_mut()
        .start_scoped(Delta::from_micros(100), || fsleep(Delta::from_millis(20)));
    check_eq!((timer.own, timer.counter.calls.load(Relaxed)), (1, 0));
    Ok(())
}

#[pin_data]
struct Low<P> {
    #[pin]
    counter: Counter,
    #[pin]
    timer: Timer<Self>,
    _pointer: core::marker::PhantomData<fn(P)>,
}

/// In an `Arc`, or a box.
struct InArc;
struct InBox;

impl_has_timer! {
    impl{P} HasTimer<Self> for Low<P> { self.timer }
}

/// How often a [`Low<InBox>`] was called.
static LOW: Atomic<u32> = Atomic::new(0);

impl TimerCallback for Low<InArc> {
    type Pointer<'a> = Arc<Self>;

    fn run(this: ArcBorrow<'_, Self>, ctx: TimerCallbackContext<'_, Self>) {
        if this.counter.called() {
            ctx.modify(1);
        }
    }
}

impl TimerCallback for Low<InBox> {
    type Pointer<'a> = Pin<KBox<Self>>;

    fn run(this: Pin<&mut Self>, ctx: TimerCallbackContext<'_, Self>) {
        LOW.add(1, Relaxed);
        this.counter.called();
        ctx.modify(1);
    }
}

fn low<P>(for_ever: bool, slow: bool) -> impl PinInit<Low<P>>
where
    Low<P>: TimerCallback + HasTimer<Low<P>>,
{
    pin_init!(Low {
        counter <- Counter::new(for_ever, slow),
        timer <- new_timer!("Low::timer"),
        _pointer: core::marker::PhantomData,
    })
}

fn timer_fires_again() -> Outcome {
    let timer = Arc::pin_init(low::<InArc>(false, false), GFP_KERNEL)?;
    let start = jiffies();
    let mut handle = timer.clone().start(2);
    timer.counter.done.wait_for_completion();
    check!(jiffies().wrapping_sub(start) >= 2 + (TIMES - 1) as Jiffies);
    check!(!handle.cancel());
    check_eq!(timer.counter.calls.load(Relaxed), TIMES);

    check!(!handle.modify(1000));
    check!(handle.modify(2000));
    check!(handle.cancel());
    Ok(())
}

fn timer_is_cancelled() -> Outcome {
    let timer = Arc::pin_init(low::<InArc>(true, false), GFP_KERNEL)?;
    // The longest delays do not count as past.
    let handle = timer.clone().start(Jiffies::MAX);
    let mut second = timer.clone().start(msecs_to_jiffies(1_000_000));
    fsleep(Delta::from_millis(20));
    drop(handle);
    check!(!second.cancel());
    check_eq!(timer.counter.calls.load(Relaxed), 0);
    Ok(())
}

fn timer_waits_for_its_function() -> Outcome {
    let timer = Arc::pin_init(low::<InArc>(true, true), GFP_KERNEL)?;
    for _ in 0..10 {
        let handle = timer.clone().start(1);
        timer.counter.wait_for_a_call();
        drop(handle);
        check!(!timer.counter.running.load(Relaxed));
    }
    timer.counter.is_over()
}

fn timer_of_a_box() -> Outcome {
    let timer = KBox::pin_init(low::<InBox>(true, false), GFP_KERNEL)?;
    let handle = timer.start(1);
    while LOW.load(Relaxed) < TIMES {
        fsleep(Delta::from_millis(2));
    }
    drop(handle);
    let calls = LOW.load(Relaxed);
    fsleep(Delta::from_millis(30));
    check_eq!(LOW.load(Relaxed), calls);
    Ok(())
}

fn values_are_dropped() -> Outcome {
    check_eq!(ALIVE.load(Relaxed), 0);
    Ok(())
}
