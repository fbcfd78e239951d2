// SPDX-License-Identifier: GPL-2.0-only

//! What a test module needs: `ktap_module!` makes a module whose loading runs its cases and prints KTAP.
//!
//! ```text
//! test_x: KTAP version 1
//! test_x: 1..2
//! test_x: ok 1 first
//! test_x: not ok 2 second # tests/kernel/test_x.rs:20: 1 + 1 == 3
//! ```
//!
//! If a case fails, the module is not loaded: `insmod` fails, with the errno of ENOTRECOVERABLE.

use core::fmt::Arguments;
use core::fmt::Display;
use core::fmt::Formatter;
use core::panic::Location;
use kernel::alloc::AllocError;
use kernel::prelude::*;

/// What a case returns.
pub(crate) type Outcome = Result<(), Failure>;

/// A test's name and function.
pub(crate) type Case = (&'static str, fn() -> Outcome);

/// Where a case failed, and at what.
pub(crate) struct Failure {
    file: &'static str,
    line: u32,
    what: What,
}

enum What {
    Text(&'static str),
    Error(Error),
}

impl Display for What {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        match self {
            What::Text(text) => f.write_str(text),
            What::Error(error) => write!(f, "{error:?}"),
        }
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let Self { file, line, what } = self;
        write!(f, "{file}:{line}: {what}")
    }
}

impl Failure {
    /// For [`check!`](crate::check) and [`check_eq!`](crate::check_eq).
    #[track_caller]
    pub(crate) fn new(what: &'static str) -> Self {
        let caller = Location::caller();
        Self::at(caller.file(), caller.line(), what)
    }

    /// For a place that is not the caller's.
    pub(crate) fn at(file: &'static str, line: u32, what: &'static str) -> Self {
        let what = What::Text(what);
        Self { file, line, what }
    }

    /// Whether that is where the case failed.
    #[allow(dead_code)]
    pub(crate) fn is_at(&self, file: &str, line: u32) -> bool {
        self.file == file && self.line == line
    }
}

impl From<Error> for Failure {
    #[track_caller]
    fn from(error: Error) -> Self {
        let caller = Location::caller();
        Self {
            file: caller.file(),
            line: caller.line(),
            what: What::Error(error),
        }
    }
}

impl From<AllocError> for Failure {
    #[track_caller]
    fn from(error: AllocError) -> Self {
        Error::from(error).into()
    }
}

/// Runs the cases and prints their results.
///
/// # Errors
///
/// ENOTRECOVERABLE if a case failed.
pub(crate) fn run(print: fn(Arguments<'_>), cases: &[Case]) -> Result {
    let mut failed = false;

    print(format_args!("KTAP version 1"));
    print(format_args!("1..{}", cases.len()));
    for (i, (name, case)) in cases.iter().enumerate() {
        let number = i + 1;
        match case() {
            Ok(()) => print(format_args!("ok {number} {name}")),
            Err(failure) => {
                failed = true;
                print(format_args!("not ok {number} {name} # {failure}"));
            }
        }
    }

    if failed {
        return Err(ENOTRECOVERABLE);
    }
    Ok(())
}

/// Fails the case unless the condition holds.
#[allow(unused_macros)]
macro_rules! check {
    ($($condition:tt)+) => {
        if !($($condition)+) {
            return Err($crate::ktap::Failure::new(stringify!($($condition)+)));
        }
    };
}

/// Fails the case unless both values are equal; prints them in a line before the result.
#[allow(unused_macros)]
macro_rules! check_eq {
    ($left:expr, $right:expr $(,)?) => {
        match (&$left, &$right) {
            (left, right) => {
                if !(*left == *right) {
                    pr_info!("# left: {:?}, right: {:?}\n", left, right);
                    return Err($crate::ktap::Failure::new(concat!(
                        stringify!($left),
                        " == ",
                        stringify!($right)
                    )));
                }
            }
        }
    };
}

/// Declares the module and its cases.
#[allow(unused_macros)]
macro_rules! ktap_module {
    (name: $name:tt, description: $description:tt, cases: [$($case:ident),+ $(,)?] $(,)?) => {
        ktap_module! {
            name: $name,
            description: $description,
            named_cases: &[$((stringify!($case), $case)),+],
        }
    };
    (name: $name:tt, description: $description:tt, named_cases: $cases:expr $(,)?) => {
        module! {
            type: KtapModule,
            name: $name,
            authors: ["The Ferrule developers"],
            description: $description,
            license: "GPL",
        }

        struct KtapModule;

        impl kernel::Module for KtapModule {
            fn init(_module: &'static ThisModule) -> Result<Self> {
                $crate::ktap::run(|line| pr_info!("{}\n", line), $cases)?;
                Ok(Self)
            }
        }
    };
}
