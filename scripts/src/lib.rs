// SPDX-License-Identifier: GPL-2.0-only

//! What the `ferrule` tool is made of: one module for each verb, and what they share.

pub mod build;
pub mod builtin;
pub mod command;
pub mod config;
pub mod crates;
pub mod demo;
pub mod dkms;
pub mod doctest;
pub mod doctor;
pub mod install;
pub mod kbuild;
pub mod kdir;
pub mod kernels;
pub mod modinst;
pub mod module;
pub mod new;
pub mod prepared;
pub mod profile;
pub mod sample;
pub mod setup;
pub mod sources;
pub mod stack;
pub mod stamp;
pub mod sysroot;
pub mod toolchain;
pub mod vm;
