// SPDX-License-Identifier: GPL-2.0-only

//! What `#[pin_data]`, `#[pinned_drop]` and the derives refuse.

use core::marker::PhantomPinned;
use core::pin::Pin;
use pin_init::{pin_data, pinned_drop, MaybeZeroable, Zeroable};

#[pin_data(Drop)]
struct WrongArgument {
    a: u8,
}

#[pin_data]
enum Enum {
    A,
}

#[pin_data]
struct Tuple(u8);

#[pin_data]
struct Twice {
    #[pin]
    #[pin]
    a: u8,
}

#[pin_data]
struct NoEffect {
    a: u8,
    _pin: PhantomPinned,
}

#[pin_data(PinnedDrop)]
struct Held {
    a: u8,
}

#[pinned_drop]
impl Held {
    fn drop(self: Pin<&mut Self>) {}
}

#[pinned_drop]
impl Clone for Held {
    fn drop(self: Pin<&mut Self>) {}
}

#[pinned_drop]
unsafe impl PinnedDrop for Held {
    fn drop(self: Pin<&mut Self>) {}
}

#[pinned_drop(now)]
impl PinnedDrop for Held {
    fn drop(self: Pin<&mut Self>) {}
}

#[pinned_drop]
impl PinnedDrop for Held {
    fn fall(self: Pin<&mut Self>) {}
}

#[derive(Zeroable)]
enum Never {
    One = 1,
}

#[derive(MaybeZeroable)]
enum MaybeNever {
    One = 1,
}

fn main() {}
