// SPDX-License-Identifier: GPL-2.0-only

//! A pinned struct has no `Drop` of its own, is `Unpin` only as its pinned fields are, and zeroes must
//! be valid for all of a `Zeroable` struct.

use core::marker::PhantomPinned;
use core::pin::Pin;
use pin_init::{pin_data, pinned_drop, MaybeZeroable, Zeroable};

#[pin_data]
struct Dropped {
    a: u8,
}

impl Drop for Dropped {
    fn drop(&mut self) {}
}

#[pin_data]
struct Forgotten {
    a: u8,
}

#[pinned_drop]
impl PinnedDrop for Forgotten {
    fn drop(self: Pin<&mut Self>) {}
}

#[pin_data]
struct Stays {
    #[pin]
    _pin: PhantomPinned,
}

#[derive(Zeroable)]
struct Reference {
    a: &'static u8,
}

#[derive(MaybeZeroable)]
struct Maybe {
    call: fn(),
}

fn unpin<T: Unpin>() {}

fn main() {
    unpin::<Stays>();
    let _: Maybe = pin_init::zeroed();
    pin_init::assert_pinned!(Dropped, a, u8, inline);
}
