// SPDX-License-Identifier: GPL-2.0-only

//! Parameters of built-in modules that are read before anything else starts.
//!
//! C header: `include/linux/init.h`.

use super::KernelParam;
use crate::bindings;
use crate::error::code::EINVAL;
use crate::error::code::EOPNOTSUPP;
use crate::ffi::c_char;
use crate::ffi::c_int;
use crate::str::as_char_ptr_in_const_context;
use crate::str::CStr;
use core::ptr;

/// An entry of the `.init.setup` section (`struct obs_kernel_param`). C: `early_param()`.
///
/// The header has the type for built-in code only, so bindgen does not see it.
#[doc(hidden)]
#[repr(C)]
pub struct EarlyParam {
    name: *const c_char,
    setup: unsafe extern "C" fn(*mut c_char) -> c_int,
    early: c_int,
}

// SAFETY: It only holds pointers to what is static, and C only reads it.
unsafe impl Sync for EarlyParam {}

impl EarlyParam {
    /// Makes the entry of the parameter that the command line calls `name`.
    pub const fn new(
        name: &'static CStr,
        setup: unsafe extern "C" fn(*mut c_char) -> c_int,
    ) -> Self {
        Self {
            name: as_char_ptr_in_const_context(name),
            setup,
            early: 1,
        }
    }

    /// Gives a parameter its value ahead of the time at which C will.
    ///
    /// # Safety
    ///
    /// It must be called by an entry's `setup` alone, with what that was given, for the parameter of
    /// a built-in module whose code does not take part in reading it.
    pub unsafe fn set(param: &'static KernelParam, val: *mut c_char) -> c_int {
        let kp = &param.0;
        // SAFETY: The operations are static.
        let ops = unsafe { &*kp.ops };
        let takes_no_arg = ops.flags & bindings::KERNEL_PARAM_OPS_FL_NOARG != 0;
        if val.is_null() && !takes_no_arg {
            return EINVAL.to_errno();
        }
        let Some(set) = ops.set else {
            return EOPNOTSUPP.to_errno();
        };
        // SAFETY: Null stands for the kernel itself, whose parameters have a lock of their own.
        unsafe { bindings::kernel_param_lock(ptr::null_mut()) };
        // SAFETY: By the safety requirement `val` is a string of the command line, or null, which
        // was checked; the entry is valid, and the lock is held.
        let result = unsafe { set(val, kp) };
        // SAFETY: It was taken above.
        unsafe { bindings::kernel_param_unlock(ptr::null_mut()) };
        result
    }
}
