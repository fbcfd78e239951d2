// SPDX-License-Identifier: GPL-2.0-only

//! Builds the samples and test modules for a kernel.

use crate::doc;
use crate::record::{self, Key};
use crate::report::Report;
use anyhow::{bail, ensure, Context, Result};
use ferrule::building::listing::Listing;
use ferrule::command;
use ferrule::dirs;
use ferrule::kernels::Kernel;
use ferrule::vm::sample::Sample;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The modules that are built for one kernel with one kind of helpers.
#[derive(Clone)]
pub struct Built {
    pub kernel: Kernel,
    /// `inline` or `object`.
    pub helpers: &'static str,
    /// The directories whose modules are built.
    pub parts: &'static [&'static str],
    dir: PathBuf,
}

/// The directories whose modules are built, below the project's root.
pub const SAMPLES: &str = "samples";
pub const TESTS: &str = "tests/kernel";
pub const OUT_OF_TREE: &str = "tests/out_of_tree";
pub const PARAMS_C: &str = "tests/params/c";
pub const PARAMS_RUST: &str = "tests/params/rust";
pub const SERIAL: &str = "tests/serial/module";
pub const TUTORIAL: &str = "tests/tutorial";
pub const LIFE: &str = "tests/life";
pub const HOSTILE: &str = "tests/hostile";
pub const CODEGEN: &str = "tests/codegen";
/// The modules that `ferrule new` makes.
pub const MADE: &str = "made";

/// The directories that are built for the ring `full`, for the ring `modules`, and with `HELPERS=object`.
pub const FULL: &[&str] = &[
    TESTS,
    SAMPLES,
    OUT_OF_TREE,
    SERIAL,
    TUTORIAL,
    LIFE,
    PARAMS_C,
    PARAMS_RUST,
    HOSTILE,
    CODEGEN,
    MADE,
];
pub const MODULES: &[&str] = &[TESTS, SAMPLES];
pub const OBJECT: &[&str] = &[TESTS, SAMPLES, SERIAL];

/// The samples that call helpers which no test module calls.
const OBJECT_SAMPLES: [&str; 2] = ["rust_driver_serdev", "rust_uart16550"];

const LIFE_MODULES: [&str; 6] = [
    "life_main",
    "life_fails",
    "life_leaks",
    "life_panics",
    "life_two",
    "life_work",
];

impl Built {
    pub fn new(
        kernel: &Kernel,
        helpers: &'static str,
        parts: &'static [&'static str],
    ) -> Result<Self> {
        let dir = record::dir()?.join(format!("{}-{helpers}", kernel.release));
        Ok(Self {
            kernel: kernel.clone(),
            helpers,
            parts,
            dir,
        })
    }

    pub fn sample(&self, name: &str) -> PathBuf {
        self.dir.join(SAMPLES).join(format!("{name}.ko"))
    }

    pub fn test(&self, name: &str) -> PathBuf {
        self.dir.join(TESTS).join(format!("{name}.ko"))
    }

    pub fn out_of_tree(&self) -> PathBuf {
        self.dir.join(OUT_OF_TREE).join("rust_out_of_tree.ko")
    }

    pub fn life(&self, name: &str) -> PathBuf {
        self.dir.join(LIFE).join(format!("{name}.ko"))
    }

    /// A subdirectory of this kernel's directory of modules.
    pub fn dir(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir.join(name)
    }

    /// Whether the modules of that directory are built for this kernel.
    pub fn has(&self, part: &str) -> bool {
        self.parts.contains(&part)
    }

    /// The samples, with the commands and the log of their headers.
    pub fn samples(&self) -> Result<Vec<Sample>> {
        let mut samples = Sample::all(&dirs::root()?.join(SAMPLES))?;
        samples
            .retain(|sample| self.helpers == "inline" || OBJECT_SAMPLES.contains(&&*sample.name));
        Ok(samples)
    }

    /// The modules that `ferrule new` makes and those of the tutorial's steps, with their files.
    pub fn made(&self) -> Result<Vec<(Sample, PathBuf)>> {
        let mut made = Vec::new();
        if self.has(MADE) {
            for kind in KINDS {
                let name = made_name(kind);
                let dir = self.dir.join(&name);
                let sample = Sample::all(&dir)?.pop().context("it has no commands")?;
                made.push((sample, dir.join(format!("{name}.ko"))));
            }
        }
        if self.has(TUTORIAL) {
            let steps = self.dir.join(TUTORIAL);
            for step in Sample::all(&steps)? {
                let path = steps.join(format!("{}.ko", step.name));
                made.push((step, path));
            }
        }
        Ok(made)
    }

    /// The test modules' names.
    pub fn tests(&self) -> Result<Vec<String>> {
        let listing = Listing::of(&dirs::root()?.join(TESTS), None, &[])?;
        let names = listing.objects.into_iter().map(|object| object.name);
        Ok(names.chain([doc::MODULE.to_owned()]).collect())
    }

    /// The modules' files.
    pub fn modules(&self) -> Result<Vec<PathBuf>> {
        let samples = self.samples()?;
        let mut modules: Vec<PathBuf> = samples
            .iter()
            .map(|sample| self.sample(&sample.name))
            .chain(self.tests()?.iter().map(|name| self.test(name)))
            .collect();
        if self.has(LIFE) {
            modules.extend(LIFE_MODULES.map(|name| self.life(name)));
        }
        if self.has(OUT_OF_TREE) {
            modules.push(self.out_of_tree());
        }
        Ok(modules)
    }

    /// Builds what all modules of the kernel share.
    pub fn prepare(&self) -> Result<()> {
        self.ferrule_build(None).map(drop)
    }

    /// Builds the modules of a directory; a warning of rustc, a C compiler, objtool or modpost is an error.
    pub fn build(&self, part: &str, report: &mut Report) -> Result<()> {
        if part == MADE {
            return KINDS.iter().try_for_each(|kind| self.make_new(kind));
        }
        let mut files = sources(&dirs::root()?.join(part))?;
        if part == TESTS {
            doc::generate(&doc::examples(self, report.job())?, &mut files)?;
        }
        if part == SAMPLES && self.helpers == "object" {
            let kbuild = files
                .get_mut(Path::new("Kbuild"))
                .context("samples has no Kbuild")?;
            *kbuild = only(kbuild, &OBJECT_SAMPLES)?;
        }
        if self.build_files(part, &files, None)? {
            report.note("nothing to build");
        }
        Ok(())
    }

    /// Makes a module of `kind` by `ferrule new`, and builds it unchanged.
    fn make_new(&self, kind: &str) -> Result<()> {
        let name = made_name(kind);
        let scratch = tempfile::tempdir().context("no temporary directory")?;
        let made = scratch.path().join(&name);
        let mut new = Command::new(env!("CARGO_BIN_EXE_ferrule"));
        command::output(new.arg("new").arg(&made).args(["--kind", kind]))?;
        self.build_files(&name, &sources(&made)?, None).map(drop)
    }

    /// Builds modules of `files` in the directory `name`; returns whether they were built already.
    ///
    /// `beside` is other input that they read.
    pub fn build_files(&self, name: &str, files: &Files, beside: Option<&Path>) -> Result<bool> {
        let to = self.dir.join(name);
        let stamps = self.dir.join("stamps");
        let stamp = stamps.join(name.replace('/', "."));
        let mut key = self.key()?;
        for (path, text) in files {
            key = key.and(path.as_os_str().as_encoded_bytes()).and(text);
        }
        if let Some(beside) = beside {
            key = key.and_files(beside)?;
        }
        let key = key.hex();
        let order = to.join("modules.order");
        if order.exists() && fs::read_to_string(&stamp).is_ok_and(|done| done == key) {
            return Ok(true);
        }
        // The last build failed: what it has compiled would not give its warnings again.
        if !stamp.exists() && to.exists() {
            fs::remove_dir_all(&to).with_context(|| format!("cannot remove {}", to.display()))?;
        }
        fs::create_dir_all(&stamps)
            .with_context(|| format!("cannot create {}", stamps.display()))?;
        if stamp.exists() {
            fs::remove_file(&stamp)
                .with_context(|| format!("cannot remove {}", stamp.display()))?;
        }
        lay(files, &to)?;
        let output = self.ferrule_build(Some(name))?;
        let warning = |line: &&str| line.to_lowercase().contains("warning");
        if let Some(line) = output.lines().find(warning) {
            // Objects that are kept would not give their warnings the next time.
            fs::remove_dir_all(&to)?;
            bail!("{}: {line}\nin:\n{output}", to.display());
        }
        ensure!(
            order.exists(),
            "{}: no module was built:\n{output}",
            to.display()
        );
        fs::write(&stamp, key).with_context(|| format!("cannot write {}", stamp.display()))?;
        Ok(false)
    }

    /// The key of what all modules of the kernel depend on.
    pub fn key(&self) -> Result<Key> {
        let name = match self.helpers {
            "object" => format!("{}-object", self.kernel.release),
            _ => self.kernel.release.clone(),
        };
        // The link leads to the entry of the store that the modules are compiled against, whose name is its key.
        let link = dirs::build_dir(&dirs::root()?)?.join(name);
        let crates = fs::read_link(&link).with_context(|| format!("no {}", link.display()))?;
        let id = crates.file_name().context("the crates have a name")?;
        Key::default()
            .and(self.helpers)
            .and(format!("{:?}", self.kernel))
            .and(id.as_encoded_bytes())
            .and_files(Path::new(env!("CARGO_BIN_EXE_ferrule")))
    }

    /// Runs `make M=name modules` in the directory of the kernel's modules, or `make prepare`; returns its output.
    pub fn ferrule_build(&self, name: Option<&str>) -> Result<String> {
        fs::create_dir_all(&self.dir)
            .with_context(|| format!("cannot create {}", self.dir.display()))?;
        let mut make = Command::new(env!("CARGO_BIN_EXE_ferrule"));
        make.current_dir(&self.dir)
            .args(["build", "--helpers", self.helpers, "--kdir"])
            .arg(&self.kernel.kdir);
        if let Some(name) = name {
            // Modules contain the path as it is given: a relative path is the same in each clone.
            make.args(["-M", name, "modules"]);
        }
        let output = make
            .args(&self.kernel.make_vars)
            .output()
            .context("cannot run ferrule")?;
        let text = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        if !output.status.success() {
            bail!("{}: {}\n{text}", name.unwrap_or("prepare"), output.status);
        }
        Ok(text)
    }
}

/// A directory's files, by their paths below it.
pub type Files = BTreeMap<PathBuf, Vec<u8>>;

/// The sources below a directory.
pub fn sources(dir: &Path) -> Result<Files> {
    let scratch = tempfile::tempdir().context("no temporary directory")?;
    ferrule::verbs::demo::copy_sources(dir, scratch.path())?;
    let mut files = Files::new();
    let mut dirs = vec![scratch.path().to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(&dir).with_context(|| dir.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                dirs.push(path);
            } else {
                let below = path.strip_prefix(scratch.path())?.to_owned();
                files.insert(below, fs::read(&path)?);
            }
        }
    }
    Ok(files)
}

/// Writes these sources to `to` and removes all others; unchanged ones keep their modification time.
pub fn lay(files: &Files, to: &Path) -> Result<()> {
    if to.exists() {
        for path in sources(to)?
            .into_keys()
            .filter(|path| !files.contains_key(path))
        {
            fs::remove_file(to.join(&path))
                .with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    for (path, text) in files {
        let path = to.join(path);
        if fs::read(&path).ok().as_ref() != Some(text) {
            let parent = path.parent().context("a file has a directory")?;
            fs::create_dir_all(parent)
                .and_then(|()| fs::write(&path, text))
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    Ok(())
}

/// The lines of a Kbuild file that concern these modules.
fn only(kbuild: &[u8], modules: &[&str]) -> Result<Vec<u8>> {
    let text = std::str::from_utf8(kbuild).context("a Kbuild file is no text")?;
    let is_wanted = |line: &&str| modules.iter().any(|name| line.contains(name));
    let lines: Vec<&str> = text.lines().filter(is_wanted).collect();
    Ok((lines.join("\n") + "\n").into_bytes())
}

/// The kinds of modules that `ferrule new` makes.
const KINDS: [&str; 5] = ["module", "params", "pci", "platform", "uart"];

fn made_name(kind: &str) -> String {
    format!("made_{kind}")
}
