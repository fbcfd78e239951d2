// SPDX-License-Identifier: GPL-2.0-only

//! What `paste!` makes.
#![deny(warnings)]

use macros::paste;

macro_rules! accessors {
    ($($type:ty, $name:ident, $lifetime:lifetime;)*) => {
        paste! {
            $(
                fn [<$name _ $type>]<$lifetime>(x: &$lifetime $type) -> &$lifetime $type { x }
                #[allow(non_upper_case_globals)]
                const [<$name:upper _ $lifetime:span _ "LEN" 1>]: usize = core::mem::size_of::<$type>();
            )*
        }
    };
}

accessors! {
    u8, read, 'a;
    u16, write, 'b;
}

paste! {
    #[allow(non_camel_case_types)]
    struct [<Type r#fn "_x">] { field: [u8; 2] }
    #[allow(non_upper_case_globals)]
    const [<LOUD:lower>]: u8 = 3;
}

fn main() {
    assert_eq!((*read_u8(&1), *write_u16(&2)), (1, 2));
    assert_eq!((READ_a_LEN1, WRITE_b_LEN1, loud), (1, 2, 3));
    assert_eq!(Typefn_x { field: [1, 2] }.field, [1, 2]);
}
