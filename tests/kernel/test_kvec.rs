// SPDX-License-Identifier: GPL-2.0-only

//! Tests [`KVec`], [`VVec`] and [`KVVec`].

use core::sync::atomic::AtomicUsize;
use core::sync::atomic::Ordering;
use kernel::alloc::allocator::KVmalloc;
use kernel::alloc::allocator::Kmalloc;
use kernel::alloc::allocator::Vmalloc;
use kernel::alloc::flags::*;
use kernel::alloc::kvec::InsertError;
use kernel::alloc::kvec::PushError;
use kernel::alloc::kvec::RemoveError;
use kernel::alloc::AllocError;
use kernel::alloc::Allocator;
use kernel::alloc::KBox;
use kernel::alloc::KVVec;
use kernel::alloc::KVec;
use kernel::alloc::Vec;
use kernel::kvec;
use kernel::prelude::*;

#[macro_use]
mod ktap;
use ktap::Outcome;

ktap_module! {
    name: "test_kvec",
    description: "Tests vectors",
    cases: [
        grows,
        zeroed,
        push_and_insert_within_capacity,
        removes,
        truncates_and_drops,
        retains,
        extends_and_resizes,
        drains,
        iterates_and_collects,
        elements_without_size,
        raw_parts,
        spare_capacity,
        reserve_zeroes,
        too_large_fails,
        shrinks,
        macro_and_comparison,
    ],
}

/// An element with a number, that counts the instances that are alive.
struct Counted(u32, &'static AtomicUsize);

impl Counted {
    fn new(n: u32, count: &'static AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(n, count)
    }
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        Self::new(self.0, self.1)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.1.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A vector with the elements 0 to `n`, which `count` counts.
fn counted(n: u32, count: &'static AtomicUsize) -> Result<KVec<Counted>> {
    let mut v = KVec::new();
    for i in 0..n {
        v.push(Counted::new(i, count), GFP_KERNEL)?;
    }
    Ok(v)
}

fn grows() -> Outcome {
    fn of<A: Allocator>() -> Outcome {
        let mut v = Vec::<u32, A>::new();
        check_eq!((v.len(), v.capacity(), v.is_empty()), (0, 0, true));
        for i in 0..50_000 {
            v.push(i, GFP_KERNEL)?;
        }
        check_eq!(v.len(), 50_000);
        check!(v.capacity() >= 50_000 && v.capacity() < 200_000);
        check!(v.iter().enumerate().all(|(i, n)| i == *n as usize));

        let v = Vec::<u64, A>::with_capacity(20, GFP_KERNEL)?;
        check!(v.capacity() >= 20 && v.is_empty());
        Ok(())
    }

    of::<Kmalloc>()?;
    of::<Vmalloc>()?;
    of::<KVmalloc>()
}

fn push_and_insert_within_capacity() -> Outcome {
    let mut v = KVec::with_capacity(3, GFP_KERNEL)?;
    check!(matches!(v.push_within_capacity(1), Ok(())));
    check!(matches!(
        v.insert_within_capacity(2, 9),
        Err(InsertError::IndexOutOfBounds(9))
    ));
    check!(matches!(v.insert_within_capacity(0, 0), Ok(())));
    check!(matches!(v.insert_within_capacity(2, 2), Ok(())));
    check_eq!(v, [0, 1, 2]);

    check_eq!(v.capacity(), 3);
    check!(matches!(v.push_within_capacity(3), Err(PushError(3))));
    check!(matches!(
        v.insert_within_capacity(1, 3),
        Err(InsertError::OutOfCapacity(3))
    ));
    check_eq!(v, [0, 1, 2]);
    check_eq!(Error::from(PushError(())), EINVAL);
    Ok(())
}

fn removes() -> Outcome {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);

    let mut v = counted(4, &ALIVE)?;
    check_eq!(v.remove(1).map(|c| c.0), Ok(1));
    check_eq!(v.remove(0).map(|c| c.0), Ok(0));
    check_eq!(v.remove(2).map(|c| c.0), Err(RemoveError));
    check_eq!(v.remove(usize::MAX).map(|c| c.0), Err(RemoveError));
    check_eq!(ALIVE.load(Ordering::Relaxed), 2);

    check_eq!(v.pop().map(|c| c.0), Some(3));
    check_eq!(v.pop().map(|c| c.0), Some(2));
    check!(v.pop().is_none());
    check_eq!(ALIVE.load(Ordering::Relaxed), 0);
    Ok(())
}

fn truncates_and_drops() -> Outcome {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);

    let mut v = counted(10, &ALIVE)?;
    v.truncate(20);
    check_eq!((v.len(), ALIVE.load(Ordering::Relaxed)), (10, 10));
    v.truncate(4);
    check_eq!((v.len(), ALIVE.load(Ordering::Relaxed)), (4, 4));
    let capacity = v.capacity();
    v.clear();
    check_eq!(
        (v.len(), v.capacity(), ALIVE.load(Ordering::Relaxed)),
        (0, capacity, 0)
    );

    drop(counted(10, &ALIVE)?);
    check_eq!(ALIVE.load(Ordering::Relaxed), 0);
    Ok(())
}

fn retains() -> Outcome {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);

    let mut v = counted(10, &ALIVE)?;
    v.retain(|c| {
        c.0 += 1;
        c.0 % 3 == 0
    });
    check!(v.iter().map(|c| c.0).eq([3, 6, 9]));
    check_eq!(ALIVE.load(Ordering::Relaxed), 3);

    v.retain(|_| false);
    check_eq!((v.len(), ALIVE.load(Ordering::Relaxed)), (0, 0));
    Ok(())
}

fn extends_and_resizes() -> Outcome {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);

    let mut v = KVec::from_elem(Counted::new(5, &ALIVE), 3, GFP_KERNEL)?;
    check_eq!(ALIVE.load(Ordering::Relaxed), 3);
    v.extend_with(2, Counted::new(6, &ALIVE), GFP_KERNEL)?;
    v.extend_with(0, Counted::new(7, &ALIVE), GFP_KERNEL)?;
    check_eq!(ALIVE.load(Ordering::Relaxed), 5);
    check!(v.iter().map(|c| c.0).eq([5, 5, 5, 6, 6]));

    v.resize(1, Counted::new(8, &ALIVE), GFP_KERNEL)?;
    v.resize(3, Counted::new(8, &ALIVE), GFP_KERNEL)?;
    check!(v.iter().map(|c| c.0).eq([5, 8, 8]));
    check_eq!(ALIVE.load(Ordering::Relaxed), 3);

    let mut all = KVVec::new();
    all.extend_from_slice(&v, GFP_KERNEL)?;
    all.extend_from_slice(&v[1..], GFP_KERNEL)?;
    check!(all.iter().map(|c| c.0).eq([5, 8, 8, 8, 8]));
    drop(v);
    check_eq!(ALIVE.load(Ordering::Relaxed), 5);
    drop(all);
    check_eq!(ALIVE.load(Ordering::Relaxed), 0);
    Ok(())
}

fn drains() -> Outcome {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);

    let mut v = counted(5, &ALIVE)?;
    let capacity = v.capacity();
    let mut drain = v.drain_all();
    check_eq!(drain.len(), 5);
    check_eq!(drain.next().map(|c| c.0), Some(0));
    check_eq!(ALIVE.load(Ordering::Relaxed), 4);
    drop(drain);
    check_eq!(
        (v.len(), v.capacity(), ALIVE.load(Ordering::Relaxed)),
        (0, capacity, 0)
    );
    Ok(())
}

fn iterates_and_collects() -> Outcome {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);

    let mut v = counted(1000, &ALIVE)?;
    for c in &mut v {
        c.0 *= 2;
    }
    check_eq!((&v).into_iter().map(|c| c.0).sum::<u32>(), 999_000);

    let mut iter = v.into_iter();
    check_eq!(iter.len(), 1000);
    for i in 0..990 {
        check_eq!(iter.next().map(|c| c.0), Some(2 * i));
    }
    let v = iter.collect(GFP_KERNEL);
    check!(v.iter().map(|c| c.0).eq((990..1000).map(|i| 2 * i)));
    check_eq!(ALIVE.load(Ordering::Relaxed), 10);

    let mut iter = v.into_iter();
    check_eq!(iter.next().map(|c| c.0), Some(1980));
    drop(iter);
    check_eq!(ALIVE.load(Ordering::Relaxed), 0);

    let v = counted(3, &ALIVE)?.into_iter().collect(GFP_KERNEL);
    check_eq!(v.len(), 3);
    let mut iter = v.into_iter();
    while iter.next().is_some() {}
    check_eq!(iter.collect(GFP_KERNEL).capacity(), 0);
    check_eq!(ALIVE.load(Ordering::Relaxed), 0);
    Ok(())
}

fn elements_without_size() -> Outcome {
    static DROPS: AtomicUsize = AtomicUsize::new(0);

    #[derive(Clone)]
    struct Empty;

    impl Drop for Empty {
        fn drop(&mut self) {
            DROPS.fetch_add(1, Ordering::Relaxed);
        }
    }

    let mut v = KVec::from_elem(Empty, 1000, GFP_KERNEL)?;
    check_eq!((v.len(), v.capacity()), (1000, usize::MAX));
    check_eq!(v.reserve(usize::MAX, GFP_KERNEL), Err(AllocError));
    check!(v.pop().is_some() && v.remove(5).is_ok());
    check_eq!(DROPS.load(Ordering::Relaxed), 2);
    let mut iter = v.into_iter();
    check!(iter.next().is_some());
    let v = iter.collect(GFP_KERNEL);
    check_eq!(v.len(), 997);
    drop(v);
    check_eq!(DROPS.load(Ordering::Relaxed), 1000);
    Ok(())
}

fn raw_parts() -> Outcome {
    let mut v = kvec![1, 2, 3]?;
    v.reserve(1, GFP_KERNEL)?;
    let (ptr, len, capacity) = v.into_raw_parts();

    // SAFETY: There is room for one more than `len`.
    unsafe { ptr.add(len).write(4) };
    // SAFETY: The parts were a vector's just before, and one element was added.
    let v = unsafe { KVec::from_raw_parts(ptr, len + 1, capacity) };
    check_eq!(v, [1, 2, 3, 4]);

    let (ptr, len, capacity) = KVec::<u64>::new().into_raw_parts();
    check_eq!((len, capacity), (0, 0));
    // SAFETY: The parts were a vector's just before.
    let mut v = unsafe { KVec::from_raw_parts(ptr, len, capacity) };
    v.push(1, GFP_KERNEL)?;
    check_eq!(v, [1]);
    Ok(())
}

fn spare_capacity() -> Outcome {
    let mut v = KVec::<u8>::with_capacity(10, GFP_KERNEL)?;
    v.push(1, GFP_KERNEL)?;
    let spare = v.spare_capacity_mut();
    check_eq!(spare.len(), 9);
    spare[0].write(2);
    spare[1].write(3);
    // SAFETY: Two were written.
    unsafe { v.inc_len(2) };
    check_eq!(v, [1, 2, 3]);
    Ok(())
}

fn reserve_zeroes() -> Outcome {
    drop(KVec::from_elem(0xff_u8, 40, GFP_KERNEL)?);

    let mut v = KVec::from_elem(0xff_u8, 20, GFP_KERNEL)?;
    v.reserve(20, GFP_KERNEL | __GFP_ZERO)?;
    for byte in v.spare_capacity_mut() {
        // SAFETY: `__GFP_ZERO` made the allocator write it, which is what this tests.
        check_eq!(unsafe { byte.assume_init() }, 0);
    }
    check_eq!(v, [0xff; 20]);
    Ok(())
}

fn too_large_fails() -> Outcome {
    fn of<A: Allocator>() -> Outcome {
        let flags = GFP_KERNEL | __GFP_NOWARN;
        let mut v = Vec::<u64, A>::new();
        v.push(1, flags)?;

        for additional in [
            usize::MAX,
            usize::MAX - 1,
            usize::MAX / 8,
            isize::MAX as usize / 8,
            1 << 42,
        ] {
            check_eq!(v.reserve(additional, flags), Err(AllocError));
            check_eq!(v.extend_with(additional, 2, flags), Err(AllocError));
            check_eq!(v.resize(additional, 2, flags), Err(AllocError));
            check!(Vec::<u64, A>::with_capacity(additional, flags).is_err());
            check_eq!(v, [1]);
        }
        Ok(())
    }

    of::<Kmalloc>()?;
    of::<Vmalloc>()?;
    of::<KVmalloc>()
}

fn shrinks() -> Outcome {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);

    let mut v = KVVec::from_elem(7_u64, 1 << 20, GFP_KERNEL)?;
    v.shrink_to(usize::MAX, GFP_KERNEL)?;
    check_eq!(v.capacity(), 1 << 20);
    v.truncate(100);
    v.shrink_to(1000, GFP_KERNEL)?;
    check!(v.capacity() >= 1000 && v.capacity() < 1 << 20);
    check_eq!(v, [7; 100]);
    v.clear();
    v.shrink_to(0, GFP_KERNEL)?;
    check_eq!(v.capacity(), 0);
    v.push(1, GFP_KERNEL)?;
    check_eq!(v, [1]);

    let mut v = KVVec::with_capacity(1 << 20, GFP_KERNEL)?;
    v.push(Counted::new(1, &ALIVE), GFP_KERNEL)?;
    v.shrink_to(0, GFP_KERNEL)?;
    check_eq!((v.len(), v[0].0, ALIVE.load(Ordering::Relaxed)), (1, 1, 1));
    drop(v);
    check_eq!(ALIVE.load(Ordering::Relaxed), 0);
    Ok(())
}

fn macro_and_comparison() -> Outcome {
    let mut v = kvec![];
    v.push(1_u8, GFP_KERNEL)?;
    check_eq!(v, kvec![1; 1]?);
    check_eq!(v, KVec::from(KBox::new([1_u8], GFP_KERNEL)?));

    v.extend_from_slice(b"ab", GFP_KERNEL)?;
    let slice = &[1, b'a', b'b'][..];
    check_eq!(v, [1, b'a', b'b']);
    check_eq!(v, slice);
    check_eq!(slice, v);
    check_eq!(v[..], *b"\x01ab");
    check!(v != [1] && [1][..] != v);
    check_eq!(v[1..], *b"ab");
    v[0] = 2;
    v.sort_unstable_by(|a, b| b.cmp(a));
    check_eq!(v, [b'b', b'a', 2]);
    check_eq!(v.first(), Some(&b'b'));
    Ok(())
}

fn zeroed() -> Outcome {
    // Memory that had other content before.
    drop(KVec::from_elem(0xff_u8, 256, GFP_KERNEL)?);
    let v = KVec::<u64>::zeroed(32, GFP_KERNEL)?;
    check!(v.len() == 32 && v.iter().all(|&n| n == 0));
    check!(KVec::<u64>::zeroed(0, GFP_KERNEL)?.is_empty());
    check_eq!(KVec::<()>::zeroed(5, GFP_KERNEL)?.len(), 5);
    check!(KVec::<u64>::zeroed(usize::MAX, GFP_KERNEL).is_err());
    Ok(())
}
