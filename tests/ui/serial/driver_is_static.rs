// SPDX-License-Identifier: GPL-2.0-only

//! The driver stays as long as its ports.

//~ error[E0597]: `driver` does not live long enough

#[path = "null.rs"]
mod null;

use null::*;

pub fn probe(dev: &Device<Bound>) -> Result<u32> {
    let driver = Driver::<Null>::new(c"short", c"ttySHORT", 1);
    Port::add(
        &driver,
        dev,
        PortOptions::default(),
        Cell::new(0),
        Ok::<_, Error>(()),
    )
}
