// SPDX-License-Identifier: GPL-2.0-only

//! C divides nothing among no ports.

//~ error[E0080]: evaluation panicked: a driver has 1 to 256 ports

#[path = "null.rs"]
mod null;

use null::*;

pub static NONE: Driver<Null> = Driver::new(c"none", c"ttyNONE", 0);
