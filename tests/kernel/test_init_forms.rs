// SPDX-License-Identifier: GPL-2.0-only

//! Tests each form in which an initialiser may be written.

use core::cell::Cell;
use core::marker::PhantomPinned;
use core::pin::Pin;
use kernel::bindings;
use kernel::prelude::*;
use pin_init::init_scope;
use pin_init::pin_init_array_from_fn;
use pin_init::pin_init_scope;
use pin_init::stack_pin_init;
use pin_init::stack_try_pin_init;
use pin_init::MaybeZeroable;

#[macro_use]
mod ktap;
use ktap::Outcome;

ktap_module! {
    name: "test_init_forms",
    description: "Tests the forms of initialisers",
    cases: [
        blocks_run_between_fields, fields_refer_to_earlier_ones, pinned_fields_stay_pinned,
        attributes_decide, types_by_path, zero_fills_the_rest, pointer_to_the_whole,
        errors_drop_in_reverse, errors_of_arrays, scopes_choose_an_initialiser,
        projections, unpin_follows_pinned_fields, tables_of_operations,
    ],
}

/// Writes down the order of drops.
struct Log(Cell<u32>);

impl Log {
    const fn new() -> Self {
        Self(Cell::new(0))
    }

    /// The numbers so far, as decimal digits.
    fn digits(&self) -> u32 {
        self.0.get()
    }
}

/// Writes its number down when it is dropped.
struct Logged<'a>(u32, &'a Log);

impl Drop for Logged<'_> {
    fn drop(&mut self) {
        self.1 .0.set(self.1 .0.get() * 10 + self.0);
    }
}

struct Plain {
    a: u32,
    b: u32,
    c: [u32; 4],
}

fn blocks_run_between_fields() -> Outcome {
    let steps = Cell::new(0);
    let step = || {
        steps.set(steps.get() + 1);
        steps.get()
    };
    stack_pin_init!(let plain: Plain = init!(Plain {
        _: {
            step();
        },
        a: step(),
        _: {
            let hidden = step();
            *a += 10 * hidden;
        },
        b: step(),
        c: [0; 4],
        _: { c[3] = step(); },
    }));
    check_eq!((plain.a, plain.b, plain.c[3]), (32, 4, 5));
    Ok(())
}

fn fields_refer_to_earlier_ones() -> Outcome {
    let b = 7;
    stack_pin_init!(let plain: Plain = init!(Plain {
        b,
        // A field hides the variable, and need not come in the struct's order.
        a: *b + 1,
        c <- pin_init::init_array_from_fn(|i| *a + i as u32),
        _: {
            core::mem::swap(a, b);
        },
    }));
    check_eq!((plain.a, plain.b, plain.c), (7, 8, [8, 9, 10, 11]));
    Ok(())
}

/// Knows where it was made.
#[pin_data]
struct Place {
    address: usize,
    #[pin]
    _pin: PhantomPinned,
}

impl Place {
    fn new() -> impl PinInit<Self> {
        pin_init!(&this in Self {
            address: this.as_ptr() as usize,
            _pin: PhantomPinned,
        })
    }

    fn stayed(self: Pin<&mut Self>) -> bool {
        self.address == core::ptr::from_ref(&*self) as usize
    }
}

#[pin_data]
struct Places {
    #[pin]
    first: Place,
    #[pin]
    rest: [Place; 2],
    stayed: bool,
}

fn pinned_fields_stay_pinned() -> Outcome {
    let places = KBox::pin_init(
        pin_init!(Places {
            first <- Place::new(),
            rest <- pin_init_array_from_fn(|_| Place::new()),
            stayed: first.stayed(),
            _: {
                let rest: Pin<&mut [Place; 2]> = rest;
                *stayed &= rest[1].address == core::ptr::from_ref(&rest[1]) as usize;
            },
        }),
        GFP_KERNEL,
    )?;
    check!(places.stayed);
    Ok(())
}

/// `MODULE` is set, and nobody sets `NEVER`.
#[pin_data]
#[derive(Zeroable)]
struct Chosen {
    #[cfg(MODULE)]
    here: u32,
    #[cfg(not(MODULE))]
    here: NotThere,
    #[cfg(not(MODULE))]
    #[pin]
    absent: NotThere,
    last: u32,
}

fn attributes_decide() -> Outcome {
    stack_pin_init!(let chosen = pin_init!(Chosen {
        #[cfg(MODULE)]
        here: 1,
        #[cfg(not(MODULE))]
        here: NotThere,
        #[cfg(not(MODULE))]
        absent <- NotThere::new(),
        #[cfg(MODULE)]
        _: { *here += 1; },
        #[cfg(not(MODULE))]
        _: { not_there(); },
        #[allow(clippy::identity_op)]
        last: *here + 0,
    }));
    check_eq!((chosen.here, chosen.last), (2, 2));
    Ok(())
}

mod inner {
    use super::*;

    pub(super) struct Pair<A, B> {
        pub(super) a: A,
        pub(super) b: B,
    }

    #[pin_data]
    pub(super) struct Held<T, const N: usize> {
        #[pin]
        pub(super) value: T,
        pub(super) all: [u8; N],
    }

    impl<T, const N: usize> Held<T, N> {
        pub(super) fn new(value: impl PinInit<T>) -> impl PinInit<Self> {
            pin_init!(Self { value <- value, all: [5; N] })
        }
    }

    pub(super) type Bytes<const N: usize> = Held<u8, N>;
}

fn types_by_path() -> Outcome {
    stack_pin_init!(let inferred: inner::Pair<u8, char> = init!(inner::Pair { a: 1, b: 'b' }));
    check_eq!((inferred.a, inferred.b), (1, 'b'));
    stack_pin_init!(let given = init!(inner::Pair::<u8, u16> { a: 1, b: 2 }));
    check_eq!(size_of_val(&given.b), 2);
    stack_pin_init!(let plain = init!(self::Plain { a: 1, b: 2, c: [3; 4] }));
    check_eq!((plain.a, plain.b, plain.c), (1, 2, [3; 4]));
    stack_pin_init!(let held = inner::Held::<_, 3>::new(7_u64));
    check_eq!((held.value, held.all), (7, [5; 3]));
    stack_pin_init!(let alias = pin_init!(inner::Bytes::<1> { value: 1, all: [2] }));
    check_eq!((alias.value, alias.all), (1, [2]));
    Ok(())
}

#[derive(MaybeZeroable)]
struct Table {
    call: Option<fn(u32) -> u32>,
    name: *const u8,
    numbers: [u16; 3],
}

fn zero_fills_the_rest() -> Outcome {
    stack_pin_init!(let table = init!(Table {
        numbers: [1, 2, 3],
        ..Zeroable::init_zeroed()
    }));
    check!(table.call.is_none() && table.name.is_null());
    check_eq!(table.numbers[2], 3);
    stack_pin_init!(let table = init!(Table { call: Some(|n| n + 1), ..pin_init::zeroed() }));
    check_eq!(table.call.map(|call| call(1)), Some(2));
    check_eq!(table.numbers, [0; 3]);
    stack_pin_init!(let chosen = pin_init!(Chosen { last: 3, ..Zeroable::init_zeroed() }));
    check_eq!((chosen.here, chosen.last), (0, 3));
    Ok(())
}

fn pointer_to_the_whole() -> Outcome {
    struct Own {
        me: *const Own,
        value: u32,
    }

    let own = KBox::init(
        init!(&this in Own { value: 1, me: this.as_ptr() }),
        GFP_KERNEL,
    )?;
    check_eq!(own.me, core::ptr::from_ref(&*own));
    check_eq!(own.value, 1);
    Ok(())
}

#[pin_data]
struct Three<'a> {
    a: Logged<'a>,
    #[pin]
    b: Logged<'a>,
    c: Logged<'a>,
}

/// Makes `a`, `c` and `b` in this order, and fails after as many of them as `fail` says.
fn three(log: &Log, fail: u32) -> impl PinInit<Three<'_>, Error> {
    let after = move |n| if n == fail { Err(EIO) } else { Ok(()) };
    try_pin_init!(Three {
        a: {
            after(0)?;
            Logged(1, log)
        },
        _: {
            if fail == 1 {
                return Err(EBUSY);
            }
        },
        c <- after(2).map(|()| Logged(3, log)),
        b <- init_scope(move || {
            after(3)?;
            Ok(Ok::<_, Error>(Logged(2, log)))
        }),
        _: { after(4)?; },
    })
}

fn errors_drop_in_reverse() -> Outcome {
    for (fail, error, drops) in [
        (0, EIO, 0),
        (1, EBUSY, 1),
        (2, EIO, 1),
        (3, EIO, 31),
        (4, EIO, 231),
    ] {
        let log = Log::new();
        stack_try_pin_init!(let value = three(&log, fail));
        check_eq!(value.map(|_| ()), Err(error));
        check_eq!(log.digits(), drops);
    }
    let log = Log::new();
    drop(KBox::pin_init(three(&log, 9), GFP_KERNEL)?);
    // A whole value goes as Rust does it: in the struct's order.
    check_eq!(log.digits(), 123);
    Ok(())
}

fn errors_of_arrays() -> Outcome {
    let log = Log::new();
    stack_try_pin_init!(let array: [Logged<'_>; 4] = pin_init_array_from_fn(|i| {
        if i == 3 { Err(ENOSPC) } else { Ok(Logged(i as u32 + 1, &log)) }
    }));
    check_eq!(array.map(|_| ()), Err(ENOSPC));
    check_eq!(log.digits(), 123);
    Ok(())
}

fn scopes_choose_an_initialiser() -> Outcome {
    fn sized(text: &'static CStr) -> impl PinInit<inner::Held<usize, 2>, Error> {
        pin_init_scope(move || {
            let len = text.to_bytes().len();
            if len == 0 {
                return Err(EINVAL);
            }
            Ok(try_pin_init!(inner::Held {
                value: len,
                all: [1; 2]
            }))
        })
    }

    stack_try_pin_init!(let none = sized(c""));
    check_eq!(none.map(|_| ()), Err(EINVAL));
    stack_try_pin_init!(let some = sized(c"four"));
    check_eq!(some.map(|held| (held.value, held.all)), Ok((4, [1; 2])));
    Ok(())
}

fn projections() -> Outcome {
    let mut held = KBox::pin_init(inner::Held::<_, 1>::new(Place::new()), GFP_KERNEL)?;
    let fields = held.as_mut().project();
    let value: Pin<&mut Place> = fields.value;
    check!(value.stayed());
    let all: &mut [u8; 1] = fields.all;
    all[0] += 1;
    check_eq!(held.all, [6]);
    Ok(())
}

fn unpin_follows_pinned_fields() -> Outcome {
    fn unpin<T: Unpin>(_: &T) {}

    /// Only a pinned field counts: a pointer to a `Place` may be moved.
    #[pin_data]
    struct Free<'a> {
        #[pin]
        number: u32,
        place: Option<&'a Place>,
    }

    let mut free = Free {
        number: 1,
        place: None,
    };
    unpin(&free);
    *Pin::new(&mut free).project().number.get_mut() += 1;
    check!(free.number == 2 && free.place.is_none());
    Ok(())
}

fn tables_of_operations() -> Outcome {
    unsafe extern "C" fn set(_: *const c_char, _: *const bindings::kernel_param) -> c_int {
        5
    }

    const OPS: &bindings::kernel_param_ops = &bindings::kernel_param_ops {
        set: Some(set),
        ..pin_init::zeroed()
    };

    check!(OPS.get.is_none() && OPS.free.is_none());
    // SAFETY: `set` uses neither argument.
    let result = OPS
        .set
        .map(|set| unsafe { set(core::ptr::null(), core::ptr::null()) });
    check_eq!(result, Some(5));
    Ok(())
}
