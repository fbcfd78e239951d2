// SPDX-License-Identifier: GPL-2.0-only

//! The machine at hand: its Rust, what is missing on it, and how that is installed.

pub mod doctor;
pub mod oldest;
pub mod setup;
pub mod toolchain;
