// SPDX-License-Identifier: GPL-2.0-only

//! Moving the elements out of a vector.

use super::Allocator;
use super::ArrayLayout;
use super::Flags;
use super::Vec;
use core::iter::FusedIterator;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ptr;
use core::ptr::NonNull;

/// The elements of a vector that was turned into an iterator, and its memory.
///
/// # Invariants
///
/// - `buf` is an allocation of `A` with `layout`, or dangling if that has no size.
/// - `len` valid elements, owned by `self`, start at `ptr`, which is not before `buf`.
pub struct IntoIter<T, A: Allocator> {
    ptr: *mut T,
    buf: NonNull<T>,
    len: usize,
    layout: ArrayLayout<T>,
    _p: PhantomData<A>,
}

// SAFETY: The iterator owns its elements, so sending it is sending them.
unsafe impl<T: Send, A: Allocator> Send for IntoIter<T, A> {}

// SAFETY: A shared iterator gives out `&T` at most.
unsafe impl<T: Sync, A: Allocator> Sync for IntoIter<T, A> {}

impl<T, A: Allocator> IntoIter<T, A> {
    /// Makes a vector of the elements that are left, in the same memory.
    ///
    /// It has the name of [`Iterator::collect`] but needs no new memory, and so does not fail. It gives
    /// memory back where the allocator can; `flags` are for that.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut it = kernel::kvec![1, 2, 3]?.into_iter();
    /// assert_eq!(it.next(), Some(1));
    ///
    /// assert_eq!(it.collect(GFP_KERNEL), [2, 3]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn collect(self, flags: Flags) -> Vec<T, A> {
        let me = ManuallyDrop::new(self);
        let buf = me.buf.as_ptr();
        let moved = !ptr::eq(me.ptr, buf);

        if moved {
            // SAFETY: The memory from `buf` on has room for more than the `len` elements at `ptr`.
            unsafe { ptr::copy(me.ptr, buf, me.len) };
        }

        let capacity = if Vec::<T, A>::IS_ZST {
            usize::MAX
        } else {
            me.layout.len()
        };

        // SAFETY: The elements are at the start of the allocation of that capacity.
        let mut v = unsafe { Vec::from_raw_parts(buf, me.len, capacity) };

        if moved && !Vec::<T, A>::IS_ZST && me.len != 0 {
            // SAFETY: It is less than the old capacity.
            let layout = unsafe { ArrayLayout::new_unchecked(me.len) };

            // SAFETY: It has room for just the elements there are, and `T` has a size. If it fails,
            // the larger memory does as well.
            let _ = unsafe { v.realloc(layout, flags) };
        } else if moved && v.is_empty() {
            // Without elements there is no need for memory.
            v = Vec::new();
        }
        v
    }
}

impl<T, A: Allocator> Iterator for IntoIter<T, A> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.len = self.len.checked_sub(1)?;
        let current = self.ptr;

        // INVARIANT: The elements start one further, and are one fewer.
        // SAFETY: There was an element at `ptr`.
        self.ptr = unsafe { current.add(1) };

        // SAFETY: By the type invariant the element was valid, and `self` no longer owns it.
        Some(unsafe { current.read() })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len, Some(self.len))
    }
}

impl<T, A: Allocator> ExactSizeIterator for IntoIter<T, A> {}

impl<T, A: Allocator> FusedIterator for IntoIter<T, A> {}

impl<T, A: Allocator> Drop for IntoIter<T, A> {
    fn drop(&mut self) {
        let rest = ptr::slice_from_raw_parts_mut(self.ptr, self.len);

        // SAFETY: By the type invariant they are valid, and this is their last use.
        unsafe { ptr::drop_in_place(rest) };

        // SAFETY: By the type invariant it was allocated by `A` with this layout, or has no size.
        unsafe { A::free(self.buf.cast(), self.layout.into()) };
    }
}

impl<T, A: Allocator> IntoIterator for Vec<T, A> {
    type Item = T;
    type IntoIter = IntoIter<T, A>;

    #[inline]
    fn into_iter(self) -> IntoIter<T, A> {
        let me = ManuallyDrop::new(self);

        // INVARIANT: The iterator takes over what the vector owned.
        IntoIter {
            ptr: me.ptr.as_ptr(),
            buf: me.ptr,
            len: me.len,
            layout: me.layout,
            _p: PhantomData,
        }
    }
}
