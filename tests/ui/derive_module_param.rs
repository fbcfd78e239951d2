// SPDX-License-Identifier: GPL-2.0-only

//! Mistakes with `#[derive(ModuleParam)]`.

use macros::ModuleParam;

#[derive(ModuleParam)]
struct NotAnEnum;

#[derive(ModuleParam)]
enum Empty {}

#[derive(ModuleParam)]
enum WithFields {
    A(u32),
}

#[derive(ModuleParam)]
enum Twice {
    A,
    #[param(name = "a")]
    B,
}

#[derive(ModuleParam)]
enum WrongKey {
    #[param(rename = "a")]
    A,
}

#[derive(ModuleParam)]
enum WrongName {
    #[param(name = "a,b")]
    A,
}

#[derive(ModuleParam)]
enum Generic<T> {
    A,
}

fn main() {}
