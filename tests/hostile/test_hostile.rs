// SPDX-License-Identifier: GPL-2.0-only

//! A hostile driver: calls the crate's safe functions in random order, with random values, and keeps, forgets and drops
//! what they return in any order, in several threads.
//!
//! ```sh
//! insmod test_hostile.ko seed=7 steps=100000
//! ```
//!
//! The seed and the number of a step decide what the step does. With `threads=1` a seed is replayed step by step; what
//! interrupts and work do meanwhile is not. `trace=N` logs each step from number N on.
//!
//! It leaves out what the documentation of the crate does not promise: deadlocks, sleeping in atomic context, endless
//! loops, and functions that panic as they say. So the kernel must not report anything, no value may differ from what
//! it must be, and as many values must be dropped as there were made.

#![forbid(unsafe_code)]

use kernel::prelude::*;
use kernel::sync::atomic::Atomic;
use kernel::sync::atomic::Full;
use kernel::sync::atomic::Relaxed;
use kernel::sync::Arc;
use kernel::time::delay::fsleep;
use kernel::time::Delta;
use kernel::workqueue;
use rng::Rng;
use state::State;
use state::Step;
use world::World;
use world::ALIVE;
use world::WRONG;

mod devices;
mod hrtimers;
mod locks;
mod memory;
mod model;
mod rng;
mod state;
mod timers;
mod values;
mod work;
mod world;

module! {
    type: Hostile,
    name: "test_hostile",
    authors: ["The Ferrule developers"],
    description: "A driver that does all that it may",
    license: "GPL",
    params: {
        seed: u64 { default: 1, description: "Decides what is done", },
        steps: u64 { default: 10_000, description: "How many steps each thread takes", },
        threads: u32 { default: 1, description: "How many threads take steps", min: 1, max: 8, },
        trace: u64 { default: 0xffff_ffff_ffff_ffff, description: "Log each step from this one on", },
        forget: bool { default: false, description: "Also forget guards, of which lockdep complains", },
        number: i64 { default: 0, description: "For the guest to write", permissions: 0o644, },
        flag: bool { default: false, description: "For the guest to write", permissions: 0o644, },
        text: charp { default: "a", description: "For the guest to write", permissions: 0o644, },
        short: string<16> { default: "a", description: "For the guest to write", permissions: 0o644, },
        list: [u16; 8] { default: [], description: "For the guest to write", permissions: 0o644, },
    },
}

/// All steps.
const STEPS: &[&[Step]] = &[
    devices::STEPS,
    hrtimers::STEPS,
    locks::STEPS,
    memory::STEPS,
    timers::STEPS,
    values::STEPS,
    work::STEPS,
];

/// After how many steps a line in the log says so.
const PROGRESS: u64 = 20_000;

/// Threads that take steps, besides the one that loads the module.
static RUNNING: Atomic<u32> = Atomic::new(0);

/// Chooses a step, by the steps' weights.
fn choose(rng: &mut Rng, total: usize) -> Option<&'static Step> {
    let mut at = rng.below(total) as u32;
    STEPS.iter().copied().flatten().find(|step| {
        let is_it = at < step.1;
        at = at.saturating_sub(step.1);
        is_it
    })
}

/// Takes the steps of one thread.
fn take_steps(world: &World, thread: u32) -> Result {
    let seed = module_parameters::seed.value();
    let seed = seed.wrapping_add(u64::from(thread) << 32);
    let steps = module_parameters::steps.value();
    let trace = module_parameters::trace.value();
    let weights = STEPS.iter().copied().flatten().map(|step| step.1 as usize);
    let total = weights.sum();
    let mut state = State::new(world, thread)?;
    for number in 0..steps {
        state.number = number;
        state.rng = Rng::new(seed, number);
        state.age();
        let Some(Step(name, _, context, run)) = choose(&mut state.rng, total) else {
            continue;
        };
        let is_allowed = state.context() >= *context;
        if number >= trace {
            let skipped = if is_allowed { "" } else { ", not here" };
            pr_notice!("{thread}: step {number}: {name}{skipped}\n");
        }
        if number % PROGRESS == 0 {
            pr_notice!("{thread}: step {number} of {steps}\n");
        }
        if is_allowed {
            // An error is an answer, too.
            let _ = run(&mut state);
        }
        // Others may want the processor, too, where the kernel does not take it from one.
        if number % 1000 == 0 {
            state.release_all();
            fsleep(Delta::from_micros(10));
        }
    }
    state.release_all();
    Ok(())
}

/// Takes the steps of all threads, and waits for what they have left.
fn run(world: Arc<World>) -> Result {
    for thread in 1..module_parameters::threads.value() {
        let world = world.clone();
        RUNNING.add(1, Relaxed);
        let spawned = workqueue::system_unbound().try_spawn(GFP_KERNEL, move || {
            let taken = take_steps(&world, thread);
            world::check(taken.is_ok(), "a thread has no memory");
            drop(world);
            RUNNING.fetch_sub(1, Full);
        });
        if spawned.is_err() {
            RUNNING.sub(1, Relaxed);
        }
    }
    let taken = take_steps(&world, 0);
    while RUNNING.load(Relaxed) > 0 {
        fsleep(Delta::from_millis(10));
    }
    // Closures may still be starting timers, which enqueue work.
    for _ in 0..100 {
        world.items.iter().for_each(work::Item::end);
        fsleep(Delta::from_millis(10));
        if work::is_over() {
            break;
        }
    }
    world.items.iter().for_each(work::Item::end);
    taken
}

struct Hostile;

impl kernel::Module for Hostile {
    fn init(module: &'static ThisModule) -> Result<Self> {
        use module_parameters::*;

        pr_notice!(
            "seed {}, {} steps, {} threads\n",
            seed.value(),
            steps.value(),
            threads.value()
        );
        run(Arc::new(World::new(module)?, GFP_KERNEL)?)?;
        for _ in 0..500 {
            if ALIVE.load(Relaxed) == 0 {
                break;
            }
            fsleep(Delta::from_millis(10));
        }
        world::check(ALIVE.load(Relaxed) == 0, "values are left");
        let found = WRONG.load(Relaxed);
        pr_notice!(
            "seed {}: {found} wrong, {} values left\n",
            seed.value(),
            ALIVE.load(Relaxed)
        );
        match found {
            0 => Ok(Self),
            _ => Err(ENOTRECOVERABLE),
        }
    }
}
