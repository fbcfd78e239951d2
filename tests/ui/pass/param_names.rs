// SPDX-License-Identifier: GPL-2.0-only

//! Names of the module that the expansion of `module!` has, too.
#![feature(used_with_arg)]

use macros::module;

struct Spec;
const DEFAULT: u32 = 5;
const NAME: u32 = 1;
const STAGING: u32 = 9;

fn value(value: &u32) -> kernel::error::Result {
    if *value == STAGING + NAME {
        return Err(-22);
    }
    Ok(())
}

fn out(_: &u32, _out: &mut kernel::module_param::Writer<'_>) -> kernel::error::Result {
    Ok(())
}

module! {
    type: Spec,
    name: "names",
    license: "GPL",
    params: {
        p: u32 { default: DEFAULT, description: "", min: 1, max: 9, set: value, get: out, },
    },
}

impl kernel::InPlaceModule for Spec {
    fn init(_module: &'static kernel::ThisModule) -> Result<Self, i32> {
        let _ = module_parameters::p.value();
        Ok(Spec)
    }
}

fn main() {}
