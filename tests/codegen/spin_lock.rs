// SPDX-License-Identifier: GPL-2.0-only

//! Stores a value under a spinlock.

use kernel::sync::SpinLock;

#[unsafe(no_mangle)]
extern "C" fn codegen_spin_lock(lock: &SpinLock<u64>, value: u64) {
    *lock.lock() = value;
}
