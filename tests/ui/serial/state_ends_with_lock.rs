// SPDX-License-Identifier: GPL-2.0-only

//! The driver's state is not reached after the lock was given back.

//~ error[E0716]: temporary value dropped while borrowed

#[path = "null.rs"]
mod null;

use null::*;

pub fn startup(port: &Port<Null>) {
    let state = port.lock().state();
    state.set(1);
}
