// SPDX-License-Identifier: GPL-2.0-only

//! A module whose `init` fails half-way, with the error that it is told.

use kernel::prelude::*;

module! {
    type: LifeFails,
    name: "life_fails",
    description: "Fails to load",
    license: "GPL",
    params: {
        errno: i32 { default: 0, description: "Fails with this error", },
        port: u16 { default: 0, description: "A port", permissions: 0o644, hardware: ioport, },
    },
}

/// Something that has to be taken back.
struct Part(&'static str);

impl Part {
    fn new(name: &'static str) -> Result<KBox<Self>> {
        pr_info!("{name} made\n");
        Ok(KBox::new(Self(name), GFP_KERNEL)?)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        pr_info!("{} dropped\n", self.0);
    }
}

/// Fields are dropped in the order in which they stand.
struct LifeFails {
    _second: KBox<Part>,
    _first: KBox<Part>,
}

impl kernel::Module for LifeFails {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let first = Part::new("first")?;
        let second = Part::new("second")?;
        match module_parameters::errno.value() {
            0 => Ok(Self {
                _second: second,
                _first: first,
            }),
            errno => Err(Error::from_errno(-errno)),
        }
    }
}
