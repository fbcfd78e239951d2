// SPDX-License-Identifier: GPL-2.0-only

//! A file in sysfs has no directory of its own.

//~ error[E0080]: evaluation panicked: an attribute's name has no slash

#[path = "null.rs"]
mod null;

use kernel::serial::{Attribute, DeviceAttribute};
use null::*;

pub struct Level;

#[vtable]
impl Attribute<Null> for Level {
    const NAME: &'static CStr = c"power/level";
    type Value = u32;

    fn show(_data: &(), _port: &Port<Null>) -> Result<u32> {
        Ok(1)
    }
}

pub const LEVEL: DeviceAttribute<Null> = DeviceAttribute::new::<Level>();
