// SPDX-License-Identifier: GPL-2.0-only

//! Giving memory back.

use super::ArrayLayout;
use super::Flags;
use super::KVVec;
use crate::alloc::AllocError;
use core::ptr;

impl<T> KVVec<T> {
    /// Gives memory back, but keeps room for `min_capacity` elements and for those that there are.
    ///
    /// The elements move if that frees at least a page of a virtually contiguous block; smaller ones stay.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory to move to; the vector is as before then.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut v = KVVec::with_capacity(1 << 20, GFP_KERNEL)?;
    /// v.push(1_u64, GFP_KERNEL)?;
    /// v.shrink_to(8, GFP_KERNEL)?;
    ///
    /// assert!(v.capacity() < 1 << 20);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn shrink_to(&mut self, min_capacity: usize, flags: Flags) -> Result<(), AllocError> {
        const PAGE: usize = bindings::PAGE_SIZE;

        let capacity = self.len.max(min_capacity);
        if Self::IS_ZST || capacity >= self.layout.len() {
            return Ok(());
        }

        if capacity == 0 {
            *self = Self::new();
            return Ok(());
        }

        // SAFETY: It is less than the present capacity.
        let layout = unsafe { ArrayLayout::<T>::new_unchecked(capacity) };
        // SAFETY: C only looks at the address.
        let is_vmalloc = unsafe { bindings::is_vmalloc_addr(self.as_ptr().cast()) };
        if !is_vmalloc || layout.size().div_ceil(PAGE) >= self.layout.size().div_ceil(PAGE) {
            return Ok(());
        }

        // C keeps the pages of a block that shrinks in place: only a move gives them back.
        let mut smaller = Self::with_capacity(capacity, flags)?;

        // SAFETY: `smaller` has room for all elements, and is another allocation.
        unsafe { ptr::copy_nonoverlapping(self.as_ptr(), smaller.as_mut_ptr(), self.len) };
        // SAFETY: The elements are there now; taking the length from `self` moves their ownership.
        unsafe { smaller.inc_len(core::mem::replace(&mut self.len, 0)) };

        *self = smaller;
        Ok(())
    }
}
