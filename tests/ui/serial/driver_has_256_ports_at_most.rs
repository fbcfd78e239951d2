// SPDX-License-Identifier: GPL-2.0-only

//! C has 256 minor numbers for a driver.

//~ error[E0080]: evaluation panicked: a driver has 1 to 256 ports

#[path = "null.rs"]
mod null;

use null::*;

pub static MANY: Driver<Null> = Driver::new(c"many", c"ttyMANY", 257);
