// SPDX-License-Identifier: GPL-2.0-only

//! The module template: takes parameters when it is loaded, and one that changes later.
//!
//! ```sh
//! insmod template.ko name=you
//! echo 3 > /sys/module/template/parameters/times
//! rmmod template
//! ```
//!
//! ```text
//! template: hello, you
//! template: goodbye 3 times
//! ```

#![forbid(unsafe_code)]

use kernel::prelude::*;

module! {
    type: TemplateModule,
    name: "template",
    authors: ["Your Name"],
    description: "Greets whom it is told to",
    license: "GPL",
    params: {
        name: charp { default: "world", description: "Whom to greet", },
        times: u32 {
            default: 1,
            description: "How often to say goodbye, 1 to 9",
            permissions: 0o644,
            min: 1,
            max: 9,
        },
    },
}

/// What the module has while it is loaded.
struct TemplateModule;

impl kernel::Module for TemplateModule {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let name = module_parameters::name.value_ref();
        pr_info!("hello, {name}\n");
        Ok(Self)
    }
}

impl Drop for TemplateModule {
    fn drop(&mut self) {
        pr_info!("goodbye {} times\n", module_parameters::times.value());
    }
}
