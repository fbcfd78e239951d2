// SPDX-License-Identifier: GPL-2.0-only

//! Tests initialisation in place.

use core::cell::Cell;
use core::convert::Infallible;
use core::pin::Pin;
use kernel::bindings;
use kernel::prelude::*;
use kernel::types::Opaque;
use pin_init::stack_pin_init;
use pin_init::stack_try_pin_init;
use pin_init::Wrapper;

#[macro_use]
mod ktap;
use ktap::Outcome;

ktap_module! {
    name: "test_init",
    description: "Tests initialisation in place",
    cases: [
        on_the_stack, c_initialises, errors_clean_up, kernel_errors_by_default, error_types,
        wrapped, zeroed_values, chained, pinned_drop_runs,
    ],
}

/// A list head of C that points to itself, and counts its drops.
#[pin_data(PinnedDrop)]
struct Node<'a> {
    #[pin]
    list: Opaque<bindings::list_head>,
    drops: &'a Cell<u32>,
    value: u32,
}

impl<'a> Node<'a> {
    fn new(value: u32, drops: &'a Cell<u32>) -> impl PinInit<Self> + use<'a> {
        pin_init!(Self {
            list <- Opaque::ffi_init(|list: *mut bindings::list_head| {
                // SAFETY: `list` is a place for a list head, valid for writes.
                unsafe { list.write(bindings::list_head { next: list, prev: list }) };
            }),
            drops,
            value,
        })
    }

    fn is_linked_to_itself(&self) -> bool {
        let list = self.list.get();
        // SAFETY: `new` initialised the list head.
        core::ptr::eq(unsafe { (*list).next }, list)
    }
}

#[pinned_drop]
impl PinnedDrop for Node<'_> {
    fn drop(self: Pin<&mut Self>) {
        self.drops.set(self.drops.get() + 1);
    }
}

/// Two nodes, of which the second one may be refused.
#[pin_data]
struct Pair<'a> {
    #[pin]
    first: Node<'a>,
    #[pin]
    second: Node<'a>,
}

impl<'a> Pair<'a> {
    fn new(limit: u32, drops: &'a Cell<u32>) -> impl PinInit<Self, Error> + use<'a> {
        try_pin_init!(Self {
            first <- Node::new(1, drops),
            second <- {
                if limit < 2 {
                    return Err(ENOSPC);
                }
                Node::new(2, drops)
            },
        })
    }
}

fn on_the_stack() -> Outcome {
    let drops = Cell::new(0);
    {
        stack_pin_init!(let node = Node::new(3, &drops));
        check_eq!(node.value, 3);
        check!(node.is_linked_to_itself());
        check_eq!(drops.get(), 0);
    }
    check_eq!(drops.get(), 1);
    Ok(())
}

fn c_initialises() -> Outcome {
    stack_try_pin_init!(let failed: Opaque<u32> = Opaque::try_ffi_init(|_| Err(EIO)));
    check_eq!(failed.map(|_| ()), Err(EIO));
    stack_try_pin_init!(let done: Opaque<u32> = Opaque::try_ffi_init(|place: *mut u32| {
        // SAFETY: `place` is valid for writes.
        unsafe { place.write(9) };
        Ok::<(), Error>(())
    }));
    // SAFETY: The value was written above.
    check_eq!(done.map(|value| unsafe { *value.get() }), Ok(9));
    Ok(())
}

fn errors_clean_up() -> Outcome {
    let drops = Cell::new(0);
    {
        stack_try_pin_init!(let pair = Pair::new(1, &drops));
        check_eq!(pair.map(|_| ()), Err(ENOSPC));
    }
    check_eq!(drops.get(), 1);
    {
        stack_try_pin_init!(let pair = Pair::new(2, &drops));
        let pair = pair?;
        check!(pair.first.is_linked_to_itself() && pair.second.is_linked_to_itself());
    }
    check_eq!(drops.get(), 3);
    Ok(())
}

struct Plain {
    small: u8,
    large: [u32; 16],
}

fn kernel_errors_by_default() -> Outcome {
    fn narrow(value: u32) -> impl Init<Plain, Error> {
        try_init!(Plain {
            small: value.try_into()?,
            large <- pin_init::init_zeroed(),
        })
    }

    stack_try_pin_init!(let good = narrow(255));
    check_eq!(
        good.map(|plain| (plain.small, plain.large[15])),
        Ok((255, 0))
    );
    stack_try_pin_init!(let bad = narrow(256));
    check_eq!(bad.map(|_| ()), Err(EINVAL));
    Ok(())
}

fn error_types() -> Outcome {
    #[derive(Debug, PartialEq)]
    struct Own;

    impl From<Infallible> for Own {
        fn from(never: Infallible) -> Self {
            match never {}
        }
    }

    fn own(fails: bool) -> impl Init<Plain, Own> {
        init!(Plain {
            small: if fails { return Err(Own) } else { 1 },
            large: [2; 16],
        }? Own)
    }
    fn pinned(drops: &Cell<u32>) -> impl PinInit<Pair<'_>, Own> {
        pin_init!(Pair {
            first <- Node::new(1, drops),
            second <- { if true { return Err(Own) } Node::new(2, drops) },
        }? Own)
    }

    stack_try_pin_init!(let bad = own(true));
    check_eq!(bad.map(|_| ()), Err(Own));
    stack_try_pin_init!(let good = own(false));
    check_eq!(good.map(|plain| plain.small), Ok(1));
    let drops = Cell::new(0);
    stack_try_pin_init!(let pair = pinned(&drops));
    check_eq!(pair.map(|_| ()), Err(Own));
    check_eq!(drops.get(), 1);
    Ok(())
}

fn wrapped() -> Outcome {
    stack_pin_init!(let value: Opaque<Plain> = Opaque::pin_init(init!(Plain {
        small: 4,
        large: [5; 16],
    })));
    // SAFETY: The initialiser ran on the value.
    let plain = unsafe { &*value.get() };
    check_eq!((plain.small, plain.large[15]), (4, 5));
    Ok(())
}

fn zeroed_values() -> Outcome {
    #[derive(Zeroable)]
    struct Numbers {
        a: u64,
        b: Option<&'static u8>,
    }
    const ZERO: Numbers = pin_init::zeroed();

    check_eq!((ZERO.a, ZERO.b), (0, None));
    stack_pin_init!(let numbers: Numbers = init!(Numbers {
        a: 1,
        ..Zeroable::init_zeroed()
    }));
    check_eq!((numbers.a, numbers.b), (1, None));
    Ok(())
}

fn chained() -> Outcome {
    let init = init!(Plain {
        small: 1,
        large: [0; 16]
    })
    .chain(|plain| {
        plain.small += 1;
        Ok(())
    });
    stack_pin_init!(let plain: Plain = init);
    check_eq!(plain.small, 2);
    Ok(())
}

fn pinned_drop_runs() -> Outcome {
    let drops = Cell::new(0);
    let mut node = KBox::pin_init(Node::new(8, &drops), GFP_KERNEL)?;
    node.as_mut().set_value(9);
    check_eq!(node.value, 9);
    check!(node.is_linked_to_itself());
    drop(node);
    check_eq!(drops.get(), 1);
    Ok(())
}

impl Node<'_> {
    fn set_value(self: Pin<&mut Self>, value: u32) {
        // SAFETY: `value` is not pinned structurally, and nothing is moved out.
        unsafe { self.get_unchecked_mut() }.value = value;
    }
}
