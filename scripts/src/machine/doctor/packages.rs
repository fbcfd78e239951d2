// SPDX-License-Identifier: GPL-2.0-only

//! Which of Debian's packages bring an item, and the command that installs them.

use super::apt::Apt;
use super::items::Item;
use crate::machine::toolchain::leading_number;

/// What `os-release` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OsRelease {
    /// Debian, Ubuntu and what derives from them; elsewhere packages have other names.
    pub has_debians: bool,
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
        let mut ids = value("ID").split(' ').chain(value("ID_LIKE").split(' '));
        let major = leading_number(value("VERSION_ID"));
        Self {
            has_debians: ids.any(|id| ["debian", "ubuntu"].contains(&id)),
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
    /// The packages that bring `item`; the error says what there is none of.
    pub fn packages(&self, item: &Item) -> Result<Vec<String>, String> {
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

    /// The command that installs `packages`, preceded by `apt update` if that is due.
    pub fn command(&self, packages: &[String]) -> String {
        let update = match &self.apt {
            Some(apt) if apt.has_no_lists() => "apt update && ",
            _ => "",
        };
        format!("{update}apt install {}", packages.join(" "))
    }

    /// How to get `item`, in a few words.
    pub fn remedy(&self, item: &Item) -> String {
        match self.packages(item) {
            Ok(packages) => self.command(&packages),
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
        assert!(os("ID=debian\nVERSION_ID=\"12\"\n").has_debians);
        assert!(os("ID=pop\nID_LIKE=\"ubuntu debian\"\n").has_debians);
        assert!(!os("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n").has_debians);
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
        let packages = |id| machine.packages(item(id));
        assert_eq!(
            packages(Id::RustSrc).unwrap(),
            ["rustc-web", "rust-web-src", "cargo-web"]
        );
        assert_eq!(packages(Id::Clang).unwrap_err(), "apt has no clang-22");
        assert_eq!(machine.remedy(item(Id::Rustc)), "apt install rustc-web");
        assert_eq!(
            machine.remedy(item(Id::Headers)),
            "apt has no linux-headers-6.1.0-9-amd64"
        );
    }

    #[test]
    fn an_old_rustc_is_no_alternative() {
        let machine = debian("rustc:\n  Installed: (none)\n  Candidate: 1.63.0+dfsg1-2\n");
        assert_eq!(
            machine.packages(item(Id::Rustc)).unwrap_err(),
            "apt has no rustc-web"
        );
        let machine = debian("rustc:\n  Installed: (none)\n  Candidate: 1.85.0+dfsg3-1\n");
        assert_eq!(machine.packages(item(Id::Rustc)).unwrap(), ["rustc"]);
    }

    #[test]
    fn what_is_installed_comes_first() {
        let policy = POLICY.replace("1.63.0+dfsg1-2", "1.90.0-1").replace(
            "rustc:\n  Installed: (none)",
            "rustc:\n  Installed: 1.90.0-1",
        );
        let machine = debian(&policy);
        assert_eq!(
            machine.packages(item(Id::RustSrc)).unwrap(),
            ["rustc", "rust-src", "cargo"]
        );
    }

    #[test]
    fn without_lists_the_release_decides() {
        let mut machine = debian("");
        let remedy = |machine: &Installer| machine.remedy(item(Id::Rustc));
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
            machine.packages(item(Id::Clang)).unwrap_err(),
            "clang-{llvm}: version not known yet"
        );
        assert_eq!(machine.packages(item(Id::Cc)).unwrap(), ["gcc"]);
    }

    #[test]
    fn every_item_has_a_package() {
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
            let remedy = machine.remedy(item);
            assert!(
                remedy.contains(' ') && !remedy.contains(['{', '\n']),
                "{remedy}"
            );
        }
    }
}
