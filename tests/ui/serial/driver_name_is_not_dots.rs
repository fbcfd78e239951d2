// SPDX-License-Identifier: GPL-2.0-only

//! The driver's name is that of a file in /proc/tty/driver, not of a directory.

//~ error[E0080]: evaluation panicked: a driver's name is not . or ..

#[path = "null.rs"]
mod null;

use null::*;

pub static DOTS: Driver<Null> = Driver::new(c"..", c"ttyDOTS", 1);
