// SPDX-License-Identifier: GPL-2.0-only

//! The `kernel` crate: safe Rust abstractions over the Linux kernel's C interfaces.
//!
//! Names and meaning are those of the crate of the same name in Linux's own tree, so that a driver
//! moves there by changing nothing but its build file. A driver starts with
//! `use kernel::prelude::*;` and [`module!`](macros::module).

#![no_std]
#![feature(arbitrary_self_types)]
#![feature(derive_coerce_pointee)]
// `build_error()` alone: its body must never become code.
#![feature(linkage)]
#![deny(non_ascii_idents)]
#![deny(unsafe_op_in_unsafe_fn)]
#![warn(missing_docs)]
#![warn(rust_2018_idioms)]
#![warn(unreachable_pub)]

// What `macros` generates refers to `::kernel`.
extern crate self as kernel;

#[doc(hidden)]
pub use bindings;
pub use ffi;
pub use macros;

pub mod acpi;
pub mod alloc;
pub mod bits;
pub mod bug;
pub mod build_assert;
#[cfg(CONFIG_DEBUG_FS)]
pub mod debugfs;
pub mod device;
pub mod device_id;
pub mod devres;
pub mod driver;
pub mod error;
pub mod export;
pub mod faux;
pub mod fmt;
pub mod init;
pub mod interrupt;
pub mod io;
pub mod irq;
#[doc(hidden)]
pub mod module;
pub mod module_param;
pub mod of;
mod panic;
#[cfg(CONFIG_PCI)]
pub mod pci;
pub mod platform;
pub mod pm;
#[cfg(CONFIG_PNP)]
pub mod pnp;
pub mod prelude;
pub mod print;
pub mod ptr;
pub mod revocable;
pub mod safety;
#[cfg(CONFIG_SERIAL_DEV_BUS)]
pub mod serdev;
pub mod serial;
pub mod sizes;
mod static_assert;
#[doc(hidden)]
pub mod std_vendor;
pub mod str;
pub mod sync;
pub mod time;
pub mod types;
pub mod uaccess;
pub mod workqueue;

mod macros_util;

#[doc(hidden)]
pub use macros_util::__same_type;

pub use module::InPlaceModule;
pub use module::Module;
pub use module::ModuleMetadata;
pub use module::ModuleRef;
pub use module::ThisModule;

/// What the log shows before the messages of this crate.
#[doc(hidden)]
const __LOG_PREFIX: &[u8] = b"rust_kernel\0";
