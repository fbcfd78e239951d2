// SPDX-License-Identifier: GPL-2.0-only

//! A console can send.

//~ error[E0277]: the trait bound `null::Null: Console` is not satisfied

#[path = "null.rs"]
mod null;

use null::*;

pub static CONSOLE: Driver<Null> = Driver::new(c"console", c"ttyCONSOLE", 1).with_console();
