// SPDX-License-Identifier: GPL-2.0-only

//! Makes the directory of a new module, from `templates/`.

use crate::building::sysroot;
use anyhow::{bail, ensure, Context, Result};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Makes the directory of a new module, which builds and loads at once.
#[derive(clap::Args)]
pub struct Args {
    /// The directory; its last part names the module
    name: PathBuf,
    /// What the module is to be: `module`, `params`, `pci`, `platform` or `uart`
    #[arg(long, default_value = "module")]
    kind: String,
}

/// A kind of module: the files of its template.
struct Template {
    kind: &'static str,
    source: &'static str,
    kbuild: &'static str,
    kconfig: &'static str,
}

macro_rules! template {
    ($kind:literal) => {
        Template {
            kind: $kind,
            source: include_str!(concat!("../../../templates/", $kind, "/template.rs")),
            kbuild: include_str!(concat!("../../../templates/", $kind, "/Kbuild")),
            kconfig: include_str!(concat!("../../../templates/", $kind, "/Kconfig")),
        }
    };
}

const TEMPLATES: &[Template] = &[
    template!("module"),
    template!("params"),
    template!("pci"),
    template!("platform"),
    template!("uart"),
];

/// What git should not see of a build.
const IGNORED: &str =
    "*.o\n*.ko\n*.mod\n*.mod.c\n*.cmd\n.*.d\nmodules.order\nModule.symvers\n.config*\n";

/// A module's name must fit into C's `MODULE_NAME_LEN` with its NUL byte.
const LONGEST: usize = 55;

/// Runs `ferrule new`.
///
/// # Errors
///
/// When the name is none for a module, there is no such kind, or the directory is there already.
pub fn run(args: &Args) -> Result<ExitCode> {
    let dir = &args.name;
    let name = dir
        .file_name()
        .and_then(|name| name.to_str())
        .with_context(|| format!("{}: names no module", dir.display()))?;
    check_name(name)?;
    let Some(template) = TEMPLATES.iter().find(|template| template.kind == args.kind) else {
        let kinds: Vec<&str> = TEMPLATES.iter().map(|template| template.kind).collect();
        bail!(
            "KIND={}: no such kind; there are {}",
            args.kind,
            kinds.join(", ")
        );
    };
    write(dir, name, template)?;
    println!(
        "{0}: `make M={0} modules` builds it; {0}/{name}.rs says how to try it",
        dir.display()
    );
    Ok(ExitCode::SUCCESS)
}

fn check_name(name: &str) -> Result<()> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if let Some(bad) = name.chars().find(|c| !is_word(*c)) {
        bail!("{name}: a module's name has letters, digits and `_`, not {bad:?}");
    }
    ensure!(
        name.starts_with(|c: char| c.is_ascii_alphabetic()),
        "{name}: a module's name begins with a letter"
    );
    ensure!(
        name.len() <= LONGEST,
        "{name}: a module's name has at most {LONGEST} letters, this has {}",
        name.len()
    );
    ensure!(
        !sysroot::CRATES.contains(&name),
        "{name}: a crate that modules use has this name; choose another"
    );
    Ok(())
}

fn write(dir: &Path, name: &str, template: &Template) -> Result<()> {
    fs::create_dir(dir).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            anyhow::anyhow!("{}: is there already, and stays as it is", dir.display())
        }
        _ => anyhow::anyhow!("cannot create {}: {error}", dir.display()),
    })?;
    let fill = |text: &str| {
        text.replace("TEMPLATE", &name.to_uppercase())
            .replace("Template", &camel(name))
            .replace("template", name)
    };
    for (file, text) in [
        (format!("{name}.rs"), fill(template.source)),
        ("Kbuild".to_owned(), fill(template.kbuild)),
        ("Kconfig".to_owned(), fill(template.kconfig)),
        (".gitignore".to_owned(), IGNORED.to_owned()),
    ] {
        let path = dir.join(file);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// `my_driver` to `MyDriver`.
fn camel(name: &str) -> String {
    name.split('_')
        .map(|word| {
            let mut chars = word.chars();
            let first = chars.next().map(|c| c.to_ascii_uppercase());
            first.into_iter().chain(chars).collect::<String>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_a_kind_and_the_help_names_it() {
        let root = crate::dirs::root().unwrap();
        let entries = fs::read_dir(root.join("templates")).unwrap();
        let mut dirs: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let mut kinds: Vec<&str> = TEMPLATES.iter().map(|template| template.kind).collect();
        let help = fs::read_to_string(root.join("scripts/help.sh")).unwrap();
        assert!(help.contains(&kinds.join(", ")), "{kinds:?}");
        dirs.sort();
        kinds.sort();
        assert_eq!(dirs, kinds);
    }

    #[test]
    fn names() {
        for good in ["hello", "my_driver2", "X"] {
            check_name(good).unwrap();
        }
        let long = "x".repeat(56);
        for bad in [
            "my-driver",
            "2fast",
            "_x",
            "ä",
            "a b",
            "a.b",
            "kernel",
            &long,
        ] {
            check_name(bad).unwrap_err();
        }
        assert_eq!(camel("my_driver2"), "MyDriver2");
    }

    #[test]
    fn a_directory_that_is_there_stays_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let args = |kind: &str| Args {
            name: dir.path().join("hello"),
            kind: kind.to_owned(),
        };
        let unknown = run(&args("misc")).unwrap_err().to_string();
        assert_eq!(
            unknown,
            "KIND=misc: no such kind; there are module, params, pci, platform, uart"
        );
        assert!(!dir.path().join("hello").exists());
        run(&args("params")).unwrap();
        let source = dir.path().join("hello/hello.rs");
        let text = fs::read_to_string(&source).unwrap();
        assert!(text.contains("type: HelloModule,") && !text.to_lowercase().contains("template"));
        let error = run(&args("module")).unwrap_err().to_string();
        assert!(
            error.ends_with("hello: is there already, and stays as it is"),
            "{error}"
        );
        assert_eq!(fs::read_to_string(&source).unwrap(), text);
    }
}
