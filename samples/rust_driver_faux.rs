// SPDX-License-Identifier: GPL-2.0-only

//! Faux device sample: a device without hardware.
//!
//! ```sh
//! insmod rust_driver_faux.ko
//! rmmod rust_driver_faux
//! ```
//!
//! ```text
//! rust_faux_driver: rust-faux-sample-device is there
//! rust_faux_driver: rust-faux-sample-device goes
//! ```

#![forbid(unsafe_code)]

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
        // `dev_info!()` would name the driver as well, which kernels do not call alike.
        pr_info!("{} is there\n", reg.as_ref().as_ref().name());
        Ok(Self { reg })
    }
}

impl Drop for SampleModule {
    fn drop(&mut self) {
        pr_info!("{} goes\n", self.reg.as_ref().as_ref().name());
    }
}
