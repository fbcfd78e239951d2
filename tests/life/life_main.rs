// SPDX-License-Identifier: GPL-2.0-only

//! A module that says what it was loaded with, under a name and an alias.

use kernel::prelude::*;

module! {
    type: LifeMain,
    name: "life_main",
    description: "Says what it was loaded with",
    license: "GPL",
    alias: ["ferrule:life*"],
    params: {
        io: u32 { default: 0x3f8, description: "A number", },
        quiet: bool { default: false, description: "A switch", },
    },
}

struct LifeMain;

impl kernel::Module for LifeMain {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let (io, quiet) = (
            module_parameters::io.value(),
            module_parameters::quiet.value(),
        );
        pr_info!("init, io={io:#x} quiet={quiet}\n");
        Ok(Self)
    }
}

impl Drop for LifeMain {
    fn drop(&mut self) {
        pr_info!("exit\n");
    }
}
