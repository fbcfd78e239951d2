// SPDX-License-Identifier: GPL-2.0-only

//! Faults on purpose, which are reported on stock kernels too: `insmod test_faults.ko fault=1`.

use core::hint::black_box;
use kernel::prelude::*;
use kernel::time::{Delta, Instant, Monotonic};

module! {
    type: Faults,
    name: "test_faults",
    description: "Faults for stock kernels to report",
    license: "GPL",
    params: {
        fault: u32 {
            default: 0,
            description: "Which fault",
        },
    },
}

/// How long memory is allocated: KFENCE takes one allocation in each of its intervals.
const WHILE: Delta = Delta::from_millis(50);

struct Faults;

impl kernel::Module for Faults {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        match module_parameters::fault.value() {
            0 => none()?,
            1 => panic(),
            2 => use_after_free()?,
            _ => return Err(EINVAL),
        }
        Ok(Self)
    }
}

/// What [`use_after_free`] does, done right.
fn none() -> Result {
    let mut sum = 0;
    let begin = Instant::<Monotonic>::now();
    while begin.elapsed() < WHILE {
        let value = KBox::new([7u64; 5], GFP_KERNEL)?;
        sum += black_box(&value)[2];
    }
    pr_info!("nothing wrong with {}\n", sum % 7);
    Ok(())
}

/// An index that is not there, in a message of two lines.
#[inline(never)]
fn panic() {
    let values = [1, 2, 3, 4];
    let index = black_box(4);
    let value = values.get(index);
    assert!(value.is_some(), "no value\nat {index}");
}

/// Memory read after it has been given back, again and again.
#[inline(never)]
fn use_after_free() -> Result {
    let begin = Instant::<Monotonic>::now();
    while begin.elapsed() < WHILE {
        let value = KBox::new([7u64; 5], GFP_KERNEL)?;
        let pointer: *const u64 = black_box(&value[2]);
        drop(value);
        // SAFETY: None: this is the fault.
        black_box(unsafe { pointer.read_volatile() });
    }
    Ok(())
}
