// SPDX-License-Identifier: GPL-2.0-only

//! The memory layout of arrays whose length is known at run time only.

use core::alloc::Layout;
use core::marker::PhantomData;

/// The array would be larger than `isize::MAX` bytes.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct LayoutError;

/// The layout of a `[T; len]`.
///
/// # Invariants
///
/// `len * size_of::<T>()` is at most `isize::MAX`.
pub struct ArrayLayout<T> {
    len: usize,
    _phantom: PhantomData<fn() -> T>,
}

impl<T> Clone for ArrayLayout<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ArrayLayout<T> {}

impl<T> ArrayLayout<T> {
    /// The layout of no elements.
    pub const fn empty() -> Self {
        // INVARIANT: Zero times any size is zero.
        Self {
            len: 0,
            _phantom: PhantomData,
        }
    }

    /// The layout of `len` elements.
    ///
    /// # Errors
    ///
    /// [`LayoutError`] if they take more than `isize::MAX` bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use kernel::alloc::layout::ArrayLayout;
    ///
    /// assert!(ArrayLayout::<i32>::new(15).is_ok_and(|layout| layout.len() == 15));
    /// assert!(ArrayLayout::<i32>::new(isize::MAX as usize).is_err());
    /// ```
    pub const fn new(len: usize) -> Result<Self, LayoutError> {
        match len.checked_mul(size_of::<T>()) {
            // INVARIANT: The arm's guard is the invariant.
            Some(size) if size <= isize::MAX as usize => Ok(Self {
                len,
                _phantom: PhantomData,
            }),
            _ => Err(LayoutError),
        }
    }

    /// The layout of `len` elements, unchecked.
    ///
    /// # Safety
    ///
    /// `len * size_of::<T>()` must be at most `isize::MAX`.
    pub const unsafe fn new_unchecked(len: usize) -> Self {
        // INVARIANT: The caller promises it.
        Self {
            len,
            _phantom: PhantomData,
        }
    }

    /// How many elements the array has.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether the array has no elements.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The array's size in bytes.
    pub const fn size(&self) -> usize {
        self.len * size_of::<T>()
    }
}

impl<T> From<ArrayLayout<T>> for Layout {
    fn from(value: ArrayLayout<T>) -> Self {
        // SAFETY: By the type invariant the size is at most `isize::MAX`, and as the size of an array of
        // `T` it is a multiple of the alignment.
        unsafe { Layout::from_size_align_unchecked(value.size(), align_of::<T>()) }
    }
}
