// SPDX-License-Identifier: GPL-2.0-only

//! Tests the types that everything else is built of.

use core::cell::Cell;
use core::ptr::NonNull;
use core::sync::atomic::AtomicUsize;
use core::sync::atomic::Ordering;
use kernel::bindings;
use kernel::container_of;
use kernel::prelude::*;
use kernel::sync::aref::ARef;
use kernel::sync::aref::AlwaysRefCounted;
use kernel::types::ForeignOwnable;
use kernel::types::Opaque;
use kernel::types::ScopeGuard;

#[macro_use]
mod ktap;
use ktap::Outcome;

ktap_module! {
    name: "test_types",
    description: "Tests basic types",
    cases: [
        opaque, opaque_casts, guard_runs, guard_dismissed, guard_order, reference_counts,
        unit_is_foreign, references_are_foreign, containers, assertions,
    ],
}

static_assert!(size_of::<Opaque<u64>>() == size_of::<u64>());
static_assert!(align_of::<Opaque<u64>>() == align_of::<u64>());

fn opaque() -> Outcome {
    let value = Opaque::new(5u32);
    // SAFETY: The value is initialised, and nothing else uses it.
    check_eq!(unsafe { *value.get() }, 5);
    // SAFETY: As above.
    unsafe { *value.get() = 6 };
    // SAFETY: As above.
    check_eq!(unsafe { value.get().read() }, 6);
    let zero: Opaque<bindings::list_head> = Opaque::zeroed();
    // SAFETY: Null pointers are a valid value of a list head.
    check!(unsafe { (*zero.get()).next.is_null() });
    let _: Opaque<u64> = Opaque::uninit();
    Ok(())
}

fn opaque_casts() -> Outcome {
    let value = Opaque::new(5u32);
    let inner = Opaque::cast_into(&value);
    check_eq!(inner, value.get());
    check_eq!(Opaque::cast_from(inner), &raw const value);
    Ok(())
}

fn guard_runs() -> Outcome {
    let runs = Cell::new(0);
    {
        let mut guard = ScopeGuard::new_with_data(1, |data| runs.set(runs.get() + data));
        *guard += 4;
        check_eq!(*guard, 5);
        check_eq!(runs.get(), 0);
    }
    check_eq!(runs.get(), 5);
    Ok(())
}

fn guard_dismissed() -> Outcome {
    let runs = Cell::new(0);
    let drops = ScopeGuard::new(|| runs.set(runs.get() + 10));
    // The closure owns `drops`: it has to be dropped without a call.
    let guard = ScopeGuard::new_with_data(7, move |_| {
        let _owned = &drops;
        panic!("dismissed");
    });
    check_eq!(guard.dismiss(), 7);
    check_eq!(runs.get(), 10);
    Ok(())
}

fn guard_order() -> Outcome {
    let order = Cell::new(0);
    {
        let _first = ScopeGuard::new(|| order.set(order.get() * 10 + 1));
        let _second = ScopeGuard::new(|| order.set(order.get() * 10 + 2));
    }
    check_eq!(order.get(), 21);
    Ok(())
}

struct Counted(AtomicUsize);

// SAFETY: All objects are static: they outlive whatever is counted.
unsafe impl AlwaysRefCounted for Counted {
    fn inc_ref(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    unsafe fn dec_ref(obj: NonNull<Self>) {
        // SAFETY: The object is static.
        unsafe { obj.as_ref() }.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl PartialEq for Counted {
    fn eq(&self, other: &Self) -> bool {
        core::ptr::eq(self, other)
    }
}

fn references_are_foreign() -> Outcome {
    static OBJECT: Counted = Counted(AtomicUsize::new(1));

    let ptr = ARef::from(&OBJECT).into_foreign();
    check_eq!(
        ptr.addr() % <ARef<Counted> as ForeignOwnable>::FOREIGN_ALIGN,
        0
    );
    check_eq!(OBJECT.0.load(Ordering::Relaxed), 2);
    // SAFETY: `ptr` is from `into_foreign`, and taken back below.
    check!(*unsafe { ARef::<Counted>::borrow(ptr) } == OBJECT);
    // SAFETY: As above; what was borrowed is no longer used.
    let object = unsafe { ARef::<Counted>::from_foreign(ptr) };
    check!(object == &OBJECT);
    drop(object);
    check_eq!(OBJECT.0.load(Ordering::Relaxed), 1);
    Ok(())
}

fn reference_counts() -> Outcome {
    static OBJECT: Counted = Counted(AtomicUsize::new(1));
    let count = || OBJECT.0.load(Ordering::Relaxed);

    let one: ARef<Counted> = (&OBJECT).into();
    check_eq!(count(), 2);
    let two = one.clone();
    check_eq!(count(), 3);
    check!(core::ptr::eq(&*two, &OBJECT));
    drop(one);
    check_eq!(count(), 2);
    let raw = ARef::into_raw(two);
    check_eq!(count(), 2);
    // SAFETY: `into_raw` gave this reference.
    drop(unsafe { ARef::from_raw(raw) });
    check_eq!(count(), 1);
    Ok(())
}

fn unit_is_foreign() -> Outcome {
    let ptr = ().into_foreign();
    check!(!ptr.is_null());
    // SAFETY: `ptr` is from `into_foreign`.
    let taken = unsafe { <()>::try_from_foreign(ptr) };
    check_eq!(taken, Some(()));
    // SAFETY: A null pointer is allowed.
    let nothing = unsafe { <()>::try_from_foreign(core::ptr::null_mut()) };
    check_eq!(nothing, None);
    Ok(())
}

fn containers() -> Outcome {
    struct Inner {
        pair: (u8, u32),
    }
    struct Outer {
        _before: [u64; 3],
        inner: Inner,
    }

    let mut outer = Outer {
        _before: [0; 3],
        inner: Inner { pair: (1, 2) },
    };
    let whole: *const Outer = &raw const outer;
    let field: *const u32 = &raw const outer.inner.pair.1;
    // SAFETY: `field` is what it is called, in `outer`.
    check_eq!(unsafe { container_of!(field, Outer, inner.pair.1) }, whole);
    let field: *mut Inner = &raw mut outer.inner;
    // SAFETY: As above.
    let found: *mut Outer = unsafe { container_of!(field, Outer, inner) };
    check_eq!(found.cast_const(), whole);
    Ok(())
}

fn assertions() -> Outcome {
    #[inline(always)]
    fn below_ten(n: usize) -> usize {
        build_assert!(n < 10, "a digit");
        n
    }
    fn above_two<const N: usize>() -> usize {
        const_assert!(N > 2);
        N
    }
    const IN_CONSTANT: usize = {
        build_assert!(size_of::<u16>() == 2);
        3
    };

    check_eq!(below_ten(9), 9);
    check_eq!(above_two::<4>(), 4);
    check_eq!(IN_CONSTANT, 3);
    Ok(())
}
