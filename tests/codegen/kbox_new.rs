// SPDX-License-Identifier: GPL-2.0-only

//! Allocates an object.

use kernel::prelude::*;

#[unsafe(no_mangle)]
extern "C" fn codegen_kbox_new(value: u64) -> Option<KBox<u64>> {
    KBox::new(value, GFP_KERNEL).ok()
}
