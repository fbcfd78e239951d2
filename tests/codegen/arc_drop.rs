// SPDX-License-Identifier: GPL-2.0-only

//! Drops a reference, and the object with the last one.

use kernel::sync::Arc;

#[unsafe(no_mangle)]
extern "C" fn codegen_arc_drop(arc: Arc<u64>) {
    drop(arc);
}
