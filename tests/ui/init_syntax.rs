// SPDX-License-Identifier: GPL-2.0-only

//! What is no initialiser.

use pin_init::{init, pin_init};

struct Plain {
    a: u8,
    b: u8,
}

const PLAIN: Plain = Plain { a: 1, b: 2 };

fn main() {
    let _ = init!(Plain { a: 1, ..PLAIN });
    let _ = init!(Plain { a = 1, b: 2 });
    let _ = init!(Plain { a: 1 b: 2 });
    let _ = init!(Plain { _: 1, a: 1, b: 2 });
    let _ = init!(Plain { 0: 1 });
    let _ = init!(#[inline] Plain { a: 1, b: 2 });
    let _ = pin_init!(Plain(1, 2));
    let _ = pin_init!(Plain { a: 1, b: 2 }?);
}
