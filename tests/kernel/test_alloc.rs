// SPDX-License-Identifier: GPL-2.0-only

//! Tests the allocators and [`KBox`] where memory is real.

use core::alloc::Layout;
use core::mem::MaybeUninit;
use core::pin::Pin;
use core::ptr::NonNull;
use core::sync::atomic::AtomicUsize;
use core::sync::atomic::Ordering;
use kernel::alloc::allocator::KVmalloc;
use kernel::alloc::allocator::Kmalloc;
use kernel::alloc::allocator::Vmalloc;
use kernel::alloc::flags::*;
use kernel::alloc::AllocError;
use kernel::alloc::Allocator;
use kernel::alloc::Flags;
use kernel::alloc::InPlaceInit;
use kernel::alloc::KBox;
use kernel::alloc::KVBox;
use kernel::alloc::NumaNode;
use kernel::alloc::VBox;
use kernel::prelude::*;
use kernel::types::ForeignOwnable;

#[macro_use]
mod ktap;
use ktap::Outcome;

ktap_module! {
    name: "test_alloc",
    description: "Tests the allocators and boxes",
    cases: [
        alignment,
        alignment_beyond_a_page,
        realloc_keeps_content,
        grows_out_of_kmalloc,
        zeroes_new_and_grown,
        zero_size_takes_no_memory,
        too_large_fails,
        atomic_allocates_or_fails,
        nodes,
        boxes_hold_and_drop,
        boxes_of_traits,
        boxes_of_zeroes,
        pinned_slices,
        flags_contain,
        boxes_without_size,
        boxes_pass_through_c,
        failed_init_leaves_nothing,
        init_in_place,
        prints_its_value,
    ],
}

const PAGE: usize = kernel::bindings::PAGE_SIZE;

/// Counts the instances that are alive.
struct Counted(&'static AtomicUsize);

impl Counted {
    fn new(count: &'static AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Memory that is freed at the end of a case.
struct Memory<A: Allocator>(NonNull<[u8]>, Layout, core::marker::PhantomData<A>);

impl<A: Allocator> Memory<A> {
    fn new(size: usize, align: usize, flags: Flags) -> Result<Self> {
        let layout = Layout::from_size_align(size, align).map_err(|_| EINVAL)?;
        let memory = A::alloc(layout, flags, NumaNode::NO_NODE)?;
        Ok(Self(memory, layout, core::marker::PhantomData))
    }

    fn resize(&mut self, size: usize, flags: Flags) -> Result {
        let layout = Layout::from_size_align(size, self.1.align()).map_err(|_| EINVAL)?;
        // SAFETY: `self.0` was allocated with `self.1`.
        self.0 = unsafe {
            A::realloc(
                Some(self.0.cast()),
                layout,
                self.1,
                flags,
                NumaNode::NO_NODE,
            )?
        };
        self.1 = layout;
        Ok(())
    }

    fn address(&self) -> usize {
        self.0.as_ptr().addr()
    }

    fn bytes(&mut self) -> &mut [MaybeUninit<u8>] {
        // SAFETY: The memory is valid for its size, and any bytes are right.
        unsafe { &mut *(self.0.as_ptr() as *mut [MaybeUninit<u8>]) }
    }

    fn fill(&mut self, f: impl Fn(usize) -> u8) {
        for (i, byte) in self.bytes().iter_mut().enumerate() {
            byte.write(f(i));
        }
    }

    /// Whether the bytes of that range, which were written to, are `f`'s.
    fn holds(&mut self, range: core::ops::Range<usize>, f: impl Fn(usize) -> u8) -> bool {
        let start = range.start;
        let bytes = &self.bytes()[range];
        // SAFETY: The callers have filled this range or had it zeroed.
        bytes
            .iter()
            .enumerate()
            .all(|(i, byte)| unsafe { byte.assume_init() } == f(start + i))
    }
}

impl<A: Allocator> Drop for Memory<A> {
    fn drop(&mut self) {
        // SAFETY: It was allocated with this layout.
        unsafe { A::free(self.0.cast(), self.1) };
    }
}

fn pattern(i: usize) -> u8 {
    (i * 7 + i / 251) as u8
}

fn alignment() -> Outcome {
    fn of<A: Allocator>(align: usize) -> Outcome {
        // Eight of each size at once: one block alone may be aligned by chance.
        for size in [1, 24, 72, 96, 130, 192, 700, 5000] {
            let mut all = [const { None }; 8];
            for slot in &mut all {
                let memory = slot.insert(Memory::<A>::new(size, align, GFP_KERNEL)?);
                check_eq!(memory.address() % align, 0);
                check_eq!(memory.address() % A::MIN_ALIGN, 0);
                memory.fill(pattern);
            }
            for memory in all.iter_mut().flatten() {
                check!(memory.holds(0..size, pattern));
                memory.resize(size * 3, GFP_KERNEL)?;
                check_eq!(memory.address() % align, 0);
                check!(memory.holds(0..size, pattern));
            }
        }
        Ok(())
    }

    let mut align = 1;
    while align <= PAGE {
        of::<Kmalloc>(align)?;
        of::<Vmalloc>(align)?;
        of::<KVmalloc>(align)?;
        align *= 2;
    }
    Ok(())
}

fn alignment_beyond_a_page() -> Outcome {
    for align in [2 * PAGE, 16 * PAGE] {
        check_eq!(
            Memory::<Kmalloc>::new(100, align, GFP_KERNEL)?.address() % align,
            0
        );
        check_eq!(
            Memory::<KVmalloc>::new(100, align, GFP_KERNEL)?.address() % align,
            0
        );

        // Not every kernel can do this, but none may do it wrongly.
        if let Ok(memory) = Memory::<Vmalloc>::new(100, align, GFP_KERNEL) {
            check_eq!(memory.address() % align, 0);
        }
    }
    Ok(())
}

fn realloc_keeps_content() -> Outcome {
    fn of<A: Allocator>() -> Outcome {
        let mut memory = Memory::<A>::new(8, 8, GFP_KERNEL)?;
        memory.fill(pattern);
        let mut size = 8;

        for new_size in [
            20, 100, 97, 4096, 4097, 100_000, 300_000, 5000, 5001, 64, 9, 1,
        ] {
            memory.resize(new_size, GFP_KERNEL)?;
            check!(memory.holds(0..size.min(new_size), pattern));
            memory.fill(pattern);
            size = new_size;
        }
        Ok(())
    }

    of::<Kmalloc>()?;
    of::<Vmalloc>()?;
    of::<KVmalloc>()
}

fn grows_out_of_kmalloc() -> Outcome {
    let large = kernel::bindings::KMALLOC_MAX_SIZE as usize + 1;

    let mut memory = Memory::<KVmalloc>::new(1000, 8, GFP_KERNEL)?;
    memory.fill(pattern);
    memory.resize(large, GFP_KERNEL)?;
    check!(memory.holds(0..1000, pattern));
    memory.fill(pattern);
    memory.resize(large + PAGE, GFP_KERNEL)?;
    check!(memory.holds(0..large, pattern));
    memory.resize(10, GFP_KERNEL)?;
    check!(memory.holds(0..10, pattern));
    Ok(())
}

fn zeroes_new_and_grown() -> Outcome {
    fn of<A: Allocator>() -> Outcome {
        for size in [20, 1000, 20_000] {
            // Leave dirty memory behind for the allocations below to find.
            Memory::<A>::new(size, 8, GFP_KERNEL)?.fill(|_| 0xff);

            let mut memory = Memory::<A>::new(size, 8, GFP_KERNEL | __GFP_ZERO)?;
            check!(memory.holds(0..size, |_| 0));
            memory.fill(|_| 0xff);

            for larger in [size + 1, size + 10, size + 11, 5 * size] {
                let before = memory.bytes().len();
                memory.resize(larger, GFP_KERNEL | __GFP_ZERO)?;
                check!(memory.holds(0..before, |_| 0xff));
                check!(memory.holds(before..larger, |_| 0));
                memory.fill(|_| 0xff);
            }

            // What shrank and grows again holds none of the old bytes.
            memory.resize(size, GFP_KERNEL)?;
            memory.resize(5 * size, GFP_KERNEL | __GFP_ZERO)?;
            check!(memory.holds(size..5 * size, |_| 0));
        }
        Ok(())
    }

    of::<Kmalloc>()?;
    of::<Vmalloc>()?;
    of::<KVmalloc>()
}

fn zero_size_takes_no_memory() -> Outcome {
    let mut memory = Memory::<Kmalloc>::new(0, 64, GFP_KERNEL)?;
    check_eq!(memory.address(), 64);

    memory.resize(10, GFP_KERNEL)?;
    check!(memory.address() > PAGE);
    memory.resize(0, GFP_KERNEL)?;
    check_eq!(memory.address(), 64);
    Ok(())
}

fn too_large_fails() -> Outcome {
    fn of<A: Allocator>() -> Outcome {
        let flags = GFP_KERNEL | __GFP_NOWARN;
        let mut memory = Memory::<A>::new(16, 8, GFP_KERNEL)?;
        memory.fill(pattern);

        for size in [isize::MAX as usize - 4096, 1 << 50, 1 << 45] {
            check_eq!(Memory::<A>::new(size, 8, flags).err(), Some(ENOMEM));
            check_eq!(memory.resize(size, flags).err(), Some(ENOMEM));
            check!(memory.holds(0..16, pattern));
        }
        Ok(())
    }

    of::<Kmalloc>()?;
    of::<Vmalloc>()?;
    of::<KVmalloc>()
}

fn atomic_allocates_or_fails() -> Outcome {
    check!(Memory::<Kmalloc>::new(100, 8, GFP_ATOMIC).is_ok());
    check!(Memory::<Kmalloc>::new(100, 8, GFP_NOWAIT | __GFP_NOWARN).is_ok());
    check!(Memory::<Kmalloc>::new(100, 8, GFP_KERNEL_ACCOUNT).is_ok());
    check!(Memory::<KVmalloc>::new(100, 8, GFP_ATOMIC).is_ok());

    // Where `vmalloc()` always sleeps this fails; it must not sleep.
    let _ = Memory::<Vmalloc>::new(100, 8, GFP_ATOMIC);
    Ok(())
}

fn nodes() -> Outcome {
    let here = NumaNode::new(0)?;
    check!(NumaNode::new(-1)? == NumaNode::NO_NODE);
    for none in [-2, i32::MIN, 1023, 1024, i32::MAX] {
        check_eq!(NumaNode::new(none).err(), Some(EINVAL));
    }

    let layout = Layout::new::<[u64; 100]>();
    let memory = Kmalloc::alloc(layout, GFP_KERNEL, here)?;
    // SAFETY: Just allocated with this layout.
    unsafe { Kmalloc::free(memory.cast(), layout) };
    let memory = KVmalloc::alloc(layout, GFP_KERNEL, here)?;
    // SAFETY: Just allocated with this layout.
    unsafe { KVmalloc::free(memory.cast(), layout) };
    let memory = Vmalloc::alloc(layout, GFP_KERNEL, here)?;
    // SAFETY: Just allocated with this layout.
    unsafe { Vmalloc::free(memory.cast(), layout) };
    Ok(())
}

fn boxes_hold_and_drop() -> Outcome {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);
    let alive = || ALIVE.load(Ordering::Relaxed);

    let mut b = KBox::new((Counted::new(&ALIVE), 1), GFP_KERNEL)?;
    b.1 += 1;
    check_eq!((b.1, alive()), (2, 1));
    drop(b);
    check_eq!(alive(), 0);

    let memory = KBox::drop_contents(KBox::new(Counted::new(&ALIVE), GFP_KERNEL)?);
    check_eq!(alive(), 0);
    let b = memory.write(Counted::new(&ALIVE));
    let inner = KBox::into_inner(b);
    check_eq!(alive(), 1);
    drop(inner);
    check_eq!(alive(), 0);

    let raw = VBox::into_raw(VBox::new(Counted::new(&ALIVE), GFP_KERNEL)?);
    check_eq!(alive(), 1);
    // SAFETY: It was a box just before.
    drop(unsafe { VBox::from_raw(raw) });
    check_eq!(alive(), 0);

    type Huge = [u8; 1 << 45];
    check_eq!(
        KBox::<Huge>::new_uninit(GFP_KERNEL | __GFP_NOWARN).err(),
        Some(AllocError)
    );
    check_eq!(
        VBox::<Huge>::new_uninit(GFP_KERNEL | __GFP_NOWARN).err(),
        Some(AllocError)
    );
    check!(KVBox::<[u8; 8 << 20]>::new_uninit(GFP_KERNEL).is_ok());
    check_eq!(Error::from(AllocError), ENOMEM);
    Ok(())
}

fn boxes_of_traits() -> Outcome {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);

    trait Number {
        fn number(&self) -> u32;
    }

    #[repr(align(256))]
    struct Aligned(u32, #[allow(dead_code)] Counted);

    impl Number for Aligned {
        fn number(&self) -> u32 {
            self.0
        }
    }

    let b: KBox<dyn Number> = KBox::new(Aligned(5, Counted::new(&ALIVE)), GFP_KERNEL)?;
    check_eq!(b.number(), 5);
    check_eq!((&raw const *b).cast::<u8>().addr() % 256, 0);
    drop(b);
    check_eq!(ALIVE.load(Ordering::Relaxed), 0);

    let slice: KBox<[u32]> = KBox::new([1, 2, 3], GFP_KERNEL)?;
    check_eq!(slice.iter().sum::<u32>(), 6);
    Ok(())
}

fn boxes_without_size() -> Outcome {
    static DROPS: AtomicUsize = AtomicUsize::new(0);

    #[repr(align(1024))]
    struct Empty;

    impl Drop for Empty {
        fn drop(&mut self) {
            DROPS.fetch_add(1, Ordering::Relaxed);
        }
    }

    let b = KBox::new(Empty, GFP_KERNEL)?;
    check_eq!((&raw const *b).addr(), 1024);
    drop(b);
    check_eq!(DROPS.load(Ordering::Relaxed), 1);
    check_eq!(<KBox<Empty> as ForeignOwnable>::FOREIGN_ALIGN, 1024);
    check_eq!(<KBox<()> as ForeignOwnable>::FOREIGN_ALIGN, 1);
    Ok(())
}

fn boxes_pass_through_c() -> Outcome {
    let foreign = KBox::new(7_u32, GFP_KERNEL)?.into_foreign();
    check_eq!(
        foreign.addr() % <KBox<u32> as ForeignOwnable>::FOREIGN_ALIGN,
        0
    );

    // SAFETY: `foreign` holds a box, and nothing else borrows it.
    unsafe { *<KBox<u32>>::borrow_mut(foreign) += 1 };
    // SAFETY: `foreign` holds a box, and nothing changes it.
    check_eq!(*unsafe { <KBox<u32>>::borrow(foreign) }, 8);
    // SAFETY: `foreign` holds a box, and is not used again.
    check_eq!(*unsafe { <KBox<u32>>::from_foreign(foreign) }, 8);

    let foreign = KBox::pin(9_u32, GFP_KERNEL)?.into_foreign();
    // SAFETY: `foreign` holds a pinned box, and nothing changes it.
    check_eq!(*unsafe { <Pin<KBox<u32>>>::borrow(foreign) }, 9);
    // SAFETY: `foreign` holds a pinned box, and is not used again.
    drop(unsafe { <Pin<KBox<u32>>>::from_foreign(foreign) });

    // SAFETY: A null pointer is allowed.
    check!(unsafe { <KBox<u32>>::try_from_foreign(core::ptr::null_mut()) }.is_none());
    Ok(())
}

fn failed_init_leaves_nothing() -> Outcome {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);

    #[pin_data]
    struct Two {
        first: Counted,
        #[pin]
        second: Counted,
    }

    fn two(fails: bool) -> impl PinInit<Two, Error> {
        try_pin_init!(Two {
            first: Counted::new(&ALIVE),
            second: if fails {
                Err(EBUSY)
            } else {
                Ok(Counted::new(&ALIVE))
            }?,
        })
    }

    for _ in 0..100 {
        check_eq!(KBox::pin_init(two(true), GFP_KERNEL).err(), Some(EBUSY));
        check_eq!(ALIVE.load(Ordering::Relaxed), 0);
    }

    let pinned = KBox::pin_init(two(false), GFP_KERNEL)?;
    check!(core::ptr::eq(pinned.first.0, &ALIVE) && core::ptr::eq(pinned.second.0, &ALIVE));
    check_eq!(ALIVE.load(Ordering::Relaxed), 2);
    drop(pinned);
    check_eq!(ALIVE.load(Ordering::Relaxed), 0);
    Ok(())
}

fn init_in_place() -> Outcome {
    // Many times what the stack could hold.
    let zeroes = KVBox::init(pin_init::init_zeroed::<[u64; 1 << 20]>(), GFP_KERNEL)?;
    check!(zeroes.iter().all(|n| *n == 0));

    let failed = KBox::<u32>::try_init::<Error>(Err(EIO), GFP_KERNEL);
    check_eq!(failed.err(), Some(EIO));
    check_eq!(*KBox::<u32>::try_init::<Error>(Ok(4), GFP_KERNEL)?, 4);
    Ok(())
}

fn prints_its_value() -> Outcome {
    struct Buffer([u8; 16], usize);

    impl core::fmt::Write for Buffer {
        fn write_str(&mut self, s: &str) -> core::fmt::Result {
            let end = self.1 + s.len();
            self.0
                .get_mut(self.1..end)
                .ok_or(core::fmt::Error)?
                .copy_from_slice(s.as_bytes());
            self.1 = end;
            Ok(())
        }
    }

    let b = KBox::new(42, GFP_KERNEL)?;
    let mut out = Buffer([0; 16], 0);
    check!(core::fmt::write(&mut out, fmt!("{b} {b:?}")).is_ok());
    check_eq!(&out.0[..out.1], b"42 42");
    Ok(())
}

fn boxes_of_zeroes() -> Outcome {
    drop(KBox::new([0xff_u8; 256], GFP_KERNEL)?);
    check!(KBox::<[u8; 256]>::zeroed(GFP_KERNEL)?
        .iter()
        .all(|&byte| byte == 0));
    check!(VBox::<[u8; PAGE]>::zeroed(GFP_KERNEL)?
        .iter()
        .all(|&byte| byte == 0));
    KBox::<()>::zeroed(GFP_KERNEL)?;
    Ok(())
}

fn pinned_slices() -> Outcome {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);

    fn element(i: usize, last: usize) -> impl PinInit<Counted, Error> {
        let init = move |slot: *mut Counted| {
            if i > last {
                return Err(EIO);
            }
            // SAFETY: The slot is valid for writes.
            unsafe { slot.write(Counted::new(&ALIVE)) };
            Ok(())
        };
        // SAFETY: It writes the slot, or fails before.
        unsafe { kernel::init::pin_init_from_closure(init) }
    }

    let slice = KBox::pin_slice(|i| element(i, 9), 10, GFP_KERNEL)?;
    check_eq!(slice.len(), 10);
    check_eq!(ALIVE.load(Ordering::Relaxed), 10);
    drop(slice);
    check_eq!(ALIVE.load(Ordering::Relaxed), 0);

    // Those before the one that fails are dropped.
    let failed: Result<Pin<KBox<[Counted]>>> = KBox::pin_slice(|i| element(i, 4), 10, GFP_KERNEL);
    check_eq!(failed.err(), Some(EIO));
    check_eq!(ALIVE.load(Ordering::Relaxed), 0);

    let failed: Result<Pin<KBox<[Counted]>>> =
        KBox::pin_slice(|i| element(i, 4), usize::MAX / 2, GFP_KERNEL);
    check_eq!(failed.err(), Some(ENOMEM));
    let empty: Pin<VBox<[Counted]>> = VBox::pin_slice(|i| element(i, 4), 0, GFP_KERNEL)?;
    check!(empty.is_empty());
    Ok(())
}

fn flags_contain() -> Outcome {
    check!((GFP_KERNEL | __GFP_ZERO).contains(__GFP_ZERO));
    check!(GFP_KERNEL_ACCOUNT.contains(GFP_KERNEL));
    check!(!GFP_KERNEL.contains(GFP_KERNEL_ACCOUNT));
    check_eq!(Kmalloc::aligned_layout(Layout::new::<[u16; 3]>()).size(), 6);
    Ok(())
}
