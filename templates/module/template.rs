// SPDX-License-Identifier: GPL-2.0-only

//! The module template: says hello and goodbye.
//!
//! ```sh
//! insmod template.ko
//! rmmod template
//! ```
//!
//! ```text
//! template: hello
//! template: goodbye
//! ```

#![forbid(unsafe_code)]

use kernel::prelude::*;

module! {
    type: TemplateModule,
    name: "template",
    authors: ["Your Name"],
    description: "Says hello and goodbye",
    license: "GPL",
}

/// What the module has while it is loaded.
struct TemplateModule;

impl kernel::Module for TemplateModule {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        pr_info!("hello\n");
        Ok(Self)
    }
}

impl Drop for TemplateModule {
    fn drop(&mut self) {
        pr_info!("goodbye\n");
    }
}
