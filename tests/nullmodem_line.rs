// SPDX-License-Identifier: GPL-2.0-only

//! What the ends of `rust_nullmodem` receive of each other with the same and with other settings.

use line::{receive, Format, Parity, Received, MOST};

#[path = "../samples/rust_nullmodem_line.rs"]
mod line;

fn format(baud: u32, data_bits: u8, parity: Parity) -> Format {
    Format {
        baud,
        data_bits,
        parity,
        stop_bits: 1,
    }
}

const N8: Format = Format {
    baud: 9600,
    data_bits: 8,
    parity: Parity::None,
    stop_bits: 1,
};

fn got(sender: Format, chars: &[u8], receiver: Format) -> Vec<Received> {
    let mut all = Vec::new();
    receive(sender, chars, receiver, |one| all.push(one));
    assert!(all.len() <= MOST * chars.len(), "{all:?}");
    all
}

/// Characters without errors.
fn clean(chars: &[u8]) -> Vec<Received> {
    let one = |&ch| Received {
        ch,
        ..Received::default()
    };
    chars.iter().map(one).collect()
}

const PARITIES: [Parity; 5] = [
    Parity::None,
    Parity::Even,
    Parity::Odd,
    Parity::Mark,
    Parity::Space,
];

#[test]
fn ends_with_the_same_settings_understand_each_other() {
    let all: Vec<u8> = (0..=255).collect();
    for baud in [1, 50, 9600, 115_200, 4_000_000] {
        for data_bits in 5..=8 {
            for parity in PARITIES {
                for (stop_bits, receivers) in [(1, 2), (2, 1), (1, 1), (2, 2)] {
                    let sender = Format {
                        stop_bits,
                        ..format(baud, data_bits, parity)
                    };
                    let receiver = Format {
                        stop_bits: receivers,
                        ..sender
                    };
                    assert!(sender.is_understood_by(receiver));
                    let masked: Vec<u8> = all
                        .iter()
                        .map(|ch| ch & (0xff >> (8 - data_bits)))
                        .collect();
                    assert_eq!(got(sender, &all, receiver), clean(&masked), "{sender:?}");
                    assert_eq!(Format::unpack(sender.pack()), Some(sender));
                }
            }
        }
    }
    assert_eq!(Format::unpack(0), None);
}

/// A clock that is off by 3 % is no error, one that is off by 8 % is.
#[test]
fn clocks_may_differ_a_little() {
    let all: Vec<u8> = (0..=255).collect();
    for percent in [97, 98, 99, 101, 102, 103] {
        let receiver = format(96 * percent, 8, Parity::None);
        assert_eq!(got(N8, &all, receiver), clean(&all), "{percent}");
    }
    for percent in [92, 108] {
        let receiver = format(96 * percent, 8, Parity::None);
        assert_ne!(got(N8, &all, receiver), clean(&all), "{percent}");
    }
}

/// The ninth bit of a protocol whose addresses have mark parity, and whose data have space parity.
#[test]
fn mark_is_an_error_where_space_is_expected() {
    let (mark, space) = (
        format(9600, 8, Parity::Mark),
        format(9600, 8, Parity::Space),
    );
    let wrong: Vec<Received> = clean(b"a\0\xff")
        .into_iter()
        .map(|one| Received {
            parity: true,
            ..one
        })
        .collect();
    assert_eq!(got(mark, b"a\0\xff", space), wrong);
    // A NUL with a low parity bit is no break: its stop bit is there.
    assert_eq!(got(space, b"a\0\xff", mark), wrong);
}

#[test]
fn the_number_of_ones_decides_between_even_and_odd() {
    let (even, odd) = (format(9600, 7, Parity::Even), format(9600, 7, Parity::Odd));
    assert!(got(even, b"abc", odd)
        .iter()
        .all(|one| one.parity && !one.frame));
    // 'a' and 'b' have three ones, 'c' has four.
    let marks: Vec<bool> = got(even, b"abc", format(9600, 7, Parity::Mark))
        .iter()
        .map(|one| one.parity)
        .collect();
    assert_eq!(marks, [false, false, true]);
}

#[test]
fn a_parity_bit_is_the_eighth_bit_of_who_expects_none() {
    assert_eq!(
        got(format(9600, 7, Parity::Even), b"abc", N8),
        clean(b"\xe1\xe2c")
    );
    assert_eq!(
        got(format(9600, 7, Parity::Odd), b"abc", N8),
        clean(b"ab\xe3")
    );
    // With eight bits it is where the stop bit should be: one that is 0 is a wrong one.
    let space = got(format(9600, 8, Parity::Space), b"a", N8);
    assert_eq!((space[0].ch, space[0].frame), (b'a', true));
    assert_eq!(got(format(9600, 8, Parity::Mark), b"a", N8), clean(b"a"));
}

#[test]
fn shorter_characters_end_with_their_stop_bit() {
    // The stop bit and the idle line are ones.
    assert_eq!(got(format(9600, 7, Parity::None), b"a", N8), clean(b"\xe1"));
    assert_eq!(
        got(format(9600, 5, Parity::None), b"\x01", N8),
        clean(b"\xe1")
    );
    // The eighth bit of 'a' is where a receiver of seven looks for the stop bit.
    let wrong = got(N8, b"a", format(9600, 7, Parity::None));
    assert_eq!((wrong[0].ch, wrong[0].frame), (b'a', true));
    assert_eq!(got(N8, b"\xe1", format(9600, 7, Parity::None)), clean(b"a"));
}

#[test]
fn another_rate_gives_other_characters() {
    let (slow, fast) = (
        format(4800, 8, Parity::None),
        format(19_200, 8, Parity::None),
    );
    // Each bit is two: 0 10000110 1 is sent, 00 11000000 0 is seen first.
    let heard = got(N8, b"a", fast);
    assert_ne!(heard, clean(b"a"));
    assert!(!heard.is_empty());
    // Two bits are one: 0, 1, 0, 1 and the idle line of the four pairs 01 00 00 11 and 0, seen in the middle.
    let heard = got(N8, b"a", slow);
    assert_ne!(heard, clean(b"a"));
    // Much slower: the start bit is a glitch.
    assert_eq!(
        got(
            format(115_200, 8, Parity::None),
            b"\xff",
            format(300, 8, Parity::None)
        ),
        []
    );
    // Much faster: a low line that is longer than a character.
    let heard = got(
        format(300, 8, Parity::None),
        b"\0",
        format(115_200, 8, Parity::None),
    );
    let brk = Received {
        brk: true,
        frame: true,
        ..Received::default()
    };
    assert_eq!(heard, [brk]);
}

#[test]
fn whatever_is_sent_an_end_is_found() {
    let mut seed = 1u32;
    let mut next = |n: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) % n
    };
    let bauds = [1, 50, 300, 9600, 38_400, 115_200, 4_000_000];
    for _ in 0..2000 {
        let mut any = || Format {
            baud: bauds[next(7) as usize],
            data_bits: 5 + next(4) as u8,
            parity: PARITIES[next(5) as usize],
            stop_bits: 1 + next(2) as u8,
        };
        let (sender, receiver) = (any(), any());
        let chars: Vec<u8> = (0..next(20)).map(|_| next(256) as u8).collect();
        let heard = got(sender, &chars, receiver);
        let is_clean = heard
            .iter()
            .all(|one| !(one.parity || one.frame || one.brk));
        assert!(
            is_clean || !sender.is_understood_by(receiver),
            "{sender:?} {receiver:?}"
        );
    }
}
