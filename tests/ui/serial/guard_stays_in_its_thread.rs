// SPDX-License-Identifier: GPL-2.0-only

//! A lock is given back where it was taken.

//~ error[E0277]: `*mut ()` cannot be sent between threads safely

#[path = "null.rs"]
mod null;

use null::*;

pub fn startup(port: &Port<Null>) {
    is_send(port.lock());
}
