// SPDX-License-Identifier: GPL-2.0-only

//! What a generator has: what all of them share, and what each of them keeps.

use crate::devices::Devices;
use crate::memory::Memory;
use crate::rng::Rng;
use crate::timers::Timers;
use crate::world::Pair;
use crate::world::World;
use kernel::alloc::Flags;
use kernel::interrupt::LocalInterruptDisabled;
use kernel::module::ModuleRef;
use kernel::prelude::*;
use kernel::revocable::RevocableGuard;
use kernel::sync::rcu;
use kernel::sync::MutexGuard;
use kernel::sync::SpinLockGuard;
use kernel::sync::SpinLockIrqGuard;

use crate::world::Counted;

/// What a step may do where it runs. Those that are allowed more come last.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub(crate) enum Context {
    /// A guard is kept under which sleeping is a documented bug.
    Atomic,
    /// Mutexes are kept: it may sleep, but not wait for others, who may want these.
    Locked,
    /// Nothing is kept.
    Task,
}

/// A step: its name, how often it is chosen in relation to the others, the context that it needs, and what it does.
pub(crate) struct Step(
    pub(crate) &'static str,
    pub(crate) u32,
    pub(crate) Context,
    pub(crate) fn(&mut State<'_>) -> Result,
);

/// A guard that is kept for some steps.
pub(crate) enum Held<'w> {
    Spin(SpinLockGuard<'w, Pair>),
    Irq(SpinLockIrqGuard<'w, Pair>),
    Mutex(MutexGuard<'w, Pair>),
    Revocable(RevocableGuard<'w, Counted>),
    Rcu { _guard: rcu::Guard },
    Off { _guard: LocalInterruptDisabled },
}

fn is_mutex(held: &Held<'_>) -> bool {
    matches!(held, Held::Mutex(_))
}

/// How many guards are kept at most, and for how many steps.
const GUARDS: usize = 6;
const STEPS: u32 = 32;

/// The state of one generator. What is kept is dropped in this order: guards first.
pub(crate) struct State<'w> {
    held: KVec<Held<'w>>,
    /// For how many steps there have been guards.
    since: u32,
    pub(crate) memory: Memory,
    pub(crate) timers: Timers,
    pub(crate) devices: Devices,
    pub(crate) modules: KVec<ModuleRef>,
    pub(crate) world: &'w World,
    pub(crate) rng: Rng,
    /// Which of the generators it is, and at which step.
    pub(crate) thread: u32,
    pub(crate) number: u64,
}

impl<'w> State<'w> {
    pub(crate) fn new(world: &'w World, thread: u32) -> Result<Self> {
        Ok(Self {
            held: KVec::with_capacity(GUARDS, GFP_KERNEL)?,
            since: 0,
            memory: Memory::new()?,
            timers: Timers::new()?,
            devices: Devices::new()?,
            modules: KVec::with_capacity(4, GFP_KERNEL)?,
            world,
            rng: Rng::new(0, 0),
            thread,
            number: 0,
        })
    }

    pub(crate) fn context(&self) -> Context {
        match &self.held[..] {
            [] => Context::Task,
            held if held.iter().all(is_mutex) => Context::Locked,
            _ => Context::Atomic,
        }
    }

    /// Ends what was kept for long: others spin meanwhile.
    pub(crate) fn age(&mut self) {
        self.since += 1;
        if self.held.is_empty() {
            self.since = 0;
        } else if self.since > STEPS {
            self.release_all();
        }
    }

    /// Keeps a guard, unless there are enough.
    pub(crate) fn hold(&mut self, guard: Held<'w>) {
        let _ = self.held.push_within_capacity(guard);
    }

    /// Drops one of the guards, any of them; but a mutex is released only where it may be taken.
    pub(crate) fn release(&mut self) {
        if !self.held.is_empty() {
            let at = self.rng.below(self.held.len());
            let is_allowed = self.context() > Context::Atomic || !is_mutex(&self.held[at]);
            let _ = is_allowed.then(|| self.held.remove(at));
        }
    }

    pub(crate) fn release_all(&mut self) {
        self.held.retain(|held| is_mutex(held));
        self.held.clear();
    }

    /// Uses what one of the guards gives access to.
    pub(crate) fn touch(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let at = self.rng.below(self.held.len());
        let by = self.rng.number();
        match &mut self.held[at] {
            Held::Spin(pair) => pair.touch(by),
            Held::Irq(pair) => pair.touch(by),
            Held::Mutex(pair) => pair.touch(by),
            Held::Revocable(value) => value.check(),
            Held::Rcu { .. } | Held::Off { .. } => {}
        }
    }

    /// Flags for an allocation where it is.
    pub(crate) fn flags(&mut self) -> Flags {
        let sleeps = self.context() > Context::Atomic;
        let flags = match self.rng.below(if sleeps { 4 } else { 2 }) {
            0 => GFP_ATOMIC,
            1 => GFP_NOWAIT | __GFP_NOWARN,
            2 => GFP_KERNEL_ACCOUNT,
            _ => GFP_KERNEL,
        };
        match self.rng.below(5) {
            0 => flags | __GFP_ZERO,
            1 => flags | __GFP_NOWARN,
            2 => (flags | __GFP_ZERO) & !__GFP_ZERO,
            // What is left may sleep, but must not ask for memory that `kmalloc()` does not give.
            3 if sleeps => !flags & !__GFP_HIGHMEM,
            _ => flags,
        }
    }
}
