// SPDX-License-Identifier: GPL-2.0-only

//! A helper may call back into who has the state too: nobody has it alone.

//~ error[E0308]: mismatched types

#[path = "null.rs"]
mod null;

use null::*;

pub fn start_tx(port: &LockedPort<Null>) -> &mut Cell<u32> {
    port.state()
}
