// SPDX-License-Identifier: GPL-2.0-only

//! The stack frames of a module's functions.
//!
//! A frame of more than a page can step over the guard page below a kernel stack and write to what lies
//! there, from safe code. C compilers warn of frames above `CONFIG_FRAME_WARN`; rustc does not.

use anyhow::{bail, Context, Result};
use object::{Object, ObjectSection, ObjectSymbol, RelocationTarget, SectionIndex, SymbolKind};
use std::collections::{BTreeMap, HashMap};

/// The section in which LLVM lists each function's address and the size of its frame.
pub const SECTION: &str = ".stack_sizes";

/// The size of a guard page.
const GUARD: u64 = 4096;

/// Refuses functions whose frame is larger than a guard page, and returns warnings for those whose
/// frame is larger than `limit`; 0 is no limit.
pub fn check(object: &[u8], limit: u64) -> Result<Vec<String>> {
    let mut warnings = Vec::new();
    for (name, size) in frames(object)? {
        if size > GUARD {
            bail!(
                "the stack frame of {name} has {size} bytes, and a kernel stack's guard page only {GUARD}: \
                 put large values into a KBox, and build them there (see pin_init)"
            );
        } else if limit != 0 && size > limit {
            warnings.push(format!(
                "the stack frame of {name} has {size} bytes, more than {limit} (CONFIG_FRAME_WARN)"
            ));
        }
    }
    Ok(warnings)
}

/// The functions of an object and the sizes of their frames.
fn frames(object: &[u8]) -> Result<Vec<(String, u64)>> {
    let file = object::File::parse(object).context("rustc wrote no object")?;
    let mut names: HashMap<(SectionIndex, u64), String> = HashMap::new();
    for symbol in file
        .symbols()
        .filter(|symbol| symbol.kind() == SymbolKind::Text)
    {
        if let Some(section) = symbol.section_index() {
            names.insert(
                (section, symbol.address()),
                format!("{:#}", rustc_demangle::demangle(symbol.name()?)),
            );
        }
    }
    let mut frames = Vec::new();
    for section in file
        .sections()
        .filter(|section| section.name() == Ok(SECTION))
    {
        let data = section.data()?;
        let places: BTreeMap<u64, _> = section.relocations().collect();
        let mut at = 0;
        while at + 8 < data.len() {
            let place = places
                .get(&(at as u64))
                .context("a stack size without a function")?;
            let RelocationTarget::Symbol(index) = place.target() else {
                bail!("a stack size without a symbol")
            };
            let symbol = file.symbol_by_index(index)?;
            let address = symbol.address().wrapping_add_signed(place.addend());
            let name = symbol
                .section_index()
                .and_then(|section| names.get(&(section, address)));
            let (size, length) = uleb128(&data[at + 8..]).context("a damaged stack size")?;
            frames.push((
                name.map_or("a function without a name", String::as_str)
                    .to_owned(),
                size,
            ));
            at += 8 + length;
        }
    }
    Ok(frames)
}

/// A number in DWARF's variable-length encoding, and how many bytes it takes.
fn uleb128(data: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0;
    for (index, byte) in data.iter().enumerate().take(9) {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, index + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_several_bytes_are_read() {
        assert_eq!(uleb128(&[0x7f, 1]), Some((127, 1)));
        assert_eq!(uleb128(&[0xe0, 0xb8, 0x02]), Some((40032, 3)));
        assert_eq!(uleb128(&[0x80]), None);
    }
}
