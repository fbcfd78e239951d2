// SPDX-License-Identifier: GPL-2.0-only

//! Exports each kind of function in each way.

use kernel::prelude::*;
use stack_lower_api::Failure;
use stack_lower_api::Large;
use stack_lower_api::Text;

module! {
    type: Lower,
    name: "stack_lower",
    description: "Test: exports",
    license: "GPL",
}

struct Worker;

impl Text for Worker {
    fn upper(&self, text: &str) -> Result<KVec<u8>> {
        let mut upper = KVec::new();
        for byte in text.bytes() {
            upper.push(byte.to_ascii_uppercase(), GFP_KERNEL)?;
        }
        Ok(upper)
    }

    fn fill(&self, to: &mut [u8]) -> core::result::Result<usize, Failure> {
        match to.len() {
            0 => Err(Failure::Empty),
            len @ 1..=4 => {
                to.fill(b'x');
                Ok(len)
            }
            len => Err(Failure::Large { by: len - 4 }),
        }
    }

    fn name<'a>(&'a self, prefix: &str) -> &'a str {
        if prefix.is_empty() {
            "worker"
        } else {
            "other"
        }
    }
}

#[export_symbol(stack_lower_api)]
fn text() -> &'static dyn Text {
    &Worker
}

#[export_symbol_ns(stack_lower_api, "STACK_LOWER")]
fn boxed(value: KBox<u64>) -> Option<KBox<u64>> {
    (*value & 1 == 0).then_some(value)
}

#[export_symbol_ns_gpl(stack_lower_api, "STACK_LOWER")]
extern "C" fn stack_lower_mixed(a: i8, b: u16, c: bool, d: &mut u64, e: usize) -> i64 {
    *d += 1;
    i64::from(a) + i64::from(b) + i64::from(c) + e as i64
}

#[export_symbol(stack_lower_api)]
extern "C" fn stack_lower_last(large: &Large) -> u32 {
    large.nested_b.high
}

#[export_symbol_gpl(stack_lower_api)]
extern "C" fn stack_lower_nothing() {
    pr_info!("nothing\n");
}

struct Lower;

impl kernel::Module for Lower {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
