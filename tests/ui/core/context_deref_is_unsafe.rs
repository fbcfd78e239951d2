// SPDX-License-Identifier: GPL-2.0-only

//! That a type is the same in two contexts is promised with `unsafe`: no rule of the macro goes without.

//~ error: no rules expected `@`

use kernel::prelude::*;

pub struct Thing<T>(T);

kernel::impl_device_context_deref!(@ Thing, [], u8, [u64; 100]);
