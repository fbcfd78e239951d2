// SPDX-License-Identifier: GPL-2.0-only

//! Who holds the lock cannot take it again.

//~ error[E0599]: no method named `lock` found for reference `&kernel::serial::LockedPort<null::Null>` in the current scope

#[path = "null.rs"]
mod null;

use null::*;

pub fn start_tx(port: &LockedPort<Null>) {
    drop(port.lock());
}
