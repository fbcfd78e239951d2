// SPDX-License-Identifier: GPL-2.0

//! Synchronisation and shared ownership.

pub mod aref;
