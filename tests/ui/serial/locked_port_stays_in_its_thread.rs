// SPDX-License-Identifier: GPL-2.0-only

//! A lock is given back where it was taken.

//~ error[E0277]: `*mut ()` cannot be shared between threads safely

#[path = "null.rs"]
mod null;

use null::*;

pub fn start_tx(port: &LockedPort<Null>) {
    is_send(port);
}
