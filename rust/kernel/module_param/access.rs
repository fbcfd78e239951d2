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

/// When a parameter can change: [`LoadTime`], [`Guarded`], [`RunTime`] or [`Locked`].
pub trait Mode: private::Sealed + 'static {
    /// Whether a reference to the value was given away for good.
    #[doc(hidden)]
    fn is_lent(&self) -> bool {
        false
    }
}

/// A value that is there before any Rust code of the module runs, and then stays.
pub struct LoadTime;

/// As [`LoadTime`], in a module whose own code helps to read its parameters, or which has one with a
/// `level`.
///
/// That code may look at parameters. So may modules that are built in and start before the level: by way
/// of what this one exports. Once a parameter was borrowed, giving it a value is refused with `EBUSY`.
/// Any other thread than the one that reads the parameters, and any interrupt, sees the default until `init` begins.
pub struct Guarded<T> {
    default: T,
    lent: AtomicBool,
    lock: &'static ParamLock,
}

impl<T> Guarded<T> {
    /// Makes one whose value was not lent.
    #[doc(hidden)]
    pub const fn new(default: T, lock: &'static ParamLock) -> Self {
        Self {
            default,
            lent: AtomicBool::new(false),
            lock,
        }
    }
}

/// A number that can change at any time, through sysfs.
pub struct RunTime;

/// A value that can change at any time, through sysfs, and is more than a number.
pub struct Locked {
    lock: &'static ParamLock,
}

impl Locked {
    /// Makes one for a parameter of the module that `lock` belongs to.
    #[doc(hidden)]
    pub const fn new(lock: &'static ParamLock) -> Self {
        Self { lock }
    }
}

impl private::Sealed for LoadTime {}
impl<T> private::Sealed for Guarded<T> {}
impl private::Sealed for RunTime {}
impl private::Sealed for Locked {}

impl Mode for LoadTime {}
impl Mode for RunTime {}
impl Mode for Locked {}

impl<T: 'static> Mode for Guarded<T> {
    fn is_lent(&self) -> bool {
        self.lent.load(Ordering::Relaxed)
    }
}

impl LoadTime {
    /// Returns where the value can be copied from.
    #[inline]
    fn place<'a, T>(&'a self, value: &'a UnsafeCell<T>) -> &'a UnsafeCell<T> {
        value
    }

    /// As `place`, for a reference that is given away.
    #[inline]
    fn lend<'a, T>(&'a self, value: &'a UnsafeCell<T>) -> &'a UnsafeCell<T> {
        value
    }
}

impl<T> Guarded<T> {
    /// Returns where the value can be copied from.
    ///
    /// Before `init` only the thread that reads the parameters gets the value itself. It does not
    /// write meanwhile. All others, interrupts on top of that thread too, get the default, which nobody writes.
    fn place<'a>(&'a self, value: &'a UnsafeCell<T>) -> &'a UnsafeCell<T> {
        if self.lock.is_ready() || self.lock.is_held() {
            return value;
        }
        // SAFETY: An `UnsafeCell` has the layout of what it holds; callers only read it.
        unsafe { &*core::ptr::from_ref(&self.default).cast() }
    }

    /// As `place`, for a reference that is given away: from here on the value stays.
    fn lend<'a>(&'a self, value: &'a UnsafeCell<T>) -> &'a UnsafeCell<T> {
        // It counts before `init` only, where nobody gets the value itself but the one thread that writes it.
        self.lent.store(true, Ordering::Relaxed);
        self.place(value)
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
/// use kernel::module_param::{Charp, Locked, ModuleParamAccess};
///
/// fn name(name: &ModuleParamAccess<Charp, Locked>) -> &Charp {
///     name.value_ref()
/// }
/// ```
///
/// Nor is it read at once, unless it is one word:
///
/// ```compile_fail,E0599
/// use kernel::module_param::{FixedString, Locked, ModuleParamAccess};
///
/// fn label(label: &ModuleParamAccess<FixedString<16>, Locked>) -> FixedString<16> {
///     label.value()
/// }
/// ```
///
/// A number is not lent, since it is written without the lock:
///
/// ```compile_fail,E0599
/// use kernel::module_param::{ModuleParamAccess, RunTime};
///
/// fn double(level: &ModuleParamAccess<u32, RunTime>) -> Result {
///     *level.lock()? *= 2;
///     Ok(())
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
/// C writes the value only while it holds the lock of the module's parameters. In modes
/// [`LoadTime`] and [`Guarded`] it does so only before `init`, while no reference to the value is
/// lent. In mode [`RunTime`] everyone reads and writes it as one word.
#[repr(C)]
pub struct ModuleParamAccess<T, M: Mode = LoadTime> {
    value: UnsafeCell<T>,
    mode: M,
}

// SAFETY: By the type invariant nobody writes while Rust code reads, but in mode `RunTime`, where
// Rust code reads whole words. The modes' own fields are atomic, or nobody writes them.
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

macro_rules! stays {
    ($($mode:ty),*) => {$(
        impl<T: 'static> ModuleParamAccess<T, $mode> {
            /// Returns the value that the user gave, or the default.
            ///
            /// Context: any.
            #[inline]
            pub fn value(&self) -> T
            where
                T: Copy,
            {
                // SAFETY: By the type invariant nobody writes meanwhile: the mode gives a place that
                // stays for so long.
                unsafe { *self.mode.place(&self.value).get() }
            }

            /// Returns a reference to the value.
            ///
            /// Context: any.
            #[inline]
            pub fn value_ref(&self) -> &T {
                // SAFETY: By the type invariant nobody writes any more, now that it is lent.
                unsafe { &*self.mode.lend(&self.value).get() }
            }
        }
    )*};
}

stays!(LoadTime, Guarded<T>);

impl<T: Scalar> ModuleParamAccess<T, RunTime> {
    /// Returns the present value. C: `READ_ONCE()`.
    ///
    /// Context: any.
    #[inline]
    pub fn value(&self) -> T {
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
    pub fn set_value(&self, value: T) {
        // SAFETY: The place is valid, and other code reads it as one aligned word.
        unsafe { self.value.get().write_volatile(value) };
    }
}

impl<T> ModuleParamAccess<T, Locked> {
    /// Locks the module's parameters and lends the value, to read or change it.
    ///
    /// Context: process, may sleep. C: `kernel_param_lock()`.
    ///
    /// # Errors
    ///
    /// [`EDEADLK`](crate::error::code::EDEADLK) if this thread holds that lock already: it has
    /// another such guard of this module, or runs in a function that reads or prints a parameter.
    /// Built-in modules share one lock, as in C: there, what another module holds is not noticed.
    pub fn lock(&self) -> Result<Guard<'_, T>> {
        // SAFETY: The place is valid, and by the type invariant C writes it under this lock only.
        unsafe { self.mode.lock.lock(self.value.get()) }
    }
}
