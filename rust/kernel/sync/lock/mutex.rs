// SPDX-License-Identifier: GPL-2.0-only

//! Locks whose holder may sleep.
//!
//! C header: `include/linux/mutex.h`.

use crate::bindings;
use crate::ffi::c_char;

/// Makes the initialiser of a [`Mutex`], with a class of its own and the given name, or this place's.
#[macro_export]
macro_rules! new_mutex {
    ($inner:expr $(, $name:literal)? $(,)?) => {
        $crate::sync::Mutex::new(
            $inner,
            $crate::optional_name!($($name)?),
            $crate::static_lock_class!(),
        )
    };
}
pub use new_mutex;

/// A lock whose holder may sleep (`struct mutex`): one that waits for it sleeps.
///
/// It cannot be taken twice by one task. It is pinned: [`new_mutex!`] makes one in place.
///
/// Context of `lock()`: process, may sleep; of `try_lock()` and of dropping the guard: process.
/// C: `mutex_lock()`, `mutex_trylock()`, `mutex_unlock()`.
///
/// # Examples
///
/// ```
/// use kernel::sync::{new_mutex, Mutex};
///
/// #[pin_data]
/// struct Account {
///     number: u32,
///     #[pin]
///     balance: Mutex<i64>,
/// }
///
/// impl Account {
///     fn new(number: u32) -> impl PinInit<Self> {
///         pin_init!(Self {
///             number,
///             balance <- new_mutex!(0, "Account::balance"),
///         })
///     }
/// }
///
/// let account = KBox::pin_init(Account::new(7), GFP_KERNEL)?;
/// *account.balance.lock() += 20;
/// assert_eq!((account.number, *account.balance.lock()), (7, 20));
/// # Ok::<(), Error>(())
/// ```
///
/// A value that stays in one thread stays there, even in a mutex:
///
/// ```compile_fail,E0277
/// use kernel::{sync::Mutex, types::NotThreadSafe};
///
/// fn share<T: Sync>(_: &T) {}
///
/// fn of_one_thread(mutex: &Mutex<NotThreadSafe>) {
///     share(mutex);
/// }
/// ```
pub type Mutex<T> = super::Lock<T, MutexBackend>;

/// A held [`Mutex`].
pub type MutexGuard<'a, T> = super::Guard<'a, T, MutexBackend>;

/// The kind of lock that a [`Mutex`] is.
pub struct MutexBackend;

// SAFETY: C's mutex has one owner, and there is one way to take it.
unsafe impl super::Backend for MutexBackend {
    type State = bindings::mutex;
    type GuardState = ();

    #[inline]
    unsafe fn init(ptr: *mut Self::State, name: *const c_char, key: *mut bindings::lock_class_key) {
        // SAFETY: The caller promises that `ptr` is a place for it, and that the others stay.
        unsafe { bindings::mutex_init_named(ptr, name, key) }
    }

    #[inline]
    unsafe fn lock(ptr: *mut Self::State) -> Self::GuardState {
        // SAFETY: The caller promises that it is initialised.
        unsafe { bindings::mutex_lock(ptr) }
    }

    #[inline]
    unsafe fn try_lock(ptr: *mut Self::State) -> Option<Self::GuardState> {
        // SAFETY: The caller promises that it is initialised.
        (unsafe { bindings::mutex_trylock(ptr) } != 0).then_some(())
    }

    #[inline]
    unsafe fn unlock(ptr: *mut Self::State, _guard_state: &Self::GuardState) {
        // SAFETY: The caller promises to hold it.
        unsafe { bindings::mutex_unlock(ptr) }
    }

    #[inline]
    unsafe fn assert_is_held(ptr: *mut Self::State) {
        // SAFETY: The caller promises that it is initialised.
        unsafe { bindings::mutex_assert_is_held(ptr) }
    }
}
