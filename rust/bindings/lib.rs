// SPDX-License-Identifier: GPL-2.0-only

//! What bindgen found in one kernel's headers, and what levels the kernels' differences.
//!
//! Nothing here is stable or safe: drivers use the `kernel` crate.

#![no_std]
#![allow(missing_docs)]
#![allow(clippy::all)]
#![allow(
    dead_code,
    improper_ctypes,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    unnecessary_transmutes,
    unreachable_pub,
    unsafe_op_in_unsafe_fn
)]

mod bindings_raw {
    type __kernel_size_t = usize;
    type __kernel_ssize_t = isize;
    type __kernel_ptrdiff_t = isize;

    include!(env!("FERRULE_BINDINGS"));
}

mod compat;

pub use bindings_raw::*;
#[allow(unused_imports)]
pub use compat::*;
// Named, so that they hide the declarations of C's.
#[cfg(not(has_errname))]
pub use compat::errname;
#[cfg(not(has_system_dfl_wq))]
pub use compat::system_dfl_wq;
#[cfg(not(has_system_percpu_wq))]
pub use compat::system_percpu_wq;
