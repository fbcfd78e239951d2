// SPDX-License-Identifier: GPL-2.0-only

//! Keys of `module!` that are unknown, doubled, misplaced or missing, and what stands between them.

use macros::module;

// Unknown.
module! {
    type: Driver,
    name: "ui",
    licence: "GPL",
}

// The name that upstream has removed.
module! {
    type: Driver,
    name: "ui",
    author: "Somebody",
    license: "GPL",
}

// Doubled.
module! {
    type: Driver,
    name: "ui",
    license: "GPL",
    name: "ui",
}

// Out of order.
module! {
    type: Driver,
    license: "GPL",
    name: "ui",
}

// A required key is missing.
module! {
    name: "ui",
    license: "GPL",
}
module! {
    type: Driver,
    license: "GPL",
}
module! {
    type: Driver,
    name: "ui",
}
module! {}

// No comma between two keys, and none at the end.
module! {
    type: Driver,
    name: "ui"
    license: "GPL",
}
module! {
    type: Driver,
    name: "ui",
    license: "GPL"
}

// No colon, no value, no key.
module! {
    type: Driver,
    name = "ui",
    license: "GPL",
}
module! {
    type: Driver,
    name: "ui",
    license:
}
module! {
    type: Driver,
    "name": "ui",
    license: "GPL",
}

fn main() {}
