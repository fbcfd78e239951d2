// SPDX-License-Identifier: GPL-2.0-only

//! What a UART receives when another one, perhaps with other settings, sends: nothing of the kernel, so that
//! `tests/nullmodem_line.rs` tries it on the host.

#![forbid(unsafe_code)]

/// The parity bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parity {
    None,
    Even,
    Odd,
    Mark,
    Space,
}

/// How a UART sends and receives characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Format {
    pub(super) baud: u32,
    /// 5 to 8.
    pub(super) data_bits: u8,
    pub(super) parity: Parity,
    /// 1 or 2. A receiver looks at the first one only.
    pub(super) stop_bits: u8,
}

/// A character that was received, with its errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Received {
    pub(super) ch: u8,
    pub(super) parity: bool,
    pub(super) frame: bool,
    /// The line was low for a whole character.
    pub(super) brk: bool,
}

/// How many characters can be received for one that is sent: the line rises once in each at least, and at most at every
/// second bit.
pub(super) const MOST: usize = 6;

impl Format {
    /// The format as one number, which is not 0.
    pub(super) fn pack(self) -> u64 {
        u64::from(self.baud) << 32
            | u64::from(self.data_bits) << 16
            | u64::from(self.stop_bits) << 8
            | self.parity as u64
    }

    /// The format of [`pack()`](Self::pack); `None` for 0.
    pub(super) fn unpack(packed: u64) -> Option<Self> {
        let parity = match packed & 0xff {
            0 => Parity::None,
            1 => Parity::Even,
            2 => Parity::Odd,
            3 => Parity::Mark,
            _ => Parity::Space,
        };
        (packed != 0).then_some(Self {
            baud: (packed >> 32) as u32,
            data_bits: (packed >> 16) as u8,
            parity,
            stop_bits: (packed >> 8) as u8,
        })
    }

    /// Whether everything that one UART sends is received by the other as it was sent.
    pub(super) fn is_understood_by(self, receiver: Self) -> bool {
        let stop_bits = receiver.stop_bits;
        Self { stop_bits, ..self } == receiver
    }

    /// How many bits a character has, with its start, parity and stop bits.
    pub(super) fn bits(self) -> u32 {
        1 + u32::from(self.data_bits)
            + u32::from(self.parity != Parity::None)
            + u32::from(self.stop_bits)
    }

    fn parity_bit(self, ch: u8) -> Option<bool> {
        match self.parity {
            Parity::None => None,
            Parity::Even => Some(ch.count_ones() & 1 == 1),
            Parity::Odd => Some(ch.count_ones() & 1 == 0),
            Parity::Mark => Some(true),
            Parity::Space => Some(false),
        }
    }

    /// The levels of the line while a character is sent, the first in bit 0.
    fn levels(self, ch: u8) -> u32 {
        let ch = ch & (0xff >> (8 - self.data_bits));
        let parity_at = 1 + u32::from(self.data_bits);
        let rest = match self.parity_bit(ch) {
            None => u32::MAX,
            Some(bit) => u32::MAX << 1 | u32::from(bit),
        };
        u32::from(ch) << 1 | rest << parity_at
    }
}

/// The line while characters are sent one after the other. It is high before and after.
///
/// Time is counted so that half a bit of either UART is a whole number.
struct Line<'a> {
    chars: &'a [u8],
    sender: Format,
    /// How long a bit takes.
    bit: u64,
}

impl Line<'_> {
    fn is_high(&self, time: u64) -> bool {
        let (bit, bits) = (time / self.bit, u64::from(self.sender.bits()));
        match self.chars.get((bit / bits) as usize) {
            Some(&ch) => self.sender.levels(ch) >> (bit % bits) & 1 == 1,
            None => true,
        }
    }

    /// When the line is at that level for the first time from `time` on; `None` if it never is.
    fn next(&self, mut time: u64, is_high: bool) -> Option<u64> {
        let bits = self.chars.len() as u64 * u64::from(self.sender.bits());
        let end = bits * self.bit;
        while self.is_high(time) != is_high {
            if time >= end {
                return None;
            }
            time = (time / self.bit + 1) * self.bit;
        }
        Some(time)
    }
}

/// Calls `each` with what a UART with the format `receiver` receives while one with the format `sender` sends `chars`.
///
/// As a 16550 does, it looks at the line in the middle of each bit, and takes a low stop bit for the next start bit.
pub(super) fn receive(
    sender: Format,
    chars: &[u8],
    receiver: Format,
    mut each: impl FnMut(Received),
) {
    let bit = 2 * u64::from(sender.baud);
    let line = Line {
        chars,
        sender,
        bit: 2 * u64::from(receiver.baud),
    };
    let mut from = 0;
    while let Some(edge) = line.next(from, false) {
        let mut at = edge + bit / 2;
        if line.is_high(at) {
            // Too short for a start bit.
            from = at;
            continue;
        }
        loop {
            let mut got = Received::default();
            for n in 0..receiver.data_bits {
                at += bit;
                got.ch |= u8::from(line.is_high(at)) << n;
            }
            let mut is_low = got.ch == 0;
            if let Some(expected) = receiver.parity_bit(got.ch) {
                at += bit;
                let is_high = line.is_high(at);
                got.parity = is_high != expected;
                is_low &= !is_high;
            }
            at += bit;
            got.frame = !line.is_high(at);
            got.brk = is_low && got.frame;
            each(got);
            if got.brk {
                // The next character begins after the line was high.
                at = line.next(at, true).unwrap_or(at);
            }
            if got.brk || !got.frame {
                break;
            }
        }
        from = at;
    }
}
