// SPDX-License-Identifier: GPL-2.0-only

//! One end of a cable: what the other one sees of it, and how its port receives characters.

#![forbid(unsafe_code)]

use super::line::{self, Format, Parity, Received};
use super::{NullModem, State, BAUD_MAX, STATUS};
use kernel::serial::{self, Icount, LockedPort, ModemLines, PortRef, Termios};
use kernel::sync::atomic::{Atomic, Relaxed};
use kernel::time::{Delta, Instant};

/// A break as a UART sees it: there is no stop bit either.
pub(super) const BREAK: Received = Received {
    ch: 0,
    parity: false,
    frame: true,
    brk: true,
};

/// What the other end sees without this port's lock, and what users inject.
#[derive(Default)]
pub(super) struct End {
    pub(super) driven: Atomic<u32>,
    /// The lines that this end sees which have changed: one may be back before work looks.
    pub(super) changed: Atomic<u32>,
    /// A break has begun, of which the other end has not heard.
    pub(super) has_break: Atomic<bool>,
    /// A break lasts.
    pub(super) is_breaking: Atomic<bool>,
    /// The [`Format`] as a number.
    format: Atomic<u64>,
    pub(super) parity: Atomic<u32>,
    pub(super) frame: Atomic<u32>,
    pub(super) overrun: Atomic<u32>,
}

impl End {
    pub(super) fn has_seen(&self, old: ModemLines, new: ModemLines) {
        let changed = old.bits() ^ new.bits();
        let mut all = self.changed.load(Relaxed);
        while let Err(now) = self.changed.cmpxchg(all, all | changed, Relaxed) {
            all = now;
        }
    }

    /// Forgets which lines have changed.
    pub(super) fn forget_changes(&self) {
        self.changed.store(0, Relaxed);
    }

    pub(super) fn send_break(&self, on: bool) {
        self.is_breaking.store(on, Relaxed);
        if on {
            self.has_break.store(true, Relaxed);
        }
    }

    pub(super) fn set_format(&self, baud: u32, termios: &Termios) {
        let format = Format {
            baud: baud.clamp(1, BAUD_MAX),
            data_bits: 5 + termios.char_size().bits(),
            parity: match termios.parity() {
                serial::Parity::None => Parity::None,
                serial::Parity::Even => Parity::Even,
                serial::Parity::Odd => Parity::Odd,
                serial::Parity::Mark => Parity::Mark,
                serial::Parity::Space => Parity::Space,
            },
            stop_bits: 1 + u8::from(termios.has_two_stop_bits()),
        };
        self.format.store(format.pack(), Relaxed);
    }

    /// `None` until somebody has opened the port.
    pub(super) fn format(&self) -> Option<Format> {
        Format::unpack(self.format.load(Relaxed))
    }

    /// The port was idle: the time that has passed is not for sending.
    pub(super) fn start(&self, state: &State) {
        let one_ago = Instant::now() - self.char_time();
        let sent_at = state.sent_at.get().map_or(one_ago, |at| at.max(one_ago));
        state.sent_at.set(Some(sent_at));
    }

    pub(super) fn char_time(&self) -> Delta {
        let nanos =
            |format: Format| i64::from(format.bits()) * 1_000_000_000 / i64::from(format.baud);
        Delta::from_nanos(self.format().map_or(1, nanos))
    }

    pub(super) fn is_looped(&self) -> bool {
        self.driven().contains(ModemLines::LOOP)
    }

    pub(super) fn driven(&self) -> ModemLines {
        ModemLines::from_bits_truncate(self.driven.load(Relaxed))
    }

    /// Takes one of the errors that are to come, if there are any.
    fn take(errors: &Atomic<u32>) -> bool {
        let left = errors.load(Relaxed);
        left != 0 && errors.cmpxchg(left, left - 1, Relaxed).is_ok()
    }

    fn has_errors(&self) -> bool {
        [&self.parity, &self.frame, &self.overrun]
            .iter()
            .any(|errors| errors.load(Relaxed) != 0)
    }
}

impl End {
    /// Gives the port characters that have come over the cable as they were sent.
    pub(super) fn receive_chars(&self, port: &PortRef<NullModem>, chars: &[u8]) {
        let port = port.lock();
        if !port.state().is_receiving.get() || chars.is_empty() {
            return;
        }
        if port.ignore_status_mask() & STATUS.received == 0 && !self.has_errors() {
            port.count(Icount::Rx, chars.len() as u32);
            port.insert_chars(chars);
        } else {
            for &ch in chars {
                let received = Received {
                    ch,
                    ..Received::default()
                };
                self.receive_one(&port, received);
            }
        }
        port.flip_buffer_push();
    }

    /// Gives the port, which receives in the format `own`, what it sees of characters that were sent in another one.
    pub(super) fn receive_bits(
        &self,
        port: &PortRef<NullModem>,
        sent: Format,
        chars: &[u8],
        own: Format,
    ) {
        let port = port.lock();
        if !port.state().is_receiving.get() || chars.is_empty() {
            return;
        }
        line::receive(sent, chars, own, |received| {
            self.receive_one(&port, received)
        });
        port.flip_buffer_push();
    }

    /// Gives the port one character.
    pub(super) fn receive(&self, port: &PortRef<NullModem>, received: Received) {
        let port = port.lock();
        if port.state().is_receiving.get() {
            self.receive_one(&port, received);
            port.flip_buffer_push();
        }
    }

    /// Adds the errors that users inject.
    fn receive_one(&self, port: &LockedPort<NullModem>, received: Received) {
        let Received {
            ch,
            parity,
            frame,
            brk,
        } = received;
        let mut status = STATUS.received;
        for (is, bit) in [
            (brk, STATUS.brk),
            (parity || !brk && Self::take(&self.parity), STATUS.parity),
            (frame || !brk && Self::take(&self.frame), STATUS.frame),
            (!brk && Self::take(&self.overrun), STATUS.overrun),
        ] {
            if is {
                status |= bit;
            }
        }
        port.receive_char(ch, status, &STATUS);
    }
}
