// SPDX-License-Identifier: GPL-2.0-only

//! A driver without hardware, for the files beside this one to go wrong with.

#![allow(dead_code, unused_imports)]

pub use core::cell::Cell;
pub use kernel::device::{Bound, Device};
pub use kernel::prelude::*;
pub use kernel::serial::{
    self, Console, Driver, LockedPort, ModemLines, Operations, Port, PortGuard, PortOptions,
    Termios,
};

pub struct Null;

pub static DRIVER: Driver<Null> = Driver::new(c"null", c"ttyNULL", 4);

/// Implements the operations for a type: with its data and state, and its own `start_tx`.
macro_rules! null_operations {
    ($type:ty, $data:ty, $state:ty, { $($start_tx:item)* }) => {
        #[vtable]
        impl Operations for $type {
            type Data = $data;
            type State = $state;

            $($start_tx)*

            fn tx_empty(_data: &$data, _port: &Port<Self>) -> bool {
                true
            }

            fn set_mctrl(_data: &$data, _port: &LockedPort<Self>, _lines: ModemLines) {}

            fn get_mctrl(_data: &$data, _port: &LockedPort<Self>) -> ModemLines {
                ModemLines::NONE
            }

            fn stop_tx(_data: &$data, _port: &LockedPort<Self>) {}

            fn stop_rx(_data: &$data, _port: &LockedPort<Self>) {}

            fn startup(_data: &$data, _port: &Port<Self>) -> Result {
                Ok(())
            }

            fn shutdown(_data: &$data, _port: &Port<Self>) {}

            fn set_termios(
                _data: &$data,
                _port: &Port<Self>,
                _new: &mut Termios,
                _old: Option<&Termios>,
            ) {
            }
        }
    };
}

null_operations!(Null, (), Cell<u32>, {
    fn start_tx(_data: &(), _port: &LockedPort<Self>) {}
});

pub fn is_send<T: Send>(_: T) {}
