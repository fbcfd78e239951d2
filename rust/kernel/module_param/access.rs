// SPDX-License-Identifier: GPL-2.0-only

//! Where a parameter's value is, and how the module reaches it.

use super::kind::Scalar;
use super::lock::Guard;
use super::lock::ParamLock;
use crate::error::Result;
use core::cell::UnsafeCell;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering;

mod private {
    pub trait Sealed {}
}

/// When a parameter can change: [`LoadTime`], [`Guarded`] or [`RunTime`].
pub trait Mode: private::Sealed + 'static {
    /// Whether a reference to the value was given away for good.
    #[doc(hidden)]
    fn is_lent(&self) -> bool {
        false
    }
}

/// A value that is there before any Rust code of the module runs, and then stays.
pub struct LoadTime;

/// As [`LoadTime`], in a module whose own code helps to read its parameters.
///
/// That code may look at other parameters. Once it holds a reference to one, giving this parameter
/// again is refused with `EBUSY`.
pub struct Guarded {
    lent: AtomicBool,
}

impl Guarded {
    /// Makes one whose value was not lent.
    #[doc(hidden)]
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self {
            lent: AtomicBool::new(false),
        }
    }
}

/// A value that can change at any time, through sysfs.
pub struct RunTime {
    lock: &'static ParamLock,
}

impl RunTime {
    /// Makes one for a parameter of the module that `lock` belongs to.
    #[doc(hidden)]
    pub const fn new(lock: &'static ParamLock) -> Self {
        Self { lock }
    }
}

impl private::Sealed for LoadTime {}
impl private::Sealed for Guarded {}
impl private::Sealed for RunTime {}

impl Mode for LoadTime {}
impl Mode for RunTime {}

impl Mode for Guarded {
    fn is_lent(&self) -> bool {
        self.lent.load(Ordering::Relaxed)
    }
}

/// How a value that does not change after `init` is lent.
#[doc(hidden)]
pub trait Lend: Mode {
    /// Notes that a reference is given away.
    fn lend(&self);
}

impl Lend for LoadTime {
    #[inline]
    fn lend(&self) {}
}

impl Lend for Guarded {
    #[inline]
    fn lend(&self) {
        // Only the thread that loads the module runs before `init`, so no order is needed.
        self.lent.store(true, Ordering::Relaxed);
    }
}

/// A parameter's value, as the module that declares it sees it.
///
/// # Examples
///
/// ```
/// use kernel::module_param::{Array, ModuleParamAccess, RunTime};
///
/// fn first_port(ports: &ModuleParamAccess<Array<u16, 4>>) -> Option<u16> {
///     ports.value_ref().first().copied()
/// }
///
/// fn raise(level: &ModuleParamAccess<u8, RunTime>) {
///     level.set_value(level.value().saturating_add(1));
/// }
/// ```
///
/// What can change at run time is not lent without the lock:
///
/// ```compile_fail,E0599
/// use kernel::module_param::{Charp, ModuleParamAccess, RunTime};
///
/// fn name(name: &ModuleParamAccess<Charp, RunTime>) -> &Charp {
///     name.value_ref()
/// }
/// ```
///
/// Nor is it read at once, unless it is one word:
///
/// ```compile_fail,E0277
/// use kernel::module_param::{FixedString, ModuleParamAccess, RunTime};
///
/// fn label(label: &ModuleParamAccess<FixedString<16>, RunTime>) -> FixedString<16> {
///     label.value()
/// }
/// ```
///
/// A string is not copied out of its parameter, which frees it:
///
/// ```compile_fail,E0277
/// use kernel::module_param::{Charp, ModuleParamAccess};
///
/// fn name(name: &ModuleParamAccess<Charp>) -> Charp {
///     name.value()
/// }
/// ```
///
/// # Invariants
///
/// C writes the value only while it holds the lock of the module's parameters. In a mode that
/// implements [`Lend`] it does so only in the thread that loads the module, before `init`, while
/// no reference to the value is lent.
#[repr(C)]
pub struct ModuleParamAccess<T, M: Mode = LoadTime> {
    value: UnsafeCell<T>,
    mode: M,
}

// SAFETY: By the type invariant nobody writes while Rust code reads, but in mode `RunTime`, where
// Rust code reads whole words or holds the lock.
unsafe impl<T: Send + Sync, M: Mode> Sync for ModuleParamAccess<T, M> {}

impl<T, M: Mode> ModuleParamAccess<T, M> {
    /// Makes one that holds the default.
    ///
    /// # Safety
    ///
    /// The type invariant must hold for whatever C entry is made of it.
    #[doc(hidden)]
    pub const unsafe fn new(default: T, mode: M) -> Self {
        // INVARIANT: By the safety requirement.
        Self {
            value: UnsafeCell::new(default),
            mode,
        }
    }

    /// Returns where C writes.
    #[doc(hidden)]
    pub const fn as_ptr(&self) -> *mut T {
        self.value.get()
    }

    /// Returns the state of the mode.
    pub(super) fn mode(&self) -> &M {
        &self.mode
    }
}

impl<T, M: Lend> ModuleParamAccess<T, M> {
    /// Returns the value that the user gave, or the default.
    ///
    /// Context: any.
    #[inline]
    pub fn value(&self) -> T
    where
        T: Copy,
    {
        // SAFETY: By the type invariant nobody writes meanwhile: either `init` has begun, or this
        // is the thread that would.
        unsafe { *self.value.get() }
    }

    /// Returns a reference to the value.
    ///
    /// Context: any.
    #[inline]
    pub fn value_ref(&self) -> &T {
        self.mode.lend();
        // SAFETY: By the type invariant nobody writes any more, now that the value is lent.
        unsafe { &*self.value.get() }
    }
}

impl<T> ModuleParamAccess<T, RunTime> {
    /// Returns the present value. C: `READ_ONCE()`.
    ///
    /// Context: any.
    #[inline]
    pub fn value(&self) -> T
    where
        T: Scalar,
    {
        // SAFETY: The place is valid. A `Scalar` is one aligned word, which C and `set_value()`
        // write whole, so this reads the old or the new one.
        unsafe { self.value.get().read_volatile() }
    }

    /// Changes the value, so that sysfs shows what the module has made of it. C: `WRITE_ONCE()`.
    ///
    /// Neither the range nor the `set` function of the parameter is asked.
    ///
    /// Context: any.
    #[inline]
    pub fn set_value(&self, value: T)
    where
        T: Scalar,
    {
        // SAFETY: The place is valid, and other code reads it as one aligned word.
        unsafe { self.value.get().write_volatile(value) };
    }

    /// Locks the module's parameters and lends the value, to read or change it.
    ///
    /// Context: process, may sleep. C: `kernel_param_lock()`.
    ///
    /// # Errors
    ///
    /// [`EDEADLK`](crate::error::code::EDEADLK) if this thread holds that lock already: it has
    /// another such guard of this module, or runs in a function that reads or prints a parameter.
    pub fn lock(&self) -> Result<Guard<'_, T>> {
        // SAFETY: The place is valid, and by the type invariant C writes it under this lock only.
        unsafe { self.mode.lock.lock(self.value.get()) }
    }
}
