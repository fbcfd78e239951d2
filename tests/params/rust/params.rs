// SPDX-License-Identifier: GPL-2.0-only

//! Twin of `../c/params.c`: every kind of parameter that moduleparam.h has, once fixed after load
//! and once writable.

use kernel::prelude::*;

module! {
    type: Params,
    name: "params",
    description: "Test: parameters of a Rust module",
    license: "GPL",
    params: {
        i8: i8 { default: -8, description: "", permissions: 0o444, },
        i8_rw: i8 { default: -8, description: "", permissions: 0o644, },
        u8: u8 { default: 8, description: "", permissions: 0o444, },
        u8_rw: u8 { default: 8, description: "", permissions: 0o644, },
        i16: i16 { default: -16, description: "", permissions: 0o444, },
        i16_rw: i16 { default: -16, description: "", permissions: 0o644, },
        u16: u16 { default: 16, description: "", permissions: 0o444, },
        u16_rw: u16 { default: 16, description: "", permissions: 0o644, },
        i32: i32 { default: -32, description: "", permissions: 0o444, },
        i32_rw: i32 { default: -32, description: "", permissions: 0o644, },
        u32: u32 { default: 32, description: "", permissions: 0o444, },
        u32_rw: u32 { default: 32, description: "", permissions: 0o644, },
        i64: i64 { default: -64, description: "", permissions: 0o444, },
        i64_rw: i64 { default: -64, description: "", permissions: 0o644, },
        u64: u64 { default: 64, description: "", permissions: 0o444, },
        u64_rw: u64 { default: 64, description: "", permissions: 0o644, },
        isize: isize { default: -1, description: "", permissions: 0o444, },
        isize_rw: isize { default: -1, description: "", permissions: 0o644, },
        usize: usize { default: 1, description: "", permissions: 0o444, },
        usize_rw: usize { default: 1, description: "", permissions: 0o644, },
        hexint: hexint { default: 0x1f, description: "", permissions: 0o444, },
        hexint_rw: hexint { default: 0x1f, description: "", permissions: 0o644, },
        bint: bint { default: 0, description: "", permissions: 0o444, },
        bint_rw: bint { default: 0, description: "", permissions: 0o644, },
        bool: bool { default: false, description: "", permissions: 0o444, },
        bool_rw: bool { default: false, description: "", permissions: 0o644, },
        invbool: invbool { default: false, description: "", permissions: 0o444, },
        invbool_rw: invbool { default: false, description: "", permissions: 0o644, },
        enable: bool_enable_only { default: false, description: "", permissions: 0o444, },
        enable_rw: bool_enable_only { default: false, description: "", permissions: 0o644, },
        charp: charp { default: "default", description: "", permissions: 0o444, },
        charp_rw: charp { default: c"default", description: "", permissions: 0o644, },
        null_rw: charp { default: None, description: "", permissions: 0o644, },
        string: string<16> { default: "default", description: "", permissions: 0o444, },
        string_rw: string<16> { default: "default", description: "", permissions: 0o644, },
        ints: [i32; 4] { default: [1, 2], description: "", permissions: 0o444, },
        ints_rw: [i32; 4] { default: [1, 2], description: "", permissions: 0o644, },
        words_rw: [charp; 3] { default: ["one"], description: "", permissions: 0o644, },
        bools_rw: [bool; 2] { default: [], description: "", permissions: 0o644, },
        hidden: i32 { default: 0, description: "", },
        other: i32 { default: 0, description: "", permissions: 0o444, name: "renamed", },
        danger: i32 { default: 0, description: "", permissions: 0o644, unsafe: true, },
        io: i32 { default: 0, description: "", permissions: 0o444, hardware: ioport, },
    },
}

struct Params;

fn say(name: &str, text: Option<&CStr>) {
    let bytes = text.unwrap_or_default().to_bytes();
    let sum = bytes.iter().fold(0u32, |sum, &byte| {
        sum.wrapping_mul(31).wrapping_add(byte.into())
    });
    let there = if text.is_some() { "some" } else { "none" };
    pr_info!("{name} {there} {} {sum}\n", bytes.len());
}

macro_rules! say_both {
    ($($name:ident $rw:ident;)*) => {$(
        pr_info!(
            "{} {} {}\n",
            stringify!($name),
            module_parameters::$name.value() as i64,
            module_parameters::$rw.value() as i64,
        );
    )*};
}

// One macro prints all of C's integers.
#[allow(clippy::cast_lossless)]
impl kernel::Module for Params {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        use module_parameters::*;

        say_both! {
            i8 i8_rw; u8 u8_rw; i16 i16_rw; u16 u16_rw; i32 i32_rw; u32 u32_rw; i64 i64_rw;
            u64 u64_rw; isize isize_rw; usize usize_rw; hexint hexint_rw; bint bint_rw;
            bool bool_rw; invbool invbool_rw; enable enable_rw;
        }
        say("charp", charp.value_ref().as_c_str());
        say("charp_rw", charp_rw.lock()?.as_c_str());
        say("null_rw", null_rw.lock()?.as_c_str());
        say("string", Some(string.value_ref()));
        say("string_rw", Some(&string_rw.lock()?));
        for (at, value) in ints.value_ref().iter().enumerate() {
            pr_info!("ints {at} {value}\n");
        }
        for (at, value) in ints_rw.lock()?.iter().enumerate() {
            pr_info!("ints_rw {at} {value}\n");
        }
        for word in words_rw.lock()?.iter() {
            say("words", word.as_c_str());
        }
        for (at, &value) in bools_rw.lock()?.iter().enumerate() {
            pr_info!("bools {at} {}\n", i32::from(value));
        }
        pr_info!(
            "hidden {} renamed {} danger {} io {}\n",
            hidden.value(),
            other.value(),
            danger.value(),
            io.value()
        );
        Ok(Self)
    }
}

impl Drop for Params {
    fn drop(&mut self) {
        if let Ok(text) = module_parameters::charp_rw.lock() {
            say("charp_rw", text.as_c_str());
        }
        pr_info!(
            "i32 {} bool {}\n",
            module_parameters::i32_rw.value(),
            i32::from(module_parameters::bool_rw.value())
        );
    }
}
