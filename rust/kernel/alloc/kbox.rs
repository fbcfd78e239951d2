// SPDX-License-Identifier: GPL-2.0-only

//! [`Box`]: one value in memory of its own.

use super::flags::__GFP_ZERO;
use super::init::impl_in_place;
use super::AllocError;
use super::Allocator;
use super::Flags;
use super::NumaNode;
use super::Vec;
use crate::fmt;
use core::alloc::Layout;
use core::borrow::Borrow;
use core::borrow::BorrowMut;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::mem::MaybeUninit;
use core::ops::Deref;
use core::ops::DerefMut;
use core::pin::Pin;
use core::ptr::NonNull;
use pin_init::PinInit;
use pin_init::Zeroable;
use pin_init::ZeroableOption;

mod foreign;

/// A value of type `T` in memory from allocator `A`, dropped and freed with the box.
///
/// [`KBox`], [`VBox`] and [`KVBox`] name the allocator. Unlike the standard library's, creating one may
/// fail and takes [`Flags`]. A type without a size takes no memory.
///
/// # Examples
///
/// ```
/// let b = KBox::new(24_u64, GFP_KERNEL)?;
///
/// assert_eq!(*b, 24);
/// # Ok::<(), Error>(())
/// ```
///
/// # Invariants
///
/// `self.0` is aligned for `T`, valid, and owned by `self`. It is an allocation of `A` with `T`'s layout;
/// or dangling if `T` has no size.
#[repr(transparent)]
#[derive(core::marker::CoercePointee)]
pub struct Box<#[pointee] T: ?Sized, A: Allocator>(NonNull<T>, PhantomData<A>);

/// A [`Box`] in `kmalloc()` memory.
pub type KBox<T> = Box<T, super::allocator::Kmalloc>;

/// A [`Box`] in `vmalloc()` memory.
///
/// Context: process. Dropping may sleep (`vfree()`), so not under a spinlock; in interrupts it does not. Making one in an interrupt fails.
pub type VBox<T> = Box<T, super::allocator::Vmalloc>;

/// A [`Box`] in `kvmalloc()` memory.
///
/// Context: process. Dropping may sleep (`vfree()`), so not under a spinlock; in interrupts it does not. Making one in an interrupt is `kmalloc()` alone.
pub type KVBox<T> = Box<T, super::allocator::KVmalloc>;

// SAFETY: `NonNull` gives `Option<Box>` its niche, so all zeroes is `None`.
unsafe impl<T, A: Allocator> ZeroableOption for Box<T, A> {}

// SAFETY: A box owns its `T`, so sending it is sending a `T`.
unsafe impl<T: Send + ?Sized, A: Allocator> Send for Box<T, A> {}

// SAFETY: Sharing a box gives out `&T` only.
unsafe impl<T: Sync + ?Sized, A: Allocator> Sync for Box<T, A> {}

impl<T: ?Sized, A: Allocator> Box<T, A> {
    /// Makes a box of what [`Box::into_raw`] returned.
    ///
    /// # Safety
    ///
    /// `raw` must point to a valid `T` in an allocation of `A` with `T`'s layout, or be any aligned pointer
    /// if `T` has no size. The box owns both from now on.
    #[inline]
    pub const unsafe fn from_raw(raw: *mut T) -> Self {
        // INVARIANT: The caller promises it.
        // SAFETY: A pointer to a valid value is not null, and so is an aligned one.
        Self(unsafe { NonNull::new_unchecked(raw) }, PhantomData)
    }

    /// Gives up the box for the pointer to its value, which is neither dropped nor freed.
    ///
    /// # Examples
    ///
    /// ```
    /// let ptr = KBox::into_raw(KBox::new(24, GFP_KERNEL)?);
    ///
    /// // SAFETY: `ptr` was a box just before.
    /// let b = unsafe { KBox::from_raw(ptr) };
    /// assert_eq!(*b, 24);
    /// # Ok::<(), Error>(())
    /// ```
    #[inline]
    pub fn into_raw(b: Self) -> *mut T {
        ManuallyDrop::new(b).0.as_ptr()
    }

    /// Gives up the box for a reference to its value, which is never freed.
    ///
    /// # Examples
    ///
    /// ```
    /// let counter: &'static mut u32 = KBox::leak(KBox::new(0, GFP_KERNEL)?);
    /// *counter += 1;
    /// # Ok::<(), Error>(())
    /// ```
    #[inline]
    pub fn leak<'a>(b: Self) -> &'a mut T {
        // SAFETY: By the type invariant the pointer is valid, and no one else has it.
        unsafe { &mut *Box::into_raw(b) }
    }
}

impl<T, A: Allocator> Box<MaybeUninit<T>, A> {
    /// Turns the box into one of an initialised value.
    ///
    /// # Safety
    ///
    /// The value must be initialised.
    #[inline]
    pub unsafe fn assume_init(self) -> Box<T, A> {
        let raw = Self::into_raw(self);

        // SAFETY: `raw` was a box's, `MaybeUninit<T>` has `T`'s layout, and the caller initialised it.
        unsafe { Box::from_raw(raw.cast()) }
    }

    /// Writes `value` into the memory.
    #[inline]
    pub fn write(mut self, value: T) -> Box<T, A> {
        (*self).write(value);

        // SAFETY: Just written.
        unsafe { self.assume_init() }
    }
}

impl<T, A: Allocator> Box<T, A> {
    /// Allocates memory and moves `x` into it.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory; `x` is dropped then.
    #[inline]
    pub fn new(x: T, flags: Flags) -> Result<Self, AllocError> {
        Ok(Self::new_uninit(flags)?.write(x))
    }

    /// Allocates memory without writing to it, except for zeroes with `__GFP_ZERO`.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory.
    ///
    /// # Examples
    ///
    /// ```
    /// let b = KBox::<u64>::new_uninit(GFP_KERNEL)?;
    /// let b = KBox::write(b, 24);
    ///
    /// assert_eq!(*b, 24);
    /// # Ok::<(), Error>(())
    /// ```
    #[inline]
    pub fn new_uninit(flags: Flags) -> Result<Box<MaybeUninit<T>, A>, AllocError> {
        let ptr = A::alloc(Layout::new::<MaybeUninit<T>>(), flags, NumaNode::NO_NODE)?;

        // INVARIANT: `ptr` was just allocated for this layout, and any bytes are a `MaybeUninit<T>`.
        Ok(Box(ptr.cast(), PhantomData))
    }

    /// Allocates a value all of whose bytes are zero.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory.
    ///
    /// # Examples
    ///
    /// ```
    /// let b = KBox::<[u8; 64]>::zeroed(GFP_KERNEL)?;
    ///
    /// assert_eq!(*b, [0; 64]);
    /// # Ok::<(), Error>(())
    /// ```
    #[inline]
    pub fn zeroed(flags: Flags) -> Result<Self, AllocError>
    where
        T: Zeroable,
    {
        let memory = Self::new_uninit(flags | __GFP_ZERO)?;

        // SAFETY: The memory is zeroed, which is a valid `T`.
        Ok(unsafe { memory.assume_init() })
    }

    /// Allocates a slice whose `len` elements are initialised in place, to stay there.
    ///
    /// `init` is called for each index in turn. If it fails, the elements before are dropped.
    ///
    /// # Errors
    ///
    /// Those of the initialisers, or [`AllocError`] turned into one.
    ///
    /// # Examples
    ///
    /// ```
    /// #[pin_data]
    /// struct Port {
    ///     line: usize,
    /// }
    ///
    /// let ports = KBox::pin_slice(|line| try_pin_init!(Port { line }), 4, GFP_KERNEL)?;
    ///
    /// assert_eq!(ports[3].line, 3);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn pin_slice<Func, Item, E>(
        mut init: Func,
        len: usize,
        flags: Flags,
    ) -> Result<Pin<Box<[T], A>>, E>
    where
        Func: FnMut(usize) -> Item,
        Item: PinInit<T, E>,
        E: From<AllocError>,
    {
        let mut elements = Vec::<T, A>::with_capacity(len, flags)?;
        for i in 0..len {
            let slot = elements.spare_capacity_mut().as_mut_ptr().cast();

            // SAFETY: There is room for `len` elements, and nothing is in the slot yet. The vector does not
            // move what it has, and drops it in place.
            unsafe { init(i).__pinned_init(slot)? };
            // SAFETY: Just initialised.
            unsafe { elements.inc_len(1) };
        }
        let (ptr, _, _) = elements.into_raw_parts();
        let slice = core::ptr::slice_from_raw_parts_mut(ptr, len);

        // SAFETY: A vector made with room for `len` elements has room for just these; all are initialised.
        Ok(Pin::from(unsafe { Box::from_raw(slice) }))
    }

    /// Allocates memory and moves `x` into it, to stay there.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory; `x` is dropped then.
    #[inline]
    pub fn pin(x: T, flags: Flags) -> Result<Pin<Self>, AllocError>
    where
        A: 'static,
    {
        Ok(Self::new(x, flags)?.into())
    }

    /// Pins the value where it is.
    #[inline]
    pub fn into_pin(this: Self) -> Pin<Self> {
        this.into()
    }

    /// Forgets the value but keeps its memory.
    #[inline]
    fn forget_contents(this: Self) -> Box<MaybeUninit<T>, A> {
        let ptr = Self::into_raw(this);

        // SAFETY: `ptr` was a box's, and `MaybeUninit<T>` has `T`'s layout and takes any value.
        unsafe { Box::from_raw(ptr.cast()) }
    }

    /// Drops the value but keeps its memory.
    ///
    /// # Examples
    ///
    /// ```
    /// let b = KBox::new([0; 32], GFP_KERNEL)?;
    /// let memory = KBox::drop_contents(b);
    /// let b = KBox::write(memory, [1; 32]);
    ///
    /// assert_eq!(*b, [1; 32]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn drop_contents(this: Self) -> Box<MaybeUninit<T>, A> {
        let mut memory = Self::forget_contents(this);

        // SAFETY: The value is still there, and as `MaybeUninit` nobody drops it a second time.
        unsafe { memory.assume_init_drop() };
        memory
    }

    /// Moves the value out and frees its memory.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(KBox::into_inner(KBox::new(24, GFP_KERNEL)?), 24);
    /// # Ok::<(), Error>(())
    /// ```
    #[inline]
    pub fn into_inner(b: Self) -> T {
        let memory = Self::forget_contents(b);

        // SAFETY: The value is still there, and as `MaybeUninit` nobody drops it a second time.
        unsafe { memory.assume_init_read() }
    }
}

impl_in_place!([T, A: Allocator + 'static] Box<T, A>, Box<MaybeUninit<T>, A>);

impl<T: ?Sized, A: Allocator> From<Box<T, A>> for Pin<Box<T, A>> {
    #[inline]
    fn from(b: Box<T, A>) -> Self {
        // SAFETY: The value leaves its memory only through an unpinned box or `T: Unpin`.
        unsafe { Pin::new_unchecked(b) }
    }
}

impl<T: ?Sized, A: Allocator> Deref for Box<T, A> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: By the type invariant the pointer is valid.
        unsafe { self.0.as_ref() }
    }
}

impl<T: ?Sized, A: Allocator> DerefMut for Box<T, A> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: By the type invariant the pointer is valid, and only `self` has it.
        unsafe { self.0.as_mut() }
    }
}

impl<T: ?Sized, A: Allocator> Borrow<T> for Box<T, A> {
    fn borrow(&self) -> &T {
        self
    }
}

impl<T: ?Sized, A: Allocator> BorrowMut<T> for Box<T, A> {
    fn borrow_mut(&mut self) -> &mut T {
        self
    }
}

impl<T: ?Sized + fmt::Display, A: Allocator> fmt::Display for Box<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        T::fmt(self, f)
    }
}

impl<T: ?Sized + fmt::Debug, A: Allocator> fmt::Debug for Box<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        T::fmt(self, f)
    }
}

impl<T: ?Sized, A: Allocator> Drop for Box<T, A> {
    fn drop(&mut self) {
        let layout = Layout::for_value::<T>(self);

        // SAFETY: By the type invariant the value is valid and `self`'s, and this is its last use.
        unsafe { core::ptr::drop_in_place(self.0.as_ptr()) };

        // SAFETY: By the type invariant it was allocated by `A` with this layout, or has no size.
        unsafe { A::free(self.0.cast(), layout) };
    }
}
