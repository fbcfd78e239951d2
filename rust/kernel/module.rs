// SPDX-License-Identifier: GPL-2.0-only

//! Modules: what [`module!`](macros::module) builds on.
//!
//! C header: `include/linux/module.h`.

use crate::bindings;
use crate::error::Error;
use crate::error::Result;
use crate::ffi::c_int;
use crate::init::PinInit;
use crate::str::CStr;
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

/// The type of a module whose value can be made anywhere and moved.
///
/// Dropping the value is the module's exit function.
pub trait Module: Sized + Sync + Send + 'static {
    /// Runs when the module is loaded, before anything else of it but its parameters.
    ///
    /// Context: process, may sleep. C: `module_init()`.
    ///
    /// # Errors
    ///
    /// Whatever the module returns: loading fails with that errno.
    fn init(module: &'static ThisModule) -> Result<Self>;
}

/// The type of a module whose value is made in place, so that it can hold what must not move.
///
/// Every [`Module`] is one.
pub trait InPlaceModule: Sized + Sync + Send + 'static {
    /// Returns what initialises the module's value when the module is loaded.
    ///
    /// Context: process, may sleep. C: `module_init()`.
    fn init(module: &'static ThisModule) -> impl PinInit<Self, Error>;
}

impl<T: Module> InPlaceModule for T {
    fn init(module: &'static ThisModule) -> impl PinInit<Self, Error> {
        let initer = move |slot: *mut Self| {
            let this = <Self as Module>::init(module)?;
            // SAFETY: The caller of an initialiser gives a `slot` that is valid for writes.
            unsafe { slot.write(this) };
            Ok(())
        };

        // SAFETY: `initer` writes the whole slot when it returns `Ok`, else it leaves it alone.
        unsafe { pinned_init::pin_init_from_closure(initer) }
    }
}

/// What is known of a module at build time; `module!` implements it.
pub trait ModuleMetadata {
    /// The name that `module!` was given.
    const NAME: &'static CStr;

    /// The module itself.
    const THIS_MODULE: &'static ThisModule;
}

/// A module, as C's `THIS_MODULE`: a null pointer stands for the kernel itself.
pub struct ThisModule(*mut bindings::module);

// SAFETY: The pointer is only handed to C, which locks what it changes behind it.
unsafe impl Sync for ThisModule {}

// SAFETY: As for `Sync`; no thread owns a module.
unsafe impl Send for ThisModule {}

impl ThisModule {
    /// Wraps the pointer that C has of a module.
    ///
    /// # Safety
    ///
    /// `ptr` must be null or point to the `struct module` of the code that uses the result.
    pub const unsafe fn from_ptr(ptr: *mut bindings::module) -> Self {
        Self(ptr)
    }

    /// Returns the pointer that C takes as an owner.
    pub const fn as_ptr(&self) -> *mut bindings::module {
        self.0
    }
}

impl ThisModule {
    /// Takes a reference on the module: it cannot be unloaded until the result is dropped.
    ///
    /// A reference does not protect the code that drops it: where the kernel calls a module, what was
    /// registered there keeps it loaded or waits for the call. It is for what has to outlast that,
    /// such as a device that is open. A module that keeps one on itself in its own value is never unloaded.
    ///
    /// Context: any but NMI. C: `try_module_get()`.
    ///
    /// # Errors
    ///
    /// `None` if the module is being unloaded.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kernel::prelude::*;
    /// # fn example(module: &'static ThisModule) -> Result {
    /// let in_use = module.try_get().ok_or(ENODEV)?;
    /// // `rmmod` says that the module is in use.
    /// drop(in_use);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_get(&'static self) -> Option<ModuleRef> {
        // SAFETY: The pointer is valid for as long as code of the module runs, or null for the
        // kernel itself, which C takes too.
        let got = unsafe { bindings::try_module_get(self.0) };
        // INVARIANT: The reference was taken just now.
        got.then(|| ModuleRef(self))
    }
}

/// A reference on a module: while it lives, `rmmod` of the module fails (`EWOULDBLOCK`).
///
/// Leaking one is safe: the module just stays for good.
///
/// # Invariants
///
/// It owns one count of the module's references.
#[must_use = "the module can be unloaded at once if the reference is not kept"]
pub struct ModuleRef(&'static ThisModule);

impl ModuleRef {
    /// Returns the module that it is a reference on.
    pub fn module(&self) -> &'static ThisModule {
        self.0
    }
}

impl Clone for ModuleRef {
    /// Takes another reference on the module.
    ///
    /// Context: any but NMI. C: `__module_get()`.
    fn clone(&self) -> Self {
        // SAFETY: By the type invariant there is a reference already, so the module is not going.
        unsafe { bindings::__module_get(self.0.as_ptr()) };
        // INVARIANT: The reference was taken just now.
        Self(self.0)
    }
}

impl Drop for ModuleRef {
    /// Gives the reference back.
    ///
    /// Context: any but NMI. C: `module_put()`.
    fn drop(&mut self) {
        // SAFETY: By the type invariant this reference is ours to give back, once.
        unsafe { bindings::module_put(self.0.as_ptr()) };
    }
}

/// The place of a module's value.
#[doc(hidden)]
pub struct Slot<T>(UnsafeCell<MaybeUninit<T>>);

// SAFETY: Only `init` and `exit` touch the content, and their callers promise that these never
// overlap; a module's type is `Send` and `Sync` itself.
unsafe impl<T> Sync for Slot<T> {}

impl<T> Slot<T> {
    /// Makes an empty slot.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self(UnsafeCell::new(MaybeUninit::uninit()))
    }
}

/// Initialises the module in `slot`; returns 0 or a negative errno.
///
/// # Safety
///
/// It must be called at most once for a slot, and before `exit`.
#[doc(hidden)]
pub unsafe fn init<T: InPlaceModule>(slot: &'static Slot<T>, module: &'static ThisModule) -> c_int {
    // SAFETY: The slot is static, so it is valid and stays pinned; by the safety requirement
    // nothing was initialised there before.
    match unsafe { T::init(module).__pinned_init(slot.0.get().cast()) } {
        Ok(()) => 0,
        Err(error) => error.to_errno(),
    }
}

/// Drops the module in `slot`.
///
/// # Safety
///
/// It must be called at most once, after `init` returned 0, when nothing else uses the slot.
#[doc(hidden)]
pub unsafe fn exit<T>(slot: &'static Slot<T>) {
    // SAFETY: By the safety requirement the slot holds a value that nothing uses any more.
    unsafe { slot.0.get().cast::<T>().drop_in_place() };
}
