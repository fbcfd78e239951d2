// SPDX-License-Identifier: GPL-2.0-only

//! Filling a vector with clones.

use super::AllocError;
use super::Allocator;
use super::Flags;
use super::Vec;

impl<T: Clone, A: Allocator> Vec<T, A> {
    /// Appends `n` clones of `value`.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory; nothing is appended then.
    pub fn extend_with(&mut self, n: usize, value: T, flags: Flags) -> Result<(), AllocError> {
        let Some(clones) = n.checked_sub(1) else {
            return Ok(());
        };

        self.reserve(n, flags)?;
        let spare = self.spare_capacity_mut();
        for slot in &mut spare[..clones] {
            slot.write(value.clone());
        }
        spare[clones].write(value);

        // SAFETY: Room for `n` was made, and as many were written.
        unsafe { self.inc_len(n) };
        Ok(())
    }

    /// Appends clones of all elements of `other`.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory; nothing is appended then.
    pub fn extend_from_slice(&mut self, other: &[T], flags: Flags) -> Result<(), AllocError> {
        self.reserve(other.len(), flags)?;
        for (slot, item) in core::iter::zip(self.spare_capacity_mut(), other) {
            slot.write(item.clone());
        }

        // SAFETY: Room for all of `other` was made, and as many were written.
        unsafe { self.inc_len(other.len()) };
        Ok(())
    }

    /// Makes a vector of `n` clones of `value`.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory.
    pub fn from_elem(value: T, n: usize, flags: Flags) -> Result<Self, AllocError> {
        let mut v = Self::new();
        v.extend_with(n, value, flags)?;
        Ok(v)
    }

    /// Makes the vector `new_len` long: drops elements, or appends clones of `value`.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory; the vector is as before then.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut v = kernel::kvec![1, 2, 3]?;
    /// v.resize(1, 42, GFP_KERNEL)?;
    /// assert_eq!(v, [1]);
    ///
    /// v.resize(3, 42, GFP_KERNEL)?;
    /// assert_eq!(v, [1, 42, 42]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn resize(&mut self, new_len: usize, value: T, flags: Flags) -> Result<(), AllocError> {
        match new_len.checked_sub(self.len()) {
            Some(n) => self.extend_with(n, value, flags),
            None => {
                self.truncate(new_len);
                Ok(())
            }
        }
    }
}
