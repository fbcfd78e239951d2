// SPDX-License-Identifier: GPL-2.0-only

//! Module parameters.
//!
//! C's own operations read and print the values, so what a user may write is what he may write for
//! a C module: `0x1f`, `Y`, a bare name for a boolean.
//!
//! C header: `include/linux/moduleparam.h`.

use crate::bindings;
use crate::ffi::c_char;
use crate::ffi::c_int;
use crate::module::ThisModule;
use crate::str::as_char_ptr_in_const_context;
use crate::str::CStr;
use core::cell::UnsafeCell;
use core::mem::size_of;

/// Types that a parameter can have.
///
/// # Safety
///
/// The operations behind `OPS` must treat `arg` of the parameter as a pointer to `Self`, and write
/// nothing there but valid values.
pub unsafe trait ModuleParam: Sized + Copy {
    /// What reads and prints the value.
    #[doc(hidden)]
    const OPS: *const bindings::kernel_param_ops;
}

macro_rules! ops {
    ($($type:ty: $ops:ident as $c:ident;)*) => {$(
        // SAFETY: C's operations are for `$c`, which has the values and, as asserted, the size of
        // `$type`.
        unsafe impl ModuleParam for $type {
            const OPS: *const bindings::kernel_param_ops = {
                assert!(size_of::<$type>() == size_of::<crate::ffi::$c>());
                &raw const bindings::$ops
            };
        }
    )*};
}

ops! {
    u8: param_ops_byte as c_uchar;
    i16: param_ops_short as c_short;
    u16: param_ops_ushort as c_ushort;
    i32: param_ops_int as c_int;
    u32: param_ops_uint as c_uint;
    i64: param_ops_long as c_long;
    isize: param_ops_long as c_long;
    usize: param_ops_ulong as c_ulong;
    u64: param_ops_ullong as c_ulonglong;
}

// SAFETY: C writes the values of its `bool`, which are those of Rust's.
unsafe impl ModuleParam for bool {
    const OPS: *const bindings::kernel_param_ops = &raw const bindings::param_ops_bool;
}

// SAFETY: The operations below are for `i8`.
unsafe impl ModuleParam for i8 {
    const OPS: *const bindings::kernel_param_ops = &I8_OPS;
}

/// C has none for its `signed char`; these do what the others do.
static I8_OPS: bindings::kernel_param_ops = bindings::kernel_param_ops {
    flags: 0,
    set: Some(set_i8),
    get: Some(get_i8),
    free: None,
};

/// # Safety
///
/// `val` must be NUL-terminated, `kp` a parameter of type `i8` that nobody else reads or writes.
unsafe extern "C" fn set_i8(val: *const c_char, kp: *const bindings::kernel_param) -> c_int {
    // SAFETY: By the safety requirement `kp` is valid.
    let arg = unsafe { (*kp).__bindgen_anon_1.arg };
    // SAFETY: By the safety requirement `val` is a string, and `arg` points to the value.
    unsafe { bindings::kstrtos8(val, 0, arg.cast::<i8>()) }
}

/// # Safety
///
/// `buffer` must have room for a page, `kp` must be a parameter of type `i8` that nobody writes.
unsafe extern "C" fn get_i8(buffer: *mut c_char, kp: *const bindings::kernel_param) -> c_int {
    // SAFETY: By the safety requirement `kp` is valid.
    let arg = unsafe { (*kp).__bindgen_anon_1.arg };
    // SAFETY: By the safety requirement `arg` points to the value.
    let value = c_int::from(unsafe { *arg.cast::<i8>() });
    // SAFETY: The format takes an `int`, and a page has room for it.
    unsafe { bindings::sprintf(buffer, as_char_ptr_in_const_context(c"%d\n"), value) }
}

/// A parameter's value, as the module that declares it sees it.
///
/// # Invariants
///
/// C writes the value only before the module's `init`: no parameter can be written in sysfs.
#[repr(transparent)]
pub struct ModuleParamAccess<T>(UnsafeCell<T>);

// SAFETY: By the type invariant nobody writes while Rust code of the module runs.
unsafe impl<T: Sync> Sync for ModuleParamAccess<T> {}

impl<T: ModuleParam> ModuleParamAccess<T> {
    /// Makes one that holds the default.
    #[doc(hidden)]
    pub const fn new(default: T) -> Self {
        // INVARIANT: `KernelParam::new` refuses permissions to write.
        Self(UnsafeCell::new(default))
    }

    /// Returns the value that the user gave, or the default.
    pub fn value(&self) -> T {
        *self.value_ref()
    }

    /// Returns a reference to the value.
    pub fn value_ref(&self) -> &T {
        // SAFETY: By the type invariant nobody writes any more.
        unsafe { &*self.0.get() }
    }
}

/// An entry of the `__param` section. C: `module_param()`.
#[doc(hidden)]
#[repr(transparent)]
pub struct KernelParam(bindings::kernel_param);

// SAFETY: It only holds pointers to what is static and `Sync`, and C only reads it.
unsafe impl Sync for KernelParam {}

impl KernelParam {
    /// Makes the entry of a parameter; `perm` is its mode in sysfs, without write permissions.
    pub const fn new<T: ModuleParam>(
        name: &'static CStr,
        module: &'static ThisModule,
        access: &'static ModuleParamAccess<T>,
        perm: u16,
    ) -> Self {
        assert!(
            perm & 0o222 == 0,
            "a parameter that can be written needs a lock"
        );
        Self(bindings::kernel_param {
            name: as_char_ptr_in_const_context(name),
            mod_: module.as_ptr(),
            ops: T::OPS,
            perm,
            level: -1,
            flags: 0,
            __bindgen_anon_1: bindings::kernel_param__bindgen_ty_1 {
                arg: access.0.get().cast(),
            },
        })
    }
}
