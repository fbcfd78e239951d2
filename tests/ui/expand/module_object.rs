// SPDX-License-Identifier: GPL-2.0-only

//! A module with every key, compiled to an object whose sections the test reads.
#![no_std]
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs)]

use kernel::ThisModule;
use macros::module;

module! {
    type: nested::Full,
    name: "full-name",
    authors: ["First <first@example.org>", "Zweite Ä"],
    description: "Every key",
    version: "1.0-rc2",
    license: "GPL",
    alias: ["pci:v00001B36d00000005sv*", "full"],
    softdep: ["pre: one two post: three"],
    firmware: ["full/a.bin", "full/b.bin"],
    imports_ns: ["NET_NS", "USB_STORAGE"],
    info: { staging: "Y", weakdep: "other", },
    initcall: subsys,
    params: {
        level: i8 {
            default: -128,
            description: "The level",
        },
        debug: bool {
            default: true,
            description: "Whether to debug",
        },
        r#loop: u64 {
            default: 0xffff_ffff_ffff_ffff,
            description: "A keyword",
        },
        even: u8 {
            default: 2,
            description: "What the module itself looks at",
            set: be_even,
        },
        first: u8 {
            default: 1,
            description: "Needed before all else",
            early: true,
        },
    },
}

fn be_even(value: &u8) -> kernel::error::Result {
    if value % 2 == 1 {
        return Err(kernel::error::code::EINVAL);
    }
    Ok(())
}

mod nested {
    use kernel::ThisModule;

    /// The module.
    pub struct Full;

    impl kernel::InPlaceModule for Full {
        fn init(_module: &'static ThisModule) -> Result<Self, i32> {
            Ok(Self)
        }
    }

    impl Drop for Full {
        fn drop(&mut self) {}
    }
}

// What drivers and the printing macros use, each at the type they need.
const _: &[u8] = crate::__LOG_PREFIX;
const _: &core::ffi::CStr = <LocalModule as kernel::ModuleMetadata>::NAME;

/// Uses the module's own items as a driver would.
pub fn this_module() -> (&'static ThisModule, &'static ThisModule) {
    (
        &<LocalModule as kernel::ModuleMetadata>::THIS_MODULE,
        &crate::THIS_MODULE,
    )
}
