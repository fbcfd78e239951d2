// SPDX-License-Identifier: GPL-2.0-only

//! A field's name is there once the field is initialised.

use pin_init::{init, pin_data, pin_init};

struct Plain {
    a: u8,
    b: u8,
}

#[pin_data]
struct Held {
    #[pin]
    a: u8,
    b: u8,
}

fn main() {
    let _ = init!(Plain { b: *a, a: 1 });
    let _ = pin_init!(Held {
        _: {
            drop(a);
        },
        a: 1,
        b: *b,
    });
}
