// SPDX-License-Identifier: GPL-2.0-only

//! A stand-in for crate `kernel` on the host: what the macros' expansions refer to, and no more.

pub mod export;
pub mod fmt;
pub mod module_param;

/// C types.
pub mod ffi {
    pub use core::ffi::c_char;
    pub use core::ffi::c_int;
    pub use core::ffi::c_void;
}

/// Errors.
pub mod error {
    pub type Result<T = ()> = core::result::Result<T, i32>;

    /// Error numbers.
    pub mod code {
        pub const EINVAL: i32 = -22;
    }
}

/// Strings.
pub mod str {
    pub use core::ffi::CStr;
}

/// Wrappers of C types.
pub mod types {
    use core::cell::UnsafeCell;

    /// A value that C changes.
    #[repr(transparent)]
    pub struct Opaque<T>(UnsafeCell<T>);

    impl<T> Opaque<T> {
        pub const fn new(value: T) -> Self {
            Self(UnsafeCell::new(value))
        }

        pub const fn get(&self) -> *mut T {
            self.0.get()
        }
    }

    // SAFETY: The tests only take addresses.
    unsafe impl<T> Sync for Opaque<T> {}
}

/// C's side.
pub mod bindings {
    use core::ffi::c_char;
    use core::ffi::c_int;
    use core::ffi::c_void;

    #[repr(C)]
    pub struct module {
        pub state: c_int,
    }

    /// What modpost defines in each module.
    #[unsafe(no_mangle)]
    pub static __this_module: crate::types::Opaque<module> =
        crate::types::Opaque::new(module { state: 0 });

    unsafe extern "C" {
        /// What a header declares and Rust defines.
        pub fn ui_checked(a: c_int) -> c_int;
    }

    #[repr(C)]
    pub struct kernel_param_ops {
        pub set: unsafe fn(val: &str, arg: *mut c_void) -> c_int,
    }

    #[repr(C)]
    pub struct kernel_param {
        pub name: *const c_char,
        pub mod_: *mut module,
        pub ops: *const kernel_param_ops,
        pub perm: u16,
        pub level: i8,
        pub flags: u8,
        pub arg: *mut c_void,
    }
}

/// A `struct module`.
pub struct ThisModule(*mut bindings::module);

// SAFETY: The pointer is never followed.
unsafe impl Sync for ThisModule {}

impl ThisModule {
    /// # Safety
    ///
    /// `ptr` must be the module that the caller is part of, or null.
    pub const unsafe fn from_ptr(ptr: *mut bindings::module) -> Self {
        Self(ptr)
    }

    pub const fn as_ptr(&self) -> *mut bindings::module {
        self.0
    }
}

/// What `module!` knows of a module.
pub trait ModuleMetadata {
    const NAME: &'static str::CStr;
    const THIS_MODULE: ThisModule;
}

/// A module. The real one gives an initialiser.
pub trait InPlaceModule: Sized + Sync {
    fn init(module: &'static ThisModule) -> Result<Self, ffi::c_int>;
}

/// A module's storage.
pub mod module {
    use super::ffi::c_int;
    use super::InPlaceModule;
    use super::ThisModule;
    use core::cell::UnsafeCell;
    use core::mem::MaybeUninit;

    pub struct Slot<T>(UnsafeCell<MaybeUninit<T>>);

    // SAFETY: Only the two functions below reach the value, and they do not run at the same time.
    unsafe impl<T> Sync for Slot<T> {}

    impl<T> Slot<T> {
        #[allow(clippy::new_without_default)]
        pub const fn new() -> Self {
            Self(UnsafeCell::new(MaybeUninit::uninit()))
        }
    }

    /// # Safety
    ///
    /// At most once, before `exit`.
    pub unsafe fn init<T: InPlaceModule>(
        slot: &'static Slot<T>,
        module: &'static ThisModule,
        close: impl FnOnce(),
    ) -> c_int {
        match T::init(module) {
            Ok(value) => {
                // SAFETY: By the requirement above nothing else uses the slot.
                unsafe { (*slot.0.get()).write(value) };
                0
            }
            Err(errno) => {
                close();
                errno
            }
        }
    }

    /// # Safety
    ///
    /// At most once, after `init` returned 0.
    pub unsafe fn exit<T>(slot: &'static Slot<T>, close: impl FnOnce()) {
        close();
        // SAFETY: By the requirement above the slot holds a value that nothing else uses.
        unsafe { (*slot.0.get()).assume_init_drop() }
    }
}
