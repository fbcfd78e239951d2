// SPDX-License-Identifier: GPL-2.0-only

//! Takes a reference.

use kernel::sync::Arc;

#[unsafe(no_mangle)]
extern "C" fn codegen_arc_clone(arc: &Arc<u64>) -> Arc<u64> {
    arc.clone()
}
