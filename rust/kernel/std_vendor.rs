// SPDX-License-Identifier: GPL-2.0-only

//! The kernel's version of a macro from `std`.

/// Prints the source text and the value of an expression, at level info, and returns the value.
///
/// For debugging: it should not stay in the code. It moves the value, so give it a reference to
/// what is needed later and is not `Copy`. Without arguments it prints where it stands.
///
/// # Examples
///
/// ```
/// let a = 2;
/// let b = dbg!(a * 2) + 1; // [src/lib.rs:2:9] a * 2 = 4
/// assert_eq!(b, 5);
/// ```
#[macro_export]
macro_rules! dbg {
    () => {
        $crate::pr_info!("[{}:{}:{}]\n", ::core::file!(), ::core::line!(), ::core::column!())
    };
    ($val:expr $(,)?) => {
        // `match` keeps temporaries of the expression alive as long as its value is used.
        match $val {
            value => {
                $crate::pr_info!(
                    "[{}:{}:{}] {} = {:#?}\n",
                    ::core::file!(),
                    ::core::line!(),
                    ::core::column!(),
                    ::core::stringify!($val),
                    &value
                );
                value
            }
        }
    };
    ($($val:expr),+ $(,)?) => {
        ($($crate::dbg!($val)),+,)
    };
}
