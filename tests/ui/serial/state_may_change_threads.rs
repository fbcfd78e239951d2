// SPDX-License-Identifier: GPL-2.0-only

//! What is under the lock is used by one thread after the other.

//~ error[E0277]: `*mut u8` cannot be sent between threads safely

#[path = "null.rs"]
mod null;

use null::*;

pub struct Other;

#[vtable]
impl Operations for Other {
    type Data = ();
    type State = *mut u8;

    fn tx_empty(_data: &(), _port: &Port<Self>) -> bool {
        true
    }

    fn set_mctrl(_data: &(), _port: &LockedPort<Self>, _lines: ModemLines) {}

    fn get_mctrl(_data: &(), _port: &LockedPort<Self>) -> ModemLines {
        ModemLines::NONE
    }

    fn start_tx(_data: &(), _port: &LockedPort<Self>) {}

    fn stop_tx(_data: &(), _port: &LockedPort<Self>) {}

    fn stop_rx(_data: &(), _port: &LockedPort<Self>) {}

    fn startup(_data: &(), _port: &Port<Self>) -> Result {
        Ok(())
    }

    fn shutdown(_data: &(), _port: &Port<Self>) {}

    fn set_termios(_data: &(), _port: &Port<Self>, _new: &mut Termios, _old: Option<&Termios>) {}
}
