// SPDX-License-Identifier: GPL-2.0-only

//! A sample's header: the commands to try it, and the log that they leave.

use super::own_lines::{complaint, is_kernels_own};
use crate::command;
use crate::dirs;
use crate::machine::doctor;
use anyhow::{ensure, Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

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
            let name = path.file_name().unwrap_or_default();
            if path.extension().is_some_and(|e| e == "rs") && !dirs::is_editors(name) {
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
    /// `log` is what the kernel logged while the commands ran, without time stamps. Only lines of those who are expected
    /// to say something count, and complaints: what else the kernel has to say is not the sample's.
    pub fn mismatch(&self, log: &[&str]) -> Option<String> {
        let speaker = |line: &str| line.split([':', ' ']).next().map(str::to_owned);
        let speakers: Vec<String> = self.log.iter().filter_map(|line| speaker(line)).collect();
        let counts = |line: &str| {
            let is_expected = speaker(line).is_some_and(|name| speakers.contains(&name));
            (is_expected && !is_kernels_own(line)) || complaint(&[line]).is_some()
        };
        let said: Vec<&str> = log.iter().copied().filter(|line| counts(line)).collect();
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

/// Arguments that give QEMU the devices which samples and test modules have drivers for.
///
/// `table` is what [`acpi_table`] makes; `guest` is a word that no other guest has.
pub fn devices(table: &Path, guest: &str) -> Vec<String> {
    let acpi = format!("file={}", table.display().to_string().replace(',', ",,"));
    // Two pairs of serial ports that are each other's end. A socket has no file, so no place where its name is
    // too long.
    let end = |pair: &str, end: &str, options: &str| {
        format!("socket,id={pair}{end},path={guest}-{pair},abstract=on{options}")
    };
    let server = ",server=on,wait=off";
    [
        ["-device", "pci-testdev,addr=8"],
        ["-device", "edu,addr=9"],
        ["-chardev", "null,id=parallel"],
        ["-device", "isa-parallel,chardev=parallel"],
        ["-acpitable", &acpi],
        ["-chardev", &end("a", "0", server)],
        ["-device", "pci-serial,chardev=a0,addr=a"],
        ["-chardev", &end("a", "1", "")],
        ["-device", "pci-serial,chardev=a1,addr=b"],
        ["-chardev", &end("b", "0", server)],
        ["-chardev", &end("b", "1", "")],
        ["-device", "pci-serial-2x,chardev1=b0,chardev2=b1,addr=c"],
    ]
    .concat()
    .into_iter()
    .map(str::to_owned)
    .collect()
}

/// Compiles what ACPI says of the devices, and returns the table's file in `dir`.
///
/// # Errors
///
/// When there is no iasl, or `dir` cannot be written to.
pub fn acpi_table(dir: &Path) -> Result<PathBuf> {
    fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let source = dir.join("devices.asl");
    fs::write(&source, include_str!("devices.asl"))
        .with_context(|| format!("cannot write {}", source.display()))?;
    let table = dir.join("devices.aml");
    let mut iasl = Command::new("iasl");
    command::output(iasl.arg("-p").arg(&table).arg(&source))
        .with_context(|| doctor::remedy(doctor::Id::Iasl))?;
    Ok(table)
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
