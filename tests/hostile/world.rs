// SPDX-License-Identifier: GPL-2.0-only

//! What all generators share, and how a broken promise shows: as a value that is not what it must be.

use crate::hrtimers::Hi;
use crate::timers::Low;
use crate::work::Item;
use kernel::prelude::*;
use kernel::revocable::Revocable;
use kernel::sync::atomic::Atomic;
use kernel::sync::atomic::Relaxed;
use kernel::sync::lock::mutex::MutexBackend;
use kernel::sync::new_condvar;
use kernel::sync::new_mutex;
use kernel::sync::new_spinlock;
use kernel::sync::new_spinlock_irq;
use kernel::sync::Arc;
use kernel::sync::CondVar;
use kernel::sync::LockedBy;
use kernel::sync::Mutex;
use kernel::sync::SetOnce;
use kernel::sync::SpinLock;
use kernel::sync::SpinLockIrq;

/// What was found wrong.
pub(crate) static WRONG: Atomic<u32> = Atomic::new(0);

/// Values that are alive, in all modules' threads, timers and work.
pub(crate) static ALIVE: Atomic<i64> = Atomic::new(0);

/// Reports a promise that was broken.
pub(crate) fn wrong(what: &str) {
    // A few lines tell it.
    if WRONG.fetch_add(1, Relaxed) < 20 {
        pr_err!("wrong: {what}\n");
    }
}

/// Reports it unless `right`.
pub(crate) fn check(right: bool, what: &str) {
    if !right {
        wrong(what);
    }
}

/// A value of which there must be as many drops as there were made.
#[derive(Debug, PartialEq)]
pub(crate) struct Counted {
    value: u64,
    /// The complement, until it is dropped.
    mirror: u64,
}

impl Counted {
    pub(crate) fn new(value: u64) -> Self {
        ALIVE.add(1, Relaxed);
        Self {
            value,
            mirror: !value,
        }
    }

    pub(crate) fn value(&self) -> u64 {
        self.check();
        self.value
    }

    pub(crate) fn check(&self) {
        check(self.mirror == !self.value, "a value is used after its drop");
    }
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        Self::new(self.value())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        check(self.mirror == !self.value, "a value is dropped twice");
        self.mirror = self.value;
        ALIVE.sub(1, Relaxed);
    }
}

/// What a lock protects: two numbers that are equal whenever nobody has the lock.
pub(crate) struct Pair(u64, u64);

impl Pair {
    pub(crate) fn new() -> Self {
        Self(0, 0)
    }

    pub(crate) fn touch(&mut self, by: u64) {
        check(self.0 == self.1, "two have the same lock");
        self.0 = self.0.wrapping_add(by);
        // The compiler must not make it one store.
        core::hint::black_box(&mut self.0);
        self.1 = self.1.wrapping_add(by);
    }
}

/// Makes several values of one initialiser.
fn several<T, I: PinInit<T>>(count: usize, make: impl Fn() -> I) -> Result<KVec<Pin<KBox<T>>>> {
    let mut all = KVec::with_capacity(count, GFP_KERNEL)?;
    for _ in 0..count {
        all.push(KBox::pin_init(make(), GFP_KERNEL)?, GFP_KERNEL)?;
    }
    Ok(all)
}

pub(crate) struct World {
    pub(crate) module: &'static ThisModule,
    pub(crate) spins: KVec<Pin<KBox<SpinLock<Pair>>>>,
    pub(crate) irqs: KVec<Pin<KBox<SpinLockIrq<Pair>>>>,
    pub(crate) mutexes: KVec<Pin<KBox<Mutex<Pair>>>>,
    pub(crate) condvar: Pin<KBox<CondVar>>,
    /// Locked by the first mutex.
    pub(crate) beside: LockedBy<Pair, Pair>,
    pub(crate) revocables: Pin<KBox<[Revocable<Counted>]>>,
    pub(crate) onces: KVec<SetOnce<Counted>>,
    pub(crate) his: KVec<Arc<Hi>>,
    pub(crate) lows: KVec<Arc<Low>>,
    pub(crate) items: KVec<Arc<Item>>,
}

impl World {
    pub(crate) fn new(module: &'static ThisModule) -> Result<Self> {
        const K: kernel::alloc::Flags = GFP_KERNEL;
        let mutexes = several(3, || new_mutex!(Pair::new(), "World::mutexes"))?;
        let beside = LockedBy::new::<MutexBackend>(&mutexes[0], Pair::new());
        let mut this = Self {
            module,
            spins: several(3, || new_spinlock!(Pair::new(), "World::spins"))?,
            irqs: several(3, || new_spinlock_irq!(Pair::new(), "World::irqs"))?,
            mutexes,
            condvar: KBox::pin_init(new_condvar!("World::condvar"), K)?,
            beside,
            revocables: KBox::pin_slice::<_, _, Error>(
                |at| Revocable::new(Ok::<_, Error>(Counted::new(at as u64))),
                64,
                K,
            )?,
            onces: KVec::with_capacity(64, K)?,
            his: KVec::with_capacity(4, K)?,
            lows: KVec::with_capacity(4, K)?,
            items: KVec::with_capacity(4, K)?,
        };
        for _ in 0..64 {
            this.onces.push(SetOnce::new(), K)?;
        }
        for _ in 0..4 {
            let item = Item::new()?;
            this.his.push(Hi::new(item.clone())?, K)?;
            this.lows.push(Low::new(item.clone())?, K)?;
            this.items.push(item, K)?;
        }
        Ok(this)
    }
}
