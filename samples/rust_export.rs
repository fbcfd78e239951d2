// SPDX-License-Identifier: GPL-2.0-only

//! Export sample: a module that others are stacked on, of Rust and of C.
//!
//! What it exports is declared in its interface, `rust_export_api.rs`; `rust_import.rs` uses it.
//!
//! ```sh
//! insmod rust_export.ko
//! grep -q ' T rust_export_sum' /proc/kallsyms
//! rmmod rust_export
//! ```
//!
//! ```text
//! rust_export: ready
//! rust_export: added 0 in 0 calls
//! ```

#![forbid(unsafe_code)]

use core::sync::atomic::AtomicU32;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use kernel::prelude::*;
use rust_export_api::Counter;
use rust_export_api::Pair;
use rust_export_api::Usage;
use rust_export_api::Visitor;

module! {
    type: RustExport,
    name: "rust_export",
    authors: ["The Ferrule developers"],
    description: "Sample of a module that exports functions",
    license: "GPL",
}

/// How many values are remembered.
const HISTORY: usize = 4;

/// Importers hold the module, so what it exports lives in statics: its value goes when no importer is left.
static COUNTER: SharedCounter = SharedCounter {
    value: AtomicU64::new(0),
    calls: AtomicU32::new(0),
    largest: AtomicU64::new(0),
    history: [const { AtomicU64::new(0) }; HISTORY],
};

struct SharedCounter {
    value: AtomicU64,
    calls: AtomicU32,
    largest: AtomicU64,
    history: [AtomicU64; HISTORY],
}

impl Counter for SharedCounter {
    fn add(&self, n: u64) -> u64 {
        let value = self.value.fetch_add(n, Relaxed).wrapping_add(n);
        self.largest.fetch_max(n, Relaxed);
        let call = self.calls.fetch_add(1, Relaxed);
        self.history[call as usize % HISTORY].store(value, Relaxed);
        value
    }

    fn usage(&self) -> Usage {
        let calls = self.calls.load(Relaxed);
        Usage {
            calls,
            largest: (calls > 0).then(|| self.largest.load(Relaxed)),
        }
    }

    fn visit(&self, visitor: &dyn Visitor) {
        let calls = self.calls.load(Relaxed) as usize;
        for call in calls.saturating_sub(HISTORY)..calls {
            if !visitor.visit(self.history[call % HISTORY].load(Relaxed)) {
                return;
            }
        }
    }
}

#[export_symbol_gpl(rust_export_api)]
fn counter() -> &'static dyn Counter {
    &COUNTER
}

#[export_symbol(rust_export_api)]
extern "C" fn rust_export_sum(pair: &Pair) -> c_int {
    pair.first.saturating_add(pair.second)
}

struct RustExport;

impl kernel::Module for RustExport {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        pr_info!("ready\n");
        Ok(Self)
    }
}

impl Drop for RustExport {
    fn drop(&mut self) {
        pr_info!(
            "added {} in {} calls\n",
            COUNTER.value.load(Relaxed),
            COUNTER.usage().calls
        );
    }
}
