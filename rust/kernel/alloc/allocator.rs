// SPDX-License-Identifier: GPL-2.0-only

//! The kernel's allocators.
//!
//! C headers: `include/linux/slab.h`, `include/linux/vmalloc.h`.

use super::dangling_from_layout;
use super::flags::__GFP_ZERO;
use super::AllocError;
use super::Allocator;
use super::Flags;
use super::NumaNode;
use crate::ffi::c_void;
use core::alloc::Layout;
use core::ptr::NonNull;

/// Memory from the slab caches, physically contiguous: `kmalloc()`.
///
/// Context: any but NMI, with flags that suit it; [`free`](Allocator::free) never sleeps.
/// C: `krealloc()`, `kfree()`.
pub struct Kmalloc;

impl Kmalloc {
    /// The layout that C is asked for to get memory that fits `layout`: its size is a multiple of the
    /// alignment.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::alloc::Layout;
    /// use kernel::alloc::allocator::Kmalloc;
    ///
    /// let layout = Layout::from_size_align(100, 64)?;
    /// assert_eq!(Kmalloc::aligned_layout(layout).size(), 128);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn aligned_layout(layout: Layout) -> Layout {
        layout.pad_to_align()
    }
}

/// Whole pages, contiguous in the kernel's address space only: `vmalloc()`.
///
/// For large buffers. An alignment beyond a page, and flags that do not allow sleeping, fail on kernels
/// whose `vmalloc()` cannot do it. In interrupts, soft ones too, it always fails.
///
/// Context: process; [`free`](Allocator::free) may sleep outside of interrupts, so nothing of it may be dropped under a
/// spinlock. C: `vrealloc()`, `vfree()`.
pub struct Vmalloc;

/// [`Kmalloc`] if that has the memory, else [`Vmalloc`]: `kvmalloc()`. In interrupts it is [`Kmalloc`] alone.
///
/// Context: process; [`free`](Allocator::free) may sleep outside of interrupts, so nothing of it may be dropped under a
/// spinlock. C: `kvrealloc()`, `kvfree()`.
pub struct KVmalloc;

/// A helper of `rust/helpers`: pointer, old size, new size, alignment, flags, node.
type ReallocFn = unsafe extern "C" fn(*const c_void, usize, usize, usize, u32, i32) -> *mut c_void;

/// Does what [`Allocator::realloc`] says, with a C allocator's functions.
///
/// # Safety
///
/// - As for [`Allocator::realloc`].
/// - `realloc` must act as `krealloc()` does, its size a multiple of the alignment.
/// - `free` must free what `realloc` returns.
// Always inlined, so that the calls through `realloc` and `free` are direct ones.
#[inline(always)]
unsafe fn realloc_with(
    realloc: ReallocFn,
    free: unsafe extern "C" fn(*const c_void),
    ptr: Option<NonNull<u8>>,
    layout: Layout,
    old_layout: Layout,
    flags: Flags,
    nid: NumaNode,
) -> Result<NonNull<[u8]>, AllocError> {
    // Where nothing was allocated, there is nothing that C could take.
    let old = ptr.filter(|_| old_layout.size() != 0);

    if layout.size() == 0 {
        if let Some(old) = old {
            // SAFETY: The caller gives up the allocation, and promises that it is `free`'s.
            unsafe { free(old.as_ptr().cast()) };
        }
        let none = dangling_from_layout(layout);
        return Ok(NonNull::slice_from_raw_parts(none, 0));
    }

    let (old_ptr, old_size) = match old {
        Some(old) => (old.as_ptr().cast_const(), old_layout.size()),
        None => (core::ptr::null(), 0),
    };

    // C aligns a block by the powers of two in its size, so the size has to be a multiple.
    let size = Kmalloc::aligned_layout(layout).size();

    // SAFETY: `old_ptr` is null or an allocation of `old_size` bytes that is `realloc`'s, and `size` is a
    // multiple of the alignment and not zero.
    let new = unsafe {
        realloc(
            old_ptr.cast(),
            old_size,
            size,
            layout.align(),
            flags.as_raw(),
            nid.0,
        )
    };
    let new = NonNull::new(new.cast::<u8>()).ok_or(AllocError)?;

    // C zeroes new memory; but where an old block grows, only if each earlier call for it asked that.
    if old.is_some() && flags.contains(__GFP_ZERO) && layout.size() > old_size {
        // SAFETY: `new` is valid for `layout.size()` bytes, of which these are the last.
        unsafe { new.add(old_size).write_bytes(0, layout.size() - old_size) };
    }

    Ok(NonNull::slice_from_raw_parts(new, layout.size()))
}

macro_rules! impl_allocator {
    ($name:ident, $realloc:ident, $free:ident, $min_align:expr) => {
        // SAFETY: C's memory lives until it is freed; `realloc_with` keeps the other guarantees, as the
        // two functions belong together.
        unsafe impl Allocator for $name {
            const MIN_ALIGN: usize = $min_align;

            unsafe fn realloc(
                ptr: Option<NonNull<u8>>,
                layout: Layout,
                old_layout: Layout,
                flags: Flags,
                nid: NumaNode,
            ) -> Result<NonNull<[u8]>, AllocError> {
                // SAFETY: The caller promises the same, and the helper acts as `krealloc()` does.
                unsafe {
                    realloc_with(
                        bindings::$realloc,
                        bindings::$free,
                        ptr,
                        layout,
                        old_layout,
                        flags,
                        nid,
                    )
                }
            }

            #[inline]
            unsafe fn free(ptr: NonNull<u8>, layout: Layout) {
                if layout.size() != 0 {
                    // SAFETY: As its layout has a size, `ptr` is this allocator's; the caller gives it up.
                    unsafe { bindings::$free(ptr.as_ptr().cast()) };
                }
            }
        }
    };
}

impl_allocator!(
    Kmalloc,
    krealloc_sized,
    kfree,
    bindings::ARCH_KMALLOC_MINALIGN
);
impl_allocator!(Vmalloc, vrealloc_sized, vfree, bindings::PAGE_SIZE);
impl_allocator!(
    KVmalloc,
    kvrealloc_sized,
    kvfree,
    bindings::ARCH_KMALLOC_MINALIGN
);
