// SPDX-License-Identifier: GPL-2.0-only

//! The object of `life_two` that has `module!`; nothing of what it waits for at the end is its own.

use kernel::prelude::*;

module! {
    type: LifeTwo,
    name: "life_two",
    description: "Two Rust objects, one of which leaves work behind",
    license: "GPL",
    params: {
        fails: bool { default: false, description: "Fails to load, with work queued", },
    },
}

unsafe extern "C" {
    // SAFETY: `life_two_other.rs` defines it, with this type.
    safe fn life_two_start() -> bool;
}

/// What the other object's work calls.
#[unsafe(no_mangle)]
extern "C" fn life_two_said(run: u32) {
    pr_info!("run {run}\n");
}

struct LifeTwo;

impl kernel::Module for LifeTwo {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        if module_parameters::fails.value() {
            let _ = life_two_start();
            return Err(ENODEV);
        }
        Ok(Self)
    }
}

impl Drop for LifeTwo {
    fn drop(&mut self) {
        pr_info!("exit, started: {}\n", life_two_start());
    }
}
