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
params!({ p: i128 { default: 1, description: "" }, });
params!({ p: &str { default: "", description: "" }, });

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
params!({ p: i32 { default: 1, description: "", permissions: 0o644, }, });
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

fn main() {}
