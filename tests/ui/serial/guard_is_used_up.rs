// SPDX-License-Identifier: GPL-2.0-only

//! A lock that was given back for a SysRq is not held.

//~ error[E0382]: borrow of moved value: `port`

#[path = "null.rs"]
mod null;

use null::*;

pub fn interrupt(port: PortGuard<'_, Null>) {
    port.unlock_and_check_sysrq();
    port.flip_buffer_push();
}
