// SPDX-License-Identifier: GPL-2.0-only

//! Tests that safe code which would harm a kernel is refused: the rules of docs/soundness.md that types do not enforce.

use kernel::alloc::Flags;
use kernel::impl_has_hr_timer;
use kernel::interrupt::local_interrupt_disable;
use kernel::interrupt::LocalInterruptDisabled;
use kernel::module::this_module;
use kernel::prelude::*;
use kernel::sync::atomic::Atomic;
use kernel::sync::atomic::Relaxed;
use kernel::sync::new_mutex;
use kernel::sync::new_spinlock_irq;
use kernel::sync::rcu;
use kernel::sync::Arc;
use kernel::sync::ArcBorrow;
use kernel::sync::Completion;
use kernel::sync::Mutex;
use kernel::sync::SpinLockIrq;
use kernel::time::delay::fsleep;
use kernel::time::delay::udelay;
use kernel::time::hrtimer::ArcHrTimerHandle;
use kernel::time::hrtimer::HrTimer;
use kernel::time::hrtimer::HrTimerCallback;
use kernel::time::hrtimer::HrTimerCallbackContext;
use kernel::time::hrtimer::HrTimerPointer;
use kernel::time::hrtimer::HrTimerRestart;
use kernel::time::hrtimer::RelativePinnedMode;
use kernel::time::Delta;
use kernel::time::Instant;
use kernel::time::Jiffies;
use kernel::time::Monotonic;
use kernel::uaccess::UserPtr;
use kernel::uaccess::UserSlice;
use kernel::workqueue;
use kernel::workqueue::impl_has_delayed_work;
use kernel::workqueue::new_delayed_work;
use kernel::workqueue::DelayedWork;
use kernel::workqueue::WorkItem;

#[macro_use]
mod ktap;
use ktap::Outcome;

ktap_module! {
    name: "test_soundness",
    description: "Tests that what would harm a kernel is refused",
    cases: [
        flags_have_named_bits_only,
        interrupt_flags_have_named_bits_only,
        no_vmalloc_in_an_interrupt,
        interrupts_are_counted_as_long_as_memory_is,
        forwarding_leaves_a_shared_timer_alone,
        starting_while_the_function_runs_counts,
        rcu_guards_do_not_overflow,
        module_references_do_not_overflow,
        reading_all_fails_if_the_length_overflows,
        the_longest_delay_is_long,
        an_arc_can_be_assigned,
    ],
}

fn flags_have_named_bits_only() -> Outcome {
    let none = GFP_KERNEL & !GFP_KERNEL;
    let named = [
        GFP_KERNEL,
        GFP_ATOMIC,
        GFP_KERNEL_ACCOUNT,
        GFP_NOWAIT,
        __GFP_ZERO,
        __GFP_HIGHMEM,
        __GFP_NOWARN,
    ];
    let all = named.iter().fold(none, |all: Flags, flags| all | *flags);
    check!(!none == all);
    check!(!all == none);
    check!((GFP_KERNEL | __GFP_ZERO) & !__GFP_ZERO == GFP_KERNEL);
    Ok(())
}

fn interrupt_flags_have_named_bits_only() -> Outcome {
    use kernel::irq::Flags;

    let none = Flags::SHARED & Flags::TRIGGER_LOW;
    let named = [
        Flags::TRIGGER_NONE,
        Flags::TRIGGER_RISING,
        Flags::TRIGGER_FALLING,
        Flags::TRIGGER_HIGH,
        Flags::TRIGGER_LOW,
        Flags::SHARED,
        Flags::PROBE_SHARED,
        Flags::PERCPU,
        Flags::NOBALANCING,
        Flags::IRQPOLL,
        Flags::ONESHOT,
        Flags::NO_SUSPEND,
        Flags::FORCE_RESUME,
        Flags::NO_THREAD,
        Flags::EARLY_RESUME,
        Flags::COND_SUSPEND,
        Flags::NO_AUTOEN,
        Flags::NO_DEBUG,
    ];
    let all = named.iter().fold(none, |all, flags| all | *flags);
    check!(!none == all);
    check!(!all == none);
    Ok(())
}

/// What a timer's function does once, on the CPU that starts it, in a hard interrupt.
#[pin_data]
struct Once {
    task: fn(&Self, &mut HrTimerCallbackContext<'_, Self>) -> HrTimerRestart,
    calls: Atomic<u32>,
    refused: Atomic<bool>,
    #[pin]
    done: Completion,
    #[pin]
    timer: HrTimer<Self>,
}

impl_has_hr_timer! {
    impl HasHrTimer<Self> for Once {
        mode: RelativePinnedMode<Monotonic>, field: self.timer
    }
}

impl HrTimerCallback for Once {
    type Pointer<'a> = Arc<Self>;

    fn run(this: ArcBorrow<'_, Self>, mut ctx: HrTimerCallbackContext<'_, Self>) -> HrTimerRestart {
        this.calls.add(1, Relaxed);
        let restart = (this.task)(&this, &mut ctx);
        this.done.complete_all();
        restart
    }
}

impl Once {
    fn new(
        task: fn(&Self, &mut HrTimerCallbackContext<'_, Self>) -> HrTimerRestart,
    ) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                task,
                calls: Atomic::new(0),
                refused: Atomic::new(false),
                done <- Completion::new(),
                timer <- HrTimer::new(),
            }),
            GFP_KERNEL,
        )
    }
}

fn no_vmalloc_in_an_interrupt() -> Outcome {
    /// More than `kmalloc()` has.
    const LARGE: usize = 8 << 20;

    let once = Once::new(|once, _| {
        let pages = VVec::<u8>::with_capacity(8192, GFP_ATOMIC);
        let large = KVVec::<u8>::with_capacity(LARGE, GFP_ATOMIC | __GFP_NOWARN);
        let small = KVVec::<u8>::with_capacity(64, GFP_ATOMIC);
        once.refused
            .store(pages.is_err() && large.is_err() && small.is_ok(), Relaxed);
        HrTimerRestart::NoRestart
    })?;
    let handle = once.clone().start(Delta::from_millis(1));
    once.done.wait_for_completion();
    drop(handle);
    check!(once.refused.load(Relaxed));
    Ok(())
}

/// Whether timers of this CPU fire: it does not sleep, which would turn interrupts on.
fn interrupts_are_on() -> Result<bool> {
    let once = Once::new(|_, _| HrTimerRestart::NoRestart)?;
    let handle = once.clone().start(Delta::from_micros(100));
    let start = Instant::<Monotonic>::now();
    while once.calls.load(Relaxed) == 0 && start.elapsed() < Delta::from_secs(10) {
        udelay(Delta::from_micros(200));
    }
    drop(handle);
    Ok(once.calls.load(Relaxed) == 1)
}

fn interrupts_are_counted_as_long_as_memory_is() -> Outcome {
    let pages = VVec::<u8>::with_capacity(4096, GFP_KERNEL)?;
    let lock: Pin<KBox<SpinLockIrq<u32>>> = KBox::pin_init(new_spinlock_irq!(0), GFP_KERNEL)?;
    let mut guards = KVec::<LocalInterruptDisabled>::new();
    for _ in 0..5000 {
        // They take no memory.
        guards.push(local_interrupt_disable(), GFP_ATOMIC)?;
        if guards.len() == 257 {
            *lock.lock() += 1;
        }
    }
    // SAFETY: It only looks.
    let is_task = unsafe { kernel::bindings::in_task() };
    // Some kernels count in bits beside those of NMIs: there vfree() would be a BUG().
    drop(pages);
    drop(guards);
    check!(is_task);
    check_eq!(*lock.lock(), 1);
    check!(interrupts_are_on()?);
    Ok(())
}

fn forwarding_leaves_a_shared_timer_alone() -> Outcome {
    let once = Once::new(|once, ctx| {
        if once.calls.load(Relaxed) == 2 {
            return HrTimerRestart::NoRestart;
        }
        let before = once.timer.expires();
        // The queue is ordered by the timer's own expiry, and somebody may have started the timer meanwhile.
        let overruns = ctx.forward_now(Delta::from_millis(1));
        let more = ctx.forward(before + Delta::from_millis(50), Delta::from_millis(1));
        // However late it is by now.
        let is_right = overruns >= 1 && overruns + more >= 50 && once.timer.expires() == before;
        once.refused.store(is_right, Relaxed);
        HrTimerRestart::Restart
    })?;
    let handle = once.clone().start(Delta::from_millis(1));
    for _ in 0..10_000 {
        if once.calls.load(Relaxed) == 2 {
            break;
        }
        fsleep(Delta::from_millis(1));
    }
    drop(handle);
    check_eq!(once.calls.load(Relaxed), 2);
    check!(once.refused.load(Relaxed));
    Ok(())
}

/// A timer that its function starts, as another CPU may meanwhile.
#[pin_data]
struct Restarted {
    calls: Atomic<u32>,
    moved: Atomic<bool>,
    #[pin]
    handle: SpinLockIrq<Option<ArcHrTimerHandle<Self>>>,
    #[pin]
    timer: HrTimer<Self>,
}

impl_has_hr_timer! {
    impl HasHrTimer<Self> for Restarted {
        mode: RelativePinnedMode<Monotonic>, field: self.timer
    }
}

impl HrTimerCallback for Restarted {
    type Pointer<'a> = Arc<Self>;

    fn run(this: ArcBorrow<'_, Self>, mut ctx: HrTimerCallbackContext<'_, Self>) -> HrTimerRestart {
        if this.calls.fetch_add(1, Relaxed) != 0 {
            return HrTimerRestart::NoRestart;
        }
        ctx.forward_now(Delta::from_secs(3600));
        let handle = Arc::from(this).start(Delta::from_millis(2));
        // Dropped here, it would wait for this function.
        *this.handle.lock() = Some(handle);
        let moved = ctx.forward_now(Delta::from_secs(3600)) != 0;
        this.moved.store(moved, Relaxed);
        HrTimerRestart::Restart
    }
}

fn starting_while_the_function_runs_counts() -> Outcome {
    let timer = Arc::pin_init(
        pin_init!(Restarted {
            calls: Atomic::new(0),
            moved: Atomic::new(false),
            handle <- new_spinlock_irq!(None),
            timer <- HrTimer::new(),
        }),
        GFP_KERNEL,
    )?;
    let first = timer.clone().start(Delta::from_millis(1));
    for _ in 0..10_000 {
        if timer.calls.load(Relaxed) == 2 {
            break;
        }
        fsleep(Delta::from_millis(1));
    }
    let second = timer.handle.lock().take();
    drop(second);
    drop(first);
    // After two milliseconds, not after an hour.
    check_eq!(timer.calls.load(Relaxed), 2);
    check!(!timer.moved.load(Relaxed));
    Ok(())
}

fn rcu_guards_do_not_overflow() -> Outcome {
    let guard = rcu::read_lock();
    // SAFETY: There is a current task, and nobody else changes its depth.
    let depth = unsafe { &raw mut (*kernel::bindings::get_current()).rcu_read_lock_nesting };
    // SAFETY: Just taken of a valid task.
    let before = unsafe { depth.read_volatile() };
    // SAFETY: It is a reader before, meanwhile and after.
    unsafe { depth.write_volatile(i32::MAX / 2 + 1) };
    // SAFETY: It only looks.
    let is_full = unsafe { kernel::bindings::rcu_is_nested_too_deep() };
    // SAFETY: As above.
    unsafe { depth.write_volatile(before) };
    check!(is_full);
    // SAFETY: It only looks.
    check!(!unsafe { kernel::bindings::rcu_is_nested_too_deep() });
    drop(guard);
    Ok(())
}

fn module_references_do_not_overflow() -> Outcome {
    let module = this_module::<LocalModule>();
    let reference = module.try_get().ok_or(ENODEV)?;
    // SAFETY: The module is valid while its code runs.
    let count = unsafe { &raw mut (*module.as_ptr()).refcnt.counter };
    // SAFETY: Just taken of a valid module. While it is loaded, nobody else counts.
    let before = unsafe { count.read_volatile() };
    // SAFETY: As above; there are no fewer references than it says.
    unsafe { count.write_volatile(i32::MAX / 2 + 1) };
    let more = module.try_get();
    let is_refused = more.is_none();
    drop(more);
    // SAFETY: As above.
    unsafe { count.write_volatile(before) };
    check!(is_refused);
    drop(reference.clone());
    Ok(())
}

fn reading_all_fails_if_the_length_overflows() -> Outcome {
    let mut text = KVec::from_elem(1_u8, 16, GFP_KERNEL)?;
    let slice = UserSlice::new(UserPtr::from_ptr(core::ptr::null_mut()), usize::MAX);
    check_eq!(slice.reader().read_all(&mut text, GFP_KERNEL), Err(ENOMEM));
    check_eq!(text.len(), 16);
    Ok(())
}

#[pin_data]
struct Late {
    ran: Atomic<u32>,
    #[pin]
    work: DelayedWork<Late>,
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

fn the_longest_delay_is_long() -> Outcome {
    let item = Arc::pin_init(
        pin_init!(Late {
            ran: Atomic::new(0),
            work <- new_delayed_work!("Late::work"),
        }),
        GFP_KERNEL,
    )?;
    check!(workqueue::system()
        .enqueue_delayed(item.clone(), Jiffies::MAX)
        .is_ok());
    fsleep(Delta::from_millis(50));
    check!(DelayedWork::cancel_sync(&item));
    check_eq!(item.ran.load(Relaxed), 0);
    Ok(())
}

fn an_arc_can_be_assigned() -> Outcome {
    let slot: Pin<KBox<Mutex<Option<Arc<u32>>>>> = KBox::pin_init(new_mutex!(None), GFP_KERNEL)?;
    *slot.lock() = Some(Arc::new(5, GFP_KERNEL)?);
    check_eq!(slot.lock().as_deref(), Some(&5));
    Ok(())
}
