// SPDX-License-Identifier: GPL-2.0-only

//! Appends to a vector, which grows if it is full.

use kernel::prelude::*;

#[unsafe(no_mangle)]
extern "C" fn codegen_kvec_push(vec: &mut KVec<u64>, value: u64) -> bool {
    vec.push(value, GFP_KERNEL).is_ok()
}
