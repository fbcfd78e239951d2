// SPDX-License-Identifier: GPL-2.0-only

//! Chooses which modules of a directory are built: its Kconfig, its `.config`, and the kernel's own
//! `conf`, which every kernel's headers have.

use crate::building::kdir::Kdir;
use crate::dirs;
use crate::machine::doctor;
use crate::verbs::build::Choice;
use anyhow::{bail, ensure, Context, Result};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Chooses which modules of a directory are built.
///
/// Writes DIR/.config by what DIR/Kconfig offers. Without a .config every module is built.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    kernel: Choice,
    /// The modules' directory
    #[arg(short = 'M', long)]
    module: PathBuf,
    /// How to choose
    target: Target,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Target {
    /// Asks for each module
    Config,
    /// Asks for what .config does not say yet
    Oldconfig,
    /// Leaves out what .config does not say yet
    Olddefconfig,
    /// Lists what .config does not say yet
    Listnewconfig,
    /// Takes the directory's file `defconfig`, or every module where there is none
    Defconfig,
    /// Writes that file from .config
    Savedefconfig,
    /// Takes every module
    Allmodconfig,
    /// Takes none
    Allnoconfig,
    /// Shows a menu
    Menuconfig,
}

/// Runs `ferrule config`.
///
/// # Errors
///
/// When the directory or the kernel lacks what is needed, and when `.config` is not right.
pub fn run(args: &Args) -> Result<ExitCode> {
    let dir = dirs::module_dir(&args.module)?;
    let (kdir, _) = args.kernel.kernel()?;
    ensure!(
        dir.join("Kconfig").is_file(),
        "M={}: no Kconfig here, so there is nothing to choose: what Kbuild names is built",
        args.module.display()
    );
    let kconfig = Kconfig::new(&dir, &kdir)?;
    let config = dir.join(".config");
    let needs_one = [Target::Savedefconfig, Target::Listnewconfig].contains(&args.target);
    ensure!(
        !needs_one || config.is_file(),
        "M={}: no .config yet; `make M={0} config` writes it",
        args.module.display()
    );
    let defaults = dir.join("defconfig");
    let mut command = match args.target {
        Target::Config => kconfig.conf("--oldaskconfig", &config),
        Target::Oldconfig => kconfig.conf("--oldconfig", &config),
        Target::Olddefconfig => kconfig.conf("--olddefconfig", &config),
        Target::Listnewconfig => kconfig.conf("--listnewconfig", &config),
        Target::Defconfig if defaults.is_file() => {
            kconfig.conf(&format!("--defconfig={}", defaults.display()), &config)
        }
        Target::Savedefconfig => {
            kconfig.conf(&format!("--savedefconfig={}", defaults.display()), &config)
        }
        Target::Defconfig | Target::Allmodconfig => kconfig.conf("--allmodconfig", &config),
        Target::Allnoconfig => kconfig.conf("--allnoconfig", &config),
        Target::Menuconfig => kconfig.menu(&config)?,
    };
    let status = command.status().context("cannot run the kernel's conf")?;
    if status.success() && config.is_file() {
        kconfig.check(&config)?;
    }
    Ok(ExitCode::from(if status.success() { 0 } else { 1 }))
}

/// The variables for Kbuild that say which modules of `dir` are built; none where it has no Kconfig.
///
/// # Errors
///
/// When `.config` is not right; the message names the line or the symbol.
pub fn variables(dir: &Path, kdir: &Kdir) -> Result<Vec<String>> {
    if !dir.join("Kconfig").is_file() {
        return Ok(Vec::new());
    }
    let kconfig = Kconfig::new(dir, kdir)?;
    let config = dir.join(".config");
    let all = kconfig.work.path().join("all");
    kconfig.quietly("--allmodconfig", &all)?;
    let mut values = parse(&read(&all)?);
    if config.is_file() {
        let chosen = kconfig.check(&config)?;
        // What is not chosen is said too, and what cannot be, as it depends on that: the kernel's own
        // configuration may have a symbol of that name.
        values
            .values_mut()
            .for_each(|value| *value = "n".to_owned());
        values.extend(chosen);
    }
    values.remove(MODULES);
    let words = values
        .into_iter()
        .map(|(name, value)| format!("{name}={}", if value == "n" { "" } else { &value }));
    Ok(words.collect())
}

/// The symbol that lets others be `m`.
const MODULES: &str = "CONFIG_MODULES";

/// A directory's Kconfig, as it is read beside a kernel.
struct Kconfig {
    dir: PathBuf,
    conf: PathBuf,
    work: tempfile::TempDir,
}

impl Kconfig {
    fn new(dir: &Path, kdir: &Kdir) -> Result<Self> {
        let conf = kdir.path.join("scripts/kconfig/conf");
        ensure!(
            conf.is_file(),
            "{}: no scripts/kconfig/conf, which reads {}/Kconfig; run `make olddefconfig` in the kernel's \
             source, or name another kernel with KVER=",
            kdir.path.display(),
            dir.display()
        );
        // Builds of one directory at once have one each.
        let work = tempfile::tempdir().context("no temporary directory")?;
        let kconfig = Self {
            dir: dir.to_owned(),
            conf,
            work,
        };
        fs::write(kconfig.top(), kconfig.text("\tmodules\n"))
            .with_context(|| format!("cannot write to {}", kconfig.work.path().display()))?;
        Ok(kconfig)
    }

    fn top(&self) -> PathBuf {
        self.work.path().join("Kconfig")
    }

    /// The directory's Kconfig where nothing can be built in. `modules` marks the symbol that allows `m`.
    fn text(&self, modules: &str) -> String {
        let name = self.dir.file_name().unwrap_or_default().to_string_lossy();
        format!(
            "mainmenu \"Modules of {name}\"\n\nconfig MODULES\n\tdef_bool y\n{modules}\nif m\nsource \"{}/Kconfig\"\nendif\n",
            self.dir.display()
        )
    }

    fn conf(&self, option: &str, config: &Path) -> Command {
        let mut conf = Command::new(&self.conf);
        conf.arg(option).arg(self.top());
        self.environment(&mut conf, config);
        conf
    }

    fn environment(&self, command: &mut Command, config: &Path) {
        command
            .current_dir(self.work.path())
            .env("KCONFIG_CONFIG", config)
            .env("srctree", &self.dir)
            .env_remove("KCONFIG_ALLCONFIG");
    }

    /// The kernel's own menu if it has been built there, else Kconfiglib's.
    fn menu(&self, config: &Path) -> Result<Command> {
        let mconf = self.conf.with_file_name("mconf");
        let mut menu;
        if mconf.is_file() {
            menu = Command::new(mconf);
            menu.arg(self.top());
        } else {
            // It takes MODULES for that symbol by its name, and knows no other way.
            let top = self.work.path().join("Kconfig.menu");
            fs::write(&top, self.text(""))
                .with_context(|| format!("cannot write to {}", self.work.path().display()))?;
            let python = doctor::python_with("menuconfig").with_context(|| {
                format!("no menu here: {}", doctor::remedy(doctor::Id::Menuconfig))
            })?;
            menu = Command::new(python);
            menu.args(["-m", "menuconfig"]).arg(top);
        }
        self.environment(&mut menu, config);
        Ok(menu)
    }

    /// Runs `conf` without a question; what it warns of is an error.
    fn quietly(&self, option: &str, config: &Path) -> Result<()> {
        let mut conf = self.conf(option, config);
        let output = conf.output().context("cannot run the kernel's conf")?;
        let messages = String::from_utf8_lossy(&output.stderr);
        let complaint = messages.lines().find(|line| line.contains(':'));
        if !output.status.success() || complaint.is_some() {
            bail!("{}", complaint.unwrap_or("the kernel's conf failed"));
        }
        Ok(())
    }

    /// The values of `config`, every symbol of which must be there and take what it is given.
    fn check(&self, config: &Path) -> Result<BTreeMap<String, String>> {
        let copy = self.work.path().join("copy");
        fs::copy(config, &copy).with_context(|| format!("cannot copy {}", config.display()))?;
        let (name, copied) = (config.display().to_string(), copy.display().to_string());
        self.quietly("--olddefconfig", &copy)
            .map_err(|error| anyhow::anyhow!("{}", error.to_string().replace(&copied, &name)))?;
        let (given, taken) = (parse(&read(config)?), parse(&read(&copy)?));
        for (symbol, value) in &given {
            match taken.get(symbol) {
                _ if symbol == MODULES => {}
                Some(real) if real == value => {}
                Some(_) if value == "y" => bail!(
                    "{name}: {symbol}=y: beside a kernel it is m or n; `ferrule builtin` builds into one"
                ),
                Some(real) => bail!("{name}: {symbol}={value} cannot be, it would be {real}"),
                None if value == "n" => {}
                None => bail!(
                    "{name}: {symbol}={value}: {} has no such symbol, or what it depends on is off",
                    self.dir.join("Kconfig").display()
                ),
            }
        }
        Ok(taken)
    }
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The symbols of a configuration; one that is not set is `n`.
fn parse(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter_map(|line| {
            let unset = line
                .strip_prefix("# ")
                .and_then(|line| line.strip_suffix(" is not set"));
            let (name, value) = match unset {
                Some(name) => (name, "n"),
                None => line.split_once('=')?,
            };
            name.starts_with("CONFIG_")
                .then(|| (name.to_owned(), value.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_parsed() {
        let values =
            parse("#\n# Modules\nCONFIG_A=m\n# CONFIG_B is not set\nCONFIG_C=\"a=b\"\nX=y\n");
        let expected = [
            ("CONFIG_A", "m"),
            ("CONFIG_B", "n"),
            ("CONFIG_C", "\"a=b\""),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(values, expected.into());
    }
}
