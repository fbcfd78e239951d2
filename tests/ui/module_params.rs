// SPDX-License-Identifier: GPL-2.0-only

//! Mistakes in the parameters of a module.

use macros::module;

macro_rules! params {
    ($($params:tt)*) => {
        module! {
            type: Driver,
            name: "ui",
            license: "GPL",
            params: $($params)*,
        }
    };
}

// No block, no name, no type, no inner block.
params!([]);
params!({ 5: i32 { default: 1, description: "" }, });
params!({ p { default: 1, description: "" }, });
params!({ p: });
params!({ p: i32, });

// No type of a parameter.
params!({ p: &str { default: "", description: "" }, });
params!({ p: fn() { default: 1, description: "" }, });
params!({ p: [[i32; 2]; 2] { default: [], description: "" }, });
params!({ p: string { default: "", description: "" }, });
params!({ p: string<'a'> { default: "", description: "", }, });
params!({ p: string<u8, 5> { default: "", description: "" }, });

// Out of range.
params!({ p: u8 { default: 256, description: "", }, });
params!({ p: i8 { default: -129, description: "", }, });
params!({ p: u32 { default: -1, description: "", }, });
params!({ p: u64 { default: 0x1_0000_0000_0000_0000, description: "", }, });
params!({ p: i64 { default: 9223372036854775808, description: "", }, });

// A default of another type.
params!({ p: i32 { default: "1", description: "", }, });
params!({ p: i32 { default: 1u32, description: "", }, });
params!({ p: i32 { default: --1, description: "", }, });
params!({ p: i32 { default: 1.0, description: "", }, });
params!({ p: i32 { default: true, description: "", }, });
params!({ p: bool { default: 1, description: "", }, });

// Keys.
params!({ p: i32 { description: "", }, });
params!({ p: i32 { default: 1, }, });
params!({ p: i32 { description: "", default: 1, }, });
params!({ p: i32 { default: 1, default: 1, description: "", }, });
params!({ p: i32 { default: 1, description: "", perm: 0o644, }, });
params!({ p: i32 { default: 1, description: "", max: 1, min: 1, }, });
params!({ p: i32 { default: 1, description: 2, }, });

// Commas.
params!({ p: i32 { default: 1 description: "", }, });
params!({ p: i32 { default: 1, description: "" }, });
params!({ p: i32 { default: 1, description: "", } });

// A name twice; a raw one is no other name.
params!({
    p: i32 { default: 1, description: "", },
    r#p: bool { default: true, description: "", },
});
params!({
    p: i32 { default: 1, description: "", },
    q: i32 { default: 1, description: "", name: "p", },
});
params!({
    a_b: i32 { default: 1, description: "", },
    q: i32 { default: 1, description: "", name: "a-b", },
});

// Permissions.
params!({ p: i32 { default: 1, description: "", permissions: 644, }, });
params!({ p: i32 { default: 1, description: "", permissions: 0644, }, });
params!({ p: i32 { default: 1, description: "", permissions: "0644", }, });
params!({ p: i32 { default: 1, description: "", permissions: 0o1644, }, });
params!({ p: i32 { default: 1, description: "", permissions: 0o755, }, });
params!({ p: i32 { default: 1, description: "", permissions: 0o666, }, });
params!({ p: i32 { default: 1, description: "", permissions: 0o464, }, });
params!({ p: i32 { default: 1, description: "", permissions: 0o044, }, });

// Ranges.
params!({ p: u8 { default: 1, description: "", min: 2, }, });
params!({ p: u8 { default: 9, description: "", max: 8, }, });
params!({ p: u8 { default: 5, description: "", min: 6, max: 4, }, });
params!({ p: u8 { default: 5, description: "", max: 256, }, });
params!({ p: u8 { default: 5, description: "", max: "6", }, });
params!({ p: [u8; 3] { default: [1, 9], description: "", max: 8, }, });
params!({ p: bool { default: true, description: "", max: 1, }, });
params!({ p: charp { default: "", description: "", min: 1, }, });

// Strings, arrays and what C has its own names for.
params!({ p: charp { default: 1, description: "", }, });
params!({ p: charp { default: "\0", description: "", }, });
params!({ p: charp { default: Some, description: "", }, });
params!({ p: string<4> { default: None, description: "", }, });
params!({ p: string<4> { default: "four", description: "", }, });
params!({ p: [i32; 2] { default: 1, description: "", }, });
params!({ p: [i32; 2] { default: [1, 2, 3], description: "", }, });
params!({ p: [i32; 2] { default: [1, "2"], description: "", }, });
params!({ p: [i32; 2] { default: [1 2], description: "", }, });
params!({ p: [i32; 0] { default: [], description: "", }, });
params!({ p: hexint { default: -1, description: "", }, });
params!({ p: invbool { default: 1, description: "", }, });

// The other keys.
params!({ p: i32 { default: 1, description: "", name: "", }, });
params!({ p: i32 { default: 1, description: "", name: "a b", }, });
params!({ p: i32 { default: 1, description: "", set: 5, }, });
params!({ p: i32 { default: 1, description: "", get: "x", }, });
params!({ p: i32 { default: 1, description: "", unsafe: 1, }, });
params!({ p: i32 { default: 1, description: "", hardware: gpio, }, });
params!({ p: i32 { default: 1, description: "", level: early, }, });
params!({ p: i32 { default: 1, description: "", early: 1, }, });
params!({ p: i32 { default: 1, description: "", unsafe: true, early: true, }, });
params!({ p: i32 { default: 1, description: "", set: check, early: true, }, });

fn main() {}
