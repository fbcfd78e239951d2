// SPDX-License-Identifier: GPL-2.0-only

//! The constants of `#[vtable]`.
#![deny(warnings)]

use macros::vtable;

#[vtable]
pub trait Operations {
    /// A constant that the author of the trait defines himself.
    const HAS_OWN: bool = true;

    fn start(&self);
    fn ping(&self) {}
    fn r#loop(&self) {}
    fn own(&self) {}
    #[cfg(any())]
    fn absent(&self) -> Absent;
}

struct All;

#[vtable]
impl Operations for All {
    fn start(&self) {}
    fn ping(&self) {}
    fn r#loop(&self) {}
    #[cfg(any())]
    fn absent(&self) -> Absent {}
}

struct One<T>(T);

#[vtable]
impl<T> Operations for One<T> {
    fn start(&self) {}
    #[cfg(any())]
    fn ping(&self) {}
}

fn has<T: Operations>() -> [bool; 4] {
    [T::HAS_START, T::HAS_PING, T::HAS_LOOP, T::HAS_OWN]
}

fn main() {
    assert_eq!(has::<All>(), [true, true, true, true]);
    assert_eq!(has::<One<u8>>(), [true, false, false, true]);
}
