// SPDX-License-Identifier: GPL-2.0-only

//! Stores a value under a mutex.

use kernel::sync::Mutex;

#[unsafe(no_mangle)]
extern "C" fn codegen_mutex_lock(lock: &Mutex<u64>, value: u64) {
    *lock.lock() = value;
}
