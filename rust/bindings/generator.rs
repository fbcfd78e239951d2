// SPDX-License-Identifier: GPL-2.0

//! Generates the `bindings` crate of one kernel with bindgen.
