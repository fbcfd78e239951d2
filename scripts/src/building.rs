// SPDX-License-Identifier: GPL-2.0-only

//! From a kernel's headers and Rust sources to objects: what all modules of a kernel share, and each module.

pub mod crates;
pub mod doctest;
pub mod kbuild;
pub mod kdir;
pub mod listing;
pub mod lock;
pub mod modinst;
pub mod module;
pub mod prepared;
pub mod profile;
pub mod programs;
pub mod rule;
pub mod sources;
pub mod stack;
pub mod stamp;
pub mod store;
pub mod sysroot;
