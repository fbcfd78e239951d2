// SPDX-License-Identifier: GPL-2.0

//! Gives every kernel's bindings the newest kernel's shape.
//!
//! The only Rust file that knows kernels differ. Each difference is one `cfg(has_…)` that a probe in
//! `rust/compat` decides.
