// SPDX-License-Identifier: GPL-2.0-only

//! Looks for programs and files that need no more than to be there.

use super::checks::State;
use crate::command;
use crate::elf;
use std::path::Path;
use std::process::Command;
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
        let mut python = Command::new(python);
        command::succeeds(python.args(["-c", &format!("import {name}")])).unwrap_or(false)
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
    let what = path.display();
    match elf::has_interpreter(&path) {
        Some(false) => State::Ok(format!("static busybox ({what})")),
        Some(true) => State::Missing(Some(format!("{what} needs shared libraries"))),
        None => State::Missing(Some(format!("{what} is no x86-64 program"))),
    }
}
