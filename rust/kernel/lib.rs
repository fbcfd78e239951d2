// SPDX-License-Identifier: GPL-2.0

//! The `kernel` crate.
#![no_std]
