// SPDX-License-Identifier: GPL-2.0-only

//! `rx_trig_bytes` in sysfs, as C's 8250 has it: how many characters are received before an interrupt.

#![forbid(unsafe_code)]

use super::regs::{trigger_bytes, trigger_of};
use super::Uart;
use kernel::prelude::*;
use kernel::serial::{Attribute, Port};
use kernel::str::kstrtou8;

pub(super) struct RxTrigBytes;

impl RxTrigBytes {
    fn check(uart: &Uart) -> Result {
        match uart.0.fifosize() {
            0 | 1 => Err(EINVAL),
            _ => Ok(()),
        }
    }
}

#[vtable]
impl Attribute<Uart> for RxTrigBytes {
    const NAME: &'static CStr = c"rx_trig_bytes";
    type Value = u8;

    fn show(uart: &Uart, port: &Port<Uart>) -> Result<u8> {
        Self::check(uart)?;
        Ok(trigger_bytes(port.lock().state().trigger.get()))
    }

    /// Takes the next lower number that the hardware has.
    fn store(uart: &Uart, port: &Port<Uart>, text: &CStr) -> Result {
        let trigger = trigger_of(kstrtou8(text, 10)?);
        Self::check(uart)?;
        let port = port.lock();
        port.state().wanted_trigger.set(trigger);
        port.state().trigger.set(trigger);
        // Otherwise it is switched on with the FIFOs, when the port is opened.
        if port.is_open() {
            uart.0.enable_fifos(trigger);
        }
        Ok(())
    }
}
