// SPDX-License-Identifier: GPL-2.0-only

//! Tests [`Arc`], [`ArcBorrow`] and [`UniqueArc`].

use core::any::Any;
use core::pin::Pin;
use core::sync::atomic::AtomicUsize;
use core::sync::atomic::Ordering;
use kernel::alloc::flags::*;
use kernel::alloc::AllocError;
use kernel::alloc::InPlaceInit;
use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::sync::ArcBorrow;
use kernel::sync::Refcount;
use kernel::sync::UniqueArc;
use kernel::types::ForeignOwnable;

#[macro_use]
mod ktap;
use ktap::Outcome;

ktap_module! {
    name: "test_arc",
    description: "Tests counted references",
    cases: [
        counts,
        many_references,
        raw_and_back,
        of_traits,
        as_self,
        unique_then_shared,
        unique_borrows,
        any,
        data_offset,
        shared_then_unique,
        borrows,
        passes_through_c,
        alignment,
        failed_init_leaves_nothing,
        too_large_fails,
        refcount,
    ],
}

/// A number that counts the instances that are alive.
struct Counted(u32, &'static AtomicUsize);

impl Counted {
    fn new(n: u32, count: &'static AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(n, count)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.1.fetch_sub(1, Ordering::Relaxed);
    }
}

fn counts() -> Outcome {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);

    let first = Arc::new(Counted::new(1, &ALIVE), GFP_KERNEL)?;
    let second = first.clone();
    let other = Arc::new(Counted::new(1, &ALIVE), GFP_KERNEL)?;
    check!(Arc::ptr_eq(&first, &second) && !Arc::ptr_eq(&first, &other));
    drop(first);
    check_eq!((second.0, ALIVE.load(Ordering::Relaxed)), (1, 2));
    drop(second);
    drop(other);
    check_eq!(ALIVE.load(Ordering::Relaxed), 0);
    Ok(())
}

fn many_references() -> Outcome {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);
    const MANY: usize = 10_000;

    let arc = Arc::new(Counted::new(1, &ALIVE), GFP_KERNEL)?;
    let mut all = kernel::alloc::KVVec::with_capacity(MANY, GFP_KERNEL)?;
    for _ in 0..MANY {
        all.push(arc.clone(), GFP_KERNEL)?;
    }
    drop(arc);
    let last = all.pop();
    drop(all);
    check_eq!(ALIVE.load(Ordering::Relaxed), 1);
    drop(last);
    check_eq!(ALIVE.load(Ordering::Relaxed), 0);
    Ok(())
}

fn raw_and_back() -> Outcome {
    let arc = Arc::new([3_u8; 5], GFP_KERNEL)?;
    let ptr = Arc::as_ptr(&arc);
    let raw = arc.clone().into_raw();
    check!(core::ptr::eq(ptr, raw));
    // SAFETY: `raw` is an `Arc`'s, and stays one below.
    check_eq!(unsafe { ArcBorrow::from_raw(raw) }[4], 3);
    // SAFETY: `raw` was an `Arc` just before.
    let back = unsafe { Arc::from_raw(raw) };
    check!(Arc::ptr_eq(&arc, &back));
    drop(arc);
    check_eq!(*back, [3; 5]);
    Ok(())
}

trait Number {
    fn number(&self) -> u32;
    fn of_arc(self: Arc<Self>) -> u32;
    fn of_borrow(self: ArcBorrow<'_, Self>) -> u32;
}

impl Number for Counted {
    fn number(&self) -> u32 {
        self.0
    }

    fn of_arc(self: Arc<Self>) -> u32 {
        self.0 + 1
    }

    fn of_borrow(self: ArcBorrow<'_, Self>) -> u32 {
        self.0 + 2
    }
}

#[repr(align(64))]
struct Aligned(u32);

impl Number for Aligned {
    fn number(&self) -> u32 {
        self.0
    }

    fn of_arc(self: Arc<Self>) -> u32 {
        self.0
    }

    fn of_borrow(self: ArcBorrow<'_, Self>) -> u32 {
        self.0
    }
}

fn of_traits() -> Outcome {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);

    let arc: Arc<dyn Number> = Arc::new(Counted::new(10, &ALIVE), GFP_KERNEL)?;
    check_eq!(arc.number(), 10);
    check_eq!(arc.as_arc_borrow().of_borrow(), 12);
    check_eq!(arc.clone().of_arc(), 11);
    check_eq!(ALIVE.load(Ordering::Relaxed), 1);
    drop(arc);
    check_eq!(ALIVE.load(Ordering::Relaxed), 0);

    // The value's place depends on an alignment that only the vtable knows.
    let arc: Arc<dyn Number> = Arc::new(Aligned(20), GFP_KERNEL)?;
    let raw = arc.into_raw();
    check_eq!(raw.cast::<u8>().addr() % 64, 0);
    // SAFETY: `raw` was an `Arc` just before.
    check_eq!(unsafe { Arc::from_raw(raw) }.number(), 20);
    Ok(())
}

fn as_self() -> Outcome {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);

    let arc = Arc::new(Counted::new(1, &ALIVE), GFP_KERNEL)?;
    check_eq!(arc.as_arc_borrow().of_borrow(), 3);
    check_eq!(arc.of_arc(), 2);
    check_eq!(ALIVE.load(Ordering::Relaxed), 0);
    Ok(())
}

fn unique_then_shared() -> Outcome {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);

    let memory = UniqueArc::new_uninit(GFP_KERNEL)?;
    check_eq!(ALIVE.load(Ordering::Relaxed), 0);
    let mut unique = memory.write(Counted::new(1, &ALIVE));
    unique.0 += 1;
    let arc: Arc<Counted> = unique.into();
    check_eq!((arc.0, ALIVE.load(Ordering::Relaxed)), (2, 1));
    drop(arc);
    check_eq!(ALIVE.load(Ordering::Relaxed), 0);

    let mut pinned = Pin::from(UniqueArc::new(5, GFP_KERNEL)?);
    *pinned += 1;
    check_eq!(*Arc::from(pinned), 6);

    drop(UniqueArc::<u32>::new_uninit(GFP_KERNEL)?);
    Ok(())
}

fn shared_then_unique() -> Outcome {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);

    let first = Arc::new(Counted::new(1, &ALIVE), GFP_KERNEL)?;
    let second = first.clone();
    check!(Arc::into_unique_or_drop(first).is_none());
    let unique = Arc::into_unique_or_drop(second);
    check_eq!(ALIVE.load(Ordering::Relaxed), 1);
    let Some(mut unique) = unique else {
        return Err(EINVAL.into());
    };
    unique.0 = 3;
    let shared = Arc::from(unique);
    check_eq!(shared.clone().0, 3);
    drop(shared);
    check_eq!(ALIVE.load(Ordering::Relaxed), 0);
    Ok(())
}

fn borrows() -> Outcome {
    let arc = Arc::new(1, GFP_KERNEL)?;
    let borrow = arc.as_arc_borrow();
    let copy = borrow;
    let second: Arc<u32> = borrow.into();
    check!(Arc::ptr_eq(&arc, &second));
    check_eq!(*copy, 1);
    drop(arc);
    check_eq!(*second, 1);
    check!(Arc::into_unique_or_drop(second).is_some());
    Ok(())
}

fn passes_through_c() -> Outcome {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);

    let arc = Arc::new(Counted::new(1, &ALIVE), GFP_KERNEL)?;
    let foreign = arc.clone().into_foreign();
    check_eq!(
        foreign.addr() % <Arc<Counted> as ForeignOwnable>::FOREIGN_ALIGN,
        0
    );

    // SAFETY: `foreign` holds a reference.
    let kept = Arc::from(unsafe { <Arc<Counted>>::borrow(foreign) });
    drop(arc);
    check_eq!(kept.0, 1);
    drop(kept);
    check_eq!(ALIVE.load(Ordering::Relaxed), 1);
    // SAFETY: `foreign` holds a reference, and is not used again.
    drop(unsafe { <Arc<Counted>>::from_foreign(foreign) });
    check_eq!(ALIVE.load(Ordering::Relaxed), 0);
    Ok(())
}

fn alignment() -> Outcome {
    #[repr(align(4096))]
    struct Page([u8; 4096]);

    let memory = UniqueArc::<Page>::new_uninit(GFP_KERNEL | __GFP_ZERO)?;
    check_eq!(memory.as_ptr().addr() % 4096, 0);
    // SAFETY: Zeroes were asked for, and are right for it.
    let arc: Arc<Page> = unsafe { memory.assume_init() }.into();
    check!(arc.0.iter().all(|byte| *byte == 0));
    Ok(())
}

fn failed_init_leaves_nothing() -> Outcome {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);

    struct Two {
        first: Counted,
        second: Counted,
    }

    fn two(fails: bool) -> impl Init<Two, Error> {
        try_init!(Two {
            first: Counted::new(1, &ALIVE),
            second: if fails {
                Err(EBUSY)
            } else {
                Ok(Counted::new(2, &ALIVE))
            }?,
        })
    }

    for _ in 0..100 {
        check_eq!(Arc::init(two(true), GFP_KERNEL).err(), Some(EBUSY));
        check_eq!(Arc::pin_init(two(true), GFP_KERNEL).err(), Some(EBUSY));
        check_eq!(
            UniqueArc::new_uninit(GFP_KERNEL)?
                .init_with(two(true))
                .err(),
            Some(EBUSY)
        );
        check_eq!(ALIVE.load(Ordering::Relaxed), 0);
    }

    let arc = Arc::pin_init(two(false), GFP_KERNEL)?;
    check_eq!(
        (arc.first.0, arc.second.0, ALIVE.load(Ordering::Relaxed)),
        (1, 2, 2)
    );
    drop(arc);
    check_eq!(ALIVE.load(Ordering::Relaxed), 0);
    Ok(())
}

fn too_large_fails() -> Outcome {
    let huge = UniqueArc::<[u8; 1 << 45]>::new_uninit(GFP_KERNEL | __GFP_NOWARN);
    check_eq!(huge.err(), Some(AllocError));
    Ok(())
}

fn refcount() -> Outcome {
    let count = Refcount::new(1);
    count.inc();
    count.inc();
    count.dec();
    check!(!count.dec_and_test());
    check!(count.dec_and_test());

    count.set(2);
    check!(!count.dec_and_test());
    check!(count.dec_and_test());
    Ok(())
}

fn unique_borrows() -> Outcome {
    use core::borrow::Borrow;
    use core::borrow::BorrowMut;

    let mut unique = UniqueArc::new(5_u32, GFP_KERNEL)?;
    let borrowed: &mut u32 = unique.borrow_mut();
    *borrowed += 1;
    let borrowed: &u32 = unique.borrow();
    check_eq!(*borrowed, 6);
    check_eq!(UniqueArc::as_ptr(&unique), core::ptr::from_ref(&*unique));
    Ok(())
}

fn any() -> Outcome {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);

    let any: Arc<dyn Any + Send + Sync> = Arc::new(Counted::new(5, &ALIVE), GFP_KERNEL)?;
    let other = any.clone();
    let Err(any) = any.downcast::<u32>() else {
        return Err(EINVAL.into());
    };
    let Ok(counted) = any.downcast::<Counted>() else {
        return Err(EINVAL.into());
    };
    check_eq!(counted.0, 5);
    drop(other);
    check_eq!(ALIVE.load(Ordering::Relaxed), 1);
    drop(counted);
    check_eq!(ALIVE.load(Ordering::Relaxed), 0);
    Ok(())
}

fn data_offset() -> Outcome {
    #[repr(align(64))]
    struct Aligned(u8);

    let arc = Arc::new(Aligned(7), GFP_KERNEL)?;
    let value = Arc::as_ptr(&arc);
    let foreign = arc.into_foreign();
    check_eq!(
        foreign
            .wrapping_byte_add(Arc::<Aligned>::DATA_OFFSET)
            .cast(),
        value.cast_mut()
    );
    check_eq!(Arc::<Aligned>::DATA_OFFSET, 64);
    // SAFETY: It was an `Arc` just before.
    let arc = unsafe { Arc::<Aligned>::from_foreign(foreign) };
    check_eq!(arc.0, 7);
    Ok(())
}
