// SPDX-License-Identifier: GPL-2.0-only

//! What must not compile, with rustc's message beside it, and what must compile and pass.
//!
//! After a wanted change of a message: `TRYBUILD=overwrite cargo test -p macros --test ui`, then
//! read the difference.

#[test]
fn ui() {
    // The expansions need `used_with_arg`, as in the kernel's own build.
    std::env::set_var("RUSTC_BOOTSTRAP", "1");

    let tests = trybuild::TestCases::new();
    tests.compile_fail("../../tests/ui/*.rs");
    tests.pass("../../tests/ui/pass/*.rs");
}
