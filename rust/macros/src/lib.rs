// SPDX-License-Identifier: GPL-2.0

//! Procedural macros of the `kernel` crate.
