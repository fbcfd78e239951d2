// SPDX-License-Identifier: GPL-2.0-only

//! There is no port that C does not know, and none that is added twice.

//~ error: cannot construct `kernel::serial::Port<_>` with struct literal syntax due to private fields

#[path = "null.rs"]
mod null;

use null::*;

pub fn port() -> Port<Null> {
    Port { data: () }
}
