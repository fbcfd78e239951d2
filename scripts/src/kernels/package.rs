// SPDX-License-Identifier: GPL-2.0-only

//! Which packages make up a kernel, told from their names and dependencies.

use super::matrix::Naming;
use anyhow::{Context, Result};
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// A package of the archive, of one version.
#[derive(Debug, PartialEq, Eq)]
pub struct Package {
    pub name: String,
    pub version: String,
    /// Bytes to download.
    pub size: u64,
    /// Bytes once unpacked, as the archive estimates it.
    pub installed: u64,
    pub depends: Vec<Dependency>,
}

/// The first alternative of one dependency.
#[derive(Debug, PartialEq, Eq)]
pub struct Dependency {
    pub name: String,
    /// The version, where it is an exact one.
    pub version: Option<String>,
}

impl Package {
    /// Parses the first record of what `apt-cache show` prints.
    pub fn parse(text: &str) -> Result<Self> {
        let field = |name: &str| {
            text.lines()
                .take_while(|line| !line.is_empty())
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
                .map(str::trim)
        };
        let need = |name| field(name).with_context(|| format!("apt-cache show: no field {name}"));
        Ok(Self {
            name: need("Package")?.to_owned(),
            version: need("Version")?.to_owned(),
            size: need("Size")?.parse().context("apt-cache show: bad Size")?,
            installed: 1024
                * field("Installed-Size")
                    .and_then(|n| n.parse().ok())
                    .unwrap_or(0),
            depends: field("Depends").map(parse_depends).unwrap_or_default(),
        })
    }
}

fn parse_depends(field: &str) -> Vec<Dependency> {
    let first_alternatives = field.split(',').filter_map(|entry| entry.split('|').next());
    first_alternatives
        .map(|entry| {
            let (name, condition) = entry.trim().split_once(' ').unwrap_or((entry.trim(), ""));
            let exact = condition
                .strip_prefix("(=")
                .and_then(|rest| rest.strip_suffix(')'));
            Dependency {
                name: name.to_owned(),
                version: exact.map(|v| v.trim().to_owned()),
            }
        })
        .collect()
}

/// Whether `name` is a package of the kernel `abi` itself, not just something that it needs.
pub fn is_part(naming: &Naming, name: &str, abi: &str) -> bool {
    let of_abi = name
        .match_indices(abi)
        .any(|(at, _)| matches!(name.as_bytes().get(at + abi.len()), None | Some(b'-')));
    (name.starts_with("linux-") && of_abi)
        || naming
            .parts
            .iter()
            .any(|part| name.starts_with(part.as_str()))
}

/// The release without its flavour: `6.1.0-9` of `6.1.0-9-amd64`.
pub fn abi<'a>(release: &'a str, flavour: &str) -> Option<&'a str> {
    release.strip_suffix(flavour)?.strip_suffix('-')
}

/// The newest release of a series that has both its headers and its image among `names`.
///
/// The two come from different source packages, and the archive can have one before the other.
pub fn newest<'a>(
    naming: &Naming,
    names: impl Iterator<Item = &'a str>,
    series: &str,
    flavour: &str,
) -> Option<String> {
    let names: BTreeSet<&str> = names.collect();
    // The name of the headers' package with nothing for the release: what comes before it.
    let before = naming.headers("");
    names
        .iter()
        .filter_map(|name| name.strip_prefix(before.as_str()))
        .filter(|release| is_release(release, series, flavour))
        .filter(|release| names.contains(naming.image(release).as_str()))
        .max_by(|a, b| compare(a, b))
        .map(str::to_owned)
}

/// Whether `release` is of the series and exactly of the flavour: `6.12.9+deb12-rt-amd64` is not `amd64`.
fn is_release(release: &str, series: &str, flavour: &str) -> bool {
    let Some(rest) = abi(release, flavour).and_then(|abi| abi.strip_prefix(series)) else {
        return false;
    };
    let mut parts = rest.split('-');
    let version = parts.next().unwrap_or_default();
    (version.is_empty() || version.starts_with(['.', '+', '~']))
        && parts.all(|part| part.starts_with(|c: char| c.is_ascii_digit()))
}

/// Compares two releases, or two series, as Debian compares versions.
pub fn compare(a: &str, b: &str) -> Ordering {
    deb_version::compare_versions(a, b)
}

#[cfg(test)]
mod tests {
    use super::super::matrix::{of, Ring};
    use super::*;

    fn newest_of(names: &[&str], series: &str) -> Option<String> {
        newest(
            &of(&[("6.1", Ring::Full)]).naming,
            names.iter().copied(),
            series,
            "amd64",
        )
    }

    #[test]
    fn numbers_compare_as_numbers() {
        let names = [
            "linux-headers-6.12.99+deb12-amd64",
            "linux-image-6.12.99+deb12-amd64",
            "linux-headers-6.12.117+deb12-amd64",
            "linux-image-6.12.117+deb12-amd64",
        ];
        assert_eq!(
            newest_of(&names, "6.12").as_deref(),
            Some("6.12.117+deb12-amd64")
        );
        assert_eq!(compare("6.1.0-9-amd64", "6.1.0-56-amd64"), Ordering::Less);
    }

    #[test]
    fn other_flavours_and_other_series_are_left_out() {
        let names = [
            "linux-headers-6.1.0-56-amd64",
            "linux-image-6.1.0-56-amd64",
            "linux-headers-6.1.0-57-rt-amd64",
            "linux-image-6.1.0-57-rt-amd64",
            "linux-headers-6.1.0-58-cloud-amd64",
            "linux-image-6.1.0-58-cloud-amd64",
            "linux-headers-6.1.0-59-common",
            "linux-image-6.1.0-59-amd64-unsigned",
            "linux-headers-6.12.117+deb12-amd64",
            "linux-image-6.12.117+deb12-amd64",
        ];
        assert_eq!(newest_of(&names, "6.1").as_deref(), Some("6.1.0-56-amd64"));
        assert_eq!(newest_of(&names, "7.3"), None);
    }

    #[test]
    fn headers_without_their_signed_image_are_not_there_yet() {
        let names = [
            "linux-headers-6.1.0-55-amd64",
            "linux-image-6.1.0-55-amd64",
            "linux-headers-6.1.0-56-amd64",
            "linux-image-6.1.0-56-amd64-unsigned",
        ];
        assert_eq!(newest_of(&names, "6.1").as_deref(), Some("6.1.0-55-amd64"));
    }

    #[test]
    fn a_record_gives_sizes_and_first_alternatives() {
        let text = "Package: linux-headers-6.12.117+deb12-amd64\n\
                    Version: 6.12.117-1~deb12u1\n\
                    Installed-Size: 10\n\
                    Depends: linux-base (>= 4.12~), linux-image-a (= 6.12.117-1) | linux-image-b, gcc-12\n\
                    Size: 3271240\n\
                    Description: headers\n Size: not this one\n\nPackage: another\n";
        let package = Package::parse(text).unwrap();
        assert_eq!((package.size, package.installed), (3_271_240, 10_240));
        let dependency = |name: &str, version: Option<&str>| Dependency {
            name: name.into(),
            version: version.map(str::to_owned),
        };
        assert_eq!(
            package.depends,
            [
                dependency("linux-base", None),
                dependency("linux-image-a", Some("6.12.117-1")),
                dependency("gcc-12", None)
            ]
        );
        assert!(Package::parse("Package: nothing-else\n").is_err());
    }

    #[test]
    fn a_kernels_own_packages_are_told_from_what_it_needs() {
        let naming = of(&[("6.1", Ring::Full)]).naming;
        for part in [
            "linux-headers-6.1.0-5-common",
            "linux-kbuild-6.1",
            "linux-modules-6.1.0-5-amd64",
        ] {
            assert!(is_part(&naming, part, "6.1.0-5"), "{part}");
        }
        for other in [
            "linux-base",
            "linux-compiler-gcc-12-x86",
            "kmod",
            "linux-image-6.1.0-56-amd64",
        ] {
            assert!(!is_part(&naming, other, "6.1.0-5"), "{other}");
        }
        assert_eq!(abi("6.1.0-5-amd64", "amd64"), Some("6.1.0-5"));
    }
}
