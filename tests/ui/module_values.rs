// SPDX-License-Identifier: GPL-2.0-only

//! Values of `module!` that have the wrong form.

use macros::module;

// No type.
module! {
    type: "Driver",
    name: "ui",
    license: "GPL",
}

// No string.
module! {
    type: Driver,
    name: ui,
    license: "GPL",
}
module! {
    type: Driver,
    name: c"ui",
    license: "GPL",
}
module! {
    type: Driver,
    name: "ui",
    description: ["one", "two"],
    license: "GPL",
}

// No list, and a list of something else.
module! {
    type: Driver,
    name: "ui",
    authors: "Somebody",
    license: "GPL",
}
module! {
    type: Driver,
    name: "ui",
    license: "GPL",
    alias: ["one", 2],
}
module! {
    type: Driver,
    name: "ui",
    license: "GPL",
    firmware: ["one" "two"],
}

// Empty.
module! {
    type: Driver,
    name: "",
    license: "GPL",
}
module! {
    type: Driver,
    name: "ui",
    license: " ",
}

// What a C string cannot hold.
module! {
    type: Driver,
    name: "u\0i",
    license: "GPL",
}
module! {
    type: Driver,
    name: "ui",
    license: "GPL",
    imports_ns: ["ONE", "TWO\0THREE"],
}

// What the further keys do not take.
module! {
    type: Driver,
    name: "ui",
    version: "",
    license: "GPL",
}
module! {
    type: Driver,
    name: "ui",
    license: "GPL",
    softdep: ["parport"],
}
module! {
    type: Driver,
    name: "ui",
    license: "GPL",
    softdep: ["pre:"],
}
module! {
    type: Driver,
    name: "ui",
    license: "GPL",
    info: ["tag"],
}
module! {
    type: Driver,
    name: "ui",
    license: "GPL",
    info: { vermagic: "mine", },
}
module! {
    type: Driver,
    name: "ui",
    license: "GPL",
    info: { tag: 5, },
}
module! {
    type: Driver,
    name: "ui",
    license: "GPL",
    initcall: early,
}
module! {
    type: Driver,
    name: "a.b",
    license: "GPL",
}
module! {
    type: Driver,
    name: "a_name_that_is_longer_than_what_the_kernel_has_room_for__",
    license: "GPL",
}

fn main() {}
