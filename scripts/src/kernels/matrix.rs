// SPDX-License-Identifier: GPL-2.0-only

//! The matrix of stock kernels, `tests/kernels.toml`.

use anyhow::{Context, Result};
use serde::Deserialize;
use std::path::Path;

/// Where the matrix is, seen from this crate's directory.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/kernels.toml");

/// The kernels that tests run on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matrix {
    pub naming: Naming,
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

/// One series of stock kernels.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Row {
    pub series: String,
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
        let file = Path::new(FILE);
        let text = std::fs::read_to_string(file).with_context(|| format!("reading {FILE}"))?;
        parse(&text).with_context(|| format!("reading {FILE}"))
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
        self.rows
            .iter()
            .find(|row| row.series == series)
            .with_context(|| {
                let known: Vec<_> = self.rows.iter().map(|row| row.series.as_str()).collect();
                format!(
                    "{series}: no such series in tests/kernels.toml; it has {}",
                    known.join(", ")
                )
            })
    }
}

fn parse(text: &str) -> Result<Matrix> {
    Ok(toml::from_str(text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_projects_matrix_has_the_three_kernels() {
        let matrix = Matrix::load().unwrap();
        let series: Vec<_> = matrix.rows.iter().map(|row| row.series.as_str()).collect();
        assert_eq!(series, ["6.1", "6.12", "7.3"]);
        assert!(matrix
            .rows
            .iter()
            .all(|row| row.flavour == "amd64" && !row.suites.is_empty()));
        assert_eq!(
            matrix.naming.headers("6.1.0-9-amd64"),
            "linux-headers-6.1.0-9-amd64"
        );
        assert_eq!(
            matrix.naming.image("6.1.0-9-amd64"),
            "linux-image-6.1.0-9-amd64"
        );
    }

    #[test]
    fn series_are_selected_in_the_order_asked_for() {
        let matrix = Matrix::load().unwrap();
        let rows = matrix.select(&["7.3".into(), "6.1".into()]).unwrap();
        assert_eq!([&*rows[0].series, &*rows[1].series], ["7.3", "6.1"]);
        assert_eq!(matrix.select(&[]).unwrap().len(), 3);
        let error = matrix.select(&["5.10".into()]).unwrap_err().to_string();
        assert!(error.contains("it has 6.1, 6.12, 7.3"), "{error}");
    }

    #[test]
    fn a_misspelt_key_is_an_error_that_names_it() {
        let text = "[naming]\nheaders = ''\nimage = ''\nsource = ''\nparts = []\n\
                    [[kernel]]\nseries = '6.1'\nsuite = []\nflavour = 'amd64'\nhost-libraries = []\n";
        assert!(parse(text).unwrap_err().to_string().contains("suite"));
    }
}
