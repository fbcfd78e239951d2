// SPDX-License-Identifier: GPL-2.0-only

//! A sample's header: the commands to try it, and the log that they leave.

use anyhow::{ensure, Context, Result};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

/// A sample, as its own header describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The module's name.
    pub name: String,
    /// Shell commands: the header's ```` ```sh ```` block.
    pub commands: Vec<String>,
    /// What the commands log: the header's ```` ```text ```` block.
    pub log: Vec<String>,
}

impl Sample {
    /// Reads the headers of the Rust files in `dir` that have commands.
    pub fn all(dir: &Path) -> Result<Vec<Self>> {
        let mut samples = Vec::new();
        for entry in fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path)
                    .with_context(|| format!("cannot read {}", path.display()))?;
                samples.extend(
                    Self::parse(&text)
                        .with_context(|| format!("the header of {}", path.display()))?,
                );
            }
        }
        samples.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(samples)
    }

    /// Reads a file's header; nothing for a file without commands.
    fn parse(text: &str) -> Result<Option<Self>> {
        let header: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("//!"))
            .map(str::trim_end)
            .collect();
        let block = |kind: &str| -> Vec<String> {
            let fence = format!(" ```{kind}");
            let lines = header
                .iter()
                .skip_while(|line| **line != fence)
                .skip(1)
                .take_while(|line| **line != " ```");
            lines
                .map(|line| line.strip_prefix(' ').unwrap_or(line).to_owned())
                .collect()
        };
        let (commands, log) = (block("sh"), block("text"));
        if commands.is_empty() {
            return Ok(None);
        }
        ensure!(
            !log.is_empty(),
            "has commands, but no ```text block with their log"
        );
        // What it is stacked on comes before it.
        let loads = commands
            .iter()
            .filter_map(|command| command.strip_prefix("insmod ")?.split(['.', ' ']).next())
            .next_back();
        let name = loads.context("no command is `insmod NAME.ko`")?.to_owned();
        Ok(Some(Self {
            name,
            commands,
            log,
        }))
    }

    /// The commands as a script that ends at the first that fails.
    pub fn script(&self) -> String {
        format!("set -e\n{}", self.commands.join("\n"))
    }

    /// The first line of the expected log that `log` does not have at its place, if any.
    ///
    /// `log` is what the kernel logged while the commands ran, without time stamps; lines that the
    /// kernel adds about the module itself do not count.
    pub fn mismatch(&self, log: &[&str]) -> Option<String> {
        let said: Vec<&str> = log
            .iter()
            .copied()
            .filter(|line| !is_kernels_own(line))
            .collect();
        for at in 0..self.log.len().max(said.len()) {
            let (expected, found) = (self.log.get(at).map(String::as_str), said.get(at).copied());
            if !expected
                .zip(found)
                .is_some_and(|(expected, found)| is_like(expected, found))
            {
                return Some(format!(
                    "line {}: expected {expected:?}, found {found:?}",
                    at + 1
                ));
            }
        }
        None
    }
}

/// Whether a line is as expected, where `…` stands for anything.
fn is_like(expected: &str, found: &str) -> bool {
    let Some((start, rest)) = expected.split_once('…') else {
        return expected == found;
    };
    found.strip_prefix(start).is_some_and(|found| {
        let ends = |at: &usize| found.is_char_boundary(*at) && is_like(rest, &found[*at..]);
        (0..=found.len()).any(|at| ends(&at))
    })
}

/// What the kernel must be told so that drivers of its own leave the [`devices()`] alone.
pub const APPEND: &str = "initcall_blacklist=serial_pci_driver_init";

/// A table of ACPI with one device: `Scope (\_SB) { Device (RDEV) { Name (_HID, "LNUXBEEF") } }`.
const ACPI_DEVICE: &[u8] = b"\x10\x1c\\_SB_\x5b\x82\x14RDEV\x08_HID\x0dLNUXBEEF\0";

/// Arguments that give QEMU the devices which samples and test modules have drivers for.
///
/// # Errors
///
/// When the file of an ACPI table cannot be written to `dir`.
pub fn devices(dir: &Path) -> Result<Vec<String>> {
    let table = dir.join("lnuxbeef.aml");
    fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    fs::write(&table, ACPI_DEVICE).with_context(|| format!("cannot write {}", table.display()))?;
    let table = table.display().to_string().replace(',', ",,");
    let acpi = format!("sig=SSDT,rev=2,oem_id=FERRUL,oem_table_id=LNUXBEEF,data={table}");
    // Two serial ports that are each other's end. The socket has no file, so no place where its name is too long.
    static GUESTS: AtomicU32 = AtomicU32::new(0);
    let guest = GUESTS.fetch_add(1, Ordering::Relaxed);
    let socket = format!("path=ferrule-{}-{guest},abstract=on", std::process::id());
    let (one, other) = (
        format!("socket,id=one,{socket},server=on,wait=off"),
        format!("socket,id=other,{socket}"),
    );
    Ok([
        ["-device", "pci-testdev,addr=8"],
        ["-device", "edu,addr=9"],
        ["-chardev", "null,id=parallel"],
        ["-device", "isa-parallel,chardev=parallel"],
        ["-acpitable", &acpi],
        ["-chardev", &one],
        ["-device", "pci-serial,chardev=one,addr=a"],
        ["-chardev", &other],
        ["-device", "pci-serial,chardev=other,addr=b"],
    ]
    .concat()
    .into_iter()
    .map(str::to_owned)
    .collect())
}

/// What the kernel says about any module, be it once about those that are not its own, be it of the stack.
pub fn is_kernels_own(line: &str) -> bool {
    line.contains("loading out-of-tree module taints kernel")
        || line.contains("module verification failed: signature and/or required key missing")
        || line.contains(" used greatest stack depth: ")
        || line.starts_with("ACPI: ") && line.contains(": Enabled at IRQ ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "// SPDX\n\n//! X sample.\n//!\n//! ```sh\n//! insmod rust_x.ko a=1\n//! rmmod rust_x\n//! ```\n//!\n\
                        //! ```text\n//! rust_x: one\n//! rust_x: two\n//! ```\n\nuse kernel::prelude::*;\n";

    #[test]
    fn a_header_is_read() {
        let sample = Sample::parse(TEXT).unwrap().unwrap();
        assert_eq!(sample.name, "rust_x");
        assert_eq!(sample.commands, ["insmod rust_x.ko a=1", "rmmod rust_x"]);
        assert_eq!(sample.log, ["rust_x: one", "rust_x: two"]);
        assert_eq!(Sample::parse("//! No commands.\n").unwrap(), None);
        assert!(Sample::parse("//! ```sh\n//! insmod x.ko\n//! ```\n").is_err());
    }

    #[test]
    fn a_log_is_compared_line_by_line() {
        let sample = Sample::parse(TEXT).unwrap().unwrap();
        let taint = "rust_x: loading out-of-tree module taints kernel.";
        assert_eq!(
            sample.mismatch(&[taint, "rust_x: one", "rust_x: two"]),
            None
        );
        assert!(sample.mismatch(&["rust_x: one"]).is_some());
        assert!(is_like("port … is a 16550A", "port at 0x10 is a 16550A"));
        assert!(!is_like("port … is a 16550A", "port at 0x10 is unknown"));
        assert!(sample
            .mismatch(&["rust_x: one", "rust_x: two", "BUG: bad"])
            .is_some());
    }
}
