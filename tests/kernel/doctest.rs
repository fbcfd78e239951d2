// SPDX-License-Identifier: GPL-2.0-only

//! What `test_doc.rs`, the module made of the examples in the `kernel` crate's docs, needs: assertions that
//! fail the case and not the kernel.

use crate::ktap::Failure;
use crate::ktap::Outcome;
use core::fmt::Arguments;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering;
use kernel::prelude::*;

/// Stands in for core's: what does not hold is noted, and the example goes on.
macro_rules! assert {
    ($condition:expr $(, $($message:tt)*)?) => {
        if !$condition {
            $crate::doctest::fail(line!(), format_args!("assert!({})", stringify!($condition)));
        }
    };
}

/// Compares two values for the macros below.
macro_rules! compare {
    ($name:literal, $wanted:literal, $left:expr, $right:expr) => {
        match (&$left, &$right) {
            (left, right) => {
                if (*left == *right) != $wanted {
                    $crate::doctest::fail(
                        line!(),
                        format_args!("{}({:?}, {:?})", $name, left, right),
                    );
                }
            }
        }
    };
}

/// Stands in for core's.
macro_rules! assert_eq {
    ($left:expr, $right:expr $(, $($message:tt)*)?) => {
        compare!("assert_eq!", true, $left, $right)
    };
}

/// Stands in for core's.
#[allow(unused_macros)]
macro_rules! assert_ne {
    ($left:expr, $right:expr $(, $($message:tt)*)?) => {
        compare!("assert_ne!", false, $left, $right)
    };
}

/// The line, in the file that was generated, at which the running example failed first; 0 if it did not.
static FAILED: AtomicU32 = AtomicU32::new(0);

/// Notes that the running example failed.
pub(crate) fn fail(line: u32, what: Arguments<'_>) {
    let _ = FAILED.compare_exchange(0, line, Ordering::Relaxed, Ordering::Relaxed);
    pr_info!("# {}\n", what);
}

/// What became of the example that has just run. Its lines in `file` come `offset` after those generated.
pub(crate) fn outcome(file: &'static str, offset: i32) -> Outcome {
    match FAILED.swap(0, Ordering::Relaxed) {
        0 => Ok(()),
        line => Err(Failure::at(
            file,
            line.wrapping_add_signed(offset),
            "see the line before",
        )),
    }
}

/// That the assertions above notice what does not hold, and where.
pub(crate) fn failures_are_noticed() -> Outcome {
    pr_info!("# these three fail:\n");
    let before = line!();
    assert!(before == 0);
    assert_eq!(before, 0);
    assert_ne!(before, before);
    match outcome("a file", 1000) {
        Err(failure) if failure.is_at("a file", before + 1 + 1000) => outcome("", 0),
        _ => Err(Failure::new("a failure is noticed")),
    }
}
