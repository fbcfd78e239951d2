// SPDX-License-Identifier: GPL-2.0-only

//! What a port has is used by several processors at once.

//~ error[E0277]: `core::cell::Cell<u32>` cannot be shared between threads safely

#[path = "null.rs"]
mod null;

use null::*;

pub struct Other;

#[vtable]
impl Operations for Other {
    type Data = Cell<u32>;
    type State = Cell<u32>;

    fn tx_empty(_data: &Cell<u32>, _port: &Port<Self>) -> bool {
        true
    }

    fn set_mctrl(_data: &Cell<u32>, _port: &LockedPort<Self>, _lines: ModemLines) {}

    fn get_mctrl(_data: &Cell<u32>, _port: &LockedPort<Self>) -> ModemLines {
        ModemLines::NONE
    }

    fn start_tx(_data: &Cell<u32>, _port: &LockedPort<Self>) {}

    fn stop_tx(_data: &Cell<u32>, _port: &LockedPort<Self>) {}

    fn stop_rx(_data: &Cell<u32>, _port: &LockedPort<Self>) {}

    fn startup(_data: &Cell<u32>, _port: &Port<Self>) -> Result {
        Ok(())
    }

    fn shutdown(_data: &Cell<u32>, _port: &Port<Self>) {}

    fn set_termios(_data: &Cell<u32>, _port: &Port<Self>, _new: &mut Termios, _old: Option<&Termios>) {}
}
