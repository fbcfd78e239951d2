// SPDX-License-Identifier: GPL-2.0-only

//! Each field is initialised once, and there is no other.

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
    let _ = init!(Plain { a: 1 });
    let _ = init!(Plain { a: 1, b: 2, a: 3 });
    let _ = init!(Plain { a: 1, b: 2, c: 3 });
    let _ = pin_init!(Held { a: 1 });
    let _ = pin_init!(Held { a: 1, b: 2, a <- 3 });
    let _ = pin_init!(Held { a: 1, b: 2, c: 3 });
    let _ = pin_init!(Plain { a: 1, b: 2 });
}
