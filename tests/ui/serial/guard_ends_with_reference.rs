// SPDX-License-Identifier: GPL-2.0-only

//! A lock is given back before the port may go.

//~ error[E0505]: cannot move out of `port` because it is borrowed

#[path = "null.rs"]
mod null;

use null::*;

pub fn work() -> Option<()> {
    let port = DRIVER.port(0)?;
    let guard = port.lock();
    drop(port);
    guard.flip_buffer_push();
    Some(())
}
