// SPDX-License-Identifier: GPL-2.0-only

//! What ties an exported function to its interface.

/// A function that an interface declares: `#[interface]` makes a type for each.
///
/// # Safety
///
/// `Function` must be the type of a pointer to what the importing modules call by the symbol in `ID`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no function of an interface",
    note = "`#[interface]` on an `extern` block declares them, in a file that Kbuild names"
)]
pub unsafe trait Declared {
    /// The type of a pointer to the function.
    type Function;

    /// The interface and the symbol.
    const ID: &'static str;
}

/// Compiles where the interface knows the function of type `D` as `id`.
#[doc(hidden)]
pub const fn declared<D: Declared>(id: &str) {
    let (a, b) = (D::ID.as_bytes(), id.as_bytes());
    let mut same = a.len() == b.len();
    let mut at = 0;
    while same && at < a.len() {
        same = a[at] == b[at];
        at += 1;
    }
    assert!(
        same,
        "the function is of another interface; name the one that declares it"
    );
}
