// SPDX-License-Identifier: GPL-2.0-only

//! Fetches stock kernels into a cache, without installing them.
//!
//! A kernel of the cache is a directory `kernels/RELEASE` with its packages unpacked: headers, image
//! and modules. They come through the machine's own apt, signatures checked, and need no root.

use anyhow::{bail, ensure, Context, Result};
use clap::Subcommand;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

mod apt;
mod command;
pub mod debug;
mod fetch;
mod host;
mod matrix;
mod package;
mod relocate;
mod sites;
mod source;
mod store;

pub use apt::{machine_sites, KEYRINGS};
pub use matrix::Ring;
// The oldest Rust comes into the cache in the same way.
pub(crate) use apt::{Apt, Suites};
pub(crate) use command::checked;
pub(crate) use fetch::{check_space, unpack, Staging};
use matrix::{Matrix, Row};
pub(crate) use package::Package;
pub(crate) use store::Lock;

/// Fetches stock kernels into a cache, without installing them.
#[derive(clap::Args)]
pub struct Args {
    /// The cache [default: $FERRULE_CACHE, $XDG_CACHE_HOME/ferrule or ~/.cache/ferrule]
    #[arg(long, global = true, value_name = "DIR")]
    cache: Option<PathBuf>,

    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Fetches the newest kernel of each series; prints series, release and build directory.
    Fetch {
        /// Series of tests/kernels.toml, such as 6.12 [default: all]
        series: Vec<String>,

        /// Look for a newer kernel even if one of the series is there; it replaces the old one
        #[arg(long)]
        update: bool,
    },
    /// Lists the cache: series, release, ring, build directory, image, make arguments; separated by tabs.
    /// The ring of a kernel whose series is no longer in tests/kernels.toml is `none`.
    List,
    /// Prints the build directory (KDIR) of a series' kernel.
    Path { series: String },
    /// Builds the debug kernel of tests/debug/kernel.config, unless it is there; prints as `fetch` does.
    Debug {
        /// Look for a newer source even if it is there
        #[arg(long)]
        update: bool,
    },
    /// Unpacks the source of a series' kernel into a new directory, without other architectures.
    Source { series: String, dir: PathBuf },
}

/// A stock kernel in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(dead_code)]
pub struct Kernel {
    /// Its row of tests/kernels.toml: `6.12`.
    pub series: String,
    /// What `uname -r` says on it: `6.12.117+deb12-amd64`.
    pub release: String,
    /// Which tests run on it.
    pub ring: Ring,
    /// The build directory: `make -C KDIR`.
    pub kdir: PathBuf,
    /// The image to boot.
    pub vmlinuz: PathBuf,
    /// The kernel's own modules, `.../lib/modules/RELEASE`.
    pub modules: PathBuf,
    /// What make must be told besides, on this host: `CC=gcc-12` where the kernel's compiler is missing.
    pub make_vars: Vec<String>,
}

impl Kernel {
    fn is_named(&self, name: &str) -> bool {
        self.release == name || self.series == name
    }

    fn print(&self) {
        println!("{} {} {}", self.series, self.release, self.kdir.display());
    }
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let cache = cache_dir(args.cache.as_deref())?;
    match &args.verb {
        Verb::Fetch { series, update } => {
            for kernel in fetch_all(&cache, series, *update)? {
                kernel.print();
            }
        }
        Verb::Debug { update } => debug::build(&cache, *update)?.print(),
        Verb::List => list(&cache)?,
        Verb::Source { series, dir } => source(&cache, series, dir)?,
        Verb::Path { series } => println!("{}", find(&cache, series)?.kdir.display()),
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the kernels of the cache, those outside of the matrix too.
fn list(cache: &Path) -> Result<()> {
    let matrix = Matrix::load()?;
    let known = cached_of(cache, &matrix)?.into_iter();
    for kernel in known.chain(debug::find(cache)?) {
        let (kdir, vmlinuz) = (kernel.kdir.display(), kernel.vmlinuz.display());
        let (series, release, ring) = (&kernel.series, &kernel.release, kernel.ring.name());
        let vars = kernel.make_vars.join(" ");
        println!("{series}\t{release}\t{ring}\t{kdir}\t{vmlinuz}\t{vars}");
    }
    for record in store::releases(cache)? {
        if !matrix.series().contains(&record.series.as_str()) {
            let root = record.root().display();
            println!("{}\t{}\tnone\t{root}", record.series, record.release);
        }
    }
    Ok(())
}

/// The series whose source tests use: the debug kernel's, and that which modules are built into.
pub fn source_series() -> Result<String> {
    Ok(Matrix::load()?.source.series)
}

/// Unpacks the newest source of a series into `dir`, which must not be there yet.
pub fn source(cache: &Path, series: &str, dir: &Path) -> Result<()> {
    let matrix = Matrix::load()?;
    let rows = matrix.select(&[series.to_owned()])?;
    let _lock = store::Lock::take(cache)?;
    let apt = apt::Apt::new(cache.join("apt"))?;
    rows.into_iter()
        .try_for_each(|row| source::unpack(&apt, &matrix.naming, row, dir))
}

/// The cache's directory: `arg`, else `$FERRULE_CACHE`, else the user's cache.
///
/// # Errors
///
/// When its path has a character that make would not take literally, or there is no home directory.
pub fn cache_dir(arg: Option<&Path>) -> Result<PathBuf> {
    let env = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let dir = arg
        .map(Path::to_owned)
        .or_else(|| env("FERRULE_CACHE"))
        .or_else(|| Some(env("XDG_CACHE_HOME")?.join("ferrule")))
        .or_else(|| Some(env("HOME")?.join(".cache/ferrule")))
        .context("no place for the cache: HOME is not set; name one with --cache DIR")?;
    let dir =
        std::path::absolute(&dir).with_context(|| format!("{}: not a path", dir.display()))?;
    // A trailing slash or `.` would make two names of one place; kernels remember theirs.
    let dir: PathBuf = dir.components().collect();
    let plain = |c: char| c.is_alphanumeric() || "/._-+~@,=".contains(c);
    ensure!(
        dir.to_str().is_some_and(|path| path.chars().all(plain)),
        "{}: make cannot work in a path with spaces or special characters; name another with --cache DIR",
        dir.display()
    );
    Ok(dir)
}

/// The series of the matrix.
pub fn series() -> Result<Vec<String>> {
    let rows = Matrix::load()?.rows.into_iter();
    Ok(rows.map(|row| row.series).collect())
}

/// The series of the matrix that are in that ring.
pub fn series_of(ring: Ring) -> Result<Vec<String>> {
    let rows = Matrix::load()?.rows.into_iter();
    Ok(rows
        .filter(|row| row.ring == ring)
        .map(|row| row.series)
        .collect())
}

/// The fetched kernels of the matrix, the newest of each series, in the matrix's order: oldest series first.
///
/// Other kernels of the cache, such as those whose row was removed, are left out.
pub fn cached(cache: &Path) -> Result<Vec<Kernel>> {
    cached_of(cache, &Matrix::load()?)
}

fn cached_of(cache: &Path, matrix: &Matrix) -> Result<Vec<Kernel>> {
    let mut records = newest(cache)?;
    let mut kernels = Vec::new();
    for row in &matrix.rows {
        if let Some(at) = records
            .iter()
            .position(|record| record.series == row.series)
        {
            kernels.push(open(cache, records.swap_remove(at), row.ring)?);
        }
    }
    Ok(kernels)
}

/// The kernels to test: those that `wanted` names by their series or as `debug`, or without a name all of the
/// matrix. They come in the matrix's order, each once, the debug kernel last.
///
/// # Errors
///
/// When a name is unknown, or one of the kernels is not there; the message says how to get it.
pub fn chosen(cache: &Path, wanted: &[String]) -> Result<Vec<Kernel>> {
    let matrix = Matrix::load()?;
    let wants_debug = wanted.iter().any(|name| name == debug::NAME);
    let mut kernels = match wants_debug && wanted.iter().all(|name| name == debug::NAME) {
        true => Vec::new(),
        false => chosen_of(cache, &matrix, wanted)?,
    };
    if wants_debug {
        kernels.push(find(cache, debug::NAME)?);
    }
    Ok(kernels)
}

fn chosen_of(cache: &Path, matrix: &Matrix, wanted: &[String]) -> Result<Vec<Kernel>> {
    let wanted: Vec<String> = wanted
        .iter()
        .filter(|name| *name != debug::NAME)
        .cloned()
        .collect();
    let wanted: Vec<&str> = matrix
        .select(&wanted)?
        .into_iter()
        .map(|row| row.series.as_str())
        .collect();
    let mut kernels = cached_of(cache, matrix)?;
    let is_missing = |name: &&str| kernels.iter().all(|kernel| kernel.series != *name);
    let missing: Vec<&str> = wanted.iter().copied().filter(is_missing).collect();
    if !missing.is_empty() {
        let missing = missing.join(" ");
        bail!(
            "{missing}: not in {}; fetch with: make kernels KERNELS=\"{missing}\"",
            cache.display()
        );
    }
    kernels.retain(|kernel| wanted.contains(&kernel.series.as_str()));
    Ok(kernels)
}

/// The kernel of the cache with that release or series, or the debug kernel, if there is such a one.
///
/// A kernel whose row was removed from the matrix can still be built for.
pub fn named(cache: &Path, name: &str) -> Result<Option<Kernel>> {
    if let Some(kernel) = debug::find(cache)?.filter(|kernel| kernel.is_named(name)) {
        return Ok(Some(kernel));
    }
    let mut records = newest(cache)?.into_iter();
    let record = records.find(|record| record.release == name || record.series == name);
    let Some(record) = record else {
        return Ok(None);
    };
    let matrix = Matrix::load()?;
    let row = matrix.rows.iter().find(|row| row.series == record.series);
    let ring = row.map_or(Ring::Modules, |row| row.ring);
    open(cache, record, ring).map(Some)
}

fn newest(cache: &Path) -> Result<Vec<store::Record>> {
    let mut records = store::releases(cache)?;
    records.reverse();
    records.dedup_by(|older, newer| older.series == newer.series);
    records.reverse();
    Ok(records)
}

fn open(cache: &Path, record: store::Record, ring: Ring) -> Result<Kernel> {
    let root = store::kernels(cache).join(&record.release);
    let (kdir, vmlinuz, modules) =
        store::find_parts(&root, &record.release).with_context(|| {
            format!(
                "the cache is damaged: rm -r {} and fetch again",
                root.display()
            )
        })?;
    // It runs compilers: a build asks for the one kernel that it is for.
    let make_vars = host::make_vars(&kdir)?;
    Ok(Kernel {
        series: record.series,
        release: record.release,
        ring,
        kdir,
        vmlinuz,
        modules,
        make_vars,
    })
}

/// The kernel of one series.
fn find(cache: &Path, series: &str) -> Result<Kernel> {
    if series == debug::NAME {
        return debug::find(cache)?.with_context(|| {
            format!(
                "{series}: not in {}; build it with: ferrule kernels debug",
                cache.display()
            )
        });
    }
    Matrix::load()?.select(&[series.to_owned()])?;
    let kernel = cached(cache)?
        .into_iter()
        .find(|kernel| kernel.series == series);
    kernel.with_context(|| {
        format!(
            "{series}: not in {}; fetch it with: ferrule kernels fetch {series}",
            cache.display()
        )
    })
}

/// The named series' kernels, fetched if need be; without a name the newest that is there, else the
/// newest of all.
pub fn wanted(cache: &Path, series: &[String]) -> Result<Vec<Kernel>> {
    if !series.is_empty() {
        return fetch_all(cache, series, false);
    }
    if let Some(kernel) = cached(cache)?.pop() {
        return Ok(vec![kernel]);
    }
    let newest = Matrix::load()?
        .rows
        .pop()
        .context("no kernel in the matrix")?;
    fetch_all(cache, &[newest.series], false)
}

/// Says which kernels there are, after a name that is none of them.
pub fn remedy(fetched: &[Kernel], name: &str) -> Result<String> {
    let matrix = Matrix::load()?;
    let all = matrix.series();
    let have: Vec<&str> = fetched
        .iter()
        .map(|kernel| kernel.series.as_str())
        .collect();
    let have = match have.is_empty() {
        true => "none has been fetched".to_owned(),
        false => format!("fetched: {}", have.join(", ")),
    };
    if name == debug::NAME {
        return Ok(format!(
            "{have}; build the debug kernel by `make kernels-debug`"
        ));
    }
    if all.contains(&name) {
        return Ok(format!("{have}; fetch it by `make kernels KERNELS={name}`"));
    }
    Ok(format!(
        "{have}; there are {}: `make kernels KERNELS={}` fetches one",
        all.join(", "),
        all.last().unwrap_or(&"NAME")
    ))
}

/// Fetches what is missing of the named series.
fn fetch_all(cache: &Path, series: &[String], update: bool) -> Result<Vec<Kernel>> {
    let matrix = Matrix::load()?;
    let rows = matrix.select(series)?;
    let missing = |rows: &[&'_ Row]| -> Result<bool> {
        let have = store::releases(cache)?;
        Ok(rows
            .iter()
            .any(|row| have.iter().all(|record| record.series != row.series)))
    };
    // Nothing to fetch: then neither the lock nor the network is needed.
    if update || missing(&rows)? {
        let _lock = store::Lock::take(cache)?;
        let mut apt = None;
        for row in &rows {
            if update || missing(&[row])? {
                let apt = match &apt {
                    Some(apt) => apt,
                    None => apt.insert(apt::Apt::new(cache.join("apt"))?),
                };
                fetch::fetch(cache, apt, &matrix.naming, row)?;
            }
        }
    }
    let kernels = cached(cache)?;
    let fetched = rows.into_iter().map(|row| {
        let kernel = kernels.iter().find(|kernel| kernel.series == row.series);
        kernel.cloned().with_context(|| {
            format!(
                "{}: was removed from {} while it was being fetched",
                row.series,
                cache.display()
            )
        })
    });
    fetched.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_is_an_absolute_path_that_make_can_use() {
        let named = |path: &str| cache_dir(Some(Path::new(path)));
        assert_eq!(named("/a/./cache/").unwrap(), Path::new("/a/cache"));
        assert!(named("relative").unwrap().is_absolute());
        for path in ["/a b", "/a$b", "/a:b", "/a#b"] {
            assert!(
                named(path).unwrap_err().to_string().contains("--cache"),
                "{path}"
            );
        }
    }

    #[test]
    fn an_empty_cache_has_no_kernels_and_path_says_how_to_get_one() {
        let nowhere = Path::new("/nonexistent/ferrule-cache");
        let series = source_series().unwrap();
        assert_eq!(cached(nowhere).unwrap(), []);
        let error = find(nowhere, &series).unwrap_err().to_string();
        let remedy = format!("ferrule kernels fetch {series}");
        assert!(error.contains(&remedy), "{error}");
        let error = chosen(nowhere, &["debug".to_owned()]).unwrap_err();
        assert!(error.to_string().contains("ferrule kernels debug"));
    }

    #[test]
    fn a_name_that_is_no_kernel_is_answered_with_those_there_are() {
        let matrix = Matrix::load().unwrap();
        let (all, newest) = (
            matrix.series().join(", "),
            matrix.series().pop().unwrap().to_owned(),
        );
        let none = remedy(&[], "0.99").unwrap();
        assert_eq!(
            none,
            format!("none has been fetched; there are {all}: `make kernels KERNELS={newest}` fetches one")
        );
        assert!(remedy(&[], "debug")
            .unwrap()
            .contains("`make kernels-debug`"));
        assert!(remedy(&[], &newest)
            .unwrap()
            .ends_with(&format!("`make kernels KERNELS={newest}`")));
    }

    /// A cache with kernels of these series: as much of each as is looked at.
    fn cache_with(series: &[&str]) -> tempfile::TempDir {
        let cache = tempfile::tempdir().unwrap();
        for series in series {
            let release = format!("{series}.7-amd64");
            let root = store::kernels(cache.path()).join(&release);
            let kdir = root.join(format!("usr/src/linux-headers-{release}"));
            let utsrelease = format!("#define UTS_RELEASE \"{release}\"\n");
            for (path, text) in [
                (kdir.join("Makefile"), ""),
                (kdir.join("include/config/auto.conf"), "CONFIG_X86_64=y\n"),
                (kdir.join("include/generated/utsrelease.h"), &*utsrelease),
                (root.join(format!("boot/vmlinuz-{release}")), ""),
                (root.join(format!("lib/modules/{release}/kernel/x")), ""),
            ] {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            }
            store::Record::new(series, &release, "1", &root)
                .write(&root)
                .unwrap();
        }
        cache
    }

    fn series(kernels: &[Kernel]) -> Vec<&str> {
        kernels.iter().map(|kernel| &*kernel.series).collect()
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    // The matrix's order is not that of the numbers: the newest kernel is its last row.
    const ROWS: [(&str, Ring); 3] = [
        ("2.0", Ring::Full),
        ("1.9", Ring::Modules),
        ("3.0", Ring::Full),
    ];

    #[test]
    fn a_row_that_is_gone_breaks_no_cache() {
        let cache = cache_with(&["0.5", "1.9", "2.0", "3.0", "9.0"]);
        let matrix = matrix::of(&ROWS);
        let found = cached_of(cache.path(), &matrix).unwrap();
        assert_eq!(series(&found), ["2.0", "1.9", "3.0"]);
        assert_eq!(found[1].ring, Ring::Modules);
        let found = chosen_of(cache.path(), &matrix, &[]).unwrap();
        assert_eq!(series(&found), ["2.0", "1.9", "3.0"]);
        // It can still be built for, by its name.
        let gone = named(cache.path(), "9.0").unwrap().unwrap();
        assert_eq!(gone.release, "9.0.7-amd64");
    }

    #[test]
    fn any_subset_in_any_order_is_tested_in_the_order_of_the_matrix() {
        let cache = cache_with(&["1.9", "2.0", "3.0"]);
        let matrix = matrix::of(&ROWS);
        for wanted in [
            &["3.0", "2.0"][..],
            &["2.0", "3.0"],
            &["3.0", "2.0", "3.0", "debug"],
        ] {
            let found = chosen_of(cache.path(), &matrix, &names(wanted)).unwrap();
            assert_eq!(series(&found), ["2.0", "3.0"], "{wanted:?}");
        }
        let error = chosen_of(cache.path(), &matrix, &names(&["9.0"])).unwrap_err();
        assert!(error.to_string().contains("it has 2.0, 1.9, 3.0"));
    }

    #[test]
    fn one_kernel_in_a_new_cache_is_enough_to_test_on_it() {
        let cache = cache_with(&["3.0"]);
        let matrix = matrix::of(&ROWS);
        let found = chosen_of(cache.path(), &matrix, &names(&["3.0"])).unwrap();
        assert_eq!(series(&found), ["3.0"]);
        let error = chosen_of(cache.path(), &matrix, &[]).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("make kernels KERNELS=\"2.0 1.9\""),
            "{error}"
        );
    }
}
