// SPDX-License-Identifier: GPL-2.0-only

//! Locks whose holder may not sleep.
//!
//! C header: `include/linux/spinlock.h`.

use crate::bindings;
use crate::ffi::c_char;

/// Makes the initialiser of a [`SpinLock`], with a class of its own and the given name, or this place's.
#[macro_export]
macro_rules! new_spinlock {
    ($inner:expr $(, $name:literal)? $(,)?) => {
        $crate::sync::SpinLock::new(
            $inner,
            $crate::optional_name!($($name)?),
            $crate::static_lock_class!(),
        )
    };
}
pub use new_spinlock;

/// A lock whose holder may not sleep (`spinlock_t`): one that waits for it spins.
///
/// It does not touch interrupts: for what an interrupt handler uses too there is
/// [`SpinLockIrq`](super::spinlock_irq::SpinLockIrq). It is pinned: [`new_spinlock!`] makes one in place.
///
/// Context: any but NMI, but always the same kind of context; sleeping under it is a bug that no type finds,
/// see [the module's documentation](super). C: `spin_lock()`, `spin_trylock()`, `spin_unlock()`.
///
/// # Examples
///
/// ```
/// use kernel::sync::{new_spinlock, SpinLock};
///
/// #[pin_data]
/// struct Counters {
///     #[pin]
///     sent_received: SpinLock<(u64, u64)>,
/// }
///
/// let counters = KBox::pin_init(
///     pin_init!(Counters { sent_received <- new_spinlock!((0, 0)) }),
///     GFP_KERNEL,
/// )?;
///
/// counters.sent_received.lock().0 += 1;
/// assert_eq!(*counters.sent_received.lock(), (1, 0));
/// # Ok::<(), Error>(())
/// ```
pub type SpinLock<T> = super::Lock<T, SpinLockBackend>;

/// A held [`SpinLock`].
pub type SpinLockGuard<'a, T> = super::Guard<'a, T, SpinLockBackend>;

/// The kind of lock that a [`SpinLock`] is.
pub struct SpinLockBackend;

// SAFETY: C's spinlock has one owner, and there is one way to take it.
unsafe impl super::Backend for SpinLockBackend {
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
        unsafe { bindings::spin_lock(ptr) }
    }

    #[inline]
    unsafe fn try_lock(ptr: *mut Self::State) -> Option<Self::GuardState> {
        // SAFETY: The caller promises that it is initialised.
        (unsafe { bindings::spin_trylock(ptr) } != 0).then_some(())
    }

    #[inline]
    unsafe fn unlock(ptr: *mut Self::State, _guard_state: &Self::GuardState) {
        // SAFETY: The caller promises to hold it.
        unsafe { bindings::spin_unlock(ptr) }
    }

    #[inline]
    unsafe fn assert_is_held(ptr: *mut Self::State) {
        // SAFETY: The caller promises that it is initialised.
        unsafe { bindings::spin_assert_is_held(ptr) }
    }
}
