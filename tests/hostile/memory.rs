// SPDX-License-Identifier: GPL-2.0-only

//! Steps with memory: vectors, boxes, shared values and strings, kept and dropped in any order.

use crate::model::Modelled;
use crate::state::Context::Atomic;
use crate::state::Context::Locked;
use crate::state::State;
use crate::state::Step;
use crate::world::check;
use crate::world::Counted;
use core::any::Any;
use kernel::alloc::allocator::KVmalloc;
use kernel::alloc::allocator::Kmalloc;
use kernel::alloc::allocator::Vmalloc;
use kernel::alloc::Allocator;
use kernel::alloc::Flags;
use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::sync::UniqueArc;
use kernel::types::ScopeGuard;

pub(crate) const STEPS: &[Step] = &[
    Step("kvec", 150, Atomic, kvec),
    Step("vvec", 10, Locked, vvec),
    Step("kvvec", 30, Locked, kvvec),
    Step("capacity", 20, Locked, capacity),
    Step("filled", 20, Locked, filled),
    Step("boxes", 30, Atomic, boxes),
    Step("large_box", 5, Locked, large_box),
    Step("aligned", 10, Atomic, aligned),
    Step("arc", 40, Atomic, arc),
    Step("unique", 20, Atomic, unique),
    Step("any", 10, Atomic, any),
    Step("failing_init", 10, Atomic, failing_init),
    Step("scope_guard", 10, Atomic, scope_guard),
];

/// How many of each are kept.
const KEPT: usize = 6;

pub(crate) struct Memory {
    kvecs: KVec<Modelled<Kmalloc>>,
    vvecs: KVec<Modelled<Vmalloc>>,
    kvvecs: KVec<Modelled<KVmalloc>>,
    pub(crate) arcs: KVec<Arc<Counted>>,
    boxes: KVec<KBox<dyn Fn() -> u64>>,
}

impl Memory {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            kvecs: KVec::with_capacity(KEPT, GFP_KERNEL)?,
            vvecs: KVec::with_capacity(KEPT, GFP_KERNEL)?,
            kvvecs: KVec::with_capacity(KEPT, GFP_KERNEL)?,
            arcs: KVec::with_capacity(2 * KEPT, GFP_KERNEL)?,
            boxes: KVec::with_capacity(KEPT, GFP_KERNEL)?,
        })
    }
}

/// Keeps a value; if there are enough, it takes the place of another one, which is dropped.
pub(crate) fn keep<T>(list: &mut KVec<T>, rng: &mut crate::rng::Rng, value: T) {
    if list.len() == list.capacity() {
        let at = rng.below(list.len());
        list[at] = value;
    } else {
        let _ = list.push_within_capacity(value);
    }
}

/// Drops one of the values, any of them.
pub(crate) fn lose<T>(list: &mut KVec<T>, rng: &mut crate::rng::Rng) {
    if !list.is_empty() {
        let at = rng.below(list.len());
        let _ = list.remove(at);
    }
}

/// Edits one of the vectors, or makes one, or drops one.
fn vectors<A: Allocator>(
    list: &mut KVec<Modelled<A>>,
    rng: &mut crate::rng::Rng,
    flags: Flags,
) -> Result {
    match rng.below(16) {
        0 => {
            let new = Modelled::new(rng.below(48), flags)?;
            keep(list, rng, new);
            Ok(())
        }
        1 => {
            lose(list, rng);
            Ok(())
        }
        _ if list.is_empty() => Ok(()),
        _ => {
            let at = rng.below(list.len());
            list[at].edit(rng, flags)
        }
    }
}

fn kvec(s: &mut State<'_>) -> Result {
    let flags = s.flags();
    vectors(&mut s.memory.kvecs, &mut s.rng, flags)
}

fn vvec(s: &mut State<'_>) -> Result {
    let flags = s.flags();
    vectors(&mut s.memory.vvecs, &mut s.rng, flags)
}

fn kvvec(s: &mut State<'_>) -> Result {
    let flags = s.flags();
    vectors(&mut s.memory.kvvecs, &mut s.rng, flags)?;
    match s.memory.kvvecs.first_mut() {
        Some(first) if s.rng.one_in(8) => first.shrink(&mut s.rng, flags),
        _ => Ok(()),
    }
}

/// Sizes up to the largest: what nobody could ever have must fail.
fn capacity(s: &mut State<'_>) -> Result {
    let flags = s.flags() | __GFP_NOWARN;
    let mut size = s.rng.number() as usize;
    // Between these, there may be memory for it.
    if size > 1 << 16 && size < 1 << 45 {
        size %= 1 << 16;
    }
    let fits = size <= 1 << 16;
    let is_empty = match s.rng.below(4) {
        0 => KVec::<u8>::with_capacity(size, flags).map(|v| v.is_empty() && v.capacity() >= size),
        1 => KVVec::<u8>::with_capacity(size, flags).map(|v| v.is_empty() && v.capacity() >= size),
        2 => VVec::<u64>::with_capacity(size, flags).map(|v| v.is_empty() && v.capacity() >= size),
        _ => KVec::<()>::with_capacity(size, flags).map(|v| v.is_empty()),
    };
    match is_empty {
        Ok(is_empty) => check(is_empty, "a new vector is not empty"),
        Err(_) => check(!fits || !flags.contains(GFP_KERNEL), "there is no memory"),
    }
    Ok(())
}

fn filled(s: &mut State<'_>) -> Result {
    let flags = s.flags();
    let (size, byte) = (s.rng.below(5000), s.rng.next() as u8);
    let mut vec = KVVec::from_elem(byte, size, flags)?;
    vec.reserve(s.rng.below(5000), flags | __GFP_ZERO)?;
    check(
        vec.len() == size && vec.iter().all(|b| *b == byte),
        "a filled vector",
    );
    let zeroes = KVec::<u8>::zeroed(size, flags)?;
    check(zeroes.iter().all(|b| *b == 0), "zeroes are not 0");
    drop(vec);
    check(zeroes.len() == size, "the length has changed");
    Ok(())
}

fn boxes(s: &mut State<'_>) -> Result {
    let (flags, number) = (s.flags(), s.rng.next());
    let value = KBox::new(Counted::new(number), flags)?;
    match s.rng.below(6) {
        0 => {
            let empty = KBox::drop_contents(value);
            check(empty.write(Counted::new(1)).value() == 1, "a box's value");
        }
        1 => check(KBox::into_inner(value).value() == number, "a box's value"),
        2 => drop(KBox::into_pin(value)),
        3 => drop(KBox::<Counted>::new_uninit(flags)?),
        4 => {
            let closure = KBox::new(move || value.value(), flags)?;
            keep(&mut s.memory.boxes, &mut s.rng, closure);
        }
        _ => lose(&mut s.memory.boxes, &mut s.rng),
    }
    s.memory.boxes.iter().for_each(|call| {
        call();
    });
    Ok(())
}

fn large_box(s: &mut State<'_>) -> Result {
    let flags = s.flags();
    let zeroes = KVBox::<[u64; 2000]>::zeroed(flags)?;
    let also = VBox::<[u8; 5000]>::zeroed(flags)?;
    check(
        zeroes.iter().all(|n| *n == 0) && also.iter().all(|n| *n == 0),
        "zeroes are not 0",
    );
    Ok(())
}

fn aligned(s: &mut State<'_>) -> Result {
    #[repr(align(256))]
    struct Wide(#[allow(dead_code)] u8);
    #[repr(align(4096))]
    struct Page(#[allow(dead_code)] u8);

    let flags = s.flags();
    let (wide, page) = (KBox::new(Wide(1), flags)?, KBox::new(Page(2), flags)?);
    let (wide, page) = ((&raw const *wide).addr(), (&raw const *page).addr());
    check(wide % 256 == 0 && page % 4096 == 0, "an alignment");
    Ok(())
}

fn arc(s: &mut State<'_>) -> Result {
    let (flags, number) = (s.flags(), s.rng.next());
    match s.rng.below(6) {
        0 => {
            let new = Arc::new(Counted::new(number), flags)?;
            keep(&mut s.memory.arcs, &mut s.rng, new);
        }
        1 => lose(&mut s.memory.arcs, &mut s.rng),
        2 if !s.memory.arcs.is_empty() => {
            let at = s.rng.below(s.memory.arcs.len());
            let last = s.memory.arcs.remove(at).map(Arc::into_unique_or_drop);
            let last = last.ok().flatten();
            last.into_iter().for_each(|last| last.check());
        }
        3 if !s.memory.arcs.is_empty() => {
            let borrow = s.rng.pick(&s.memory.arcs).as_arc_borrow();
            let same: Arc<Counted> = borrow.into();
            keep(&mut s.memory.arcs, &mut s.rng, same);
        }
        _ if !s.memory.arcs.is_empty() => {
            let same = s.rng.pick(&s.memory.arcs).clone();
            keep(&mut s.memory.arcs, &mut s.rng, same);
        }
        _ => {}
    }
    s.memory.arcs.iter().for_each(|arc| arc.check());
    Ok(())
}

fn unique(s: &mut State<'_>) -> Result {
    let (flags, number) = (s.flags(), s.rng.next());
    let unique = match s.rng.below(3) {
        0 => UniqueArc::new_uninit(flags)?.write(Counted::new(number)),
        1 => UniqueArc::new_uninit(flags)?.init_with(Ok::<_, Error>(Counted::new(number)))?,
        _ => {
            let mut unique = UniqueArc::new(Counted::new(0), flags)?;
            *unique = Counted::new(number);
            unique
        }
    };
    check(unique.value() == number, "a unique value");
    let shared: Arc<Counted> = unique.into();
    keep(&mut s.memory.arcs, &mut s.rng, shared);
    Ok(())
}

fn any(s: &mut State<'_>) -> Result {
    let (flags, number) = (s.flags(), s.rng.next());
    let any: Arc<dyn Any + Send + Sync> = Arc::new(Counted::new(number), flags)?;
    let copy = any.clone();
    match any.downcast::<u64>() {
        Ok(_) => check(false, "a value is of another type"),
        Err(same) => drop(same),
    }
    let right = copy
        .downcast::<Counted>()
        .is_ok_and(|value| value.value() == number);
    check(right, "a value is not of its type");
    Ok(())
}

/// What was initialised before the failure is dropped, once.
fn failing_init(s: &mut State<'_>) -> Result {
    struct Parts {
        first: Counted,
        second: Counted,
    }

    let (flags, number, fails) = (s.flags(), s.rng.next(), s.rng.one_in(2));
    let second = move || match fails {
        true => Err(EIO),
        false => Ok(Counted::new(number)),
    };
    let parts = KBox::init(
        try_init!(Parts { first: Counted::new(number), second: second()? }? Error),
        flags,
    );
    match parts {
        Ok(parts) => check(
            !fails && parts.first.value() == parts.second.value(),
            "initialised parts",
        ),
        Err(error) => check(fails || error == ENOMEM, "another error"),
    }
    let slice = KBox::pin_slice(
        |at| try_init!(Parts { first: Counted::new(at as u64), second: if at < 3 { Counted::new(0) } else { second()? } }? Error),
        5,
        flags,
    );
    check(slice.is_err() || !fails, "a slice whose fourth fails");
    Ok(())
}

fn scope_guard(s: &mut State<'_>) -> Result {
    let count = core::cell::Cell::new(0);
    let guard = ScopeGuard::new_with_data(Counted::new(s.rng.next()), |value| {
        value.check();
        count.set(1);
    });
    let is_dismissed = s.rng.one_in(2);
    match is_dismissed {
        true => guard.dismiss().check(),
        false => drop(guard),
    }
    check(
        is_dismissed == (count.get() == 0),
        "a closure is called or not",
    );
    Ok(())
}
