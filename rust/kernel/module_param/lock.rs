// SPDX-License-Identifier: GPL-2.0-only

//! The lock of a module's parameters.

use crate::bindings;
use crate::error::code::EDEADLK;
use crate::error::code::ENODEV;
use crate::error::Result;
use crate::module::callbacks;
use crate::module::ThisModule;
use crate::str::CStr;
use crate::types::NotThreadSafe;
use core::ops::Deref;
use core::ops::DerefMut;
use core::ptr;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::AtomicPtr;
use core::sync::atomic::Ordering;

/// C's lock of a module's parameters, and which task holds it on behalf of Rust code.
#[doc(hidden)]
pub struct ParamLock {
    module: &'static ThisModule,
    name: &'static CStr,
    /// Compared with the current task only: it is null or that task only if this task wrote it.
    holder: AtomicPtr<bindings::task_struct>,
    /// Whether `init` has begun, before which all parameters were read.
    ready: AtomicBool,
    /// Whether code of the module was called for a parameter. Written under the lock.
    has_run: AtomicBool,
    /// Whether it is not called any more. Written and read under the lock.
    closed: AtomicBool,
}

impl ParamLock {
    /// Makes the one of `module`, whose name is `name`; each module has one.
    pub const fn new(module: &'static ThisModule, name: &'static CStr) -> Self {
        Self {
            module,
            name,
            holder: AtomicPtr::new(ptr::null_mut()),
            ready: AtomicBool::new(false),
            has_run: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        }
    }

    /// Says that `init` begins.
    ///
    /// # Safety
    ///
    /// No parameter of the module may be given a value any more, but those that change at run time.
    pub unsafe fn set_ready(&self) {
        self.ready.store(true, Ordering::Release);
    }

    pub(super) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    /// Ends the calls of the module's code for its parameters: when this returns, none runs, and none comes.
    ///
    /// The files in sysfs outlive the module's value. What a function starts there after unloading has waited
    /// would run when its code is gone.
    ///
    /// Context: process, may sleep.
    pub fn close(&self) {
        // A guard that was leaked keeps the functions out by itself, and waiting for it would be for ever. So it is
        // if another task leaked it: unloading hangs then, as with whatever else was leaked.
        let leaked = self.is_held();
        if !leaked {
            // SAFETY: The module is valid, or null for the kernel itself, which C takes too.
            unsafe { bindings::kernel_param_lock(self.module.as_ptr()) };
        }
        self.closed.store(true, Ordering::Relaxed);
        if !leaked {
            // SAFETY: It was taken above.
            unsafe { bindings::kernel_param_unlock(self.module.as_ptr()) };
        }
    }

    /// Waits for what the module's code has started, if `init` has not begun. If it has, who ends what `init`
    /// began waits, after [`close`](Self::close).
    ///
    /// Context: process, may sleep.
    pub(super) fn settle(&self) {
        if self.has_run.load(Ordering::Relaxed) && !self.is_ready() {
            callbacks::wait(self.name);
        }
    }

    /// Whether this task holds the lock on behalf of Rust code. An interrupt on top of it does not: the task may be
    /// about to write.
    pub(super) fn is_held(&self) -> bool {
        // SAFETY: It may be called anywhere.
        self.holder.load(Ordering::Relaxed) == Self::current() && unsafe { bindings::in_task() }
    }

    fn current() -> *mut bindings::task_struct {
        // SAFETY: There is a current task wherever modules run.
        unsafe { bindings::get_current() }
    }

    /// Takes the lock, and lends the value at `value` until it is released.
    ///
    /// # Safety
    ///
    /// `value` must be valid for `'a`, and be used by nobody who does not hold this lock.
    pub(super) unsafe fn lock<'a, T>(&'a self, value: *mut T) -> Result<Guard<'a, T>> {
        if self.is_held() {
            return Err(EDEADLK);
        }
        // SAFETY: The module is valid, or null for the kernel itself, which C takes too.
        unsafe { bindings::kernel_param_lock(self.module.as_ptr()) };
        self.holder.store(Self::current(), Ordering::Relaxed);
        // INVARIANT: The lock was taken just now.
        Ok(Guard {
            lock: self,
            value,
            _not_send: NotThreadSafe,
        })
    }

    /// Runs `call` with the knowledge that C has taken the lock for this task. In a module that `has_code` for
    /// its parameters, [`close`](Self::close) ends that.
    ///
    /// # Errors
    ///
    /// [`ENODEV`] after `close`, or that of `call`.
    pub(super) fn held<R>(&self, has_code: bool, call: impl FnOnce() -> Result<R>) -> Result<R> {
        if has_code {
            if self.closed.load(Ordering::Relaxed) {
                return Err(ENODEV);
            }
            self.has_run.store(true, Ordering::Relaxed);
        }
        self.holder.store(Self::current(), Ordering::Relaxed);
        let result = call();
        self.holder.store(ptr::null_mut(), Ordering::Relaxed);
        result
    }
}

/// The value of a parameter that can change at run time, while it cannot.
///
/// What owns nothing can be changed through it, so that sysfs shows what the module has made of it.
///
/// It belongs to the task that took the lock, and what it lends does not outlive it:
///
/// ```compile_fail,E0277
/// use kernel::module_param::{Charp, Guard};
///
/// fn give_away(guard: Guard<'static, Charp>) {
///     fn to_another_task<T: Send>(_: T) {}
///     to_another_task(guard);
/// }
/// ```
///
/// ```compile_fail,E0515
/// use kernel::module_param::{Charp, Locked, ModuleParamAccess};
/// use kernel::str::CStr;
///
/// fn name(name: &ModuleParamAccess<Charp, Locked>) -> Result<Option<&CStr>> {
///     Ok(name.lock()?.as_c_str())
/// }
/// ```
///
/// A string is C's to change:
///
/// ```compile_fail,E0596
/// use kernel::module_param::{Charp, Guard};
///
/// fn swap(a: &mut Guard<'_, Charp>, b: &mut Guard<'_, Charp>) {
///     core::mem::swap(&mut **a, &mut **b);
/// }
/// ```
///
/// # Invariants
///
/// This task holds `lock`, and `value` is used only by who holds it.
#[must_use = "the lock is released at once if the guard is not kept"]
pub struct Guard<'a, T> {
    lock: &'a ParamLock,
    value: *mut T,
    _not_send: NotThreadSafe,
}

// SAFETY: A reference to it gives a reference to the value, and nothing else.
unsafe impl<T: Sync> Sync for Guard<'_, T> {}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: By the type invariant nobody else uses the value while the guard lives.
        unsafe { &*self.value }
    }
}

impl<T: Copy> DerefMut for Guard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: As for `deref`; the guard is borrowed mutably, so there is no other reference.
        unsafe { &mut *self.value }
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        self.lock.holder.store(ptr::null_mut(), Ordering::Relaxed);
        // SAFETY: By the type invariant this task holds the lock.
        unsafe { bindings::kernel_param_unlock(self.lock.module.as_ptr()) };
    }
}
