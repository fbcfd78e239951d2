// SPDX-License-Identifier: GPL-2.0-only

//! Shared ownership of objects that count their own references, as most of C's do.

use crate::ffi::c_void;
use crate::types::ForeignOwnable;
use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr::NonNull;

/// Types that count their references themselves.
///
/// # Safety
///
/// An increment must keep the object alive until the decrement that matches it. The object must
/// only exist as a reference-counted one: nobody may own a value of the type.
pub unsafe trait AlwaysRefCounted {
    /// Takes one more reference.
    fn inc_ref(&self);

    /// Gives one reference back, maybe the last one.
    ///
    /// # Safety
    ///
    /// The caller must own a reference, and neither use it nor anything borrowed from it later.
    unsafe fn dec_ref(obj: NonNull<Self>);
}

/// An owned reference to an object that counts its references itself.
///
/// # Invariants
///
/// `ptr` points to a valid object, of which `self` owns one reference.
///
/// # Examples
///
/// ```
/// use core::ptr::NonNull;
/// use core::sync::atomic::AtomicU32;
/// use core::sync::atomic::Ordering;
/// use kernel::sync::aref::ARef;
/// use kernel::sync::aref::AlwaysRefCounted;
///
/// struct Counted(AtomicU32);
///
/// // SAFETY: The only object is static: it outlives its references.
/// unsafe impl AlwaysRefCounted for Counted {
///     fn inc_ref(&self) {
///         self.0.fetch_add(1, Ordering::Relaxed);
///     }
///
///     unsafe fn dec_ref(obj: NonNull<Self>) {
///         // SAFETY: The caller has a reference, so the object is valid.
///         unsafe { obj.as_ref() }.0.fetch_sub(1, Ordering::Relaxed);
///     }
/// }
///
/// static OBJECT: Counted = Counted(AtomicU32::new(0));
///
/// let first = ARef::from(&OBJECT);
/// let second = first.clone();
/// assert_eq!(OBJECT.0.load(Ordering::Relaxed), 2);
/// drop((first, second));
/// assert_eq!(OBJECT.0.load(Ordering::Relaxed), 0);
/// ```
pub struct ARef<T: AlwaysRefCounted> {
    ptr: NonNull<T>,
    _p: PhantomData<T>,
}

// SAFETY: An `ARef` gives shared access, so `T` must be `Sync`; and the thread that drops the last
// one may free the object, so `T` must be `Send`.
unsafe impl<T: AlwaysRefCounted + Sync + Send> Send for ARef<T> {}

// SAFETY: From a shared `ARef` another thread can clone one of its own; the same holds as for `Send`.
unsafe impl<T: AlwaysRefCounted + Sync + Send> Sync for ARef<T> {}

impl<T: AlwaysRefCounted> Unpin for ARef<T> {}

impl<T: AlwaysRefCounted> ARef<T> {
    /// Takes over a reference that someone else took.
    ///
    /// # Safety
    ///
    /// `ptr` must point to a valid object, and the caller must own a reference of it and give it up.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::ptr::NonNull;
    /// use kernel::sync::aref::{ARef, AlwaysRefCounted};
    ///
    /// struct Eternal;
    ///
    /// // SAFETY: What is static lives as long as anyone could want; no one else makes an `Eternal`.
    /// unsafe impl AlwaysRefCounted for Eternal {
    ///     fn inc_ref(&self) {}
    ///     unsafe fn dec_ref(_obj: NonNull<Self>) {}
    /// }
    ///
    /// static ETERNAL: Eternal = Eternal;
    /// // SAFETY: There is nothing to count.
    /// let one: ARef<Eternal> = unsafe { ARef::from_raw(NonNull::from(&ETERNAL)) };
    /// let raw = ARef::into_raw(one);
    /// assert_eq!(raw, NonNull::from(&ETERNAL));
    /// ```
    pub unsafe fn from_raw(ptr: NonNull<T>) -> Self {
        // INVARIANT: By the safety requirement.
        Self {
            ptr,
            _p: PhantomData,
        }
    }

    /// Gives the reference to the caller, who has to give it back some day.
    pub fn into_raw(me: Self) -> NonNull<T> {
        ManuallyDrop::new(me).ptr
    }
}

// SAFETY: The pointer is a reference's, so it is not null and has `T`'s alignment.
unsafe impl<T: AlwaysRefCounted> ForeignOwnable for ARef<T> {
    const FOREIGN_ALIGN: usize = align_of::<T>();

    type Borrowed<'a>
        = &'a T
    where
        Self: 'a;
    type BorrowedMut<'a>
        = &'a T
    where
        Self: 'a;

    fn into_foreign(self) -> *mut c_void {
        Self::into_raw(self).as_ptr().cast()
    }

    unsafe fn from_foreign(ptr: *mut c_void) -> Self {
        // SAFETY: The caller passes what `into_foreign` took out of an `ARef`.
        let ptr = unsafe { NonNull::new_unchecked(ptr.cast()) };

        // SAFETY: `into_foreign` left a reference, and the caller passes it once.
        unsafe { Self::from_raw(ptr) }
    }

    unsafe fn borrow<'a>(ptr: *mut c_void) -> &'a T {
        // SAFETY: The caller promises that the reference stays during `'a`.
        unsafe { &*ptr.cast() }
    }

    unsafe fn borrow_mut<'a>(ptr: *mut c_void) -> &'a T {
        // SAFETY: The caller promises even more than `borrow` asks.
        unsafe { Self::borrow(ptr) }
    }
}

impl<T: AlwaysRefCounted> Clone for ARef<T> {
    fn clone(&self) -> Self {
        self.inc_ref();
        // SAFETY: By the type invariant the object is valid; the reference was taken just now.
        unsafe { Self::from_raw(self.ptr) }
    }
}

impl<T: AlwaysRefCounted> Deref for ARef<T> {
    type Target = T;

    fn deref(&self) -> &Self::Target {
        // SAFETY: By the type invariant the object is valid as long as `self` has its reference.
        unsafe { self.ptr.as_ref() }
    }
}

impl<T: AlwaysRefCounted> From<&T> for ARef<T> {
    fn from(object: &T) -> Self {
        object.inc_ref();
        // SAFETY: A reference shows that the object is valid; a count was taken just now.
        unsafe { Self::from_raw(NonNull::from(object)) }
    }
}

impl<T: AlwaysRefCounted> Drop for ARef<T> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant `self` owns a reference, which ends here.
        unsafe { T::dec_ref(self.ptr) };
    }
}

impl<T: AlwaysRefCounted + fmt::Debug> fmt::Debug for ARef<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T: AlwaysRefCounted + crate::fmt::Display> crate::fmt::Display for ARef<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::fmt::Display::fmt(&**self, f)
    }
}

impl<T, U> PartialEq<ARef<U>> for ARef<T>
where
    T: AlwaysRefCounted + PartialEq<U>,
    U: AlwaysRefCounted,
{
    fn eq(&self, other: &ARef<U>) -> bool {
        **self == **other
    }
}

impl<T, U> PartialEq<&U> for ARef<T>
where
    T: AlwaysRefCounted + PartialEq<U>,
{
    fn eq(&self, other: &&U) -> bool {
        **self == **other
    }
}

impl<T: AlwaysRefCounted + Eq> Eq for ARef<T> {}
