// SPDX-License-Identifier: GPL-2.0-only

//! Steps with locks, and guards that are kept.
//!
//! With a guard in hand only `try_lock()` is called: waiting for a second lock is a documented deadlock.

use crate::state::Context::Atomic;
use crate::state::Context::Locked;
use crate::state::Context::Task;
use crate::state::Held;
use crate::state::State;
use crate::state::Step;
use crate::world::check;
use crate::world::Counted;
use crate::world::Pair;
use kernel::interrupt::local_interrupt_disable;
use kernel::prelude::*;
use kernel::revocable::Revocable;
use kernel::sync::lock::Backend;
use kernel::sync::lock::Lock;
use kernel::sync::new_mutex;
use kernel::sync::rcu;
use kernel::sync::Arc;

pub(crate) const STEPS: &[Step] = &[
    Step("keep_spin", 20, Atomic, keep_spin),
    Step("keep_irq", 20, Atomic, keep_irq),
    Step("keep_mutex", 20, Locked, keep_mutex),
    Step("keep_rcu", 8, Atomic, keep_rcu),
    Step("keep_off", 8, Atomic, keep_off),
    Step("keep_revocable", 12, Atomic, keep_revocable),
    Step("release", 60, Atomic, release),
    Step("release_all", 20, Atomic, release_all),
    Step("touch", 40, Atomic, touch),
    Step("lock", 40, Task, lock),
    Step("lock_with", 10, Task, lock_with),
    Step("do_unlocked", 10, Task, do_unlocked),
    Step("locked_by", 10, Task, locked_by),
    Step("notify", 10, Atomic, notify),
    Step("wait", 1, Task, wait),
    Step("access", 20, Atomic, access),
    Step("revoke_shared", 1, Task, revoke_shared),
    Step("revoke_own", 1, Task, revoke_own),
    Step("set_once", 10, Atomic, set_once),
    Step("forget", 1, Task, forget),
];

fn keep_spin(s: &mut State<'_>) -> Result {
    let guard = s.rng.pick(&s.world.spins).try_lock();
    guard
        .into_iter()
        .for_each(|guard| s.hold(Held::Spin(guard)));
    Ok(())
}

fn keep_irq(s: &mut State<'_>) -> Result {
    let (world, rng) = (s.world, &mut s.rng);
    let guard = match rng.below(4) {
        0 => rng.pick(&world.his).pair.try_lock(),
        1 => rng.pick(&world.lows).pair.try_lock(),
        _ => rng.pick(&world.irqs).try_lock(),
    };
    guard.into_iter().for_each(|guard| s.hold(Held::Irq(guard)));
    Ok(())
}

fn keep_mutex(s: &mut State<'_>) -> Result {
    let guard = s.rng.pick(&s.world.mutexes).try_lock();
    guard
        .into_iter()
        .for_each(|guard| s.hold(Held::Mutex(guard)));
    Ok(())
}

fn keep_rcu(s: &mut State<'_>) -> Result {
    let guard = rcu::read_lock();
    if s.rng.one_in(4) {
        guard.unlock();
    } else {
        s.hold(Held::Rcu { _guard: guard });
    }
    Ok(())
}

fn keep_off(s: &mut State<'_>) -> Result {
    let guard = local_interrupt_disable();
    s.hold(Held::Off { _guard: guard });
    Ok(())
}

fn keep_revocable(s: &mut State<'_>) -> Result {
    let world = s.world;
    if let Some(guard) = s.rng.pick(&world.revocables).try_access() {
        s.hold(Held::Revocable(guard));
    }
    Ok(())
}

fn release(s: &mut State<'_>) -> Result {
    s.release();
    Ok(())
}

fn release_all(s: &mut State<'_>) -> Result {
    s.release_all();
    Ok(())
}

fn touch(s: &mut State<'_>) -> Result {
    s.touch();
    Ok(())
}

fn use_lock<B: Backend>(lock: &Lock<Pair, B>, by: u64) {
    let mut guard = lock.lock();
    guard.touch(by);
    check(lock.try_lock().is_none(), "a lock is taken twice");
    check(
        core::ptr::eq(guard.lock_ref(), lock),
        "a guard is of another lock",
    );
    guard.as_mut().touch(by);
}

fn lock(s: &mut State<'_>) -> Result {
    let (world, by) = (s.world, s.rng.next());
    match s.rng.below(5) {
        0 => use_lock(&**s.rng.pick(&world.spins), by),
        1 => use_lock(&**s.rng.pick(&world.irqs), by),
        2 => use_lock(&**s.rng.pick(&world.mutexes), by),
        3 => use_lock(&s.rng.pick(&world.his).pair, by),
        _ => use_lock(&s.rng.pick(&world.lows).pair, by),
    }
    Ok(())
}

fn lock_with(s: &mut State<'_>) -> Result {
    let by = s.rng.next();
    let off = local_interrupt_disable();
    let lock = s.rng.pick(&s.world.irqs);
    let mut guard = lock.lock_with(&off);
    guard.touch(by);
    check(
        lock.try_lock_with(&off).is_none() && lock.try_lock().is_none(),
        "a lock is taken twice",
    );
    Ok(())
}

fn do_unlocked(s: &mut State<'_>) -> Result {
    let by = s.rng.next();
    let (mutex, spin) = (s.rng.pick(&s.world.mutexes), s.rng.pick(&s.world.spins));
    let mut guard = mutex.lock();
    guard.touch(by);
    guard.do_unlocked(|| {
        use_lock(mutex, by);
        let mut spin = spin.lock();
        spin.do_unlocked(|| use_lock(mutex, by));
        spin.touch(by);
    });
    guard.touch(by);
    Ok(())
}

fn locked_by(s: &mut State<'_>) -> Result {
    let by = s.rng.next();
    let mut guard = s.world.mutexes[0].lock();
    s.world.beside.access_mut(&mut *guard).touch(by);
    guard.touch(by);
    core::hint::black_box(s.world.beside.access(&*guard));
    Ok(())
}

fn notify(s: &mut State<'_>) -> Result {
    let condvar = &s.world.condvar;
    match s.rng.below(3) {
        0 => condvar.notify_one(),
        1 => condvar.notify_all(),
        _ => condvar.notify_sync(),
    }
    Ok(())
}

fn wait(s: &mut State<'_>) -> Result {
    let (world, by) = (s.world, s.rng.next());
    let mut guard = s.rng.pick(&world.mutexes).lock();
    let ticks = s.rng.below(2) as kernel::time::Jiffies;
    let _ = world.condvar.wait_interruptible_timeout(&mut guard, ticks);
    guard.touch(by);
    Ok(())
}

fn access(s: &mut State<'_>) -> Result {
    let revocable = s.rng.pick(&s.world.revocables);
    revocable.try_access_with(Counted::check);
    Ok(())
}

/// Some are left for [`keep_revocable`].
fn revoke_shared(s: &mut State<'_>) -> Result {
    if s.rng.one_in(20) {
        let revocable = s.rng.pick(&s.world.revocables[8..]);
        revocable.revoke();
        check(revocable.try_access().is_none(), "a value is left");
    }
    Ok(())
}

/// One thread revokes while another may be reading.
fn revoke_own(s: &mut State<'_>) -> Result {
    let value = Counted::new(s.rng.next());
    let flags = s.flags();
    let revocable = Arc::pin_init(Revocable::new(Ok::<_, Error>(value)), flags)?;
    let theirs = revocable.clone();
    crate::work::spawn(s, move || {
        for _ in 0..50 {
            theirs.try_access_with(Counted::check);
        }
    })?;
    if s.rng.one_in(4) {
        check(revocable.revoke(), "somebody else has revoked");
        check(!revocable.revoke(), "it is revoked twice");
    }
    Ok(())
}

fn set_once(s: &mut State<'_>) -> Result {
    let number = s.rng.next();
    let once = s.rng.pick(&s.world.onces);
    let before = once.as_ref().map(Counted::value);
    let is_set = once.populate(Counted::new(number));
    match (before, once.as_ref().map(Counted::value)) {
        (Some(before), after) => check(!is_set && after == Some(before), "it is set twice"),
        (None, after) => check(!is_set || after == Some(number), "another value is set"),
    }
    Ok(())
}

/// A guard that is forgotten: its lock stays held, as documented. Lockdep complains of it.
fn forget(s: &mut State<'_>) -> Result {
    if !crate::module_parameters::forget.value() {
        return Ok(());
    }
    let mutex = KBox::pin_init(new_mutex!(Counted::new(s.rng.next())), GFP_KERNEL)?;
    core::mem::forget(mutex.lock());
    check(mutex.try_lock().is_none(), "a forgotten guard has unlocked");
    Ok(())
}
