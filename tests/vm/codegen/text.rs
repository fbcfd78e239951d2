// SPDX-License-Identifier: GPL-2.0-only

//! The recorded form of disassembly: objdump's, without addresses and padding, which change when the code does not.

use anyhow::{ensure, Context, Result};
use object::{Object, ObjectSection, ObjectSymbol, SymbolKind};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// A function's code.
pub struct Function {
    /// Its name without the prefix that all have.
    pub name: String,
    /// The count of its instructions, and these.
    pub text: String,
    pub count: usize,
    /// The symbols that it calls or jumps to, sorted, without the return thunk of every function.
    pub calls: Vec<String>,
}

const RETURN_THUNK: &str = "__x86_return_thunk";

/// An instruction, with the symbol that its relocation names.
struct Instruction {
    address: u64,
    text: String,
    relocation: Option<Relocation>,
}

struct Relocation {
    offset: u64,
    is_relative: bool,
    symbol: String,
    addend: i64,
}

/// The names of what sections have, by section and offset.
struct Symbols(BTreeMap<(String, u64), String>);

impl Symbols {
    fn read(module: &[u8]) -> Result<Self> {
        let file = object::File::parse(module).context("no module")?;
        let mut symbols = BTreeMap::new();
        for symbol in file
            .symbols()
            .filter(|symbol| symbol.kind() == SymbolKind::Text)
        {
            let section = symbol
                .section_index()
                .and_then(|index| file.section_by_index(index).ok());
            let section = section.and_then(|section| Some(section.name().ok()?.to_owned()));
            if let (Some(section), Ok(name)) = (section, symbol.name()) {
                symbols.insert((section, symbol.address()), demangled(name));
            }
        }
        Ok(Self(symbols))
    }

    /// A name for the address `offset` bytes behind `symbol`, which may be a section. For data the offset in the section is
    /// left out, as it changes.
    fn name(&self, symbol: &str, offset: i64) -> String {
        if symbol.starts_with('.') {
            let place = (symbol.to_owned(), u64::try_from(offset).unwrap_or(u64::MAX));
            return self.0.get(&place).cloned().unwrap_or(place.0);
        }
        let name = demangled(symbol);
        match offset {
            0 => name,
            1.. => format!("{name}+{offset:#x}"),
            _ => format!("{name}-{:#x}", offset.unsigned_abs()),
        }
    }
}

/// A Rust symbol as it is written, without its hash.
fn demangled(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
}

/// Reads the functions whose names begin with `prefix` from objdump's listing of `module`.
pub fn functions(listing: &str, module: &[u8], prefix: &str) -> Result<Vec<Function>> {
    let symbols = Symbols::read(module)?;
    let mut functions: Vec<(String, Vec<Instruction>)> = Vec::new();
    let mut is_wanted = false;
    for line in listing.lines() {
        // `0000000000000350 <codegen_spin_lock>:`
        if let Some(name) = line
            .strip_suffix(">:")
            .and_then(|line| line.split_once(" <"))
        {
            let name = name.1.strip_prefix(prefix);
            is_wanted = name.is_some();
            functions.extend(name.map(|name| (name.to_owned(), Vec::new())));
        } else if let Some((_, instructions)) = functions.last_mut().filter(|_| is_wanted) {
            read_line(line, instructions).with_context(|| format!("objdump says {line:?}"))?;
        }
    }
    let functions = functions.into_iter();
    functions
        .map(|(name, instructions)| render(name, &instructions, &symbols))
        .collect()
}

/// Reads an instruction, or the relocation of the last one.
fn read_line(line: &str, instructions: &mut Vec<Instruction>) -> Result<()> {
    let Some((address, text)) = line.trim_start().split_once(':') else {
        return Ok(());
    };
    let (address, text) = match u64::from_str_radix(address, 16) {
        Ok(address) => (address, text.trim()),
        // The heading of a section.
        Err(_) => return Ok(()),
    };
    let Some((kind, symbol)) = text
        .split_once('\t')
        .filter(|(kind, _)| kind.starts_with("R_X86_64_"))
    else {
        let text = text
            .split('#')
            .next()
            .unwrap_or_default()
            .trim_end()
            .to_owned();
        instructions.push(Instruction {
            address,
            text,
            relocation: None,
        });
        return Ok(());
    };
    let sign = symbol.rfind("+0x").or(symbol.rfind("-0x"));
    let (symbol, addend) = symbol.split_at(sign.unwrap_or(symbol.len()));
    let addend = match addend.split_at_checked(3) {
        Some((sign, digits)) => {
            let value = i64::from_str_radix(digits, 16)?;
            if sign.starts_with('-') {
                -value
            } else {
                value
            }
        }
        None => 0,
    };
    let last = instructions.last_mut().context("a relocation of nothing")?;
    ensure!(last.relocation.is_none(), "a second relocation");
    last.relocation = Some(Relocation {
        offset: address,
        is_relative: ["PC32", "PLT32", "GOTPCREL"]
            .iter()
            .any(|suffix| kind.contains(suffix)),
        symbol: symbol.to_owned(),
        addend,
    });
    Ok(())
}

/// Whether an instruction is padding between functions or before loops.
fn is_padding(text: &str) -> bool {
    let prefixes = ["data16", "cs", "ds"];
    let mnemonic = text
        .split_whitespace()
        .find(|word| !prefixes.contains(word))
        .unwrap_or_default();
    mnemonic.starts_with("nop") || mnemonic == "int3" || text.ends_with("%ax,%ax")
}

/// Where a jump inside the section goes: `jne    490 <codegen_transmit+0xf0>`.
fn target(text: &str) -> Option<u64> {
    let mut words = text.split_whitespace().rev();
    words.next().filter(|word| word.starts_with('<'))?;
    u64::from_str_radix(words.next()?, 16).ok()
}

fn render(name: String, all: &[Instruction], symbols: &Symbols) -> Result<Function> {
    let kept: Vec<(usize, &Instruction)> = all
        .iter()
        .enumerate()
        .filter(|(_, i)| !is_padding(&i.text))
        .collect();
    let targets: BTreeSet<u64> = kept
        .iter()
        .filter(|(_, instruction)| instruction.relocation.is_none())
        .filter_map(|(_, instruction)| target(&instruction.text))
        .collect();
    let label = |address: u64| {
        targets
            .iter()
            .position(|target| *target == address)
            .map(|at| format!(".L{}", at + 1))
    };
    let (mut text, mut calls) = (String::new(), BTreeSet::new());
    let mut unplaced = targets.iter().copied().peekable();
    for &(at, instruction) in &kept {
        // A jump to padding has the instruction after the padding as its target.
        while let Some(target) = unplaced.next_if(|target| *target <= instruction.address) {
            writeln!(text, "{}:", label(target).unwrap_or_default())?;
        }
        let mnemonic = instruction.text.split(' ').next().unwrap_or_default();
        let is_jump = mnemonic.starts_with('j') || mnemonic.starts_with("call");
        let line = match &instruction.relocation {
            Some(relocation) => {
                let next = all.get(at + 1).map(|next| next.address);
                let end = next.unwrap_or(relocation.offset + 4);
                let rest = i64::try_from(
                    end.checked_sub(relocation.offset)
                        .context("it is not inside")?,
                )?;
                let offset = relocation.addend + if relocation.is_relative { rest } else { 0 };
                let symbol = symbols.name(&relocation.symbol, offset);
                if is_jump && relocation.is_relative && symbol != RETURN_THUNK {
                    calls.insert(symbol.clone());
                }
                relocated(&instruction.text, &symbol, is_jump, rest == 4)
            }
            None => match target(&instruction.text).and_then(label) {
                Some(label) => format!("{mnemonic:<6} {label}"),
                None => instruction.text.clone(),
            },
        };
        writeln!(text, "\t{}", line)?;
    }
    ensure!(unplaced.next().is_none(), "{name} jumps behind its end");
    let count = kept.len();
    Ok(Function {
        text: format!("# {count} instructions\n\n{name}:\n{text}"),
        name,
        count,
        calls: calls.into_iter().collect(),
    })
}

/// An instruction with the symbol in place of the zero that the linker overwrites, which is a displacement, or an
/// immediate at the end.
fn relocated(text: &str, symbol: &str, is_jump: bool, is_at_end: bool) -> String {
    if let Some((mnemonic, _)) = text
        .split_once(' ')
        .filter(|(_, operands)| is_jump && operands.contains('<'))
    {
        return format!("{mnemonic:<6} {symbol}");
    }
    let immediate = || {
        is_at_end
            .then(|| replaced(text, "$0x0", &format!("${symbol}")))
            .flatten()
    };
    replaced(text, "0x0(%rip)", &format!("{symbol}(%rip)"))
        .or_else(immediate)
        .or_else(|| replaced(text, "0x0", symbol))
        .unwrap_or_else(|| format!("{text} # {symbol}"))
}

fn replaced(text: &str, old: &str, new: &str) -> Option<String> {
    text.contains(old).then(|| text.replacen(old, new, 1))
}
