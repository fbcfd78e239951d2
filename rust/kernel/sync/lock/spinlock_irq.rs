// SPDX-License-Identifier: GPL-2.0-only

//! Spinlocks for data that interrupt handlers use too.
//!
//! C header: `include/linux/spinlock.h`.

use super::spinlock::SpinLockBackend;
use super::Guard;
use super::Lock;
use crate::bindings;
use crate::ffi::c_char;
use crate::interrupt::LocalInterruptDisabled;

/// Makes the initialiser of a [`SpinLockIrq`], with a class of its own and the given name, or this place's.
#[macro_export]
macro_rules! new_spinlock_irq {
    ($inner:expr $(, $name:literal)? $(,)?) => {
        $crate::sync::SpinLockIrq::new(
            $inner,
            $crate::optional_name!($($name)?),
            $crate::static_lock_class!(),
        )
    };
}
pub use new_spinlock_irq;

/// A spinlock under which interrupts of the CPU are off, for what interrupt handlers use too.
///
/// `lock()` turns them off; they are on again, if they were, when the last guard of the CPU is dropped, in
/// whatever order the module's guards are (each Rust object of a module counts its own). Where they are known to be off,
/// [`lock_with`](Self::lock_with) saves that. With `PREEMPT_RT` interrupts stay on, and handlers are threads.
///
/// Context: any but NMI; no sleeping under it. C: `spin_lock_irqsave()`. It costs a count per CPU more: C's place for the
/// flags is a variable, and its drops are in order because the author minds it.
///
/// # Examples
///
/// ```
/// use kernel::interrupt::LocalInterruptDisabled;
/// use kernel::sync::{new_spinlock_irq, SpinLockIrq};
///
/// /// Of an interrupt handler.
/// fn received(count: &SpinLockIrq<u32>, disabled: &LocalInterruptDisabled) {
///     *count.lock_with(disabled) += 1;
/// }
///
/// let count = KBox::pin_init(new_spinlock_irq!(0), GFP_KERNEL)?;
///
/// received(&count, &kernel::interrupt::local_interrupt_disable());
/// assert_eq!(*count.lock(), 1);
/// # Ok::<(), Error>(())
/// ```
///
/// A guard of `lock_with` is dropped before interrupts are on again:
///
/// ```compile_fail,E0505
/// use kernel::{interrupt::local_interrupt_disable, sync::SpinLockIrq};
///
/// fn keep(lock: &SpinLockIrq<u32>) -> u32 {
///     let disabled = local_interrupt_disable();
///     let guard = lock.lock_with(&disabled);
///     drop(disabled);
///     *guard
/// }
/// ```
pub type SpinLockIrq<T> = Lock<T, SpinLockIrqBackend>;

/// A [`SpinLockIrq`] held by [`lock()`](Lock::lock).
pub type SpinLockIrqGuard<'a, T> = Guard<'a, T, SpinLockIrqBackend>;

/// The kind of lock that a [`SpinLockIrq`] is.
pub struct SpinLockIrqBackend;

// SAFETY: C's spinlock has one owner, and there is one way to take it with `lock`.
unsafe impl super::Backend for SpinLockIrqBackend {
    type State = bindings::spinlock_t;
    type GuardState = ();

    #[inline]
    unsafe fn init(ptr: *mut Self::State, name: *const c_char, key: *mut bindings::lock_class_key) {
        // SAFETY: The caller promises that `ptr` is a place for it, and that the others stay.
        unsafe { bindings::__spin_lock_init(ptr, name, key) }
    }

    #[inline]
    unsafe fn lock(ptr: *mut Self::State) -> Self::GuardState {
        // SAFETY: The caller promises that it is initialised.
        unsafe { bindings::spin_lock_irq_disable(ptr) }
    }

    #[inline]
    unsafe fn try_lock(ptr: *mut Self::State) -> Option<Self::GuardState> {
        // SAFETY: The caller promises that it is initialised.
        (unsafe { bindings::spin_trylock_irq_disable(ptr) } != 0).then_some(())
    }

    #[inline]
    unsafe fn unlock(ptr: *mut Self::State, _guard_state: &Self::GuardState) {
        // SAFETY: The caller promises to hold it, by `lock` or `try_lock`, which disabled interrupts.
        unsafe { bindings::spin_unlock_irq_enable(ptr) }
    }

    #[inline]
    unsafe fn assert_is_held(ptr: *mut Self::State) {
        // SAFETY: The caller promises that it is initialised.
        unsafe { bindings::spin_assert_is_held(ptr) }
    }
}

impl<T: ?Sized> Lock<T, SpinLockIrqBackend> {
    /// The same lock as one that does not touch interrupts.
    #[inline]
    fn without_irq<'a>(
        &'a self,
        _disabled: &'a LocalInterruptDisabled,
    ) -> &'a Lock<T, SpinLockBackend> {
        let lock = core::ptr::from_ref(self) as *const Lock<T, SpinLockBackend>;

        // INVARIANT: Both kinds are initialised by the same function, and exclude each other.
        // SAFETY: `Lock` is `repr(C)`, and both kinds have the same `State`, so the layouts are the same.
        unsafe { &*lock }
    }

    /// Takes the lock where interrupts are off already. C: `spin_lock()`.
    #[inline]
    pub fn lock_with<'a>(
        &'a self,
        context: &'a LocalInterruptDisabled,
    ) -> Guard<'a, T, SpinLockBackend> {
        self.without_irq(context).lock()
    }

    /// Takes the lock if it is free, where interrupts are off already. C: `spin_trylock()`.
    #[inline]
    #[must_use = "if there is no guard, the lock is not held"]
    pub fn try_lock_with<'a>(
        &'a self,
        context: &'a LocalInterruptDisabled,
    ) -> Option<Guard<'a, T, SpinLockBackend>> {
        self.without_irq(context).try_lock()
    }
}
