// SPDX-License-Identifier: GPL-2.0-only

//! The transmit buffer is reached under the lock alone.

//~ error[E0599]: no method named `transmit` found for reference `&kernel::serial::Port<null::Null>` in the current scope

#[path = "null.rs"]
mod null;

use null::*;

pub fn startup(port: &Port<Null>) {
    port.transmit(1, |_| ());
}
