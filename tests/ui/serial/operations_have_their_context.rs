// SPDX-License-Identifier: GPL-2.0-only

//! An operation that is called under the lock gets a port whose lock is held.

//~ error[E0053]: method `start_tx` has an incompatible type for trait

#[macro_use]
#[path = "null.rs"]
mod null;

use null::*;

pub struct Other;

null_operations!(Other, (), Cell<u32>, {
    fn start_tx(_data: &(), _port: &Port<Self>) {}
});
