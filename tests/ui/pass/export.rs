// SPDX-License-Identifier: GPL-2.0-only

//! `#[export]`: a function that C declares.
#![deny(warnings)]

use macros::export;

#[export]
unsafe extern "C" fn ui_checked(a: i32) -> i32 {
    a + 1
}

fn main() {
    // SAFETY: It is the function above.
    assert_eq!(unsafe { kernel::bindings::ui_checked(1) }, 2);
}
