// SPDX-License-Identifier: GPL-2.0-only

//! A driver is unregistered once.

//~ error[E0507]: cannot move out of `*registration` which is behind a shared reference

#[path = "null.rs"]
mod null;

use null::*;

pub fn exit(registration: &serial::Registration<Null>) {
    drop(*registration);
}
