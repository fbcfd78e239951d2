// SPDX-License-Identifier: GPL-2.0-only

//! Success is not the user's to tell, and errors have the type that was named.

use pin_init::{init, Init};

struct Plain {
    a: u8,
    b: u8,
}

#[repr(C, packed)]
struct Packed {
    a: u8,
    b: u32,
}

fn early() -> impl Init<Plain> {
    init!(Plain {
        a: {
            let done = Ok(());
            return done;
        },
        b: 1,
    })
}

fn other_error() -> impl Init<Plain> {
    init!(Plain {
        a: {
            let failed: Result<_, u8> = Err(1);
            return failed;
        },
        b: 1,
    })
}

fn unaligned() -> impl Init<Packed> {
    init!(Packed { a: 1, b: 2 })
}

struct Named {
    name: &'static str,
    len: usize,
}

fn not_zeroable() -> impl Init<Named> {
    init!(Named { len: 0, ..pin_init::Zeroable::init_zeroed() })
}

fn main() {}
