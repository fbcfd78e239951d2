// SPDX-License-Identifier: GPL-2.0-only

//! `fmt!` prints as `format_args!` does, and also what only the kernel's `Display` covers.
#![deny(warnings)]

use macros::fmt;

macro_rules! print {
    ($($args:tt)*) => {
        fmt!($($args)*).to_string()
    };
}

fn main() {
    let (name, text, width) = (c"uart0", "text", 6);
    let n = 255u32;

    assert_eq!(print!("plain {{}}"), "plain {}");
    assert_eq!(print!("{} {name} {0}", name), "uart0 uart0 uart0");
    assert_eq!(
        print!("{n:#06x} {n:?} {text}", n = n + 1),
        "0x0100 256 text"
    );
    assert_eq!(
        print!("{text:>width$}|{:<1$}|{:.*}", "a", 2, "long",),
        "  text|a |lo"
    );
    assert_eq!(print!(concat!("{}", "!"), name), "uart0!");
    assert_eq!(print!("{} {}", n == 255, &&n), "true 255");
}
