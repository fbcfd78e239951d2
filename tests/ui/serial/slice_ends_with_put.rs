// SPDX-License-Identifier: GPL-2.0-only

//! What is in the transmit buffer is there until it was sent.

//~ error[E0521]: borrowed data escapes outside of closure

#[path = "null.rs"]
mod null;

use null::*;

pub fn start_tx(port: &LockedPort<Null>) {
    let mut last: &[u8] = &[];
    port.transmit(16, |chars| last = chars);
    drop(last);
}
