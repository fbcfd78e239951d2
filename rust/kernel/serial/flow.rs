// SPDX-License-Identifier: GPL-2.0-only

//! Flow control that the hardware does by itself, and what users ask of delays.

use super::LockedPort;
use super::Operations;
use super::Port;
use crate::bindings;

/// Flow control that the hardware does by itself, a set. C: `UPSTAT_AUTO…`.
///
/// # Examples
///
/// A UART that drives RTS and looks at CTS when it is told to:
///
/// ```
/// use kernel::serial::{AutoFlow, LockedPort, Operations, Termios};
///
/// fn set_flow<T: Operations>(port: &LockedPort<T>, termios: &Termios) {
///     port.set_auto_flow(if termios.has_hardware_flow() {
///         AutoFlow::RTS | AutoFlow::CTS
///     } else {
///         AutoFlow::NONE
///     });
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AutoFlow(u32);

impl AutoFlow {
    /// C does all of it.
    pub const NONE: Self = Self(0);
    /// The hardware drives RTS: C leaves it alone, and calls [`Operations::throttle()`] alone.
    pub const RTS: Self = Self(bindings::UPSTAT_AUTORTS);
    /// The hardware looks at CTS before it sends: [`LockedPort::handle_cts_change()`] counts only.
    pub const CTS: Self = Self(bindings::UPSTAT_AUTOCTS);
    /// The hardware sends XOFF and XON: C sends none, and calls [`Operations::throttle()`] alone.
    pub const XOFF: Self = Self(bindings::UPSTAT_AUTOXOFF);

    const ALL: u32 = Self::RTS.0 | Self::CTS.0 | Self::XOFF.0;

    /// Whether all of `flow` are in the set.
    pub const fn contains(self, flow: Self) -> bool {
        self.0 & flow.0 == flow.0
    }
}

impl core::ops::BitOr for AutoFlow {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl<T: Operations> LockedPort<T> {
    /// Says what of flow control the hardware does by itself from now on; nothing, before this is called.
    ///
    /// It belongs into [`Operations::set_termios()`], after which C looks anew whether CTS stops the port.
    ///
    /// Context: port lock held. C: `UPSTAT_AUTORTS` and others of `port->status`.
    pub fn set_auto_flow(&self, flow: AutoFlow) {
        // SAFETY: The port is valid, and its lock held.
        unsafe {
            let status = &raw mut (*self.as_raw()).status;
            // C reads it without the lock.
            status.write_volatile(status.read() & !AutoFlow::ALL | flow.0);
        }
    }

    /// What of flow control the hardware does by itself. Context: port lock held. C: `port->status`.
    pub fn auto_flow(&self) -> AutoFlow {
        // SAFETY: The port is valid, and its lock held.
        AutoFlow(unsafe { (*self.as_raw()).status } & AutoFlow::ALL)
    }
}

impl<T: Operations> Port<T> {
    /// Whether the user would rather have characters at once than in large pieces (`setserial low_latency`).
    ///
    /// Context: any. C: `UPF_LOW_LATENCY`.
    pub fn is_low_latency(&self) -> bool {
        self.flags() & bindings::UPF_LOW_LATENCY != 0
    }
}
