// SPDX-License-Identifier: GPL-2.0-only

//! Recognises programs and libraries for x86-64.

use object::elf::{FileHeader64, EM_X86_64, PT_INTERP};
use object::read::elf::{FileHeader, ProgramHeader};
use object::read::ReadCache;
use object::{Endianness, FileKind, ReadRef};
use std::fs::File;
use std::path::Path;

/// What a file is by its first bytes; `None` if it is none that is known, or cannot be read.
pub fn kind(path: &Path) -> Option<FileKind> {
    FileKind::parse(&ReadCache::new(File::open(path).ok()?)).ok()
}

/// Whether `path` is an ELF file for x86-64.
pub fn is_x86_64(path: &Path) -> bool {
    has_interpreter(path).is_some()
}

/// Whether an x86-64 ELF file asks for a dynamic linker; `None` if it is no such file.
pub fn has_interpreter(path: &Path) -> Option<bool> {
    interpreter(&ReadCache::new(File::open(path).ok()?))
}

fn interpreter<'data>(file: impl ReadRef<'data>) -> Option<bool> {
    let header = FileHeader64::<Endianness>::parse(file).ok()?;
    let endian = header.endian().ok()?;
    if header.e_machine(endian) != EM_X86_64 {
        return None;
    }
    let segments = header.program_headers(endian, file).ok()?;
    let is_interpreter = |segment: &&<FileHeader64<Endianness> as FileHeader>::ProgramHeader| {
        segment.p_type(endian) == PT_INTERP
    };
    Some(segments.iter().any(|segment| is_interpreter(&segment)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn static_programs() {
        let mut elf = vec![0; 64];
        elf[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        (elf[18], elf[32], elf[54], elf[56]) = (62, 64, 56, 2);
        let mut headers = vec![0; 112];
        headers[0] = 1;
        elf.extend(headers);
        assert_eq!(interpreter(&*elf), Some(false));
        elf[64 + 56] = 3;
        assert_eq!(interpreter(&*elf), Some(true));
        elf[18] = 3;
        assert_eq!(interpreter(&*elf), None);
        assert_eq!(interpreter(&b"#!/bin/sh\n"[..]), None);
        assert_eq!(interpreter(&b"\x7fELF\x02\x01"[..]), None);
    }

    #[test]
    fn this_program_is_one_of_this_machine() {
        let path = std::env::current_exe().unwrap();
        assert!(is_x86_64(&path) && kind(&path) == Some(FileKind::Elf64));
        assert!(!is_x86_64(Path::new(file!())) && kind(Path::new("/nonexistent")).is_none());
    }
}
