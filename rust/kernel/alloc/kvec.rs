// SPDX-License-Identifier: GPL-2.0-only

//! [`Vec`]: an array that grows.

use super::allocator::KVmalloc;
use super::allocator::Kmalloc;
use super::allocator::Vmalloc;
use super::flags::__GFP_ZERO;
use super::layout::ArrayLayout;
use super::AllocError;
use super::Allocator;
use super::Box;
use super::Flags;
use super::NumaNode;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::mem::MaybeUninit;
use core::ptr;
use core::ptr::NonNull;
use pin_init::Zeroable;

mod drain;
mod edit;
mod errors;
mod into_iter;
mod shrink;
mod slice;
mod values;

pub use self::drain::DrainAll;
pub use self::errors::InsertError;
pub use self::errors::PushError;
pub use self::errors::RemoveError;
pub use self::into_iter::IntoIter;

/// Makes a [`KVec`] of the given elements, with `GFP_KERNEL`.
///
/// Without elements it is a [`KVec`], else a [`Result`] of one.
///
/// # Examples
///
/// ```
/// let mut v = kernel::kvec![];
/// v.push(1, GFP_KERNEL)?;
/// assert_eq!(v, [1]);
///
/// assert_eq!(kernel::kvec![1; 3]?, [1, 1, 1]);
/// assert_eq!(kernel::kvec![1, 2, 3]?, [1, 2, 3]);
/// # Ok::<(), Error>(())
/// ```
#[macro_export]
macro_rules! kvec {
    () => {
        $crate::alloc::KVec::new()
    };
    ($elem:expr; $n:expr) => {
        $crate::alloc::KVec::from_elem($elem, $n, $crate::alloc::flags::GFP_KERNEL)
    };
    ($($elem:expr),+ $(,)?) => {
        match $crate::alloc::KBox::new_uninit($crate::alloc::flags::GFP_KERNEL) {
            ::core::result::Result::Ok(array) => ::core::result::Result::Ok(
                $crate::alloc::KVec::from($crate::alloc::KBox::write(array, [$($elem),+])),
            ),
            ::core::result::Result::Err(error) => ::core::result::Result::Err(error),
        }
    };
}

/// A growable array of `T` in memory from allocator `A`.
///
/// [`KVec`], [`VVec`] and [`KVVec`] name the allocator. Unlike the standard library's, growing may fail and
/// takes [`Flags`]; a failure leaves the vector as it was. A type without a size takes no memory.
///
/// # Examples
///
/// ```
/// let mut v = KVec::new();
/// v.push(1, GFP_KERNEL)?;
/// v.extend_from_slice(&[2, 3], GFP_KERNEL)?;
///
/// assert_eq!(v, [1, 2, 3]);
/// # Ok::<(), Error>(())
/// ```
///
/// # Invariants
///
/// - `ptr` is aligned for `T`. It is an allocation of `A` with `layout`, or dangling if that has no size.
/// - The first `len` elements are valid and owned by `self`.
/// - `len` is at most `capacity()`. If `T` has no size, `layout` is empty.
pub struct Vec<T, A: Allocator> {
    ptr: NonNull<T>,
    layout: ArrayLayout<T>,
    len: usize,
    _p: PhantomData<A>,
}

/// A [`Vec`] in `kmalloc()` memory.
pub type KVec<T> = Vec<T, Kmalloc>;

/// A [`Vec`] in `vmalloc()` memory.
///
/// Context: process. Dropping may sleep (`vfree()`), so not under a spinlock; in interrupts it does not. Making one in an interrupt fails.
pub type VVec<T> = Vec<T, Vmalloc>;

/// A [`Vec`] in `kvmalloc()` memory.
///
/// Context: process. Dropping may sleep (`vfree()`), so not under a spinlock; in interrupts it does not. Making one in an interrupt is `kmalloc()` alone.
pub type KVVec<T> = Vec<T, KVmalloc>;

// SAFETY: A vector owns its elements, so sending it is sending them.
unsafe impl<T: Send, A: Allocator> Send for Vec<T, A> {}

// SAFETY: Sharing a vector gives out `&T` only.
unsafe impl<T: Sync, A: Allocator> Sync for Vec<T, A> {}

impl<T, A: Allocator> Vec<T, A> {
    const IS_ZST: bool = size_of::<T>() == 0;

    /// Makes a vector without elements and without memory.
    #[inline]
    pub const fn new() -> Self {
        // INVARIANT: An empty layout allows a dangling pointer.
        Self {
            ptr: NonNull::dangling(),
            layout: ArrayLayout::empty(),
            len: 0,
            _p: PhantomData,
        }
    }

    /// Makes a vector without elements and with room for at least `capacity`.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory.
    #[inline]
    pub fn with_capacity(capacity: usize, flags: Flags) -> Result<Self, AllocError> {
        let mut v = Self::new();
        v.reserve(capacity, flags)?;
        Ok(v)
    }

    /// Makes a vector of `n` elements all of whose bytes are zero.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(KVec::<u32>::zeroed(3, GFP_KERNEL)?, [0, 0, 0]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn zeroed(n: usize, flags: Flags) -> Result<Self, AllocError>
    where
        T: Zeroable,
    {
        let mut v = Self::with_capacity(n, flags | __GFP_ZERO)?;

        // SAFETY: There is room for `n` elements, and zeroes are a valid `T`.
        unsafe { v.inc_len(n) };
        Ok(v)
    }

    /// Makes a vector of what [`Vec::into_raw_parts`] returned, perhaps with changed elements.
    ///
    /// # Safety
    ///
    /// - `ptr` must be an allocation of `A` for `capacity` elements; or any aligned pointer if `T` has no
    ///   size, or `capacity` is zero.
    /// - The first `length` elements must be valid, and `length` at most `capacity`.
    ///
    /// The vector owns all of it from now on.
    #[inline]
    pub unsafe fn from_raw_parts(ptr: *mut T, length: usize, capacity: usize) -> Self {
        let layout = if Self::IS_ZST {
            ArrayLayout::empty()
        } else {
            // SAFETY: No allocation is larger than `isize::MAX`.
            unsafe { ArrayLayout::new_unchecked(capacity) }
        };

        // INVARIANT: The caller promises it.
        Self {
            // SAFETY: Neither an allocation nor an aligned pointer is null.
            ptr: unsafe { NonNull::new_unchecked(ptr) },
            layout,
            len: length,
            _p: PhantomData,
        }
    }

    /// Gives up the vector for its pointer, length and capacity: nothing is dropped or freed.
    ///
    /// # Examples
    ///
    /// ```
    /// let (ptr, len, capacity) = kernel::kvec![1, 2, 3]?.into_raw_parts();
    /// // SAFETY: It was a vector just before.
    /// let v = unsafe { KVec::from_raw_parts(ptr, len, capacity) };
    ///
    /// assert_eq!(v, [1, 2, 3]);
    /// # Ok::<(), Error>(())
    /// ```
    #[inline]
    pub fn into_raw_parts(self) -> (*mut T, usize, usize) {
        let mut me = ManuallyDrop::new(self);
        (me.as_mut_ptr(), me.len(), me.capacity())
    }

    /// How many elements there is room for without allocating.
    #[inline]
    pub const fn capacity(&self) -> usize {
        if Self::IS_ZST {
            usize::MAX
        } else {
            self.layout.len()
        }
    }

    /// How many elements the vector has.
    #[inline]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether the vector has no elements.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Makes the next `additional` elements part of the vector.
    ///
    /// # Safety
    ///
    /// They must be within the capacity, and valid.
    #[inline]
    pub const unsafe fn inc_len(&mut self, additional: usize) {
        debug_assert!(additional <= self.capacity() - self.len);

        // INVARIANT: The caller promises it.
        self.len += additional;
    }

    /// Takes the last `count` elements out of the vector; the caller may move them from the slice.
    ///
    /// # Safety
    ///
    /// `count` must be at most the length.
    #[inline]
    unsafe fn dec_len(&mut self, count: usize) -> &mut [T] {
        debug_assert!(count <= self.len);

        // INVARIANT: A shorter vector has fewer elements to own.
        self.len -= count;

        // SAFETY: These were valid elements until just now.
        unsafe { core::slice::from_raw_parts_mut(self.as_mut_ptr().add(self.len), count) }
    }

    /// The elements.
    #[inline]
    pub fn as_slice(&self) -> &[T] {
        self
    }

    /// The elements, to change.
    #[inline]
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        self
    }

    /// A pointer to the first element, or a dangling one if there is no memory.
    #[inline]
    pub const fn as_ptr(&self) -> *const T {
        self.ptr.as_ptr()
    }

    /// A pointer to the first element, or a dangling one if there is no memory.
    #[inline]
    pub fn as_mut_ptr(&mut self) -> *mut T {
        self.ptr.as_ptr()
    }

    /// The memory behind the elements. Fill it from the start, then call [`Vec::inc_len`].
    ///
    /// # Examples
    ///
    /// ```
    /// let mut v = KVec::with_capacity(4, GFP_KERNEL)?;
    /// v.spare_capacity_mut()[0].write(7);
    /// // SAFETY: The first element was just written.
    /// unsafe { v.inc_len(1) };
    ///
    /// assert_eq!(v, [7]);
    /// # Ok::<(), Error>(())
    /// ```
    #[inline]
    pub fn spare_capacity_mut(&mut self) -> &mut [MaybeUninit<T>] {
        let spare = self.capacity() - self.len;

        // SAFETY: By the type invariant `len` is within the allocation.
        let ptr = unsafe { self.as_mut_ptr().add(self.len) };

        // SAFETY: By the type invariant memory for `spare` elements follows, and only `self` has it.
        unsafe { core::slice::from_raw_parts_mut(ptr.cast(), spare) }
    }

    /// Makes room for at least `additional` elements more than there are.
    ///
    /// The capacity at least doubles, so that many small steps stay cheap. With `__GFP_ZERO` the memory
    /// that is gained holds zeroes.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory, or no memory could be so large.
    pub fn reserve(&mut self, additional: usize, flags: Flags) -> Result<(), AllocError> {
        let cap = self.capacity();
        if cap - self.len >= additional {
            return Ok(());
        }

        if Self::IS_ZST {
            // Even the largest length would not do.
            return Err(AllocError);
        }

        let needed = self.len.checked_add(additional).ok_or(AllocError)?;
        // Twice the capacity of something that has a size is at most `2 * isize::MAX`.
        let layout = ArrayLayout::new(needed.max(cap * 2)).map_err(|_| AllocError)?;

        // SAFETY: By the type invariant `ptr` was allocated by `A` with `self.layout`.
        unsafe { self.realloc(layout, flags) }
    }

    /// Changes the capacity to `layout`'s, which may move the elements.
    ///
    /// # Safety
    ///
    /// `layout` must have room for all elements, and `T` a size.
    unsafe fn realloc(&mut self, layout: ArrayLayout<T>, flags: Flags) -> Result<(), AllocError> {
        // SAFETY: By the type invariant `ptr` was allocated by `A` with `self.layout`.
        let ptr = unsafe {
            A::realloc(
                Some(self.ptr.cast()),
                layout.into(),
                self.layout.into(),
                flags,
                NumaNode::NO_NODE,
            )?
        };

        // INVARIANT: `ptr` is the allocation with `layout` now, and the elements' bytes were kept.
        self.ptr = ptr.cast();
        self.layout = layout;
        Ok(())
    }

    /// Appends `v`.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory; `v` is dropped then.
    #[inline]
    pub fn push(&mut self, v: T, flags: Flags) -> Result<(), AllocError> {
        self.reserve(1, flags)?;
        // SAFETY: Just made room.
        unsafe { self.push_unchecked(v) };
        Ok(())
    }

    /// Appends `v` without allocating.
    ///
    /// # Errors
    ///
    /// [`PushError`], with `v` in it, if there is no room.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut v = KVec::with_capacity(1, GFP_KERNEL)?;
    /// v.push_within_capacity(1)?;
    ///
    /// assert_eq!(v, [1]);
    /// # Ok::<(), Error>(())
    /// ```
    #[inline]
    pub fn push_within_capacity(&mut self, v: T) -> Result<(), PushError<T>> {
        if self.len == self.capacity() {
            return Err(PushError(v));
        }

        // SAFETY: Just checked that there is room.
        unsafe { self.push_unchecked(v) };
        Ok(())
    }

    /// Appends `v`.
    ///
    /// # Safety
    ///
    /// There must be room for it.
    #[inline]
    unsafe fn push_unchecked(&mut self, v: T) {
        // SAFETY: The caller promises that this is within the allocation, and no element is there.
        unsafe { self.as_mut_ptr().add(self.len).write(v) };

        // SAFETY: Just written.
        unsafe { self.inc_len(1) };
    }

    /// Removes the last element and returns it.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        if self.is_empty() {
            return None;
        }

        // SAFETY: There is at least one element.
        let last = unsafe { self.dec_len(1) }.as_mut_ptr();

        // SAFETY: `dec_len` allows to move the element.
        Some(unsafe { last.read() })
    }
}

impl<T, A: Allocator> Drop for Vec<T, A> {
    fn drop(&mut self) {
        let elements: *mut [T] = self.as_mut_slice();

        // SAFETY: By the type invariant the elements are valid, and this is their last use.
        unsafe { ptr::drop_in_place(elements) };

        // SAFETY: By the type invariant it was allocated by `A` with this layout, or has no size.
        unsafe { A::free(self.ptr.cast(), self.layout.into()) };
    }
}

impl<T, A: Allocator, const N: usize> From<Box<[T; N], A>> for Vec<T, A> {
    fn from(b: Box<[T; N], A>) -> Self {
        // SAFETY: The box's memory is for `N` elements, all of them valid.
        unsafe { Self::from_raw_parts(Box::into_raw(b).cast(), N, N) }
    }
}

impl<T, A: Allocator> Default for Vec<T, A> {
    #[inline]
    fn default() -> Self {
        Self::new()
    }
}
