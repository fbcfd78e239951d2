// SPDX-License-Identifier: GPL-2.0-only

//! Turning off the interrupts of the CPU.
//!
//! Mostly [`SpinLockIrq`](crate::sync::SpinLockIrq) does it; this is for several locks at once.
//!
//! C headers: `include/linux/irqflags.h`, `include/linux/interrupt_rc.h`.

use crate::bindings;
use crate::types::NotThreadSafe;

/// Interrupts of this CPU are off as long as there is one of these.
///
/// There may be any number. The module counts them for each CPU, each Rust object of it for itself: those of two modules
/// are to be dropped in reverse order. One that is leaked leaves interrupts off after any later one.
///
/// With `PREEMPT_RT` locks leave interrupts on, so [`assume_disabled`](Self::assume_disabled) may be true of a
/// context in which they are on. Sleeping turns them on as well, which is a bug, as under any spinlock.
///
/// # Examples
///
/// ```
/// let first = kernel::interrupt::local_interrupt_disable();
/// let second = kernel::interrupt::local_interrupt_disable();
///
/// // They may be dropped in any order: interrupts are on again after the last one.
/// drop(first);
/// drop(second);
/// ```
///
/// ```compile_fail,E0277
/// fn send<T: Send>(_: T) {}
/// send(kernel::interrupt::local_interrupt_disable());
/// ```
///
/// # Invariants
///
/// It stands for one call of `local_interrupt_disable()`, or it is a context's in which interrupts are off.
#[must_use = "interrupts are on again where it is dropped"]
pub struct LocalInterruptDisabled(NotThreadSafe);

/// Turns off the interrupts of this CPU until the result is dropped.
///
/// Context: any but NMI. C: `local_irq_save()`, with a count as `local_interrupt_disable()` has.
#[inline]
pub fn local_interrupt_disable() -> LocalInterruptDisabled {
    // SAFETY: It may be called anywhere, and `drop` undoes it. The count is as long as the address space.
    unsafe { bindings::local_interrupt_disable() };

    // INVARIANT: Just called.
    LocalInterruptDisabled(NotThreadSafe)
}

impl LocalInterruptDisabled {
    /// For a context in which interrupts are known to be off. lockdep checks it.
    ///
    /// # Safety
    ///
    /// During `'a` this code must run where interrupts are off, or with `PREEMPT_RT` where they would be off
    /// without it.
    #[inline]
    pub unsafe fn assume_disabled<'a>() -> &'a Self {
        // SAFETY: It may be called anywhere.
        unsafe { bindings::lockdep_assert_irqs_disabled() };

        // INVARIANT: The caller promises it. Nobody drops a constant.
        const { &Self(NotThreadSafe) }
    }
}

impl Drop for LocalInterruptDisabled {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: By the type invariant this undoes a call; one of a context is never dropped.
        unsafe { bindings::local_interrupt_enable() };
    }
}
