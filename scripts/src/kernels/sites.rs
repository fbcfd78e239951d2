// SPDX-License-Identifier: GPL-2.0-only

//! Where this machine fetches Debian from, as its own apt tells it.

use anyhow::{bail, Context, Result};
use std::collections::BTreeSet;

/// One line for each index: site, origin, label.
pub const FORMAT: &str = "$(REPO_URI)\t$(ORIGIN)\t$(LABEL)";

/// What to do on a machine that cannot fetch kernels.
pub const BY_HAND: &str = "install or unpack a kernel's headers yourself and name them with KDIR=";

/// The sites that the machine's apt fetches Debian from.
#[derive(Debug, PartialEq, Eq)]
pub struct Sites {
    main: String,
    security: Option<String>,
}

impl Sites {
    /// Takes the sites from what `apt-get indextargets` prints in [`FORMAT`].
    ///
    /// # Errors
    ///
    /// When none of the indexes is Debian's; the message names whose they are.
    pub fn parse(targets: &str) -> Result<Self> {
        let site = |label| {
            targets.lines().find_map(|line| {
                let mut fields = line.split('\t');
                let site = fields.next()?;
                (fields.next() == Some("Debian") && fields.next() == Some(label))
                    .then(|| site.to_owned())
            })
        };
        let Some(main) = site("Debian") else {
            let origins: BTreeSet<_> = targets
                .lines()
                .filter_map(|line| line.split('\t').nth(1))
                .filter(|name| !name.is_empty())
                .collect();
            let whose = origins.into_iter().collect::<Vec<_>>().join(", ");
            bail!(
                "apt's sources here are not Debian's{}: the test kernels come from Debian's archive; {BY_HAND}",
                if whose.is_empty() { String::new() } else { format!(" but those of {whose}") }
            );
        };
        Ok(Self {
            main,
            security: site("Debian-Security"),
        })
    }

    /// The line of a sources.list for `suite`.
    pub fn line(&self, suite: &str, keyring: &str) -> Result<String> {
        let site = if suite.ends_with("-security") {
            self.security.as_ref().with_context(|| {
                format!("{suite}: apt's sources here have no Debian security site; add it to them and run `apt-get update`")
            })?
        } else {
            &self.main
        };
        Ok(format!(
            "deb [arch=amd64 target=Packages signed-by={keyring}] {site} {suite} main\n"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_come_from_debians_own_indexes() {
        let targets = "https://other.example/apt/\tvendor\tDebian\n\
                       http://mirror.example/debian/\tDebian\tDebian\n\
                       http://mirror.example/debian/\tDebian\tDebian Backports\n\
                       http://sec.example/debian-security/\tDebian\tDebian-Security\n";
        let sites = Sites::parse(targets).unwrap();
        let line = |suite| sites.line(suite, "/k.gpg").unwrap();
        assert_eq!(
            line("trixie-backports"),
            "deb [arch=amd64 target=Packages signed-by=/k.gpg] http://mirror.example/debian/ trixie-backports main\n"
        );
        assert!(line("bookworm-security")
            .contains(" http://sec.example/debian-security/ bookworm-security main"));
    }

    #[test]
    fn another_distributions_apt_is_named() {
        let error = Sites::parse("http://a.example/ubuntu/\tUbuntu\tUbuntu\n")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("those of Ubuntu") && error.contains("KDIR="),
            "{error}"
        );
        assert!(Sites::parse("").unwrap_err().to_string().contains("KDIR="));
    }

    #[test]
    fn a_missing_security_site_is_an_error_only_where_it_is_needed() {
        let sites = Sites::parse("http://m.example/debian/\tDebian\tDebian\n").unwrap();
        assert!(sites.line("bookworm", "/k").is_ok());
        assert!(sites
            .line("bookworm-security", "/k")
            .unwrap_err()
            .to_string()
            .contains("security site"));
    }
}
