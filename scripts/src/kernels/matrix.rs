// SPDX-License-Identifier: GPL-2.0-only

//! The matrix of stock kernels, `tests/kernels.toml`.

use anyhow::{ensure, Context, Result};
use serde::Deserialize;

/// The project's matrix, part of the tool: an installed one has no checkout to read it from.
const TEXT: &str = include_str!("../../../tests/kernels.toml");

/// The kernels that tests run on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matrix {
    pub naming: Naming,
    pub source: Source,
    /// Oldest series first.
    #[serde(rename = "kernel")]
    pub rows: Vec<Row>,
}

/// How Debian names a kernel's packages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Naming {
    headers: String,
    image: String,
    source: String,
    /// Beginnings of the names of packages that a kernel shares with others of its series.
    pub parts: Vec<String>,
}

/// What tests need a kernel's source for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The series of that source, which has a row.
    pub series: String,
}

/// Which tests run on a kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ring {
    /// Every part.
    Full,
    /// The build, the symbols, `tests/kernel` and the samples.
    Modules,
}

impl Ring {
    /// Its name in the matrix.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Modules => "modules",
        }
    }
}

/// One series of stock kernels.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Row {
    pub series: String,
    pub ring: Ring,
    pub suites: Vec<String>,
    pub flavour: String,
    /// Packages of the libraries that the series' host tools are linked with.
    pub host_libraries: Vec<String>,
}

impl Naming {
    /// The package of `release`'s headers.
    pub fn headers(&self, release: &str) -> String {
        self.headers.replace("{release}", release)
    }

    /// The package of `release`'s image.
    pub fn image(&self, release: &str) -> String {
        self.image.replace("{release}", release)
    }

    /// The package of the source of `series`.
    pub fn source(&self, series: &str) -> String {
        self.source.replace("{series}", series)
    }
}

impl Matrix {
    /// Reads the project's matrix.
    pub fn load() -> Result<Self> {
        Self::parse(TEXT).context("tests/kernels.toml")
    }

    /// Parses a matrix.
    ///
    /// # Errors
    ///
    /// When it is no TOML, has a key that is not known, two rows of one series, or no row of the source's.
    pub fn parse(text: &str) -> Result<Self> {
        let matrix: Self = toml::from_str(text)?;
        let mut series = matrix.series();
        series.sort();
        for pair in series.windows(2) {
            ensure!(pair[0] != pair[1], "{}: two rows of this series", pair[0]);
        }
        matrix.row(&matrix.source.series).context("[source]")?;
        Ok(matrix)
    }

    /// The names of all series, in the matrix's order.
    pub fn series(&self) -> Vec<&str> {
        self.rows.iter().map(|row| row.series.as_str()).collect()
    }

    /// The rows of the given series, or all.
    ///
    /// # Errors
    ///
    /// When a series is not in the matrix; the message lists those that are.
    pub fn select(&self, series: &[String]) -> Result<Vec<&Row>> {
        if series.is_empty() {
            return Ok(self.rows.iter().collect());
        }
        series.iter().map(|name| self.row(name)).collect()
    }

    fn row(&self, series: &str) -> Result<&Row> {
        let mut rows = self.rows.iter();
        rows.find(|row| row.series == series).with_context(|| {
            format!(
                "{series}: no such series in tests/kernels.toml; it has {}",
                self.series().join(", ")
            )
        })
    }
}

/// A matrix with rows of these series, for tests.
#[cfg(test)]
pub fn of(series: &[(&str, Ring)]) -> Matrix {
    let mut text =
        "[naming]\nheaders = 'linux-headers-{release}'\nimage = 'linux-image-{release}'\n\
                    source = 'linux-source-{series}'\nparts = ['linux-kbuild-']\n"
            .to_owned();
    text += &format!("[source]\nseries = '{}'\n", series[0].0);
    for (series, ring) in series {
        text += &format!(
            "[[kernel]]\nseries = '{series}'\nring = '{}'\nsuites = ['s']\nflavour = 'amd64'\nhost-libraries = []\n",
            ring.name()
        );
    }
    Matrix::parse(&text).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: [(&str, Ring); 3] = [
        ("1.9", Ring::Full),
        ("1.10", Ring::Modules),
        ("2.0", Ring::Full),
    ];

    #[test]
    fn the_projects_matrix_is_read() {
        let matrix = Matrix::load().unwrap();
        assert!(!matrix.rows.is_empty());
        for row in &matrix.rows {
            assert!(!row.suites.is_empty() && !row.flavour.is_empty(), "{row:?}");
        }
    }

    #[test]
    fn series_are_selected_in_the_order_asked_for() {
        let matrix = of(&ROWS);
        let rows = matrix.select(&["2.0".into(), "1.9".into()]).unwrap();
        assert_eq!([&*rows[0].series, &*rows[1].series], ["2.0", "1.9"]);
        assert_eq!(matrix.select(&[]).unwrap().len(), 3);
        let error = matrix.select(&["5.10".into()]).unwrap_err().to_string();
        assert!(error.contains("it has 1.9, 1.10, 2.0"), "{error}");
    }

    #[test]
    fn packages_are_named_after_the_release() {
        let naming = of(&ROWS).naming;
        assert_eq!(naming.headers("1.9-amd64"), "linux-headers-1.9-amd64");
        assert_eq!(naming.image("1.9-amd64"), "linux-image-1.9-amd64");
        assert_eq!(naming.source("1.9"), "linux-source-1.9");
    }

    #[test]
    fn mistakes_are_named() {
        let error =
            |change: fn(&str) -> String| format!("{:#}", Matrix::parse(&change(TEXT)).unwrap_err());
        let error_says = |said: &str, change| {
            let error = error(change);
            assert!(error.contains(said), "{error}");
        };
        error_says("suite", |text| text.replacen("\nsuites =", "\nsuite =", 1));
        error_says("outer", |text| {
            text.replacen("ring = \"full\"", "ring = \"outer\"", 1)
        });
        error_says("two rows", |text| {
            format!("{text}{}", &text[text.find("[[kernel]]").unwrap()..])
        });
        error_says("[source]: none: no such series", |text| {
            let (before, after) = text.split_once("[source]\n").unwrap();
            let (_, after) = after.split_once('\n').unwrap();
            format!("{before}[source]\nseries = \"none\"\n{after}")
        });
    }
}
