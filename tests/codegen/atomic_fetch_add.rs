// SPDX-License-Identifier: GPL-2.0-only

//! Adds to an atomic number without an order, and loads it with one.

use kernel::sync::atomic::{Acquire, Atomic, Relaxed};

#[unsafe(no_mangle)]
extern "C" fn codegen_atomic_fetch_add(count: &Atomic<i32>) -> i32 {
    count
        .fetch_add(1, Relaxed)
        .wrapping_add(count.load(Acquire))
}
