// SPDX-License-Identifier: GPL-2.0-only

//! Import sample: a module stacked on another one, `rust_export`, which cannot be unloaded before it.
//!
//! `modprobe rust_import` would load both: `depmod` has seen which symbols it needs.
//!
//! ```sh
//! insmod rust_export.ko
//! insmod rust_import.ko
//! grep '^rust_export ' /proc/modules | grep -q ' 1 rust_import,'
//! ! rmmod rust_export
//! rmmod rust_import
//! rmmod rust_export
//! ```
//!
//! ```text
//! rust_export: ready
//! rust_import: 1 + 2 = 3
//! rust_import: counted up to 60: Usage { calls: 3, largest: Some(30) }
//! rust_import: history: 10
//! rust_import: history: 30
//! rust_import: history: enough
//! rust_import: leaves the counter at 61
//! rust_export: added 61 in 4 calls
//! ```

#![forbid(unsafe_code)]

use kernel::prelude::*;
use rust_export_api::Counter;
use rust_export_api::Pair;
use rust_export_api::Visitor;

module! {
    type: RustImport,
    name: "rust_import",
    authors: ["The Ferrule developers"],
    description: "Sample of a module that imports functions",
    license: "GPL",
}

struct RustImport {
    /// `'static`, because the kernel keeps `rust_export` loaded as long as this module.
    counter: &'static dyn Counter,
}

/// Prints values up to a limit.
struct Printer {
    limit: u64,
}

impl Visitor for Printer {
    fn visit(&self, value: u64) -> bool {
        if value > self.limit {
            pr_info!("history: enough\n");
            return false;
        }
        pr_info!("history: {value}\n");
        true
    }
}

impl kernel::Module for RustImport {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let pair = Pair {
            first: 1,
            second: 2,
        };
        pr_info!("1 + 2 = {}\n", rust_export_api::rust_export_sum(&pair));

        let counter = rust_export_api::counter();
        let value = rust_export_api::add_all(counter, [10, 20, 30]);
        pr_info!("counted up to {value}: {:?}\n", counter.usage());
        counter.visit(&Printer { limit: 50 });
        Ok(Self { counter })
    }
}

impl Drop for RustImport {
    fn drop(&mut self) {
        pr_info!("leaves the counter at {}\n", self.counter.add(1));
    }
}
