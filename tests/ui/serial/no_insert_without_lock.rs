// SPDX-License-Identifier: GPL-2.0-only

//! The receive buffer is reached under the lock alone.

//~ error[E0599]: no method named `insert_chars` found for reference `&kernel::serial::Port<null::Null>` in the current scope

#[path = "null.rs"]
mod null;

use null::*;

pub fn startup(port: &Port<Null>) {
    port.insert_chars(b"a");
}
