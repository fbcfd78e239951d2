// SPDX-License-Identifier: GPL-2.0-only

//! Reads a register in memory.

use kernel::io::{Io, Mmio, Region};

#[unsafe(no_mangle)]
extern "C" fn codegen_read32(regs: &Mmio<'_, Region<8>>) -> u32 {
    regs.read32(4)
}
