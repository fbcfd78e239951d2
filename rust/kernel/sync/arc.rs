// SPDX-License-Identifier: GPL-2.0-only

//! [`Arc`]: a value that lives as long as somebody refers to it.
//!
//! It differs from the standard library's in four points: the count is C's `refcount_t`, which saturates
//! instead of overflowing; there are no weak references; creating one may fail; and the value is pinned,
//! so there is no `get_mut()`: a [`UniqueArc`] can be changed before it is shared.

use crate::alloc::AllocError;
use crate::alloc::Flags;
use crate::alloc::KBox;
use crate::fmt;
use crate::sync::Refcount;
use core::alloc::Layout;
use core::any::Any;
use core::borrow::Borrow;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::pin::Pin;
use core::ptr;
use core::ptr::NonNull;

mod borrow;
mod foreign;
mod unique;

pub use self::borrow::ArcBorrow;
pub use self::unique::UniqueArc;

/// A counted reference to a `T`, which is dropped with the last one.
///
/// The value is pinned from the start. Cloning never allocates.
///
/// Context: [`Arc::new`] as its flags allow; cloning any; dropping as `T`'s drop allows.
///
/// # Examples
///
/// ```
/// use kernel::sync::Arc;
///
/// let first = Arc::new(10, GFP_KERNEL)?;
/// let second = first.clone();
/// drop(first);
///
/// assert_eq!(*second, 10);
/// # Ok::<(), Error>(())
/// ```
///
/// As `self`, and as a trait object:
///
/// ```
/// use kernel::sync::{Arc, ArcBorrow};
///
/// trait Shape {
///     fn area(self: ArcBorrow<'_, Self>) -> u32;
/// }
///
/// struct Square(u32);
///
/// impl Shape for Square {
///     fn area(self: ArcBorrow<'_, Self>) -> u32 {
///         self.0 * self.0
///     }
/// }
///
/// let shape: Arc<dyn Shape> = Arc::new(Square(3), GFP_KERNEL)?;
///
/// assert_eq!(shape.as_arc_borrow().area(), 9);
/// # Ok::<(), Error>(())
/// ```
///
/// # Invariants
///
/// `ptr` is a `KBox`'s value, never moved, and `self` owns one reference of its count.
#[repr(transparent)]
#[derive(core::marker::CoercePointee)]
pub struct Arc<T: ?Sized> {
    ptr: NonNull<ArcInner<T>>,
    // Dropping an `Arc` may drop a `T`, which the drop check has to know.
    _p: PhantomData<ArcInner<T>>,
}

/// The value and its count.
#[repr(C)]
struct ArcInner<T: ?Sized> {
    refcount: Refcount,
    data: T,
}

impl<T: ?Sized> ArcInner<T> {
    /// Finds the `ArcInner` around a value.
    ///
    /// # Safety
    ///
    /// `data` must point to the `data` of an `ArcInner<T>` that is alive.
    unsafe fn from_data(data: *const T) -> NonNull<ArcInner<T>> {
        // SAFETY: The caller promises that the value is alive.
        let layout = Layout::for_value(unsafe { &*data });
        // `repr(C)` puts the value behind the count, as near as its alignment allows.
        let offset = size_of::<Refcount>().next_multiple_of(layout.align());

        // SAFETY: The value is at this offset in an `ArcInner`.
        let inner = unsafe { data.byte_sub(offset) } as *const ArcInner<T>;

        // SAFETY: It points into an allocation.
        unsafe { NonNull::new_unchecked(inner.cast_mut()) }
    }
}

// Where an `Arc` is says nothing about where its value is, which is never moved.
impl<T: ?Sized> Unpin for Arc<T> {}

// SAFETY: Whoever has an `Arc` has a `&T`, which takes `Sync`, and may be the one who drops the `T`, which
// takes `Send`.
unsafe impl<T: ?Sized + Sync + Send> Send for Arc<T> {}

// SAFETY: Whoever has an `&Arc` can clone it, so this takes what `Send` takes.
unsafe impl<T: ?Sized + Sync + Send> Sync for Arc<T> {}

impl<T> Arc<T> {
    /// Allocates memory and moves `contents` into it.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory; `contents` is dropped then.
    pub fn new(contents: T, flags: Flags) -> Result<Self, AllocError> {
        Ok(UniqueArc::new(contents, flags)?.into())
    }

    /// Where the value lies behind what [`ForeignOwnable::into_foreign`] returns.
    ///
    /// [`ForeignOwnable::into_foreign`]: crate::types::ForeignOwnable::into_foreign
    pub const DATA_OFFSET: usize = core::mem::offset_of!(ArcInner<T>, data);
}

impl<T: ?Sized> Arc<T> {
    /// Makes an `Arc` that owns one reference of `ptr`.
    ///
    /// # Safety
    ///
    /// `ptr` must be a `KBox`'s value that only `Arc`s have, and the reference no other's.
    unsafe fn from_inner(ptr: NonNull<ArcInner<T>>) -> Self {
        // INVARIANT: The caller promises it.
        Arc {
            ptr,
            _p: PhantomData,
        }
    }

    /// The value and its count.
    fn inner(&self) -> &ArcInner<T> {
        // SAFETY: By the type invariant `self` has a reference, so the value is alive.
        unsafe { self.ptr.as_ref() }
    }

    /// Gives up the `Arc`, but not its reference, for a pointer to the value.
    #[inline]
    pub fn into_raw(self) -> *const T {
        Self::as_ptr(&ManuallyDrop::new(self))
    }

    /// A pointer to the value, valid as long as there is an `Arc`.
    #[inline]
    pub fn as_ptr(this: &Self) -> *const T {
        // SAFETY: By the type invariant the value is alive. No reference to it is made, so that the pointer
        // may be turned into an `Arc`, or a value to change, again.
        unsafe { &raw const (*this.ptr.as_ptr()).data }
    }

    /// Makes an `Arc` of what [`Arc::into_raw`] returned.
    ///
    /// # Safety
    ///
    /// `ptr` must come from [`Arc::into_raw`], and be used for this once.
    pub unsafe fn from_raw(ptr: *const T) -> Self {
        // SAFETY: The caller promises that it was an `Arc`'s, which keeps the value alive.
        let inner = unsafe { ArcInner::from_data(ptr) };

        // SAFETY: `into_raw` left a reference, and it goes to this `Arc` only.
        unsafe { Self::from_inner(inner) }
    }

    /// Borrows the reference, which costs nothing.
    #[inline]
    pub fn as_arc_borrow(&self) -> ArcBorrow<'_, T> {
        // SAFETY: `self` keeps its reference while it is borrowed.
        unsafe { ArcBorrow::new(self.ptr) }
    }

    /// Whether both refer to the same value.
    #[inline]
    pub fn ptr_eq(this: &Self, other: &Self) -> bool {
        ptr::addr_eq(this.ptr.as_ptr(), other.ptr.as_ptr())
    }

    /// Takes the value for oneself if this is its last reference; else drops the reference.
    ///
    /// Of several threads that call it on the same value exactly one gets it.
    ///
    /// # Examples
    ///
    /// ```
    /// use kernel::sync::Arc;
    ///
    /// let first = Arc::new(42, GFP_KERNEL)?;
    /// let second = first.clone();
    ///
    /// assert!(Arc::into_unique_or_drop(first).is_none());
    /// assert!(Arc::into_unique_or_drop(second).is_some());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn into_unique_or_drop(this: Self) -> Option<Pin<UniqueArc<T>>> {
        // The reference is given back here or goes to the `UniqueArc`.
        let this = ManuallyDrop::new(this);

        if !this.inner().refcount.dec_and_test() {
            return None;
        }
        this.inner().refcount.set(1);

        // SAFETY: It was the last reference, so nobody else has the one that was set.
        let arc = unsafe { Arc::from_inner(this.ptr) };

        // SAFETY: It is the only reference.
        Some(Pin::from(unsafe { UniqueArc::from_arc(arc) }))
    }
}

impl Arc<dyn Any + Send + Sync> {
    /// Makes it an `Arc` of the type that the value is, if that is `T`; else it comes back as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::any::Any;
    /// use kernel::sync::Arc;
    ///
    /// let any: Arc<dyn Any + Send + Sync> = Arc::new(10_u32, GFP_KERNEL)?;
    ///
    /// let any = any.downcast::<u8>().unwrap_err();
    /// assert!(any.downcast::<u32>().is_ok_and(|value| *value == 10));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn downcast<T: Any + Send + Sync>(self) -> Result<Arc<T>, Self> {
        if !(*self).is::<T>() {
            return Err(self);
        }
        let inner = ManuallyDrop::new(self).ptr.cast();

        // SAFETY: It is an `Arc`'s `T`, as just checked, and its reference goes to the new `Arc`.
        Ok(unsafe { Arc::from_inner(inner) })
    }
}

impl<T: ?Sized> Deref for Arc<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.inner().data
    }
}

impl<T: ?Sized> AsRef<T> for Arc<T> {
    #[inline]
    fn as_ref(&self) -> &T {
        self
    }
}

impl<T: ?Sized> Borrow<T> for Arc<T> {
    #[inline]
    fn borrow(&self) -> &T {
        self
    }
}

impl<T: ?Sized> Clone for Arc<T> {
    #[inline]
    fn clone(&self) -> Self {
        self.inner().refcount.inc();

        // SAFETY: The reference was just made. If the count saturated it is one too many, not too few.
        unsafe { Self::from_inner(self.ptr) }
    }
}

impl<T: ?Sized> Drop for Arc<T> {
    fn drop(&mut self) {
        // From here on another thread may free the value, unless this was the last reference.
        if self.inner().refcount.dec_and_test() {
            // SAFETY: By the type invariant it is a `KBox`'s value, and nobody refers to it any more.
            drop(unsafe { KBox::from_raw(self.ptr.as_ptr()) });
        }
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for Arc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        T::fmt(self, f)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Arc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        T::fmt(self, f)
    }
}
