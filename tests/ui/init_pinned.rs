// SPDX-License-Identifier: GPL-2.0-only

//! A pinned field cannot be moved, nor kept beyond the initialiser.

use core::marker::PhantomPinned;
use pin_init::{init, pin_data, pin_init, PinInit};

struct Stays(PhantomPinned);

#[pin_data]
struct Held<'a> {
    #[pin]
    a: Stays,
    b: Option<&'a Stays>,
}

fn moved_out<'a>() -> impl PinInit<Held<'a>> {
    pin_init!(Held {
        a: Stays(PhantomPinned),
        _: { drop(*a); },
        b: None,
    })
}

fn moved_elsewhere<'a>(other: &mut Stays) -> impl PinInit<Held<'a>> + use<'a, '_> {
    pin_init!(Held {
        a: Stays(PhantomPinned),
        _: { core::mem::swap(&mut *a, other); },
        b: None,
    })
}

fn refers_to_itself<'a>() -> impl PinInit<Held<'a>> {
    pin_init!(Held {
        a: Stays(PhantomPinned),
        b: Some(&*a.into_ref().get_ref()),
    })
}

fn initialised_unpinned(stays: impl PinInit<Stays>) {
    let _ = init!(Held { a <- stays, b: None });
}

fn main() {}
