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

pub(crate) mod callbacks;
mod reference;

pub(crate) use self::callbacks::Live;
pub use self::reference::ModuleRef;

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
        unsafe { pin_init::pin_init_from_closure(initer) }
    }
}

/// What is known of a module at build time; `module!` implements it.
pub trait ModuleMetadata {
    /// The name that `module!` was given.
    const NAME: &'static CStr;

    /// The module itself.
    const THIS_MODULE: ThisModule;
}

/// Returns the module that `M` was declared by: `this_module::<LocalModule>()`. C: `THIS_MODULE`.
///
/// Context: any.
pub const fn this_module<M: ModuleMetadata>() -> &'static ThisModule {
    const { &M::THIS_MODULE }
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

/// The version of a module that is built in, for `/sys/module/NAME/version`. C: `MODULE_VERSION()`.
#[doc(hidden)]
#[cfg(CONFIG_SYSFS)]
#[repr(transparent)]
pub struct BuiltInVersion(bindings::module_version_attribute);

// SAFETY: Nobody writes to it once it is made; C takes its attribute for a constant too.
#[cfg(CONFIG_SYSFS)]
unsafe impl Sync for BuiltInVersion {}

#[cfg(CONFIG_SYSFS)]
impl BuiltInVersion {
    /// Makes the entry of `module` in the section `__modver`.
    pub const fn new(module: &'static CStr, version: &'static CStr) -> Self {
        let name = crate::str::as_char_ptr_in_const_context(c"version");
        // SAFETY: Zero is no name, no function and no lock class in each of the fields.
        let mut entry: bindings::module_version_attribute = unsafe { core::mem::zeroed() };
        entry.mattr.attr.name = name;
        entry.mattr.attr.mode = 0o444;
        entry.mattr.show = Some(bindings::__modver_version_show);
        entry.module_name = crate::str::as_char_ptr_in_const_context(module);
        entry.version = crate::str::as_char_ptr_in_const_context(version);
        Self(entry)
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

/// The module that this crate is part of, for C's tables: null if it is built into the kernel.
// What uses it may be off.
#[allow(dead_code)]
pub(crate) const THIS: *mut bindings::module = {
    #[cfg(MODULE)]
    {
        unsafe extern "C" {
            // `Opaque`, because C changes it all the time.
            #[allow(improper_ctypes)]
            static __this_module: crate::types::Opaque<bindings::module>;
        }
        (&raw const __this_module)
            .cast::<bindings::module>()
            .cast_mut()
    }
    #[cfg(not(MODULE))]
    core::ptr::null_mut()
};

/// Initialises the module in `slot`; returns 0 or a negative errno. Then nothing calls into it any more.
///
/// `close` ends what parameters call of the module.
///
/// # Safety
///
/// It must be called at most once for a slot, and before `exit`.
#[doc(hidden)]
pub unsafe fn init<T: InPlaceModule + ModuleMetadata>(
    slot: &'static Slot<T>,
    module: &'static ThisModule,
    close: impl FnOnce(),
) -> c_int {
    // SAFETY: The slot is static, so it is valid and stays pinned; by the safety requirement
    // nothing was initialised there before.
    match unsafe { T::init(module).__pinned_init(slot.0.get().cast()) } {
        Ok(()) => 0,
        Err(error) => {
            close();
            callbacks::wait(T::NAME);
            error.to_errno()
        }
    }
}

/// Drops the module in `slot`, and waits until nothing calls into it any more.
///
/// `close` ends what parameters call of the module.
///
/// # Safety
///
/// It must be called at most once, after `init` returned 0, when nothing else uses the slot.
#[doc(hidden)]
pub unsafe fn exit<T: ModuleMetadata>(slot: &'static Slot<T>, close: impl FnOnce()) {
    close();
    // SAFETY: By the safety requirement the slot holds a value that nothing uses any more.
    unsafe { slot.0.get().cast::<T>().drop_in_place() };
    callbacks::wait(T::NAME);
}
