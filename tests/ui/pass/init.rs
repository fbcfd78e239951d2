// SPDX-License-Identifier: GPL-2.0-only

//! Forms of initialisers that matter to the compiler alone; `tests/kernel` runs the others.

#![deny(warnings)]

use pin_init::{init, pin_data, pin_init, stack_pin_init, Init, PinInit, Zeroable};

/// Names that the macros could take for their own.
#[pin_data]
#[allow(non_snake_case)]
struct Names<T> {
    slot: T,
    data: u8,
    guard0: u8,
    this: u8,
    init: u8,
    fill: u8,
    r#type: u8,
    clone: u8,
    make_closure: u8,
    UPPER: u8,
}

impl<T> Names<T> {
    fn new(slot: T) -> impl PinInit<Self> {
        pin_init!(Self {
            slot,
            data: 1,
            guard0: *data + 1,
            this: *guard0 + 1,
            init: *this + 1,
            fill: *init + 1,
            r#type: *fill + 1,
            clone: *r#type + 1,
            make_closure: *clone + 1,
            UPPER: *make_closure + 1,
        })
    }
}

/// `Self`, bounds, defaults, lifetimes and a tail without a size.
#[pin_data]
struct Node<'a, T: ?Sized + 'a, const N: usize = 2>
where
    Self: Sized,
    &'a T: Copy,
{
    next: Option<&'a Node<'a, T, N>>,
    #[pin]
    parent: *const Self,
    sizes: [usize; N],
    value: &'a T,
}

impl<'a, T: ?Sized> Node<'a, T> {
    fn new(value: &'a T) -> impl Init<Self> {
        init!(&this in Self { next: None, parent: this.as_ptr(), value, sizes: [0; 2] })
    }
}

/// Zero although it names itself.
#[derive(Zeroable)]
struct Chain {
    next: *const Self,
    length: u32,
}

/// As a macro of macros writes it.
macro_rules! pairs {
    ($($name:ident: $ty:ty = $value:expr;)*) => {
        #[pin_data]
        struct Pairs {
            $(#[pin] $name: $ty,)*
        }

        fn pairs() -> impl PinInit<Pairs> {
            pin_init!(Pairs { $($name: $value,)* })
        }
    };
}

pairs! {
    a: u8 = 1;
    b: Option<u16> = Some(2);
}

fn main() {
    stack_pin_init!(let names = Names::new("x"));
    assert_eq!((names.slot, names.UPPER), ("x", 9));
    stack_pin_init!(let node = Node::new("y"));
    assert!(node.next.is_none() && node.sizes == [0; 2] && node.value == "y");
    assert!(core::ptr::eq(node.parent, &*node));
    const END: Chain = pin_init::zeroed();
    assert!(END.next.is_null() && END.length == 0);
    stack_pin_init!(let pairs = pairs());
    assert_eq!((pairs.a, pairs.b), (1, Some(2)));
}
