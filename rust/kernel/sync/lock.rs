// SPDX-License-Identifier: GPL-2.0-only

//! Locks: one type for all kinds, which a [`Backend`] tells apart.
//!
//! | type | C | while it is held |
//! |---|---|---|
//! | [`Mutex`](super::Mutex) | `struct mutex` | the task may sleep |
//! | [`SpinLock`](super::SpinLock) | `spinlock_t`, `spin_lock()` | no sleeping; not for data that interrupt handlers use |
//! | [`SpinLockIrq`](super::SpinLockIrq) | `spinlock_t`, `spin_lock_irqsave()` | no sleeping, no interrupts on this CPU |
//!
//! # What types do not check
//!
//! - Sleeping while a spinlock is held, as in C: the compiler cannot see it. The kernel says "scheduling while
//!   atomic" and may hang. `CONFIG_DEBUG_ATOMIC_SLEEP`, and klint in a tree of the kernel's own, find it.
//! - Deadlocks: taking a lock that one holds, two locks in different orders, or a [`SpinLock`](super::SpinLock)
//!   in an interrupt handler that interrupts its holder. `CONFIG_PROVE_LOCKING` finds them.
//! - A guard that is leaked (`core::mem::forget()`): its lock stays held. Of a [`SpinLockIrq`](super::SpinLockIrq), or
//!   if a task sleeps with its guard, the CPU's count of guards is wrong from then on, and interrupts may stay off
//!   after any later guard of the module.
//! - More than 255 spinlocks held at once: kernels count them in eight bits.
//!
//! None of these lets anybody use data that another one changes, or memory that is freed, but for one: who waits for a
//! [`Mutex`](super::Mutex) that a task has left locked and then has ended, makes C read a field of that task.
//! `docs/soundness.md` says more.

use super::LockClassKey;
use crate::bindings;
use crate::ffi::c_char;
use crate::init::PinInit;
use crate::init::Wrapper;
use crate::str::CStr;
use crate::str::CStrExt as _;
use crate::types::NotThreadSafe;
use crate::types::Opaque;
use crate::types::ScopeGuard;
use core::cell::UnsafeCell;
use core::marker::PhantomPinned;
use core::ops::Deref;
use core::ops::DerefMut;
use core::pin::Pin;
use pin_init::pin_data;
use pin_init::pin_init;

pub mod mutex;
pub mod spinlock;
pub mod spinlock_irq;

/// A kind of lock.
///
/// # Safety
///
/// - Between [`lock`](Self::lock) and [`unlock`](Self::unlock) no other thread or CPU may get the lock.
/// - [`relock`](Self::relock) must take it as `lock` did.
pub unsafe trait Backend {
    /// The lock itself.
    type State;

    /// What a guard keeps from `lock` for `unlock`.
    type GuardState;

    /// Initialises the lock.
    ///
    /// # Safety
    ///
    /// `ptr` must be valid for writes; `name` and `key` must stay valid as long as the lock is used.
    unsafe fn init(ptr: *mut Self::State, name: *const c_char, key: *mut bindings::lock_class_key);

    /// Takes the lock.
    ///
    /// # Safety
    ///
    /// [`init`](Self::init) must have been called on it.
    #[must_use]
    unsafe fn lock(ptr: *mut Self::State) -> Self::GuardState;

    /// Takes the lock if it is free.
    ///
    /// # Safety
    ///
    /// [`init`](Self::init) must have been called on it.
    unsafe fn try_lock(ptr: *mut Self::State) -> Option<Self::GuardState>;

    /// Releases the lock.
    ///
    /// # Safety
    ///
    /// The caller must hold it, by a call that returned `guard_state`.
    unsafe fn unlock(ptr: *mut Self::State, guard_state: &Self::GuardState);

    /// Takes the lock again.
    ///
    /// # Safety
    ///
    /// `guard_state` must be of a call of `lock` or `try_lock` that was undone by `unlock`.
    #[inline]
    unsafe fn relock(ptr: *mut Self::State, guard_state: &mut Self::GuardState) {
        // SAFETY: The caller had locked it, so it is initialised.
        *guard_state = unsafe { Self::lock(ptr) };
    }

    /// Lets lockdep, if it is on, warn unless the lock is held.
    ///
    /// # Safety
    ///
    /// [`init`](Self::init) must have been called on it.
    unsafe fn assert_is_held(ptr: *mut Self::State);
}

/// A lock of kind `B` and the value that it protects.
///
/// The value is pinned with the lock. The kinds are in the [module's documentation](self).
///
/// # Invariants
///
/// [`Backend::init`] was called on `state`. Only who holds the lock uses `data`.
#[pin_data]
#[repr(C)]
pub struct Lock<T: ?Sized, B: Backend> {
    #[pin]
    state: Opaque<B::State>,

    // Some kinds have pointers to themselves, with some configurations.
    #[pin]
    _pin: PhantomPinned,

    #[pin]
    pub(crate) data: UnsafeCell<T>,
}

// SAFETY: A lock may be sent if its value may: whoever has the whole lock, has the value.
unsafe impl<T: ?Sized + Send, B: Backend> Send for Lock<T, B> {}

// SAFETY: By the trait's requirements one thread at a time has the value, which takes `Send`, not `Sync`.
unsafe impl<T: ?Sized + Send, B: Backend> Sync for Lock<T, B> {}

impl<T, B: Backend> Lock<T, B> {
    /// Makes a lock around what `t` initialises: a value, or the initialiser of a pinned one.
    ///
    /// Macros like [`new_mutex!`](super::new_mutex) give a name and a class.
    #[inline]
    pub fn new(
        t: impl PinInit<T>,
        name: &'static CStr,
        key: Pin<&'static LockClassKey>,
    ) -> impl PinInit<Self> {
        // INVARIANT: `init` is called on `state`; nobody else uses `data` yet.
        pin_init!(Self {
            data <- UnsafeCell::pin_init(t),
            _pin: PhantomPinned,
            state <- Opaque::ffi_init(|state: *mut B::State| {
                // SAFETY: `state` is a place for a lock; name and key live for ever.
                unsafe { B::init(state, name.as_char_ptr(), key.as_ptr()) }
            }),
        })
    }
}

impl<B: Backend> Lock<(), B> {
    /// Borrows a lock that C made.
    ///
    /// # Safety
    ///
    /// `ptr` must point to an initialised lock that is valid during `'a`.
    #[inline]
    pub unsafe fn from_raw<'a>(ptr: *mut B::State) -> &'a Self {
        // INVARIANT: C has initialised it, and there is no data.
        // SAFETY: The caller promises validity; with `()` as data, the whole has the lock's layout.
        unsafe { &*ptr.cast() }
    }
}

impl<T: ?Sized, B: Backend> Lock<T, B> {
    /// Takes the lock; it is released when the guard is dropped.
    ///
    /// Context: that of the kind. C: `mutex_lock()`, `spin_lock()`, ...
    #[inline]
    pub fn lock(&self) -> Guard<'_, T, B> {
        // SAFETY: By the type invariant the lock is initialised.
        let state = unsafe { B::lock(self.state.get()) };

        // SAFETY: It was just taken.
        unsafe { Guard::new(self, state) }
    }

    /// Takes the lock if it is free.
    ///
    /// Context: as for [`lock`](Self::lock), but it never waits. C: `mutex_trylock()`, `spin_trylock()`, ...
    #[inline]
    #[must_use = "if there is no guard, the lock is not held"]
    pub fn try_lock(&self) -> Option<Guard<'_, T, B>> {
        // SAFETY: By the type invariant the lock is initialised.
        let state = unsafe { B::try_lock(self.state.get()) }?;

        // SAFETY: It was just taken.
        Some(unsafe { Guard::new(self, state) })
    }
}

/// A held lock: gives access to its value, and releases it when it is dropped.
///
/// It stays in its thread.
///
/// # Examples
///
/// ```compile_fail,E0277
/// fn send<T: Send>(_: T) {}
///
/// fn give_away(mutex: &kernel::sync::Mutex<u32>) {
///     send(mutex.lock());
/// }
/// ```
///
/// The value is not used after the lock is released:
///
/// ```compile_fail,E0505
/// fn keep(mutex: &kernel::sync::Mutex<u32>) -> u32 {
///     let guard = mutex.lock();
///     let value = &*guard;
///     drop(guard);
///     *value
/// }
/// ```
///
/// # Invariants
///
/// This thread holds `lock`, by a call that returned `state`.
#[must_use = "the lock is released where the guard is dropped"]
pub struct Guard<'a, T: ?Sized, B: Backend> {
    pub(crate) lock: &'a Lock<T, B>,
    pub(crate) state: B::GuardState,
    _not_send: NotThreadSafe,
}

// SAFETY: A shared guard gives `&T` only.
unsafe impl<T: ?Sized + Sync, B: Backend> Sync for Guard<'_, T, B> {}

impl<'a, T: ?Sized, B: Backend> Guard<'a, T, B> {
    /// Makes the guard of a lock that is held.
    ///
    /// # Safety
    ///
    /// The calling thread must hold `lock`, by a call that returned `state`, and give it to the guard.
    #[inline]
    pub unsafe fn new(lock: &'a Lock<T, B>, state: B::GuardState) -> Self {
        // SAFETY: By the lock's type invariant it is initialised.
        unsafe { B::assert_is_held(lock.state.get()) };

        // INVARIANT: The caller promises it.
        Self {
            lock,
            state,
            _not_send: NotThreadSafe,
        }
    }

    /// Returns the lock.
    ///
    /// # Examples
    ///
    /// ```
    /// use kernel::sync::{lock::{Backend, Guard, Lock}, new_spinlock};
    ///
    /// fn is_of<T, B: Backend>(guard: &Guard<'_, T, B>, lock: &Lock<T, B>) -> bool {
    ///     core::ptr::eq(guard.lock_ref(), lock)
    /// }
    ///
    /// let lock = KBox::pin_init(new_spinlock!(5_u8), GFP_KERNEL)?;
    /// assert!(is_of(&lock.lock(), &lock));
    /// # Ok::<(), Error>(())
    /// ```
    #[inline]
    pub fn lock_ref(&self) -> &'a Lock<T, B> {
        self.lock
    }

    /// Returns the pinned value.
    #[inline]
    pub fn as_mut(&mut self) -> Pin<&mut T> {
        // SAFETY: By the type invariant only this guard uses the value.
        let data = unsafe { &mut *self.lock.data.get() };
        // SAFETY: The value is pinned with its lock.
        unsafe { Pin::new_unchecked(data) }
    }

    /// Runs a closure while the lock is released, and takes it again.
    ///
    /// # Examples
    ///
    /// ```
    /// use kernel::sync::new_mutex;
    ///
    /// let mutex = KBox::pin_init(new_mutex!(1), GFP_KERNEL)?;
    /// let mut guard = mutex.lock();
    ///
    /// guard.do_unlocked(|| *mutex.lock() += 1);
    /// assert_eq!(*guard, 2);
    /// # Ok::<(), Error>(())
    /// ```
    #[inline]
    pub fn do_unlocked<U>(&mut self, cb: impl FnOnce() -> U) -> U {
        let lock = self.lock.state.get();
        // SAFETY: By the type invariant this thread holds the lock.
        unsafe { B::unlock(lock, &self.state) };

        let _relock = ScopeGuard::new(|| {
            // SAFETY: It was released above, and the type invariant holds again from here on.
            unsafe { B::relock(lock, &mut self.state) }
        });
        cb()
    }
}

impl<T: ?Sized, B: Backend> Deref for Guard<'_, T, B> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: By the type invariant only this guard uses the value.
        unsafe { &*self.lock.data.get() }
    }
}

impl<T: ?Sized + Unpin, B: Backend> DerefMut for Guard<'_, T, B> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: By the type invariant only this guard uses the value, which may be moved.
        unsafe { &mut *self.lock.data.get() }
    }
}

impl<T: ?Sized, B: Backend> Drop for Guard<'_, T, B> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: By the type invariant this thread holds the lock.
        unsafe { B::unlock(self.lock.state.get(), &self.state) };
    }
}
