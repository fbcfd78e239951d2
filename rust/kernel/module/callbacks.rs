// SPDX-License-Identifier: GPL-2.0-only

//! What calls into a module keep it from being unloaded.
//!
//! A work item may outlive everything that the module's value owns: its queue owns it. A handle that cancels a
//! timer may be leaked. In the kernel's own image that is fine; in a module the code of the callback would be
//! gone when it is called. So each call that C is asked for is counted, and when the module's value is dropped,
//! unloading waits until all of them are over. The counts are per CPU: one instruction each time.
//!
//! A pinned module instead (`try_module_get()`) could not be unloaded as long as a timer or work that starts
//! itself again is there, which is what the drop of the module's value ends.

use crate::bindings;
use crate::pr_warn;
use crate::str::CStr;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering;

/// Whether there can be callbacks. Without what sets it, the optimiser takes away what reads it.
static USED: AtomicBool = AtomicBool::new(false);

/// Says that there may be callbacks; once for what can be called, before [`begin`].
#[inline]
pub(crate) fn prepare() {
    USED.store(true, Ordering::Relaxed);
}

/// Counts a call that C is about to be asked for.
#[inline]
pub(crate) fn begin() {
    // SAFETY: It only counts.
    unsafe { bindings::callback_begin() };
}

/// Counts a call as over: the last thing that its function does, or after it was cancelled.
#[inline]
pub(crate) fn end() {
    // SAFETY: It only counts.
    unsafe { bindings::callback_end() };
}

/// Waits until all calls are over, and their functions have returned.
///
/// Context: process, may sleep.
#[inline]
pub(super) fn wait(module: &CStr) {
    if USED.load(Ordering::Relaxed) {
        wait_used(module);
    }
}

#[cold]
fn wait_used(module: &CStr) {
    /// How often to look before the log is told, and how long to sleep in between.
    const PATIENCE: u32 = 200;
    const SLEEP_MS: u32 = 20;

    let mut looked = 0_u32;
    loop {
        // SAFETY: It only reads counts.
        let pending = unsafe { bindings::callbacks_pending() };
        if pending == 0 {
            break;
        }
        looked = looked.saturating_add(1);
        if looked == PATIENCE {
            pr_warn!("{module}: unloading waits: work is queued, or a timer's handle was leaked ({pending})\n");
        }
        // SAFETY: This is process context, and may sleep.
        unsafe { bindings::msleep(SLEEP_MS) };
    }

    // The last one that was counted may have to return yet.
    // SAFETY: This is process context, and may sleep.
    unsafe { bindings::synchronize_tasks() };
}
