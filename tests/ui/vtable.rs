// SPDX-License-Identifier: GPL-2.0-only

//! `#[vtable]` in the wrong place, and where it is missing.

use macros::vtable;

#[vtable]
trait Operations {
    fn start(&self) {}
}

struct Forgotten;

// The attribute is missing.
impl Operations for Forgotten {
    fn start(&self) {}
}

struct Other;

#[vtable]
impl Operations for Other {
    // Not in the trait.
    fn stop(&self) {}
}

#[vtable(start)]
trait Arguments {}

#[vtable]
impl Other {}

#[vtable]
struct Table;

fn main() {}
