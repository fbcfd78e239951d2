// SPDX-License-Identifier: GPL-2.0-only

//! What Rust code in the kernel uses everywhere.
//!
//! # Examples
//!
//! ```
//! use kernel::prelude::*;
//! ```

#[doc(no_inline)]
pub use core::mem::align_of;
#[doc(no_inline)]
pub use core::mem::align_of_val;
#[doc(no_inline)]
pub use core::mem::size_of;
#[doc(no_inline)]
pub use core::mem::size_of_val;
#[doc(no_inline)]
pub use core::pin::Pin;

#[doc(no_inline)]
pub use crate::ffi::c_char;
#[doc(no_inline)]
pub use crate::ffi::c_int;
#[doc(no_inline)]
pub use crate::ffi::c_long;
#[doc(no_inline)]
pub use crate::ffi::c_longlong;
#[doc(no_inline)]
pub use crate::ffi::c_schar;
#[doc(no_inline)]
pub use crate::ffi::c_short;
#[doc(no_inline)]
pub use crate::ffi::c_uchar;
#[doc(no_inline)]
pub use crate::ffi::c_uint;
#[doc(no_inline)]
pub use crate::ffi::c_ulong;
#[doc(no_inline)]
pub use crate::ffi::c_ulonglong;
#[doc(no_inline)]
pub use crate::ffi::c_ushort;
#[doc(no_inline)]
pub use crate::ffi::c_void;

#[doc(no_inline)]
pub use crate::alloc::flags::*;
#[doc(no_inline)]
pub use crate::alloc::Box;
#[doc(no_inline)]
pub use crate::alloc::InPlaceInit;
#[doc(no_inline)]
pub use crate::alloc::KBox;
#[doc(no_inline)]
pub use crate::alloc::KVBox;
#[doc(no_inline)]
pub use crate::alloc::KVVec;
#[doc(no_inline)]
pub use crate::alloc::KVec;
#[doc(no_inline)]
pub use crate::alloc::VBox;
#[doc(no_inline)]
pub use crate::alloc::VVec;
#[doc(no_inline)]
pub use crate::alloc::Vec;

#[doc(no_inline)]
pub use macros::export;
#[doc(no_inline)]
pub use macros::export_symbol;
#[doc(no_inline)]
pub use macros::export_symbol_gpl;
#[doc(no_inline)]
pub use macros::export_symbol_ns;
#[doc(no_inline)]
pub use macros::export_symbol_ns_gpl;
#[doc(no_inline)]
pub use macros::fmt;
#[doc(no_inline)]
pub use macros::interface;
#[doc(no_inline)]
pub use macros::module;
#[doc(no_inline)]
pub use macros::vtable;

#[doc(no_inline)]
pub use crate::try_init;
#[doc(no_inline)]
pub use crate::try_pin_init;
#[doc(no_inline)]
pub use pin_init::init;
#[doc(no_inline)]
pub use pin_init::pin_data;
#[doc(no_inline)]
pub use pin_init::pin_init;
#[doc(no_inline)]
pub use pin_init::pinned_drop;
#[doc(no_inline)]
pub use pin_init::InPlaceWrite;
#[doc(no_inline)]
pub use pin_init::Init;
#[doc(no_inline)]
pub use pin_init::PinInit;
#[doc(no_inline)]
pub use pin_init::Zeroable;

#[doc(no_inline)]
pub use crate::build_assert;
#[doc(no_inline)]
pub use crate::build_error;
#[doc(no_inline)]
pub use crate::const_assert;
#[doc(no_inline)]
pub use crate::static_assert;

#[doc(no_inline)]
pub use crate::dbg;
#[doc(no_inline)]
pub use crate::dev_alert;
#[doc(no_inline)]
pub use crate::dev_crit;
#[doc(no_inline)]
pub use crate::dev_dbg;
#[doc(no_inline)]
pub use crate::dev_emerg;
#[doc(no_inline)]
pub use crate::dev_err;
#[doc(no_inline)]
pub use crate::dev_info;
#[doc(no_inline)]
pub use crate::dev_notice;
#[doc(no_inline)]
pub use crate::dev_warn;
#[doc(no_inline)]
pub use crate::pr_alert;
#[doc(no_inline)]
pub use crate::pr_crit;
#[doc(no_inline)]
pub use crate::pr_debug;
#[doc(no_inline)]
pub use crate::pr_emerg;
#[doc(no_inline)]
pub use crate::pr_err;
#[doc(no_inline)]
pub use crate::pr_info;
#[doc(no_inline)]
pub use crate::pr_notice;
#[doc(no_inline)]
pub use crate::pr_warn;

#[doc(no_inline)]
pub use crate::error::code::*;
#[doc(no_inline)]
pub use crate::error::Error;
#[doc(no_inline)]
pub use crate::error::Result;
#[doc(no_inline)]
pub use crate::str::CStr;
#[doc(no_inline)]
pub use crate::str::CStrExt as _;
#[doc(no_inline)]
pub use crate::ThisModule;
