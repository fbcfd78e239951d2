// SPDX-License-Identifier: GPL-2.0-only

//! Ten functions that drivers execute often. Their machine code is kept beside them: `spin_lock.asm` is that of
//! `spin_lock.rs`, and a test fails when it changes.
//!
//! The texts are for Linux 6.12 and the rustc that `kernels.toml` names. objdump wrote them, in AT&T syntax, without
//! addresses and padding; relocations stand as the symbols' names, jumps as labels. The first line counts the
//! instructions, and a cold part (a panic, a failed allocation) counts too. For other kernels `kernels.toml` has the
//! counts and the symbols that are called.
//!
//! `make test UPDATE=1` rewrites both: look at the difference before you commit it.
//!
//! Each function is global, so that the linker keeps it and no caller changes its arguments.

use kernel::prelude::*;

mod arc_clone;
mod arc_drop;
mod atomic_fetch_add;
mod kbox_new;
mod kvec_push;
mod mutex_lock;
mod read32;
mod spin_lock;
mod transmit;
mod write32;

module! {
    type: Codegen,
    name: "codegen",
    authors: ["The Ferrule developers"],
    description: "Functions whose machine code is a test",
    license: "GPL",
}

struct Codegen;

impl kernel::Module for Codegen {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
