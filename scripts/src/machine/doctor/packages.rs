// SPDX-License-Identifier: GPL-2.0-only

//! Which packages of which distribution bring an item, and the command that installs them.

use super::apt::Apt;
use super::items::Item;
use crate::machine::toolchain::leading_number;

/// The distributions whose package names are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distro {
    /// Debian, Ubuntu and what derives from them.
    Debian,
    Fedora,
    Arch,
}

impl Distro {
    pub const ALL: [Self; 3] = [Self::Debian, Self::Fedora, Self::Arch];

    pub fn name(self) -> &'static str {
        match self {
            Self::Debian => "Debian, Ubuntu",
            Self::Fedora => "Fedora",
            Self::Arch => "Arch",
        }
    }

    /// The command that installs `packages`.
    pub fn install(self, packages: &[String]) -> String {
        let command = match self {
            Self::Debian => "apt install",
            Self::Fedora => "dnf install",
            Self::Arch => "pacman -S --needed",
        };
        format!("{command} {}", packages.join(" "))
    }
}

/// What `os-release` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OsRelease {
    pub distro: Option<Distro>,
    /// Debian before 13 brings a new enough rustc under another name than its own old one.
    old_debian: bool,
}

impl OsRelease {
    pub fn read() -> Self {
        let text = ["/etc/os-release", "/usr/lib/os-release"].map(std::fs::read_to_string);
        text.into_iter()
            .flatten()
            .next()
            .map(|text| Self::parse(&text))
            .unwrap_or_default()
    }

    fn parse(text: &str) -> Self {
        let value = |key: &str| {
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
            line.unwrap_or_default().trim_matches(['"', '\''])
        };
        let ids = value("ID").split(' ').chain(value("ID_LIKE").split(' '));
        let distro = ids
            .filter_map(|id| match id {
                "debian" | "ubuntu" => Some(Distro::Debian),
                "fedora" | "rhel" => Some(Distro::Fedora),
                "arch" => Some(Distro::Arch),
                _ => None,
            })
            .next();
        let major = leading_number(value("VERSION_ID"));
        Self {
            distro,
            old_debian: value("ID") == "debian" && major.is_some_and(|major| major < 13),
        }
    }
}

/// What is put for the placeholders in package names; what is not known is `None`.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub llvm: Option<u32>,
    pub gcc: Option<u32>,
    pub release: Option<String>,
}

impl Facts {
    /// Fills the placeholders of `names`; `None` if one is not known.
    pub fn fill(&self, names: &str) -> Option<Vec<String>> {
        let mut names = names.to_owned();
        let values = [
            ("{llvm}", self.llvm.map(|n| n.to_string())),
            ("{gcc}", self.gcc.map(|n| n.to_string())),
            ("{release}", self.release.clone()),
        ];
        for (placeholder, value) in values {
            if names.contains(placeholder) {
                names = names.replace(placeholder, &value?);
            }
        }
        Some(names.split(' ').map(str::to_owned).collect())
    }
}

/// This machine's way to install packages.
#[derive(Debug, Clone, Default)]
pub struct Installer {
    pub os: OsRelease,
    pub facts: Facts,
    pub apt: Option<Apt>,
}

impl Installer {
    /// The packages that bring `item` on `distro`; the error says what there is none of.
    pub fn packages(&self, item: &Item, distro: Distro) -> Result<Vec<String>, String> {
        let plain = match distro {
            Distro::Fedora => Some(item.fedora),
            Distro::Arch => Some(item.arch),
            Distro::Debian => None,
        };
        if let Some(names) = plain {
            return self
                .facts
                .fill(names)
                .ok_or_else(|| format!("{names}: version not known"));
        }
        let sets: Vec<_> = item
            .debian
            .iter()
            .filter_map(|names| self.facts.fill(names))
            .collect();
        let known = self.apt.as_ref().filter(|apt| !apt.has_no_lists());
        let chosen = match known {
            Some(apt) => {
                let mut offered = sets
                    .iter()
                    .filter(|set| set.iter().all(|name| apt.offers(name)))
                    .collect::<Vec<_>>();
                // What belongs to a package that is installed fits it; the stable sort keeps the order.
                offered.sort_by_key(|set| !apt.has_installed(&set[0]));
                offered.first().copied()
            }
            None => sets
                .iter()
                .find(|set| self.os.old_debian || !set[0].contains("-web")),
        };
        let none = || match sets.first() {
            Some(set) => format!("apt has no {}", set.join(" ")),
            None => format!("{}: version not known yet", item.debian[0]),
        };
        chosen.cloned().ok_or_else(none)
    }

    /// The command that installs `packages` on `distro`, preceded by `apt update` if that is due.
    pub fn command(&self, distro: Distro, packages: &[String]) -> String {
        let install = distro.install(packages);
        let update = distro == Distro::Debian && self.apt.as_ref().is_some_and(Apt::has_no_lists);
        if update {
            format!("apt update && {install}")
        } else {
            install
        }
    }

    /// How to get `item` on `distro`, in a few words.
    pub fn remedy(&self, item: &Item, distro: Distro) -> String {
        match self.packages(item, distro) {
            Ok(packages) => self.command(distro, &packages),
            Err(why) => why,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::items::{item, Id, ITEMS};
    use super::*;

    fn os(text: &str) -> OsRelease {
        OsRelease::parse(text)
    }

    #[test]
    fn os_release() {
        assert_eq!(
            os("ID=debian\nVERSION_ID=\"12\"\n").distro,
            Some(Distro::Debian)
        );
        assert_eq!(
            os("ID=pop\nID_LIKE=\"ubuntu debian\"\n").distro,
            Some(Distro::Debian)
        );
        assert_eq!(
            os("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n").distro,
            Some(Distro::Fedora)
        );
        assert_eq!(os("NAME='x'\nID=arch\n").distro, Some(Distro::Arch));
        assert_eq!(os("ID=void\n").distro, None);
        assert!(os("ID=debian\nVERSION_ID=12\n").old_debian);
        assert!(!os("ID=ubuntu\nID_LIKE=debian\nVERSION_ID=10.04\n").old_debian);
    }

    const POLICY: &str = "rustc-web:\n  Installed: (none)\n  Candidate: 1.96.0+dfsg1-1~deb12u2\n  Version table:\n \
         \x20   1.96.0+dfsg1-1~deb12u2 500\n        500 mirror bookworm-security/main amd64 Packages\n\
         rust-web-src:\n  Installed: (none)\n  Candidate: 1.96.0+dfsg1-1~deb12u2\n\
         rustc:\n  Installed: (none)\n  Candidate: 1.63.0+dfsg1-2\nrust-src:\n  Installed: (none)\n  Candidate: 1.63.0+dfsg1-2\n\
         cargo-web:\n  Installed: (none)\n  Candidate: 1.96.0+dfsg1-1~deb12u2\n\
         cargo:\n  Installed: (none)\n  Candidate: 1.63.0+dfsg1-2\n";

    fn debian(policy: &str) -> Installer {
        let facts = Facts {
            llvm: Some(22),
            gcc: None,
            release: Some("6.1.0-9-amd64".into()),
        };
        Installer {
            os: os("ID=debian\nVERSION_ID=12\n"),
            facts,
            apt: Some(Apt::parse(policy)),
        }
    }

    #[test]
    fn apt_decides_among_alternatives() {
        let machine = debian(POLICY);
        let packages = |id| machine.packages(item(id), Distro::Debian);
        assert_eq!(
            packages(Id::RustSrc).unwrap(),
            ["rustc-web", "rust-web-src", "cargo-web"]
        );
        assert_eq!(packages(Id::Clang).unwrap_err(), "apt has no clang-22");
        assert_eq!(
            machine.remedy(item(Id::Rustc), Distro::Debian),
            "apt install rustc-web"
        );
        assert_eq!(
            machine.remedy(item(Id::Rustc), Distro::Arch),
            "pacman -S --needed rust"
        );
        assert_eq!(
            machine.remedy(item(Id::Headers), Distro::Fedora),
            "dnf install kernel-devel-6.1.0-9-amd64"
        );
    }

    #[test]
    fn an_old_rustc_is_no_alternative() {
        let machine = debian("rustc:\n  Installed: (none)\n  Candidate: 1.63.0+dfsg1-2\n");
        assert_eq!(
            machine
                .packages(item(Id::Rustc), Distro::Debian)
                .unwrap_err(),
            "apt has no rustc-web"
        );
        let machine = debian("rustc:\n  Installed: (none)\n  Candidate: 1.85.0+dfsg3-1\n");
        assert_eq!(
            machine.packages(item(Id::Rustc), Distro::Debian).unwrap(),
            ["rustc"]
        );
    }

    #[test]
    fn what_is_installed_comes_first() {
        let policy = POLICY.replace("1.63.0+dfsg1-2", "1.90.0-1").replace(
            "rustc:\n  Installed: (none)",
            "rustc:\n  Installed: 1.90.0-1",
        );
        let machine = debian(&policy);
        assert_eq!(
            machine.packages(item(Id::RustSrc), Distro::Debian).unwrap(),
            ["rustc", "rust-src", "cargo"]
        );
    }

    #[test]
    fn without_lists_the_release_decides() {
        let mut machine = debian("");
        let remedy = |machine: &Installer| machine.remedy(item(Id::Rustc), Distro::Debian);
        assert_eq!(remedy(&machine), "apt update && apt install rustc-web");
        machine.os = os("ID=debian\nVERSION_ID=13\n");
        assert_eq!(remedy(&machine), "apt update && apt install rustc");
        machine.apt = None;
        assert_eq!(remedy(&machine), "apt install rustc");
    }

    #[test]
    fn an_unknown_version_fills_no_name() {
        let machine = Installer::default();
        assert_eq!(
            machine
                .packages(item(Id::Clang), Distro::Debian)
                .unwrap_err(),
            "clang-{llvm}: version not known yet"
        );
        assert_eq!(
            machine.packages(item(Id::Cc), Distro::Debian).unwrap(),
            ["gcc"]
        );
    }

    #[test]
    fn every_item_has_a_package_on_every_distribution() {
        let facts = Facts {
            llvm: Some(22),
            gcc: Some(12),
            release: Some("6.1".into()),
        };
        let machine = Installer {
            facts,
            ..Installer::default()
        };
        for item in ITEMS {
            for distro in Distro::ALL {
                let remedy = machine.remedy(item, distro);
                assert!(
                    remedy.contains(' ') && !remedy.contains(['{', '\n']),
                    "{remedy}"
                );
            }
        }
    }
}
