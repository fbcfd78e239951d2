// SPDX-License-Identifier: GPL-2.0-only

//! Taking all elements out of a vector that keeps its memory.

use super::Allocator;
use super::Vec;
use core::iter::FusedIterator;
use core::ptr;
use core::slice;

/// The elements that [`Vec::drain_all`] took out; those not iterated over are dropped with it.
///
/// # Invariants
///
/// The elements of the iterator are valid and owned by `self`.
pub struct DrainAll<'vec, T> {
    elements: slice::IterMut<'vec, T>,
}

impl<T, A: Allocator> Vec<T, A> {
    /// Takes all elements out of the vector, which keeps its memory.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut v = kernel::kvec![1, 2, 3]?;
    ///
    /// assert_eq!(v.drain_all().sum::<i32>(), 6);
    /// assert!(v.is_empty() && v.capacity() >= 3);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn drain_all(&mut self) -> DrainAll<'_, T> {
        // SAFETY: All elements are as many as there are.
        let elements = unsafe { self.dec_len(self.len()) };

        // INVARIANT: `dec_len` took them out of the vector, which stays borrowed.
        DrainAll {
            elements: elements.iter_mut(),
        }
    }
}

impl<T> Iterator for DrainAll<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let element: *mut T = self.elements.next()?;

        // SAFETY: By the type invariant it is valid, and the iterator does not return it again.
        Some(unsafe { element.read() })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.elements.size_hint()
    }
}

impl<T> ExactSizeIterator for DrainAll<'_, T> {}

impl<T> FusedIterator for DrainAll<'_, T> {}

impl<T> Drop for DrainAll<'_, T> {
    fn drop(&mut self) {
        let rest: *mut [T] = core::mem::take(&mut self.elements).into_slice();

        // SAFETY: By the type invariant they are valid, and this is their last use.
        unsafe { ptr::drop_in_place(rest) };
    }
}
