// SPDX-License-Identifier: GPL-2.0-only

//! Writes a register in memory.

use kernel::io::{Io, Mmio, Region};

#[unsafe(no_mangle)]
extern "C" fn codegen_write32(regs: &Mmio<'_, Region<8>>, value: u32) {
    regs.write32(value, 4);
}
