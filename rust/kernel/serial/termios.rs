// SPDX-License-Identifier: GPL-2.0-only

//! What a user asks of a port.

use crate::bindings;
use crate::types::Opaque;

/// The settings of a port. C: `struct ktermios`.
///
/// # Invariants
///
/// It is initialised, and this reference's alone while it can be changed.
#[repr(transparent)]
pub struct Termios(Opaque<bindings::ktermios>);

/// The number of data bits. C: `CSIZE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum CharSize {
    /// 5 bits.
    Five = bindings::CS5,
    /// 6 bits.
    Six = bindings::CS6,
    /// 7 bits.
    Seven = bindings::CS7,
    /// 8 bits.
    Eight = bindings::CS8,
}

impl CharSize {
    /// What most UARTs have in a register for it: the number of data bits less 5.
    pub const fn bits(self) -> u8 {
        match self {
            Self::Five => 0,
            Self::Six => 1,
            Self::Seven => 2,
            Self::Eight => 3,
        }
    }
}

/// The parity bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parity {
    /// There is none.
    None,
    /// The number of ones is even.
    Even,
    /// The number of ones is odd.
    Odd,
    /// Always one.
    Mark,
    /// Always zero.
    Space,
}

macro_rules! flags {
    ($(#[doc = $doc:literal] $name:ident: $field:ident & $flag:ident;)*) => {
        $(
            #[doc = $doc]
            #[doc = concat!(" C: `", stringify!($flag), "`.")]
            pub fn $name(&self) -> bool {
                self.$field() & bindings::$flag != 0
            }
        )*
    };
}

impl Termios {
    /// # Safety
    ///
    /// `ptr` must be valid, and nobody else may use it during `'a`.
    pub(super) unsafe fn from_raw<'a>(ptr: *mut bindings::ktermios) -> &'a mut Self {
        // SAFETY: By the safety requirement.
        unsafe { &mut *ptr.cast() }
    }

    /// # Safety
    ///
    /// `ptr` must be null or valid, and nobody may change it during `'a`.
    pub(super) unsafe fn try_from_raw<'a>(ptr: *const bindings::ktermios) -> Option<&'a Self> {
        // SAFETY: By the safety requirement.
        unsafe { ptr.cast::<Self>().as_ref() }
    }

    /// Returns what C takes.
    pub(super) fn as_raw(&self) -> *mut bindings::ktermios {
        self.0.get()
    }

    /// The control modes. C: `c_cflag`.
    pub fn cflag(&self) -> u32 {
        // SAFETY: By the type invariant.
        unsafe { (*self.as_raw()).c_cflag }
    }

    /// The input modes. C: `c_iflag`.
    pub fn iflag(&self) -> u32 {
        // SAFETY: By the type invariant.
        unsafe { (*self.as_raw()).c_iflag }
    }

    /// The number of data bits.
    pub fn char_size(&self) -> CharSize {
        match self.cflag() & bindings::CSIZE {
            bindings::CS5 => CharSize::Five,
            bindings::CS6 => CharSize::Six,
            bindings::CS7 => CharSize::Seven,
            _ => CharSize::Eight,
        }
    }

    /// Reports another number of data bits than was asked for.
    pub fn set_char_size(&mut self, size: CharSize) {
        self.set_cflag(bindings::CSIZE, size as u32);
    }

    /// The parity bit.
    pub fn parity(&self) -> Parity {
        let is_odd = self.cflag() & bindings::PARODD != 0;
        match (
            self.cflag() & bindings::PARENB != 0,
            self.cflag() & bindings::CMSPAR != 0,
        ) {
            (false, _) => Parity::None,
            (true, false) if is_odd => Parity::Odd,
            (true, false) => Parity::Even,
            (true, true) if is_odd => Parity::Mark,
            (true, true) => Parity::Space,
        }
    }

    /// Reports that there is no mark and space parity.
    pub fn clear_mark_space(&mut self) {
        self.set_cflag(bindings::CMSPAR, 0);
    }

    /// Reports that there is no flow control by the modem lines.
    pub fn clear_crtscts(&mut self) {
        self.set_cflag(bindings::CRTSCTS, 0);
    }

    /// The baud rate that is asked for; `None` to hang up (B0). C: `tty_termios_baud_rate()`.
    pub fn baud_rate(&self) -> Option<u32> {
        // SAFETY: By the type invariant.
        match unsafe { bindings::tty_termios_baud_rate(self.as_raw()) } {
            0 => None,
            baud => Some(baud),
        }
    }

    /// Reports the baud rate that was set, unless it was asked to hang up (B0).
    ///
    /// C: `tty_termios_encode_baud_rate()`.
    pub fn encode_baud_rate(&mut self, baud: u32) {
        if self.baud_rate().is_some() {
            // SAFETY: By the type invariant.
            unsafe { bindings::tty_termios_encode_baud_rate(self.as_raw(), baud, baud) };
        }
    }

    fn set_cflag(&mut self, mask: u32, value: u32) {
        // SAFETY: By the type invariant.
        let cflag = unsafe { &mut (*self.as_raw()).c_cflag };
        *cflag = *cflag & !mask | value;
    }

    flags! {
        /// Whether there are two stop bits.
        has_two_stop_bits: cflag & CSTOPB;
        /// Whether there is a parity bit.
        has_parity: cflag & PARENB;
        /// Whether characters are received at all.
        is_receiving: cflag & CREAD;
        /// Whether the modem lines are ignored.
        is_local: cflag & CLOCAL;
        /// Whether RTS and CTS control the flow.
        has_hardware_flow: cflag & CRTSCTS;
        /// Whether the baud rate 0 hangs up.
        has_hang_up: cflag & HUPCL;
        /// Whether parity is checked.
        checks_parity: iflag & INPCK;
        /// Whether characters with errors are dropped.
        ignores_errors: iflag & IGNPAR;
        /// Whether breaks are dropped.
        ignores_break: iflag & IGNBRK;
        /// Whether a break is a signal.
        signals_break: iflag & BRKINT;
        /// Whether errors and breaks are marked.
        marks_errors: iflag & PARMRK;
        /// Whether XON and XOFF control what is sent.
        has_software_flow: iflag & IXON;
    }
}
