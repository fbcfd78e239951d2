// SPDX-License-Identifier: GPL-2.0-only

//! Bugs on purpose, one for each detector of the debug kernel: `insmod test_debug_bugs.ko bug=1`.
//!
//! Those of safe code are what types do not stop; the others need `unsafe`.

use core::hint::black_box;
use kernel::prelude::*;
use kernel::sync::{new_mutex, new_spinlock, Mutex, SpinLock};

module! {
    type: DebugBugs,
    name: "test_debug_bugs",
    description: "Bugs for the debug kernel to find",
    license: "GPL",
    params: {
        bug: u32 {
            default: 0,
            description: "Which bug",
        },
    },
}

struct DebugBugs;

impl kernel::Module for DebugBugs {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let bug = module_parameters::bug.value();
        pr_info!("bug {bug}\n");
        match bug {
            0 => none()?,
            1 => sleep_in_atomic()?,
            2 => abba()?,
            3 => leak()?,
            4 => use_after_free()?,
            5 => out_of_bounds()?,
            6 => stack_out_of_bounds(),
            7 => copy_past_the_end()?,
            _ => return Err(EINVAL),
        }
        Ok(Self)
    }
}

/// What the bugs below do, done right.
fn none() -> Result {
    let locks = KBox::pin_init(Locks::new(), GFP_KERNEL)?;
    {
        let mut a = locks.a.lock();
        *a += *locks.b.lock();
    }
    *locks.spin.lock() += 1;
    let mut values = KVec::from_elem(1u8, 40, GFP_KERNEL)?;
    black_box(&mut values[..])[39] = 2;
    pr_info!(
        "the sum is {}\n",
        values.iter().map(|value| u32::from(*value)).sum::<u32>()
    );
    Ok(())
}

#[pin_data]
struct Locks {
    #[pin]
    a: Mutex<u32>,
    #[pin]
    b: Mutex<u32>,
    #[pin]
    spin: SpinLock<u32>,
}

impl Locks {
    fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            a <- new_mutex!(1, "Locks::a"),
            b <- new_mutex!(2, "Locks::b"),
            spin <- new_spinlock!(3, "Locks::spin"),
        })
    }
}

/// A mutex taken under a spinlock.
#[inline(never)]
fn sleep_in_atomic() -> Result {
    let locks = KBox::pin_init(Locks::new(), GFP_KERNEL)?;
    let mut spin = locks.spin.lock();
    *spin += *locks.a.lock();
    Ok(())
}

/// Two locks in both orders, by one thread: nothing hangs, but two threads would.
#[inline(never)]
fn abba() -> Result {
    let locks = KBox::pin_init(Locks::new(), GFP_KERNEL)?;
    {
        let mut a = locks.a.lock();
        *a += *locks.b.lock();
    }
    let mut b = locks.b.lock();
    *b += *locks.a.lock();
    Ok(())
}

/// Memory that nothing points to.
#[inline(never)]
fn leak() -> Result {
    for round in 0..4u64 {
        core::mem::forget(black_box(KBox::new([round; 100], GFP_KERNEL)?));
    }
    Ok(())
}

/// Memory read after it has been given back.
#[inline(never)]
fn use_after_free() -> Result {
    let value = KBox::new([7u64; 5], GFP_KERNEL)?;
    let pointer: *const u64 = black_box(&value[2]);
    drop(value);
    // SAFETY: None: this is the bug.
    pr_info!("read {}\n", unsafe { pointer.read_volatile() });
    Ok(())
}

/// A byte written behind the last one.
#[inline(never)]
fn out_of_bounds() -> Result {
    let mut values = KVec::from_elem(0u8, 40, GFP_KERNEL)?;
    let pointer = black_box(values.as_mut_ptr());
    // SAFETY: None: this is the bug. The slab's object is larger.
    unsafe { pointer.add(40).write_volatile(1) };
    Ok(())
}

/// An element read behind an array on the stack.
#[inline(never)]
fn stack_out_of_bounds() {
    let values = black_box([1u64; 4]);
    let pointer = black_box(values.as_ptr());
    // SAFETY: None: this is the bug.
    pr_info!("read {}\n", unsafe { pointer.add(4).read_volatile() });
}

/// memcpy() with a wrong length.
#[inline(never)]
fn copy_past_the_end() -> Result {
    let from = KVec::from_elem(1u8, 64, GFP_KERNEL)?;
    let mut to = KVec::from_elem(0u8, 40, GFP_KERNEL)?;
    let (from, to) = (black_box(from.as_ptr()), black_box(to.as_mut_ptr()));
    // SAFETY: None: this is the bug. The slab's object is larger.
    unsafe { core::ptr::copy_nonoverlapping(from, to, black_box(48)) };
    Ok(())
}
