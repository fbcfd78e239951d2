// SPDX-License-Identifier: GPL-2.0-only

//! A break is handled under the lock alone.

//~ error[E0599]: no method named `handle_break` found for reference `&kernel::serial::Port<null::Null>` in the current scope

#[path = "null.rs"]
mod null;

use null::*;

pub fn startup(port: &Port<Null>) {
    port.handle_break();
}
