// SPDX-License-Identifier: GPL-2.0-only

//! The interface of `rust_export`: what it offers to other modules.
//!
//! Both sides compile this file, as C's modules share a header; `samples/Kbuild` names it for each. What
//! C can call is also in C's header, `rust_export.h`.

#![forbid(unsafe_code)]

use kernel::prelude::*;

/// A counter that all importers share.
#[interface]
pub trait Counter: Sync {
    /// Adds `n`, and returns the new value.
    fn add(&self, n: u64) -> u64;

    /// Says how it is used.
    fn usage(&self) -> Usage;

    /// Calls `visitor` with the value of each call so far, newest last, until it has had enough.
    fn visit(&self, visitor: &dyn Visitor);
}

/// What looks at a counter's history: an importer has one, the exporting module calls it.
#[interface]
pub trait Visitor {
    /// Takes a value; returns whether it wants more.
    fn visit(&self, value: u64) -> bool;
}

/// How a counter is used.
#[interface]
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// The number of calls.
    pub calls: u32,
    /// The largest number added.
    pub largest: Option<u64>,
}

/// Two numbers; C's `struct rust_export_pair`.
#[interface(struct rust_export_pair)]
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Pair {
    /// The one.
    pub first: c_int,
    /// The other.
    pub second: c_int,
}

#[interface]
extern "Rust" {
    /// The counter.
    pub fn counter() -> &'static dyn Counter;
}

#[interface]
extern "C" {
    /// The sum of a pair.
    pub fn rust_export_sum(pair: &Pair) -> c_int;
}

/// Adds all of `numbers`: code of the interface itself, in each module that uses it.
pub fn add_all(counter: &dyn Counter, numbers: impl IntoIterator<Item = u64>) -> u64 {
    numbers.into_iter().fold(0, |_, number| counter.add(number))
}
