// SPDX-License-Identifier: GPL-2.0-only

//! Names what the `kernel` crate stands on, so that Cargo builds it: this crate itself is not used.

#![no_std]
