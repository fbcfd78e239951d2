// SPDX-License-Identifier: GPL-2.0-only

//! Tests locks, and what waits, by several threads at a time: work items on all CPUs.

use core::pin::Pin;
use kernel::interrupt::local_interrupt_disable;
use kernel::prelude::*;
use kernel::sync::atomic::Atomic;
use kernel::sync::atomic::Full;
use kernel::sync::atomic::Relaxed;
use kernel::sync::lock::Backend;
use kernel::sync::lock::Lock;
use kernel::sync::new_condvar;
use kernel::sync::new_mutex;
use kernel::sync::new_spinlock;
use kernel::sync::new_spinlock_irq;
use kernel::sync::Arc;
use kernel::sync::Completion;
use kernel::sync::CondVar;
use kernel::sync::CondVarTimeoutResult;
use kernel::sync::LockClassKey;
use kernel::sync::LockedBy;
use kernel::sync::Mutex;
use kernel::sync::Refcount;
use kernel::sync::SetOnce;
use kernel::sync::SpinLock;
use kernel::sync::SpinLockIrq;
use kernel::time::delay::udelay;
use kernel::time::msecs_to_jiffies;
use kernel::time::Delta;
use kernel::workqueue;
use pin_init::stack_pin_init;

#[macro_use]
mod ktap;
use ktap::Outcome;

ktap_module! {
    name: "test_sync",
    description: "Tests locks and what waits",
    cases: [
        mutex_excludes,
        spinlock_excludes,
        spinlock_irq_excludes,
        irq_guards_in_any_order,
        irq_lock_with_a_token,
        try_lock,
        do_unlocked,
        pinned_value,
        condvar_hands_over,
        condvar_under_a_spinlock,
        condvar_wakes_all,
        condvar_times_out,
        completion_counts,
        set_once_by_many,
        set_once_drops,
        locked_by,
        atomic_sizes,
        atomic_adds_by_many,
        atomic_pointer,
        refcount_as_atomic,
        dynamic_class,
    ],
}

/// How many threads there are.
const THREADS: u32 = 4;

/// How often each does it.
const TIMES: u32 = 2000;

/// A shared value, and how many threads are done with it.
#[pin_data]
struct Shared<T> {
    #[pin]
    value: T,
    ended: Atomic<u32>,
    #[pin]
    done: Completion,
}

impl<T: Send + Sync + 'static> Shared<T> {
    fn new(value: impl PinInit<T>) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                value <- value,
                ended: Atomic::new(0),
                done <- Completion::new(),
            }),
            GFP_KERNEL,
        )
    }

    /// Runs a function in several threads at a time, and waits for them.
    fn in_threads(self: &Arc<Self>, run: fn(&T)) -> Outcome {
        for _ in 0..THREADS {
            let this = self.clone();
            workqueue::system_unbound().try_spawn(GFP_KERNEL, move || {
                run(&this.value);
                if this.ended.fetch_add(1, Full) + 1 == THREADS {
                    this.done.complete_all();
                }
            })?;
        }
        self.done.wait_for_completion();
        Ok(())
    }
}

/// Two numbers that only an exclusive change keeps equal: in between, time passes.
struct Pair(u32, u32);

fn change(pair: &mut Pair) {
    pair.0 += 1;
    if pair.0 & 63 == 0 {
        udelay(Delta::from_micros(20));
    }
    pair.1 += 1;
    assert!(pair.0 == pair.1);
}

fn excludes<B: Backend + 'static>(lock: impl PinInit<Lock<Pair, B>>) -> Outcome {
    let shared = Shared::new(lock)?;
    shared.in_threads(|lock| {
        for _ in 0..TIMES {
            change(&mut lock.lock());
        }
    })?;

    let pair = shared.value.lock();
    check_eq!((pair.0, pair.1), (THREADS * TIMES, THREADS * TIMES));
    Ok(())
}

fn mutex_excludes() -> Outcome {
    excludes(new_mutex!(Pair(0, 0)))
}

fn spinlock_excludes() -> Outcome {
    excludes(new_spinlock!(Pair(0, 0)))
}

fn spinlock_irq_excludes() -> Outcome {
    excludes(new_spinlock_irq!(Pair(0, 0)))
}

/// Whether interrupts of this CPU are on.
fn irqs_on() -> bool {
    const IF: u64 = 1 << 9;
    let flags: u64;

    // SAFETY: It reads a register.
    unsafe { core::arch::asm!("pushfq", "pop {}", out(reg) flags) };
    flags & IF != 0
}

fn irq_guards_in_any_order() -> Outcome {
    stack_pin_init!(let first: SpinLockIrq<u32> = new_spinlock_irq!(1));
    stack_pin_init!(let second: SpinLockIrq<u32> = new_spinlock_irq!(2));

    check!(irqs_on());
    let a = first.lock();
    let b = second.lock();
    drop(a);
    let (value, off) = (*b, !irqs_on());
    let fails = second.try_lock().is_none();
    drop(b);
    check_eq!((value, off, fails), (2, true, true));
    check!(irqs_on());

    let token = local_interrupt_disable();
    let a = first.lock();
    drop(token);
    let off = !irqs_on();
    drop(a);
    check!(off);
    check!(irqs_on());
    Ok(())
}

fn irq_lock_with_a_token() -> Outcome {
    stack_pin_init!(let lock: SpinLockIrq<u32> = new_spinlock_irq!(1));

    let token = local_interrupt_disable();
    *lock.lock_with(&token) += 1;
    let guard = lock.try_lock_with(&token);
    let fails = lock.try_lock_with(&token).is_none();
    let works = guard.is_some();
    drop(guard);
    let off = !irqs_on();
    drop(token);
    check_eq!((works, fails, off), (true, true, true));
    check_eq!(*lock.lock(), 2);
    check!(irqs_on());
    Ok(())
}

fn try_lock() -> Outcome {
    stack_pin_init!(let mutex: Mutex<u32> = new_mutex!(1));
    stack_pin_init!(let spin: SpinLock<u32> = new_spinlock!(1, "try_lock"));

    let guard = mutex.lock();
    check!(mutex.try_lock().is_none());
    drop(guard);
    check_eq!(mutex.try_lock().map(|value| *value), Some(1));

    let guard = spin.lock();
    check!(spin.try_lock().is_none());
    drop(guard);
    check_eq!(spin.try_lock().map(|value| *value), Some(1));
    Ok(())
}

fn do_unlocked() -> Outcome {
    stack_pin_init!(let spin: SpinLock<u32> = new_spinlock!(1));

    let mut guard = spin.lock();
    let before = guard.do_unlocked(|| {
        let mut guard = spin.lock();
        *guard += 1;
        *guard - 1
    });
    check_eq!((before, *guard), (1, 2));
    check!(spin.try_lock().is_none());
    check!(core::ptr::eq(guard.lock_ref(), &*spin));
    Ok(())
}

/// A value that is pinned with its lock.
#[pin_data]
struct Inner {
    #[pin]
    mutex: Mutex<u32>,
    count: u32,
}

fn pinned_value() -> Outcome {
    let outer = KBox::pin_init(
        new_mutex!(pin_init!(Inner { mutex <- new_mutex!(5), count: 1 })),
        GFP_KERNEL,
    )?;

    let mut guard = outer.lock();
    *guard.as_mut().project().count += 1;
    check_eq!((guard.count, *guard.mutex.lock()), (2, 5));
    Ok(())
}

/// A place for one value that goes from thread to thread.
#[pin_data]
struct Slot {
    #[pin]
    value: Mutex<Option<u32>>,
    #[pin]
    changed: CondVar,
    sum: Atomic<u32>,
    turn: Atomic<u32>,
}

impl Slot {
    fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            value <- new_mutex!(None),
            changed <- new_condvar!("Slot::changed"),
            sum: Atomic::new(0),
            turn: Atomic::new(0),
        })
    }

    fn put(&self, value: u32) {
        let mut slot = self.value.lock();
        while slot.is_some() {
            self.changed.wait(&mut slot);
        }
        *slot = Some(value);
        self.changed.notify_all();
    }

    fn take(&self) -> u32 {
        let mut slot = self.value.lock();
        loop {
            if let Some(value) = slot.take() {
                self.changed.notify_all();
                return value;
            }
            self.changed.wait(&mut slot);
        }
    }
}

fn condvar_hands_over() -> Outcome {
    let shared = Shared::new(Slot::new())?;
    shared.in_threads(|slot| {
        // Half of the threads put, half take.
        let puts = slot.turn.fetch_add(1, Full) % 2 == 0;
        for i in 0..200 {
            if puts {
                slot.put(i);
            } else {
                slot.sum.add(slot.take(), Relaxed);
            }
        }
    })?;
    check_eq!(
        shared.value.sum.load(Relaxed),
        THREADS / 2 * (199 * 200 / 2)
    );
    Ok(())
}

#[pin_data]
struct Gate {
    #[pin]
    open: SpinLock<bool>,
    #[pin]
    changed: CondVar,
    passed: Atomic<u32>,
    first: Atomic<bool>,
}

impl Gate {
    fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            open <- new_spinlock!(false),
            changed <- new_condvar!(),
            passed: Atomic::new(0),
            first: Atomic::new(true),
        })
    }

    /// The first thread opens the gate, the others wait for it.
    fn pass(&self, notify: fn(&CondVar)) {
        if self.first.xchg(false, Full) {
            // The others are likely to wait by then; if they are late, it is open.
            kernel::time::delay::fsleep(Delta::from_millis(20));
            *self.open.lock() = true;
            notify(&self.changed);
        } else {
            let mut open = self.open.lock();
            while !*open {
                self.changed.wait(&mut open);
            }
            drop(open);
            // Whoever is woken alone wakes the next.
            notify(&self.changed);
        }
        self.passed.add(1, Relaxed);
    }
}

fn condvar_under_a_spinlock() -> Outcome {
    let shared = Shared::new(Gate::new())?;
    shared.in_threads(|gate| gate.pass(CondVar::notify_one))?;
    check_eq!(shared.value.passed.load(Relaxed), THREADS);
    Ok(())
}

fn condvar_wakes_all() -> Outcome {
    let shared = Shared::new(Gate::new())?;
    shared.in_threads(|gate| gate.pass(CondVar::notify_all))?;
    check_eq!(shared.value.passed.load(Relaxed), THREADS);
    Ok(())
}

fn condvar_times_out() -> Outcome {
    stack_pin_init!(let mutex: Mutex<u32> = new_mutex!(1));
    stack_pin_init!(let condvar: CondVar = new_condvar!());

    let mut guard = mutex.lock();
    let result = condvar.wait_interruptible_timeout(&mut guard, msecs_to_jiffies(20));
    check_eq!(result, CondVarTimeoutResult::Timeout);
    check!(mutex.try_lock().is_none());
    Ok(())
}

fn completion_counts() -> Outcome {
    let done = Arc::pin_init(Completion::new(), GFP_KERNEL)?;
    let theirs = done.clone();
    workqueue::system_unbound().try_spawn(GFP_KERNEL, move || {
        theirs.complete();
        theirs.complete();
    })?;
    done.wait_for_completion();
    done.wait_for_completion();
    done.complete_all();
    done.wait_for_completion();
    done.wait_for_completion();
    Ok(())
}

fn set_once_by_many() -> Outcome {
    let shared = Shared::new((SetOnce::<u64>::new(), Atomic::new(0_u32)))?;
    shared.in_threads(|(once, set)| {
        if once.populate(0x1122_3344_5566_7788) {
            set.add(1, Relaxed);
        }
        while once.as_ref().is_none() {
            core::hint::spin_loop();
        }
        assert!(once.copy() == Some(0x1122_3344_5566_7788));
    })?;
    check_eq!(shared.value.1.load(Relaxed), 1);
    Ok(())
}

/// Counts its drops.
struct Counted<'a>(&'a Atomic<u32>);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.add(1, Relaxed);
    }
}

fn set_once_drops() -> Outcome {
    let dropped = Atomic::new(0);
    let once = SetOnce::new();
    check!(once.populate(Counted(&dropped)));
    check!(!once.populate(Counted(&dropped)));
    check_eq!(dropped.load(Relaxed), 1);
    drop(once);
    check_eq!(dropped.load(Relaxed), 2);
    drop(SetOnce::<Counted<'_>>::new());
    check_eq!(dropped.load(Relaxed), 2);
    Ok(())
}

fn locked_by() -> Outcome {
    stack_pin_init!(let mutex: Mutex<u32> = new_mutex!(1));
    let of_mutex = LockedBy::new(&mutex, 5_u64);

    let mut guard = mutex.lock();
    *of_mutex.access_mut(&mut guard) += 1;
    check_eq!(*of_mutex.access(&guard), 6);
    Ok(())
}

fn atomic_sizes() -> Outcome {
    macro_rules! each {
        ($($type:ty),*) => {$(
            let value = Atomic::<$type>::new(1);
            value.store(<$type>::MAX, Relaxed);
            check_eq!(value.load(kernel::sync::atomic::Acquire), <$type>::MAX);
            check_eq!(value.xchg(2, Full), <$type>::MAX);
            check_eq!(value.cmpxchg(2, 3, Full), Ok(2));
            check_eq!(value.cmpxchg(2, 4, Relaxed), Err(3));
            value.store(4, kernel::sync::atomic::Release);
            check_eq!(value.load(Relaxed), 4);
        )*};
    }
    each!(i8, u8, i16, u16, i32, u32, i64, u64, isize, usize);

    let wraps = Atomic::new(u32::MAX);
    check_eq!(wraps.fetch_add(2, Full), u32::MAX);
    check_eq!(wraps.fetch_sub(3, Relaxed), 1);
    check_eq!(wraps.load(Relaxed), u32::MAX - 1);
    Ok(())
}

fn atomic_adds_by_many() -> Outcome {
    let shared = Shared::new((Atomic::new(0_u64), Atomic::new(0_i32)))?;
    shared.in_threads(|(sum, difference)| {
        for i in 0..TIMES {
            sum.add(u64::from(i), Relaxed);
            difference.fetch_sub(1, Full);
        }
    })?;
    let each = u64::from(TIMES) * u64::from(TIMES - 1) / 2;
    check_eq!(shared.value.0.load(Relaxed), u64::from(THREADS) * each);
    check_eq!(shared.value.1.load(Relaxed), -((THREADS * TIMES) as i32));
    Ok(())
}

fn atomic_pointer() -> Outcome {
    let mut values = [1_u8, 2];
    let first = values.as_mut_ptr();
    let second = first.wrapping_add(1);

    let pointer = Atomic::new(first);
    check_eq!(pointer.cmpxchg(first, second, Full), Ok(first));
    check_eq!(pointer.load(Relaxed), second);
    Ok(())
}

fn refcount_as_atomic() -> Outcome {
    let count = Refcount::new(1);
    count.as_atomic().add(1, Relaxed);
    check!(!count.dec_and_test());
    check_eq!(count.as_atomic().load(Relaxed), 1);
    check!(count.dec_and_test());
    Ok(())
}

fn dynamic_class() -> Outcome {
    let key = Arc::pin_init(LockClassKey::new_dynamic(), GFP_KERNEL)?;
    // SAFETY: An `Arc`'s value is pinned, and the lock is dropped before `key`.
    let pinned = unsafe { Pin::new_unchecked(&*Arc::as_ptr(&key)) };
    let lock = KBox::pin_init(Mutex::new(1, c"dynamic", pinned), GFP_KERNEL)?;

    check_eq!(*lock.lock(), 1);
    drop(lock);
    drop(key);
    Ok(())
}
