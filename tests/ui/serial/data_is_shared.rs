// SPDX-License-Identifier: GPL-2.0-only

//! What a port has is used by several processors at once.

//~ error[E0277]: `core::cell::Cell<u32>` cannot be shared between threads safely

#[macro_use]
#[path = "null.rs"]
mod null;

use null::*;

pub struct Other;

null_operations!(Other, Cell<u32>, Cell<u32>, {
    fn start_tx(_data: &Cell<u32>, _port: &LockedPort<Self>) {}
});
