// SPDX-License-Identifier: GPL-2.0-only

//! A parameter's type that both modules have, so that the kernel has it twice.

use kernel::fmt;
use kernel::module_param::ModuleParam;
use kernel::prelude::*;
use kernel::str::{BStr, ParseInt};

/// The sum of numbers with commas between them. Reading it allocates, which no safe code may do
/// before the kernel has memory.
#[derive(Clone, Copy)]
pub(crate) struct Sum(pub(crate) u64);

impl ModuleParam for Sum {
    fn try_from_param_arg(arg: &BStr) -> Result<Self> {
        let mut numbers = KVec::new();
        for number in arg.split(|&byte| byte == b',') {
            numbers.push(u64::from_str(BStr::from_bytes(number))?, GFP_KERNEL)?;
        }
        Ok(Self(numbers.iter().sum()))
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
