// SPDX-License-Identifier: GPL-2.0-only

//! C calls what it needs without a look.

//~ error[E0046]: not all trait items implemented, missing: `start_tx`

#[macro_use]
#[path = "null.rs"]
mod null;

use null::*;

pub struct Other;

null_operations!(Other, (), Cell<u32>, {});
