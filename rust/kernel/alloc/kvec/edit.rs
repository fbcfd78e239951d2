// SPDX-License-Identifier: GPL-2.0-only

//! Putting elements between others, and taking some out.

use super::Allocator;
use super::InsertError;
use super::RemoveError;
use super::Vec;
use core::ptr;

impl<T, A: Allocator> Vec<T, A> {
    /// Inserts `element` before the one at `index`, without allocating.
    ///
    /// # Errors
    ///
    /// [`InsertError`], with `element` in it: `IndexOutOfBounds` if `index` is beyond the length,
    /// `OutOfCapacity` if there is no room.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut v = KVec::with_capacity(3, GFP_KERNEL)?;
    /// v.extend_from_slice(&[1, 3], GFP_KERNEL)?;
    /// v.insert_within_capacity(1, 2)?;
    ///
    /// assert_eq!(v, [1, 2, 3]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn insert_within_capacity(
        &mut self,
        index: usize,
        element: T,
    ) -> Result<(), InsertError<T>> {
        let len = self.len;
        if index > len {
            return Err(InsertError::IndexOutOfBounds(element));
        }
        if len == self.capacity() {
            return Err(InsertError::OutOfCapacity(element));
        }

        // SAFETY: `index` is at most the length.
        let slot = unsafe { self.as_mut_ptr().add(index) };

        // SAFETY: There is room for the elements from `index` on, one place further.
        unsafe { ptr::copy(slot, slot.add(1), len - index) };

        // SAFETY: The element that was here was moved away.
        unsafe { slot.write(element) };

        // SAFETY: There is one valid element more.
        unsafe { self.inc_len(1) };
        Ok(())
    }

    /// Removes the element at `i` and returns it; those behind it move up.
    ///
    /// # Errors
    ///
    /// [`RemoveError`] if there is no such element.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut v = kernel::kvec![1, 2, 3]?;
    ///
    /// assert_eq!(v.remove(1)?, 2);
    /// assert_eq!(v, [1, 3]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn remove(&mut self, i: usize) -> Result<T, RemoveError> {
        if i >= self.len {
            return Err(RemoveError);
        }
        let behind = self.len - i - 1;

        // SAFETY: `i` is less than the length.
        let slot = unsafe { self.as_mut_ptr().add(i) };

        // SAFETY: There is a valid element, and the next line overwrites or cuts it off.
        let value = unsafe { slot.read() };

        // SAFETY: `behind` elements follow that at `i`.
        unsafe { ptr::copy(slot.add(1), slot, behind) };

        // SAFETY: There is at least one element; the last one was moved or is `value`.
        unsafe { self.dec_len(1) };
        Ok(value)
    }

    /// Drops the elements from `len` on, and keeps the memory.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut v = kernel::kvec![1, 2, 3]?;
    /// v.truncate(1);
    ///
    /// assert_eq!(v, [1]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn truncate(&mut self, len: usize) {
        if let Some(count) = self.len.checked_sub(len) {
            // SAFETY: `count` is at most the length.
            let tail: *mut [T] = unsafe { self.dec_len(count) };

            // SAFETY: `dec_len` allows to drop the elements.
            unsafe { ptr::drop_in_place(tail) };
        }
    }

    /// Drops all elements, and keeps the memory.
    #[inline]
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Drops the elements for which `f` is false. The others stay in order.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut v = kernel::kvec![1, 2, 3, 4]?;
    /// v.retain(|n| *n % 2 == 0);
    ///
    /// assert_eq!(v, [2, 4]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn retain(&mut self, mut f: impl FnMut(&mut T) -> bool) {
        let mut kept = 0;

        for i in 0..self.len {
            if f(&mut self[i]) {
                self.swap(kept, i);
                kept += 1;
            }
        }
        self.truncate(kept);
    }
}
