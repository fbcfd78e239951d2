// SPDX-License-Identifier: GPL-2.0-only

//! The type of a module is one, and nothing that `module!` keeps to itself can be named.
#![feature(used_with_arg)]

use macros::module;

module! {
    type: NoModule,
    name: "ui",
    license: "GPL",
    params: {
        shown: u32 {
            default: 1,
            description: "For all of the crate to read",
        },
    },
}

struct NoModule;

fn main() {
    let _ = (LocalModule {}, module_parameters::shown.value());
    let _ = (SLOT, MODINFO, PARAM, __ui_init, init_module);
}
