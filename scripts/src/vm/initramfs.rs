// SPDX-License-Identifier: GPL-2.0-only

//! Packs what the guest boots into: a cpio archive with busybox, the first process and the files.

use anyhow::{bail, ensure, Context, Result};
use cpio::newc::{trailer, Builder, ModeFileType};
use object::{Object, ObjectSection};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// Where the first process finds the script, and the words that it sources.
const SCRIPT: &str = "ferrule/script";
const ENVIRONMENT: &str = "ferrule/env";

/// Directories that the first process mounts on or busybox installs into.
const DIRECTORIES: [&str; 10] = [
    "bin", "sbin", "usr/bin", "usr/sbin", "proc", "sys", "dev", "tmp", "root", "run",
];

/// Writes the archive to `out`.
///
/// `environment` is a piece of shell with the variables that `init.sh` reads. A host file whose
/// name ends in `.xz` or `.zst` is unpacked when its guest path does not end so.
///
/// # Errors
///
/// When busybox or one of `files` cannot be used; the message names it.
pub fn write<W: Write>(
    out: W,
    environment: &str,
    script: &str,
    files: &[(PathBuf, String)],
) -> Result<()> {
    let busybox = find_busybox()?;
    let mut archive = Archive {
        out: Some(out),
        directories: BTreeSet::new(),
    };
    for name in DIRECTORIES {
        archive.directories(&format!("{name}/"))?;
    }
    archive.file("bin/busybox", &busybox, 0o755)?;
    archive.file("init", include_bytes!("init.sh"), 0o755)?;
    archive.file(ENVIRONMENT, environment.as_bytes(), 0o644)?;
    archive.file(SCRIPT, script.as_bytes(), 0o755)?;
    for (host, guest) in files {
        let name = guest_name(guest)?;
        let unpacked = Path::new(&name).extension() != host.extension();
        let data = if unpacked {
            read_unpacked(host)?
        } else {
            read(host)?
        };
        archive.file(&name, &data, mode(host)?)?;
    }
    archive.finish()
}

/// Reads a module or other file, unpacking it if its name ends in `.xz` or `.zst`.
///
/// # Errors
///
/// When it cannot be read, or is packed in another way.
pub fn read_unpacked(path: &Path) -> Result<Vec<u8>> {
    let packed = read(path)?;
    let mut data = Vec::new();
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("xz") => lzma_rust2::XzReader::new(packed.as_slice(), true).read_to_end(&mut data),
        Some("zst") => {
            let decoder = ruzstd::decoding::StreamingDecoder::new(packed.as_slice());
            decoder
                .map_err(std::io::Error::other)
                .and_then(|mut zst| zst.read_to_end(&mut data))
        }
        Some("gz") => bail!(
            "{0}: gunzip it first; only .xz and .zst are unpacked",
            path.display()
        ),
        _ => return Ok(packed),
    }
    .with_context(|| format!("{}: damaged", path.display()))?;
    Ok(data)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    ensure!(
        !path.is_dir(),
        "{}: a directory; only files go into the guest",
        path.display()
    );
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Keeps a program executable.
fn mode(path: &Path) -> Result<u32> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = path
        .metadata()
        .with_context(|| format!("cannot read {}", path.display()))?;
    Ok(metadata.permissions().mode() & 0o777)
}

/// `/lib/foo.ko` to the archive's `lib/foo.ko`.
fn guest_name(guest: &str) -> Result<String> {
    let parts: Vec<&str> = guest
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    ensure!(
        !parts.is_empty() && !parts.contains(&"..") && !guest.ends_with('/'),
        "`{guest}`: not the path of a file in the guest; write it as /dir/name"
    );
    Ok(parts.join("/"))
}

/// The host's busybox, if it runs without shared libraries.
fn find_busybox() -> Result<Vec<u8>> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let directories = std::env::split_paths(&paths).chain(["/bin".into(), "/usr/bin".into()]);
    for candidate in directories.flat_map(|dir| [dir.join("busybox-static"), dir.join("busybox")]) {
        let Ok(data) = std::fs::read(&candidate) else {
            continue;
        };
        if is_static(&data) {
            return Ok(data);
        }
    }
    bail!(
        "no statically linked busybox, which the guest's system is made of; \
         install it (Debian: apt install busybox-static), or run `make setup`"
    )
}

fn is_static(program: &[u8]) -> bool {
    object::File::parse(program).is_ok_and(|elf| elf.sections().all(|s| s.name() != Ok(".interp")))
}

struct Archive<W: Write> {
    /// Always there between calls: the crate's writer takes it and gives it back.
    out: Option<W>,
    directories: BTreeSet<String>,
}

impl<W: Write> Archive<W> {
    /// Adds every directory above `name` once.
    fn directories(&mut self, name: &str) -> Result<()> {
        for (end, _) in name.match_indices('/') {
            let directory = &name[..end];
            if self.directories.insert(directory.to_owned()) {
                let entry = Builder::new(directory).mode(0o755);
                self.entry(entry.set_mode_file_type(ModeFileType::Directory), &[])?;
            }
        }
        Ok(())
    }

    fn file(&mut self, name: &str, data: &[u8], mode: u32) -> Result<()> {
        self.directories(name)?;
        let entry = Builder::new(name).mode(mode);
        self.entry(entry.set_mode_file_type(ModeFileType::Regular), data)
            .with_context(|| format!("cannot pack {name} for the guest"))
    }

    fn entry(&mut self, entry: Builder, data: &[u8]) -> Result<()> {
        let out = self.out.take().context("the archive broke off")?;
        let mut writer = entry.write(out, data.len().try_into().context("larger than 4 GiB")?);
        writer.write_all(data)?;
        self.out = Some(writer.finish()?);
        Ok(())
    }

    fn finish(mut self) -> Result<()> {
        let out = self.out.take().context("the archive broke off")?;
        trailer(out)?.flush()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name, mode and content of every entry.
    fn entries(archive: &[u8]) -> Vec<(String, u32, Vec<u8>)> {
        let mut rest = archive;
        let mut found = Vec::new();
        loop {
            let mut reader = cpio::newc::Reader::new(rest).unwrap();
            if reader.entry().is_trailer() {
                return found;
            }
            let (name, mode) = (reader.entry().name().to_owned(), reader.entry().mode());
            let mut data = Vec::new();
            reader.read_to_end(&mut data).unwrap();
            rest = reader.finish().unwrap();
            found.push((name, mode, data));
        }
    }

    #[test]
    fn the_archive_has_directories_before_files_and_keeps_modes() {
        let mut out = Vec::new();
        let mut archive = Archive {
            out: Some(&mut out),
            directories: BTreeSet::new(),
        };
        archive
            .file("lib/modules/demo.ko", b"module", 0o640)
            .unwrap();
        archive.file("lib/modules/other.ko", b"", 0o755).unwrap();
        archive.finish().unwrap();
        assert_eq!(
            entries(&out),
            [
                ("lib".into(), 0o040755, vec![]),
                ("lib/modules".into(), 0o040755, vec![]),
                ("lib/modules/demo.ko".into(), 0o100640, b"module".to_vec()),
                ("lib/modules/other.ko".into(), 0o100755, vec![]),
            ]
        );
    }

    #[test]
    fn guest_paths() {
        assert_eq!(guest_name("/lib//demo.ko").unwrap(), "lib/demo.ko");
        assert_eq!(guest_name("./demo.ko").unwrap(), "demo.ko");
        for bad in ["", "/", "/lib/", "/lib/../etc/x"] {
            assert!(
                guest_name(bad)
                    .unwrap_err()
                    .to_string()
                    .contains("not the path"),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_damaged_module_is_named() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["demo.ko.xz", "demo.ko.zst"] {
            let path = dir.path().join(name);
            std::fs::write(&path, b"no such format").unwrap();
            let error = format!("{:#}", read_unpacked(&path).unwrap_err());
            assert!(error.contains(name) && error.contains("damaged"), "{error}");
        }
    }
}
