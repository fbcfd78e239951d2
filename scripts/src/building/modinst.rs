// SPDX-License-Identifier: GPL-2.0-only

//! What `modules_install` needs besides Kbuild where the kernel came as a package: a key of the user's
//! own, the compression of his choice, and depmod without the kernel's `System.map`.

use crate::building::kdir::Kdir;
use crate::machine::doctor::{self, Id};
use anyhow::{bail, ensure, Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// How modules are installed.
#[derive(clap::Args, Default)]
#[group(skip)]
pub struct Args {
    /// Signs modules on installation with this private key (PEM, or a pkcs11: URI); $KBUILD_SIGN_PIN opens it
    #[arg(long, value_name = "KEY")]
    sign_key: Option<String>,
    /// The key's certificate [default: in the key's file, as the kernel's signing_key.pem has it]
    #[arg(long, value_name = "X509")]
    sign_cert: Option<PathBuf>,
    /// Compresses modules on installation [default: as the kernel's own are]
    #[arg(long)]
    compress: Option<Compress>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Compress {
    None,
    Gzip,
    Xz,
    Zstd,
}

/// Kbuild's target.
pub const TARGET: &str = "modules_install";

/// Runs depmod as `scripts/depmod.sh` would if it did not insist on a `System.map`, which headers packages
/// have not: it would only be compared with.
const DEPMOD: &str = "cmd_depmod=PATH=\"$$PATH:/usr/sbin:/sbin\" $(or $(DEPMOD),depmod) -a \
                      $(if $(INSTALL_MOD_PATH),-b $(INSTALL_MOD_PATH)) $(KERNELRELEASE)";

impl Args {
    /// Make's arguments that let `modules_install` for `kdir` do as asked; none for other targets.
    ///
    /// # Errors
    ///
    /// When an option has nothing to act on, or names what is not there.
    pub fn make_args(&self, kdir: &Kdir, kbuild: &[String]) -> Result<Vec<String>> {
        if !kbuild.iter().any(|arg| arg == TARGET) {
            let given = self.sign_key.is_some() || self.compress.is_some();
            ensure!(
                !given,
                "signing and compressing are steps of {TARGET}: give SIGN_KEY=, COMPRESS= there"
            );
            return Ok(Vec::new());
        }
        let mut args = self.sign(kdir, kbuild)?;
        args.extend(
            self.compress
                .iter()
                .flat_map(|&compress| compression(compress)),
        );
        if !kbuild.iter().any(|arg| arg.starts_with("DEPMOD=")) {
            let found = which::which("depmod").is_ok() || Path::new("/sbin/depmod").exists();
            ensure!(found, "no depmod; {}", doctor::remedy(Id::Kmod));
        }
        args.push(DEPMOD.to_owned());
        Ok(args)
    }

    /// Replaces Kbuild's signing: it takes the certificate from the kernel's tree only, and goes on when
    /// it fails.
    fn sign(&self, kdir: &Kdir, kbuild: &[String]) -> Result<Vec<String>> {
        let given = |name: &str| {
            let find = |arg: &String| Some(arg.strip_prefix(name)?.strip_prefix('=')?.to_owned());
            kbuild.iter().rev().find_map(find)
        };
        let key = self
            .sign_key
            .clone()
            .or_else(|| given("CONFIG_MODULE_SIG_KEY"));
        let configured = |name: &str| kdir.config.get(name).map(String::as_str);
        let Some(key) = key.filter(|key| !key.is_empty()) else {
            ensure!(
                self.sign_cert.is_none(),
                "SIGN_CERT=: name its key too, with SIGN_KEY="
            );
            let own = configured("MODULE_SIG_KEY").unwrap_or_default();
            if own.is_empty() || own.starts_with("pkcs11:") || kdir.path.join(own).exists() {
                return Ok(Vec::new());
            }
            // The packager kept his key: sign-file would fail for each module, with four lines of OpenSSL's.
            return Ok(vec!["cmd_sign=:".to_owned(), "quiet_cmd_sign=".to_owned()]);
        };
        let tool = kdir.path.join("scripts/sign-file");
        ensure!(
            tool.exists(),
            "{}: no scripts/sign-file; this kernel has no module signatures (CONFIG_MODULE_SIG)",
            kdir.path.display()
        );
        let (key, certificate) = self.key_and_certificate(&key)?;
        let hash = given("CONFIG_MODULE_SIG_HASH");
        let hash = hash
            .as_deref()
            .or_else(|| configured("MODULE_SIG_HASH"))
            .unwrap_or("sha512");
        Ok(vec![
            format!(
                "cmd_sign={} {hash} {} {} $@",
                tool.display(),
                word(&key)?,
                word(&certificate.display().to_string())?
            ),
            "quiet_cmd_sign=SIGN    $@".to_owned(),
        ])
    }

    /// The key and its certificate, with absolute paths: Kbuild works elsewhere.
    fn key_and_certificate(&self, key: &str) -> Result<(String, PathBuf)> {
        let absolute = |path: &Path| {
            path.canonicalize()
                .with_context(|| format!("SIGN_KEY, SIGN_CERT: cannot read {}", path.display()))
        };
        let certificate = self.sign_cert.as_deref().map(absolute).transpose()?;
        if key.starts_with("pkcs11:") {
            let certificate =
                certificate.context("SIGN_KEY=pkcs11:...: name the certificate with SIGN_CERT=")?;
            return Ok((key.to_owned(), certificate));
        }
        let path = absolute(Path::new(key))?;
        let text =
            fs::read(&path).with_context(|| format!("SIGN_KEY: cannot read {}", path.display()))?;
        let text = String::from_utf8_lossy(&text);
        if !text.contains("PRIVATE KEY-----") {
            bail!("SIGN_KEY={key}: no private key in PEM form in it");
        }
        let certificate = match certificate {
            Some(certificate) => certificate,
            None if text.contains("-----BEGIN CERTIFICATE-----") => path.clone(),
            None => bail!("SIGN_KEY={key}: no certificate in it; name its file with SIGN_CERT="),
        };
        Ok((path.display().to_string(), certificate))
    }
}

/// A word for a shell command in a make variable.
fn word(text: &str) -> Result<String> {
    Ok(shlex::try_quote(text)?.replace('$', "$$"))
}

/// All of Kconfig's choice, so that the kernel's own choice does not stay on beside it.
fn compression(compress: Compress) -> Vec<String> {
    let set = |(name, on): (&str, bool)| {
        format!(
            "CONFIG_MODULE_COMPRESS_{name}={}",
            if on { "y" } else { "" }
        )
    };
    let choice = [
        ("NONE", compress == Compress::None),
        ("ALL", compress != Compress::None),
        ("GZIP", compress == Compress::Gzip),
        ("XZ", compress == Compress::Xz),
        ("ZSTD", compress == Compress::Zstd),
    ];
    choice.map(set).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Args = Args {
        sign_key: None,
        sign_cert: None,
        compress: None,
    };

    fn kdir(dir: &Path) -> Kdir {
        Kdir {
            path: dir.to_owned(),
            release: "6.6".to_owned(),
            config: [
                ("MODULE_SIG_KEY", "certs/signing_key.pem"),
                ("MODULE_SIG_HASH", "sha256"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        }
    }

    fn sign(dir: &Path, key: &str, cert: Option<&str>) -> Result<Vec<String>> {
        let args = Args {
            sign_key: Some(key.to_owned()),
            sign_cert: cert.map(PathBuf::from),
            ..NOTHING
        };
        args.sign(&kdir(dir), &[])
    }

    #[test]
    fn kbuild_signs_by_itself_only_where_the_kernels_key_is() {
        let dir = tempfile::tempdir().unwrap();
        let quiet = ["cmd_sign=:", "quiet_cmd_sign="];
        assert_eq!(NOTHING.sign(&kdir(dir.path()), &[]).unwrap(), quiet);
        fs::create_dir(dir.path().join("certs")).unwrap();
        fs::write(dir.path().join("certs/signing_key.pem"), "").unwrap();
        assert!(NOTHING.sign(&kdir(dir.path()), &[]).unwrap().is_empty());
    }

    #[test]
    fn a_key_that_cannot_sign_is_refused_with_one_line() {
        let dir = tempfile::tempdir().unwrap();
        let refused = |key: &str, part: &str| {
            let error = format!("{:#}", sign(dir.path(), key, None).unwrap_err());
            assert!(
                error.contains(part) && error.lines().count() == 1,
                "{error}"
            );
        };
        refused("/nowhere/key.pem", "no scripts/sign-file");
        fs::create_dir(dir.path().join("scripts")).unwrap();
        fs::write(dir.path().join("scripts/sign-file"), "").unwrap();
        refused("/nowhere/key.pem", "cannot read /nowhere/key.pem");
        refused("pkcs11:token=x", "SIGN_CERT=");
        let key = dir.path().join("key.pem");
        fs::write(&key, "-----BEGIN CERTIFICATE-----").unwrap();
        refused(key.to_str().unwrap(), "no private key");
        fs::write(&key, "-----BEGIN PRIVATE KEY-----").unwrap();
        refused(key.to_str().unwrap(), "no certificate in it");
        let path = key.to_str().unwrap();
        let args = sign(dir.path(), path, Some(path)).unwrap();
        let tool = dir.path().join("scripts/sign-file");
        assert_eq!(
            args[0],
            format!("cmd_sign={} sha256 {path} {path} $@", tool.display())
        );
    }

    #[test]
    fn options_of_another_target_are_refused() {
        let args = Args {
            compress: Some(Compress::Xz),
            ..NOTHING
        };
        let dir = tempfile::tempdir().unwrap();
        assert!(args
            .make_args(&kdir(dir.path()), &["modules".into()])
            .is_err());
        assert!(NOTHING
            .make_args(&kdir(dir.path()), &["modules".into()])
            .unwrap()
            .is_empty());
    }

    #[test]
    fn one_compression_is_chosen() {
        let on: Vec<String> = compression(Compress::Zstd)
            .into_iter()
            .filter(|v| v.ends_with('y'))
            .collect();
        assert_eq!(
            on,
            [
                "CONFIG_MODULE_COMPRESS_ALL=y",
                "CONFIG_MODULE_COMPRESS_ZSTD=y"
            ]
        );
        assert!(compression(Compress::None).contains(&"CONFIG_MODULE_COMPRESS_ALL=".to_owned()));
    }
}
