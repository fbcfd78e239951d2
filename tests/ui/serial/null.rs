// SPDX-License-Identifier: GPL-2.0-only

//! A driver without hardware, for the files beside this one to go wrong with.

#![allow(dead_code, unused_imports)]

pub use core::cell::Cell;
pub use kernel::device::{Bound, Device};
pub use kernel::prelude::*;
pub use kernel::serial::{
    self, Console, Driver, LockedPort, ModemLines, Operations, Port, PortGuard, PortOptions, Termios,
};

pub struct Null;

pub static DRIVER: Driver<Null> = Driver::new(c"null", c"ttyNULL", 4);

#[vtable]
impl Operations for Null {
    type Data = ();
    type State = Cell<u32>;

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

pub fn is_send<T: Send>(_: T) {}
