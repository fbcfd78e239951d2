// SPDX-License-Identifier: GPL-2.0-only

//! What is under the lock is used by one thread after the other.

//~ error[E0277]: `*mut u8` cannot be sent between threads safely

#[macro_use]
#[path = "null.rs"]
mod null;

use null::*;

pub struct Other;

null_operations!(Other, (), *mut u8, {
    fn start_tx(_data: &(), _port: &LockedPort<Self>) {}
});
