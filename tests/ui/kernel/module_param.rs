// SPDX-License-Identifier: GPL-2.0-only

//! Parameters: the stand-in's `set` parses with `str::parse`.

use crate::bindings;
use crate::str::CStr;
use crate::ThisModule;
use core::ffi::c_int;
use core::ffi::c_void;
use std::sync::OnceLock;

pub trait ModuleParam: Copy + Sync + 'static {
    const OPS: &'static bindings::kernel_param_ops;
}

pub struct ModuleParamAccess<T> {
    value: OnceLock<T>,
    default: T,
}

impl<T: Copy> ModuleParamAccess<T> {
    pub const fn new(default: T) -> Self {
        Self {
            value: OnceLock::new(),
            default,
        }
    }

    pub fn value(&self) -> T {
        *self.value.get().unwrap_or(&self.default)
    }
}

#[repr(transparent)]
pub struct KernelParam(pub bindings::kernel_param);

// SAFETY: The tests only read it.
unsafe impl Sync for KernelParam {}

impl KernelParam {
    pub const fn new<T: ModuleParam>(
        name: &'static CStr,
        module: &'static ThisModule,
        access: &'static ModuleParamAccess<T>,
        perm: u16,
    ) -> Self {
        Self(bindings::kernel_param {
            name: name.as_ptr(),
            mod_: module.as_ptr(),
            ops: T::OPS,
            perm,
            level: -1,
            flags: 0,
            arg: core::ptr::from_ref(access).cast_mut().cast(),
        })
    }
}

macro_rules! module_param {
    ($($type:ty)*) => {$(
        impl ModuleParam for $type {
            const OPS: &'static bindings::kernel_param_ops = {
                unsafe fn set(val: &str, arg: *mut c_void) -> c_int {
                    // SAFETY: `arg` is what `KernelParam::new` took for the same type.
                    let access = unsafe { &*arg.cast::<ModuleParamAccess<$type>>() };
                    match val.parse() {
                        Ok(value) if access.value.set(value).is_ok() => 0,
                        _ => -22,
                    }
                }
                &bindings::kernel_param_ops { set }
            };
        }
    )*};
}

module_param!(i8 i16 i32 i64 u8 u16 u32 u64 isize usize bool);
