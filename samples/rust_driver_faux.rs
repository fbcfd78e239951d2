// SPDX-License-Identifier: GPL-2.0-only

//! Faux device sample: a device without hardware.
//!
//! ```sh
//! insmod rust_driver_faux.ko
//! rmmod rust_driver_faux
//! ```

use kernel::faux;
use kernel::prelude::*;

module! {
    type: SampleModule,
    name: "rust_faux_driver",
    authors: ["The Ferrule developers"],
    description: "Sample of a device without hardware",
    license: "GPL",
}

struct SampleModule {
    reg: faux::Registration,
}

impl kernel::Module for SampleModule {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let reg = faux::Registration::new(c"rust-faux-sample-device", None)?;
        dev_info!(reg.as_ref(), "a device is there\n");
        Ok(Self { reg })
    }
}

impl Drop for SampleModule {
    fn drop(&mut self) {
        dev_info!(self.reg.as_ref(), "it goes\n");
    }
}
