// SPDX-License-Identifier: GPL-2.0-only

//! A port goes when its device loses its driver: the device has one.

//~ error[E0308]: mismatched types

#[path = "null.rs"]
mod null;

use null::*;

pub fn add(dev: &Device) -> Result<u32> {
    Port::add(
        &DRIVER,
        dev,
        PortOptions::default(),
        Cell::new(0),
        Ok::<_, Error>(()),
    )
}
