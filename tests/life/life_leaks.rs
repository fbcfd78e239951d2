// SPDX-License-Identifier: GPL-2.0-only

//! A module that leaks the registration of a device: it can never be unloaded.

use kernel::faux;
use kernel::prelude::*;

module! {
    type: LifeLeaks,
    name: "life_leaks",
    description: "Leaks a registration",
    license: "GPL",
}

struct LifeLeaks;

impl kernel::Module for LifeLeaks {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        core::mem::forget(faux::Registration::new(c"life-leaks", None)?);
        Ok(Self)
    }
}

impl Drop for LifeLeaks {
    fn drop(&mut self) {
        pr_info!("exit\n");
    }
}
