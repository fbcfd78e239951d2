// SPDX-License-Identifier: GPL-2.0-only

//! What `modules_install` makes of modules, for the newest fetched kernel. That the result works is tested
//! where it is loaded: `tests/vm/life.rs`.

use ferrule::dirs;
use ferrule::kernels::{self, Kernel};
use ferrule::verbs::demo;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

/// A kernel, and the modules of `tests/fixture` built for it.
struct Fixture {
    kernel: Kernel,
    dir: tempfile::TempDir,
}

static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
    let cache = kernels::cache_dir(None).unwrap();
    let kernel = kernels::cached(&cache).unwrap().pop();
    let kernel = kernel.expect("a kernel has been fetched: make kernels");
    let dir = tempfile::tempdir().unwrap();
    demo::copy_sources(&dirs::root().unwrap().join("tests/fixture"), dir.path()).unwrap();
    let fixture = Fixture { kernel, dir };
    let output = fixture.ferrule(&["modules"]);
    assert!(output.status.success(), "{}", text(&output));
    fixture
});

impl Fixture {
    /// `ferrule build -M tests/fixture` with more arguments.
    fn ferrule(&self, args: &[&str]) -> Output {
        let mut ferrule = Command::new(env!("CARGO_BIN_EXE_ferrule"));
        ferrule.args(["build", "--kdir"]).arg(&self.kernel.kdir);
        ferrule.arg("-M").arg(self.dir.path()).args(args);
        ferrule.env("KBUILD_SIGN_PIN", "12345").output().unwrap()
    }

    /// Installs into `tree`, and returns what was said.
    fn install(&self, tree: &Path, options: &[&str], vars: &[&str]) -> Output {
        let path = format!("INSTALL_MOD_PATH={}", tree.display());
        self.ferrule(&[options, &["modules_install", &path], vars].concat())
    }

    /// The installed file of `fixture_hello`, which must be the only one.
    fn installed(&self, tree: &Path) -> PathBuf {
        let mut found = Vec::new();
        let mut dirs = vec![tree.join("lib/modules").join(&self.kernel.release)];
        while let Some(dir) = dirs.pop() {
            for path in fs::read_dir(dir)
                .unwrap()
                .map(|entry| entry.unwrap().path())
            {
                if path.is_dir() {
                    dirs.push(path);
                } else if path.to_str().unwrap().contains("/fixture_hello.ko") {
                    found.push(path);
                }
            }
        }
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }
}

fn text(output: &Output) -> String {
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    format!("{out}{err}")
}

fn modinfo(module: &Path, field: &str) -> String {
    let output = Command::new("modinfo")
        .args(["-F", field])
        .arg(module)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output));
    text(&output).trim().to_owned()
}

/// Installs, and expects success; returns the file of `fixture_hello`.
fn installs(options: &[&str], vars: &[&str]) -> (tempfile::TempDir, PathBuf) {
    let tree = tempfile::tempdir().unwrap();
    let output = FIXTURE.install(tree.path(), options, vars);
    assert!(output.status.success(), "{}", text(&output));
    assert!(!text(&output).contains("error"), "{}", text(&output));
    let module = FIXTURE.installed(tree.path());
    (tree, module)
}

#[test]
fn without_options_it_is_as_the_kernels_own_modules_are_and_not_signed() {
    let (_tree, module) = installs(&[], &[]);
    // Debian's newest kernel compresses with xz and keeps its key.
    assert!(
        module.ends_with("updates/fixture_hello.ko.xz"),
        "{module:?}"
    );
    assert_eq!(modinfo(&module, "name"), "fixture_hello");
    assert_eq!(modinfo(&module, "signer"), "");
}

#[test]
fn depmod_runs_over_the_tree() {
    let (tree, _) = installs(&[], &["INSTALL_MOD_DIR=mine"]);
    let modules = tree
        .path()
        .join("lib/modules")
        .join(&FIXTURE.kernel.release);
    let dep = fs::read_to_string(modules.join("modules.dep")).unwrap();
    assert!(dep.contains("mine/fixture_hello.ko.xz:"), "{dep}");
    let (tree, _) = installs(&[], &["DEPMOD=:"]);
    let modules = tree
        .path()
        .join("lib/modules")
        .join(&FIXTURE.kernel.release);
    assert!(!modules.join("modules.dep").exists());
}

#[test]
fn compression_is_the_users_choice() {
    let magic = |module: &Path| fs::read(module).unwrap()[..4].to_vec();
    let (_tree, plain) = installs(&["--compress", "none"], &[]);
    assert_eq!(
        (plain.extension().unwrap().to_str(), magic(&plain)),
        (Some("ko"), b"\x7fELF".to_vec())
    );
    let (_tree, zstd) = installs(&["--compress", "zstd"], &[]);
    assert_eq!(
        (zstd.extension().unwrap().to_str(), magic(&zstd)),
        (Some("zst"), b"\x28\xb5\x2f\xfd".to_vec())
    );
    let (_tree, gzip) = installs(&["--compress", "gzip"], &[]);
    assert_eq!(
        (
            gzip.extension().unwrap().to_str(),
            magic(&gzip)[..2].to_vec()
        ),
        (Some("gz"), b"\x1f\x8b".to_vec())
    );
}

#[test]
fn stripping_keeps_what_the_kernel_reads() {
    let (_tree, whole) = installs(&["--compress", "none"], &[]);
    let (_tree2, stripped) = installs(&["--compress", "none"], &["INSTALL_MOD_STRIP=1"]);
    let size = |path: &Path| fs::metadata(path).unwrap().len();
    assert!(
        size(&stripped) < size(&whole),
        "{} {}",
        size(&stripped),
        size(&whole)
    );
    assert_eq!(modinfo(&stripped, "vermagic"), modinfo(&whole, "vermagic"));
}

/// A key and its certificate in `dir`, the key opened by `pin`.
fn key(dir: &Path, pin: Option<&str>) -> [String; 2] {
    let path = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    let [key, cert] = [path("key.pem"), path("cert.der")];
    let mut openssl = Command::new("openssl");
    openssl.args([
        "req",
        "-new",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-days",
        "36500",
        "-subj",
        "/CN=A tester/",
    ]);
    match pin {
        Some(pin) => openssl.arg("-passout").arg(format!("pass:{pin}")),
        None => openssl.arg("-nodes"),
    };
    openssl.args(["-keyout", &key, "-outform", "DER", "-out", &cert]);
    let output = openssl.output().expect("openssl is there: make setup");
    assert!(output.status.success(), "{}", text(&output));
    [key, cert]
}

#[test]
fn modules_are_signed_with_the_users_key_after_stripping_and_before_compressing() {
    let dir = tempfile::tempdir().unwrap();
    let [key, cert] = key(dir.path(), None);
    let options = ["--sign-key", &key, "--sign-cert", &cert, "--compress", "xz"];
    let (_tree, module) = installs(&options, &["INSTALL_MOD_STRIP=1"]);
    assert_eq!(modinfo(&module, "signer"), "A tester");
    assert_eq!(modinfo(&module, "sig_hashalgo"), "sha256");
    let variable = format!("CONFIG_MODULE_SIG_KEY={key}");
    let (_tree, module) = installs(
        &["--sign-cert", &cert],
        &[&variable, "CONFIG_MODULE_SIG_HASH=sha512"],
    );
    assert_eq!(modinfo(&module, "signer"), "A tester");
    assert_eq!(modinfo(&module, "sig_hashalgo"), "sha512");
}

#[test]
fn a_pin_opens_the_key() {
    let dir = tempfile::tempdir().unwrap();
    let [key, cert] = key(dir.path(), Some("12345"));
    let (_tree, module) = installs(&["--sign-key", &key, "--sign-cert", &cert], &[]);
    assert_eq!(modinfo(&module, "signer"), "A tester");
}

#[test]
fn a_key_that_does_not_open_stops_the_installation() {
    let dir = tempfile::tempdir().unwrap();
    let [key, cert] = key(dir.path(), Some("another"));
    let tree = tempfile::tempdir().unwrap();
    let output = FIXTURE.install(
        tree.path(),
        &["--sign-key", &key, "--sign-cert", &cert],
        &[],
    );
    assert!(
        !output.status.success() && text(&output).contains(&format!("sign-file: {key}")),
        "{}",
        text(&output)
    );
}

#[test]
fn a_key_that_is_not_there_is_named_before_anything_is_installed() {
    let tree = tempfile::tempdir().unwrap();
    let output = FIXTURE.install(tree.path(), &["--sign-key", "/nowhere/key.pem"], &[]);
    let said = text(&output);
    assert!(
        !output.status.success() && said.lines().count() == 1 && said.contains("/nowhere/key.pem"),
        "{said}"
    );
    assert_eq!(fs::read_dir(tree.path()).unwrap().count(), 0);
}

#[test]
fn installing_needs_no_toolchain() {
    let tree = tempfile::tempdir().unwrap();
    let mut ferrule = Command::new(env!("CARGO_BIN_EXE_ferrule"));
    ferrule
        .args(["build", "--kdir"])
        .arg(&FIXTURE.kernel.kdir)
        .arg("-M")
        .arg(FIXTURE.dir.path());
    ferrule
        .arg("modules_install")
        .arg(format!("INSTALL_MOD_PATH={}", tree.path().display()));
    let output = ferrule.env("RUSTC", "/nowhere/rustc").output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
}
