// SPDX-License-Identifier: GPL-2.0-only

//! Memory barriers between CPUs.
//!
//! What a [lock](super::lock) or an [atomic](super::atomic) orders needs none.
//!
//! C header: `include/asm-generic/barrier.h`. Context: any.
//!
//! # Examples
//!
//! ```
//! use kernel::sync::atomic::{Atomic, Relaxed};
//! use kernel::sync::barrier::{smp_rmb, smp_wmb};
//!
//! let (data, ready) = (Atomic::new(0_u32), Atomic::new(false));
//!
//! // One CPU:
//! data.store(5, Relaxed);
//! smp_wmb();
//! ready.store(true, Relaxed);
//!
//! // Another one:
//! if ready.load(Relaxed) {
//!     smp_rmb();
//!     assert_eq!(data.load(Relaxed), 5);
//! }
//! ```

use crate::bindings;

/// Orders all memory accesses before it before all after it. C: `smp_mb()`.
#[inline(always)]
pub fn smp_mb() {
    // SAFETY: A barrier may be anywhere.
    unsafe { bindings::smp_mb() }
}

/// Orders writes before it before writes after it. C: `smp_wmb()`.
#[inline(always)]
pub fn smp_wmb() {
    // SAFETY: A barrier may be anywhere.
    unsafe { bindings::smp_wmb() }
}

/// Orders reads before it before reads after it. C: `smp_rmb()`.
#[inline(always)]
pub fn smp_rmb() {
    // SAFETY: A barrier may be anywhere.
    unsafe { bindings::smp_rmb() }
}
