// SPDX-License-Identifier: GPL-2.0-only

//! What calls into a module keep it from being unloaded.
//!
//! A work item may outlive everything that the module's value owns: its queue owns it. A handle that cancels a
//! timer may be leaked. In the kernel's own image that is fine; in a module the code of the callback would be
//! gone when it is called. So each call that C is asked for is counted, and when the module's value is dropped,
//! unloading waits until all of them are over. The counts are per CPU: one instruction each time. Registrations,
//! which may be leaked too, are counted beside them, as [`Live`].
//!
//! A module can be made of several Rust objects, each with this crate in it. They count together: the statics are
//! weak symbols, of which the linker that makes the module keeps one. In the kernel's own image, where they
//! would be one for all that is built in, nothing is counted.
//!
//! A pinned module instead (`try_module_get()`) could not be unloaded as long as a timer or work that starts
//! itself again is there, which is what the drop of the module's value ends.

use crate::bindings;
use crate::ffi::c_char;
use crate::ffi::c_ulong;
use crate::ffi::c_void;
use crate::pr_warn;
use crate::str::CStr;
use crate::str::CStrExt;
use core::cell::UnsafeCell;
use core::ptr;
use core::sync::atomic::AtomicPtr;
use core::sync::atomic::AtomicUsize;
use core::sync::atomic::Ordering;

/// Waits for all that is counted, of the module with this name.
type Wait = unsafe extern "C" fn(*const c_char);

/// Returns how many calls are not over.
type Pending = extern "C" fn() -> c_ulong;

/// What there can be to wait for. The functions are null until somebody needs them: without that, the optimiser
/// takes them away.
#[repr(C)]
struct Counted {
    /// A [`Wait`].
    wait: AtomicPtr<c_void>,
    /// A [`Pending`].
    pending: AtomicPtr<c_void>,
    /// How many registrations there are.
    live: AtomicUsize,
}

// `linkonce`: weak, and only there if the object needs it. The functions below are always compiled with the two
// statics, and name them, so they reach the link-time optimisation that decides.
#[linkage = "linkonce"]
#[export_name = "rust_module_counted"]
static COUNTED: Counted = Counted {
    wait: AtomicPtr::new(ptr::null_mut()),
    pending: AtomicPtr::new(ptr::null_mut()),
    live: AtomicUsize::new(0),
};

/// How many calls C was asked for, and how many are over.
#[repr(transparent)]
struct Calls(UnsafeCell<[c_ulong; 2]>);

// SAFETY: Rust only takes the address, for helpers that change each CPU's copy in one instruction.
unsafe impl Sync for Calls {}

/// What C's `DEFINE_PER_CPU()` would make. The address stands for the variable, and is none.
#[linkage = "linkonce"]
#[export_name = "rust_module_calls"]
#[cfg_attr(CONFIG_SMP, link_section = ".data..percpu")]
static CALLS: Calls = Calls(UnsafeCell::new([0; 2]));

/// A part of each registration by which the kernel can call the module until it is dropped.
pub(crate) struct Live(());

impl Live {
    pub(crate) fn new() -> Self {
        if cfg!(MODULE) {
            COUNTED
                .wait
                .store(wait_for as *mut c_void, Ordering::Relaxed);
            COUNTED.live.fetch_add(1, Ordering::Relaxed);
        }
        Self(())
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if cfg!(MODULE) {
            COUNTED.live.fetch_sub(1, Ordering::Release);
        }
    }
}

/// Says that there may be callbacks; once for what can be called, before [`begin`].
#[inline]
pub(crate) fn prepare() {
    if cfg!(MODULE) {
        COUNTED
            .pending
            .store(pending as *mut c_void, Ordering::Relaxed);
        COUNTED
            .wait
            .store(wait_for as *mut c_void, Ordering::Relaxed);
    }
}

/// Counts a call that C is about to be asked for.
#[inline]
pub(crate) fn begin() {
    if cfg!(MODULE) {
        // SAFETY: These are the module's counts.
        unsafe { bindings::callback_begin(CALLS.0.get().cast()) };
    }
}

/// Counts a call as over: the last thing that its function does, or after it was cancelled.
#[inline]
pub(crate) fn end() {
    if cfg!(MODULE) {
        // SAFETY: These are the module's counts.
        unsafe { bindings::callback_end(CALLS.0.get().cast()) };
    }
}

/// Waits until all calls are over, and their functions have returned; for ever, if something was leaked.
///
/// Context: process, may sleep.
#[inline]
pub(crate) fn wait(module: &CStr) {
    if !cfg!(MODULE) {
        return;
    }
    let wait = COUNTED.wait.load(Ordering::Relaxed);
    // SAFETY: It is null, or what `prepare()` or `Live::new()` has stored, a `Wait`.
    let wait = unsafe { core::mem::transmute::<*mut c_void, Option<Wait>>(wait) };
    if let Some(wait) = wait {
        // SAFETY: The name is a string. This is process context, and may sleep.
        unsafe { wait(module.as_char_ptr()) };
    }
}

/// Returns how many calls are not over.
#[inline(never)]
extern "C" fn pending() -> c_ulong {
    // SAFETY: These are the module's counts.
    unsafe { bindings::callbacks_pending(CALLS.0.get().cast()) }
}

/// As [`wait`].
///
/// # Safety
///
/// `module` must be NUL-terminated; it must be process context, and may sleep.
#[cold]
#[inline(never)]
unsafe extern "C" fn wait_for(module: *const c_char) {
    /// How often to look before the log is told, and how long to sleep in between.
    const PATIENCE: u32 = 200;
    const SLEEP_MS: u32 = 20;

    // A registration may make the first of them as long as it lives.
    let calls = || {
        let calls = COUNTED.pending.load(Ordering::Relaxed);
        // SAFETY: It is null, or what `prepare()` has stored, a `Pending`.
        unsafe { core::mem::transmute::<*mut c_void, Option<Pending>>(calls) }
    };
    let mut looked = 0_u32;
    loop {
        let registrations = COUNTED.live.load(Ordering::Acquire);
        let count = registrations + calls().map_or(0, |pending| pending());
        if count == 0 {
            break;
        }
        looked = looked.saturating_add(1);
        if looked == PATIENCE {
            // SAFETY: By the safety requirement.
            let module = unsafe { CStr::from_char_ptr(module) };
            pr_warn!("{module}: unloading waits: work is queued, or a timer's handle or a registration was leaked ({count})\n");
        }
        // SAFETY: By the safety requirement.
        unsafe { bindings::msleep(SLEEP_MS) };
    }
    if calls().is_some() {
        // The last one that was counted may have to return yet.
        // SAFETY: By the safety requirement.
        unsafe { bindings::synchronize_tasks() };
    }
}
