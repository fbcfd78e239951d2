// SPDX-License-Identifier: GPL-2.0-only

//! Time.

use crate::ffi::c_ulong;

/// Time in ticks of the kernel's clock, `HZ` in a second. C: `unsigned long`.
pub type Jiffies = c_ulong;
