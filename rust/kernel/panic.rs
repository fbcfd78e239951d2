// SPDX-License-Identifier: GPL-2.0-only

//! What a Rust panic does: its place and message go to the log, and a report as of C's `BUG()`.
//!
//! In an interrupt, with interrupts or soft ones disabled, and in init, the kernel halts. A task does not end as by
//! `BUG()`: nothing unwinds, so what it has pinned to its stack stays registered, and C uses that stack. It sleeps for good,
//! and keeps what it has: locks, references, its stack and its module; a thread of its own calls `BUG()` for it.
//! Context: any.

use crate::bindings;
use crate::ffi::c_int;
use crate::ffi::c_void;
use crate::print;
use core::mem::MaybeUninit;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicU32, Ordering};

/// How many panics are being printed. What a panic prints may panic itself, and so on.
static DEPTH: AtomicU32 = AtomicU32::new(0);

/// More of them than this are one that does not end, rather than several at once.
const MAX_DEPTH: u32 = 8;

/// The name of the module that this crate is linked into, padded with NUL bytes.
#[cfg(MODULE)]
fn name() -> &'static [u8] {
    let module = &raw const bindings::__this_module;
    // SAFETY: modpost defines `__this_module` in every module, and nothing writes its name.
    unsafe { &(*module).name }
}

#[cfg(not(MODULE))]
fn name() -> &'static [u8] {
    crate::__LOG_PREFIX
}

/// The module that this crate is linked into.
#[cfg(MODULE)]
fn module() -> *mut bindings::module {
    (&raw const bindings::__this_module).cast_mut()
}

#[cfg(not(MODULE))]
fn module() -> *mut bindings::module {
    core::ptr::null_mut()
}

/// What the work does that a panicking task enqueues.
unsafe extern "C" fn report(_work: *mut bindings::work_struct) {
    // SAFETY: Work may sleep, and `bug` may be the function of a thread.
    unsafe { bindings::run_panic_thread(Some(bug)) };
}

/// What the thread does that reports a task's panic.
unsafe extern "C" fn bug(_data: *mut c_void) -> c_int {
    // SAFETY: `BUG` has no precondition.
    unsafe { bindings::BUG() }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    if DEPTH.fetch_add(1, Ordering::Relaxed) < MAX_DEPTH {
        // Core prints the place, a line feed and the message.
        print::call_printk(print::Level::EMERG, name(), format_args!("{info}\n"));
        DEPTH.fetch_sub(1, Ordering::Relaxed);
    } else {
        // Those that this one interrupted never come back to count themselves out.
        DEPTH.store(0, Ordering::Relaxed);
    }
    // SAFETY: It may be called anywhere.
    if unsafe { bindings::panics_in_a_task() } {
        let mut work = MaybeUninit::uninit();
        // SAFETY: The module is valid, or null for the kernel itself, which C takes too. The task has ended what it was
        // doing, so it may be taken off its CPU. This function does not return, so `work` stays.
        unsafe { bindings::report_panicked_task(module(), work.as_mut_ptr(), Some(report)) };
        loop {
            // SAFETY: As above.
            unsafe { bindings::sleep_after_panic() };
        }
    }
    // SAFETY: It has no precondition.
    unsafe { bindings::halt_after_panic() }
}
