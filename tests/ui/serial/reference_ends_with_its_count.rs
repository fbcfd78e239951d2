// SPDX-License-Identifier: GPL-2.0-only

//! A port that was looked up stays as long as its reference.

//~ error[E0515]: cannot return value referencing local variable `port`

#[path = "null.rs"]
mod null;

use null::*;

pub fn work() -> Option<&'static Port<Null>> {
    let port = DRIVER.port(0)?;
    Some(&port)
}
