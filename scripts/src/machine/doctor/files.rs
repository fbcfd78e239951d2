// SPDX-License-Identifier: GPL-2.0-only

//! Looks for programs and files that need no more than to be there.

use super::checks::State;
use anyhow::Context;
use std::path::Path;
use which::which;

/// Where distributions keep the certificates that cargo's TLS goes by.
pub const CERTIFICATES: [&str; 3] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
];

pub const LIBC_HEADERS: [&str; 1] = ["/usr/include/stdio.h"];

pub const LIBELF: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/libelf.so.1",
    "/usr/lib64/libelf.so.1",
    "/usr/lib/libelf.so.1",
];

pub const LIBELF_HEADERS: [&str; 1] = ["/usr/include/gelf.h"];

/// The Python that has the module `name`: the system's, or one that comes before it in `PATH`.
pub fn python_with(name: &str) -> Option<&'static str> {
    ["python3", "/usr/bin/python3"].into_iter().find(|python| {
        let mut python = std::process::Command::new(python);
        let run = python.args(["-c", &format!("import {name}")]).output();
        run.is_ok_and(|output| output.status.success())
    })
}

/// The first of `paths` that exists.
pub fn any_file(paths: &[&str]) -> State {
    match paths.iter().find(|path| Path::new(path).exists()) {
        Some(path) => State::Ok((*path).to_owned()),
        None => State::Missing(None),
    }
}

/// All of these programs, in `PATH` or where root's `PATH` would lead.
pub fn programs(names: &[&str]) -> State {
    let find = |name: &&str| {
        let sbin = ["/usr/sbin", "/sbin"].map(|dir| Path::new(dir).join(name));
        which(name)
            .ok()
            .or_else(|| sbin.into_iter().find(|path| path.exists()))
    };
    let mut paths = Vec::new();
    for name in names {
        match find(name) {
            Some(path) => paths.push(path),
            None if names.len() == 1 => return State::Missing(None),
            None => return State::Missing(Some(format!("no {name}"))),
        }
    }
    State::Ok(format!("{} ({})", names.join(", "), paths[0].display()))
}

/// A busybox without shared libraries: it is alone in the virtual machine.
pub fn static_busybox() -> State {
    let Ok(path) = which("busybox") else {
        return State::Missing(None);
    };
    match std::fs::read(&path)
        .context("unreadable")
        .map(|file| has_interpreter(&file))
    {
        Ok(Some(false)) => State::Ok(format!("static busybox ({})", path.display())),
        Ok(Some(true)) => {
            State::Missing(Some(format!("{} needs shared libraries", path.display())))
        }
        Ok(None) | Err(_) => {
            State::Missing(Some(format!("{} is no x86-64 program", path.display())))
        }
    }
}

/// Whether an x86-64 ELF program asks for a dynamic linker; `None` if it is no such program.
fn has_interpreter(file: &[u8]) -> Option<bool> {
    const PT_INTERP: u32 = 3;
    let u16_at = |at: usize| Some(u16::from_le_bytes(file.get(at..at + 2)?.try_into().ok()?));
    if !file.starts_with(b"\x7fELF\x02\x01") || u16_at(18)? != 62 {
        return None;
    }
    let table = usize::try_from(u64::from_le_bytes(file.get(32..40)?.try_into().ok()?)).ok()?;
    let (size, count) = (usize::from(u16_at(54)?), usize::from(u16_at(56)?));
    let headers = file.get(table..)?.chunks_exact(size.max(4)).take(count);
    Some(
        headers
            .into_iter()
            .any(|header| header[..4] == PT_INTERP.to_le_bytes()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn static_programs() {
        let mut elf = vec![0; 64];
        elf[..6].copy_from_slice(b"\x7fELF\x02\x01");
        (elf[18], elf[32], elf[54], elf[56]) = (62, 64, 56, 2);
        let mut headers = vec![0; 112];
        headers[0] = 1;
        elf.extend(headers);
        assert_eq!(has_interpreter(&elf), Some(false));
        elf[64 + 56] = 3;
        assert_eq!(has_interpreter(&elf), Some(true));
        elf[18] = 3;
        assert_eq!(has_interpreter(&elf), None);
        assert_eq!(has_interpreter(b"#!/bin/sh\n"), None);
        assert_eq!(has_interpreter(b"\x7fELF\x02\x01"), None);
    }
}
