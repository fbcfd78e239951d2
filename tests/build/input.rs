// SPDX-License-Identifier: GPL-2.0-only

//! Bad input ends in one clear line.

use super::*;
use ferrule::dirs;

#[test]
fn a_path_that_make_cannot_handle_is_refused() {
    let (kernel, dir) = (kernel(), tempfile::tempdir().unwrap());
    let spaced = dir.path().join("my driver");
    fs::create_dir(&spaced).unwrap();
    fs::write(spaced.join("Kbuild"), "").unwrap();
    let output = fails(&mut command(&kernel, &spaced));
    assert!(output.contains("make cannot handle the ' '"), "{output}");
    assert_eq!(output.lines().count(), 1, "{output}");
}

#[test]
fn a_function_that_takes_the_place_of_another_is_refused() {
    let kernel = kernel();
    let free = "#[export]\npub unsafe extern \"C\" fn kfree(_: *const kernel::ffi::c_void) {}\n";
    let error = "#[unsafe(no_mangle)]\npub extern \"C\" fn rust_build_error() {}\n";
    for (what, source, whose) in [
        ("kfree", free, "the kernel exports"),
        ("rust_build_error", error, "build_error! calls"),
    ] {
        let dir = module(&format!("{HELLO}/// Another.\n{source}"));
        let output = fails(&mut command(&kernel, dir.path()));
        let line = format!("one.rs: {what} is defined here, and is also what {whose}");
        assert!(output.contains(&line), "{output}");
        fs::write(dir.path().join("one.rs"), HELLO).unwrap();
        builds(&kernel, dir.path());
    }
}

#[test]
fn an_attribute_that_is_unsafe_needs_unsafe() {
    let kernel = kernel();
    for (attribute, error) in [
        // Called after loading, it would be a jump into memory that has been given back.
        (
            "#[link_section = \".init.text\"]",
            "unsafe attribute used without unsafe",
        ),
        (
            "#[cfg_attr(all(), no_mangle)]",
            "unsafe attribute used without unsafe",
        ),
        (
            "#[allow(unsafe_attr_outside_unsafe)]\n#[export_name = \"other\"]",
            "allow(unsafe_attr_outside_unsafe) incompatible with previous forbid",
        ),
    ] {
        let function = "pub extern \"C\" fn gone() -> u32 { 3 }\n";
        let dir = module(&format!("{HELLO}/// Gone.\n{attribute}\n{function}"));
        let output = fails(&mut command(&kernel, dir.path()));
        assert!(output.contains(error), "{attribute}: {output}");
    }
}

#[test]
fn directories_that_are_no_modules_are_refused() {
    let (kernel, dir) = (kernel(), tempfile::tempdir().unwrap());
    assert!(fails(&mut command(&kernel, dir.path())).contains("no Kbuild file here"));
    let gone = dir.path().join("gone");
    let output = fails(&mut command(&kernel, &gone));
    let line = format!("ferrule: M={}: no such directory\n", gone.display());
    assert_eq!(output, line);
}

#[test]
fn an_object_without_a_source_is_named() {
    let (kernel, dir) = (kernel(), module(HELLO));
    let kbuild = dir.path().join("Kbuild");
    fs::write(&kbuild, "obj-m := one.o tow.o\n").unwrap();
    let output = fails(&mut command(&kernel, dir.path()));
    let hint = "Kbuild names tow.o, but there is neither tow.rs nor tow.c\n";
    assert!(output.ends_with(hint), "{output}");
}

/// `ferrule` with these arguments fails with one line, which is returned.
fn one_line(args: &[&str]) -> String {
    let output = fails(Command::new(env!("CARGO_BIN_EXE_ferrule")).args(args));
    assert_eq!(output.lines().count(), 1, "{output}");
    output
}

#[test]
fn a_kernel_that_is_not_there_is_answered_with_those_that_are() {
    let series = kernel().series;
    let fixture = dirs::root().unwrap().join("tests/fixture");
    let fixture = fixture.to_str().unwrap();
    for (name, output) in [
        (
            "KVER=9.99",
            one_line(&["build", "--kver", "9.99", "-M", fixture]),
        ),
        (
            "--kernel 9.99",
            one_line(&["vm", "--kernel", "9.99", "--", "true"]),
        ),
    ] {
        assert!(output.contains(name), "{output}");
        let fetched = output.split("fetched: ").nth(1).unwrap();
        assert!(fetched.contains(&series), "{output}");
        assert!(fetched.contains("make kernels KERNELS="), "{output}");
    }
    let unknown = one_line(&["demo", "9.99"]);
    assert!(
        unknown.contains("9.99: no such series") && unknown.contains(&series),
        "{unknown}"
    );
}

#[test]
fn helpers_that_are_no_choice_are_refused() {
    let output = one_line(&["build", "--helpers", "foo"]);
    assert!(
        output.contains("HELPERS=foo: it is `inline` or `object`"),
        "{output}"
    );
}

/// A build directory that has only what is checked before anything is built.
fn fake_kdir(config: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("Makefile"), "").unwrap();
    fs::create_dir_all(dir.path().join("include/config")).unwrap();
    fs::create_dir_all(dir.path().join("include/generated")).unwrap();
    fs::write(dir.path().join("include/config/auto.conf"), config).unwrap();
    fs::write(
        dir.path().join("include/generated/utsrelease.h"),
        "#define UTS_RELEASE \"6.6.0-fake\"\n",
    )
    .unwrap();
    dir
}

#[test]
fn unfit_kernels_are_refused_with_one_line() {
    let (kernel, dir) = (kernel(), module(HELLO));
    let refused = |kdir: &Path| {
        let kernel = Kernel {
            kdir: kdir.to_owned(),
            ..kernel.clone()
        };
        let output = fails(&mut command(&kernel, dir.path()));
        assert_eq!(output.lines().count(), 1, "{output}");
        output
    };
    let empty = tempfile::tempdir().unwrap();
    assert!(refused(empty.path()).contains("no kernel headers here"));
    fs::write(empty.path().join("Makefile"), "").unwrap();
    assert!(refused(empty.path()).contains("not prepared"));
    assert!(refused(fake_kdir("CONFIG_ARM64=y\n").path()).contains("not a 64-bit x86 kernel"));
    assert!(refused(fake_kdir("CONFIG_X86_32=y\n").path()).contains("not a 64-bit x86 kernel"));
}

#[test]
fn a_toolchain_that_does_not_fit_is_refused() {
    let (kernel, dir) = (kernel(), module(HELLO));
    for (name, value) in [
        ("RUSTC", "/bin/true"),
        ("CLANG", "/bin/true"),
        ("LIBCLANG_PATH", "/nowhere"),
    ] {
        let output = fails(command(&kernel, dir.path()).env(name, value));
        assert!(
            output.starts_with("ferrule: ") && output.contains(name),
            "{output}"
        );
    }
}
