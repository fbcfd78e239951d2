// SPDX-License-Identifier: GPL-2.0-only

//! The driver's name is that of a file in /proc/tty/driver.

//~ error[E0080]: evaluation panicked: a driver's name has no slash

#[path = "null.rs"]
mod null;

use null::*;

pub static SLASH: Driver<Null> = Driver::new(c"a/b", c"ttySLASH", 1);
