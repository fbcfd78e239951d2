// SPDX-License-Identifier: GPL-2.0-only

//! RS-485: several stations on one pair of wires.
//!
//! C header: `include/uapi/linux/serial.h`.

use crate::bindings;
use crate::time::Delta;

/// What RS-485 is to do, a set. C: `SER_RS485_…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rs485Flags(u32);

impl Rs485Flags {
    /// Nothing: RS-232.
    pub const NONE: Self = Self(0);
    /// RS-485 is on.
    pub const ENABLED: Self = Self(bindings::RS485_ENABLED);
    /// RTS is active while the port sends.
    pub const RTS_ON_SEND: Self = Self(bindings::RS485_RTS_ON_SEND);
    /// RTS is active while it does not.
    pub const RTS_AFTER_SEND: Self = Self(bindings::RS485_RTS_AFTER_SEND);
    /// The port receives what it sends.
    pub const RX_DURING_TX: Self = Self(bindings::RS485_RX_DURING_TX);
    /// The port ends the bus with a resistor.
    pub const TERMINATE_BUS: Self = Self(bindings::RS485_TERMINATE_BUS);
    /// Stations have addresses.
    pub const ADDRB: Self = Self(bindings::RS485_ADDRB);
    /// Only what is for [`Rs485::addr_recv()`] is received.
    pub const ADDR_RECV: Self = Self(bindings::RS485_ADDR_RECV);
    /// What is sent is for [`Rs485::addr_dest()`].
    pub const ADDR_DEST: Self = Self(bindings::RS485_ADDR_DEST);

    /// Whether all of `flags` are in the set.
    pub const fn contains(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }
}

impl core::ops::BitOr for Rs485Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// How a port does RS-485, or what of it the port can do. C: `struct serial_rs485`.
///
/// # Examples
///
/// ```
/// use kernel::serial::{Rs485, Rs485Flags};
///
/// let supported = Rs485::new(Rs485Flags::ENABLED | Rs485Flags::RTS_ON_SEND).with_delays();
/// assert!(supported.flags().contains(Rs485Flags::RTS_ON_SEND));
/// assert!(!Rs485::NONE.flags().contains(Rs485Flags::ENABLED));
/// ```
#[derive(Clone, Copy)]
pub struct Rs485(bindings::serial_rs485);

impl Rs485 {
    /// No RS-485.
    pub const NONE: Self = Self::new(Rs485Flags::NONE);

    /// With `flags`, and without delays and addresses.
    pub const fn new(flags: Rs485Flags) -> Self {
        // SAFETY: It consists of numbers.
        let mut raw: bindings::serial_rs485 = unsafe { core::mem::zeroed() };
        raw.flags = flags.0;
        Self(raw)
    }

    /// Says that a port can keep to both delays.
    pub const fn with_delays(mut self) -> Self {
        self.0.delay_rts_before_send = 1;
        self.0.delay_rts_after_send = 1;
        self
    }

    /// What is on.
    pub const fn flags(&self) -> Rs485Flags {
        Rs485Flags(self.0.flags)
    }

    /// Reports other flags than were asked for.
    pub fn set_flags(&mut self, flags: Rs485Flags) {
        self.0.flags = flags.0;
    }

    /// The time from RTS to the first character, up to 100 ms.
    pub fn delay_rts_before_send(&self) -> Delta {
        Delta::from_millis(self.0.delay_rts_before_send.into())
    }

    /// The time from the last character to RTS, up to 100 ms.
    pub fn delay_rts_after_send(&self) -> Delta {
        Delta::from_millis(self.0.delay_rts_after_send.into())
    }

    /// The address of this station.
    pub fn addr_recv(&self) -> u8 {
        // SAFETY: Any bytes are a number.
        unsafe { self.0.__bindgen_anon_1.__bindgen_anon_1.addr_recv }
    }

    /// The address of the station that is sent to.
    pub fn addr_dest(&self) -> u8 {
        // SAFETY: Any bytes are a number.
        unsafe { self.0.__bindgen_anon_1.__bindgen_anon_1.addr_dest }
    }

    pub(super) const fn from_raw(raw: bindings::serial_rs485) -> Self {
        Self(raw)
    }

    pub(super) const fn into_raw(self) -> bindings::serial_rs485 {
        self.0
    }
}
