// SPDX-License-Identifier: GPL-2.0-only

//! Variables that several CPUs and contexts change without a lock.
//!
//! They are C's, with the [orderings](ordering) of the kernel's memory model, so C may use the same variable
//! (`READ_ONCE()`, `atomic_inc()`). An ordering that an operation does not have is a compile error:
//!
//! ```compile_fail,E0277
//! use kernel::sync::atomic::{Atomic, Release};
//! Atomic::new(1_u32).load(Release);
//! ```
//!
//! C header: `include/linux/atomic.h`. Context of everything: any.

use crate::fmt;
use core::cell::UnsafeCell;
use core::mem::transmute_copy;

mod internal;
pub mod ordering;
mod predefine;

pub use self::internal::AtomicArithmetic;
pub use self::internal::AtomicImpl;
pub use self::ordering::Acquire;
pub use self::ordering::Full;
pub use self::ordering::Relaxed;
pub use self::ordering::Release;

use self::ordering::AcquireOrRelaxed;
use self::ordering::Ordering;
use self::ordering::OrderingType;
use self::ordering::ReleaseOrRelaxed;

/// A `T` that is changed atomically, with the size and alignment of a `T`.
///
/// # Examples
///
/// ```
/// use kernel::sync::atomic::{Acquire, Atomic, Full, Relaxed, Release};
///
/// static SENT: Atomic<u64> = Atomic::new(0);
///
/// SENT.add(5, Relaxed);
/// assert_eq!(SENT.fetch_add(1, Full), 5);
/// assert_eq!(SENT.load(Relaxed), 6);
///
/// let open = Atomic::new(false);
/// assert_eq!(open.cmpxchg(false, true, Acquire), Ok(false));
/// assert_eq!(open.cmpxchg(false, true, Acquire), Err(true));
/// open.store(false, Release);
/// ```
///
/// # Invariants
///
/// The value is a valid `T`, and is used by atomic operations only while it is shared.
#[repr(transparent)]
pub struct Atomic<T: AtomicType>(UnsafeCell<T>);

// SAFETY: By the trait's requirements a `T` may be sent.
unsafe impl<T: AtomicType> Send for Atomic<T> {}

// SAFETY: All accesses are atomic, and give and take whole values, which may be sent.
unsafe impl<T: AtomicType> Sync for Atomic<T> {}

/// Types that an [`Atomic`] can hold.
///
/// # Examples
///
/// ```
/// use kernel::sync::atomic::{Atomic, AtomicType, Relaxed};
///
/// #[derive(Clone, Copy, Debug, PartialEq)]
/// #[repr(i32)]
/// enum State {
///     Closed = 0,
///     Open = 1,
/// }
///
/// // SAFETY: By its `repr` it is an `i32`, of which not all values are valid.
/// unsafe impl AtomicType for State {
///     type Repr = i32;
/// }
///
/// let state = Atomic::new(State::Closed);
/// assert_eq!(state.xchg(State::Open, Relaxed), State::Closed);
/// ```
///
/// # Safety
///
/// It must be sound to send a `Self` to another thread, as it is for a pointer, which is no `Send` but a lint.
/// `Self` and `Repr` must have the same size and alignment. The bytes of any `Self` must be a valid `Repr`, so
/// there must be no padding, and these bytes must be the same `Self` again.
pub unsafe trait AtomicType: Sized + Copy {
    /// What C changes.
    type Repr: AtomicImpl;
}

/// Types to which an `Rhs` can be added atomically.
///
/// # Safety
///
/// Adding to or subtracting from the [`AtomicType::Repr`] of any `Self`, with wrap-around, what
/// [`rhs_into_delta`](Self::rhs_into_delta) returns must give that of a valid `Self`.
pub unsafe trait AtomicAdd<Rhs = Self>: AtomicType {
    /// Makes the number that is added.
    fn rhs_into_delta(rhs: Rhs) -> <Self::Repr as AtomicImpl>::Delta;
}

#[inline(always)]
fn into_repr<T: AtomicType>(value: T) -> T::Repr {
    // SAFETY: By the trait's requirements the bytes of a `T` are a valid `Repr` of the same size.
    unsafe { transmute_copy(&value) }
}

/// # Safety
///
/// `repr` must be the bytes of a `T`.
#[inline(always)]
unsafe fn from_repr<T: AtomicType>(repr: T::Repr) -> T {
    // SAFETY: By the caller's promise, and by the trait's requirements.
    unsafe { transmute_copy(&repr) }
}

impl<T: AtomicType> Atomic<T> {
    /// Makes one of a value. C: `ATOMIC_INIT()`.
    #[inline(always)]
    pub const fn new(value: T) -> Self {
        // INVARIANT: It is a `T`, and nobody else has it yet.
        Self(UnsafeCell::new(value))
    }

    /// Borrows a variable that C has.
    ///
    /// # Examples
    ///
    /// ```
    /// use kernel::sync::atomic::{Atomic, Relaxed};
    ///
    /// let mut of_c = 5_i32;
    /// let ptr = &raw mut of_c;
    ///
    /// // SAFETY: `ptr` is aligned and valid, and nobody else uses it.
    /// unsafe { Atomic::from_ptr(ptr) }.store(6, Relaxed);
    /// assert_eq!(of_c, 6);
    /// ```
    ///
    /// # Safety
    ///
    /// During `'a`, `ptr` must be aligned, and valid for reads and writes of a `T`, which all others use
    /// atomically: C by `READ_ONCE()`, `atomic_add()` and their like.
    #[inline(always)]
    pub unsafe fn from_ptr<'a>(ptr: *mut T) -> &'a Self
    where
        T: Sync,
    {
        // SAFETY: `Self` has `T`'s layout; the rest is the caller's promise.
        unsafe { &*ptr.cast::<Self>() }
    }

    /// Returns a pointer to the value, which others use atomically.
    #[inline(always)]
    pub const fn as_ptr(&self) -> *mut T {
        self.0.get()
    }

    /// Borrows the value, which nobody else has.
    #[inline(always)]
    pub fn get_mut(&mut self) -> &mut T {
        self.0.get_mut()
    }

    #[inline(always)]
    fn repr(&self) -> *mut T::Repr {
        self.0.get().cast()
    }

    /// Returns the value. C: `atomic_read()`, `atomic_read_acquire()`; `READ_ONCE()`.
    #[inline(always)]
    pub fn load<O: AcquireOrRelaxed>(&self, _: O) -> T {
        let acquire = matches!(O::TYPE, OrderingType::Acquire);

        // SAFETY: By the type invariant it is valid, and used atomically.
        let value = unsafe { T::Repr::read(self.repr(), acquire) };
        // SAFETY: By the type invariant they are a `T`'s bytes.
        unsafe { from_repr(value) }
    }

    /// Sets the value. C: `atomic_set()`, `atomic_set_release()`; `WRITE_ONCE()`.
    #[inline(always)]
    pub fn store<O: ReleaseOrRelaxed>(&self, value: T, _: O) {
        let release = matches!(O::TYPE, OrderingType::Release);

        // SAFETY: By the type invariant it is valid, and used atomically.
        unsafe { T::Repr::set(self.repr(), into_repr(value), release) };
    }

    /// Sets the value, and returns the old one. C: `atomic_xchg()`.
    #[inline(always)]
    pub fn xchg<O: Ordering>(&self, value: T, _: O) -> T {
        // SAFETY: By the type invariant it is valid, and used atomically.
        let old = unsafe { T::Repr::xchg::<O>(self.repr(), into_repr(value)) };
        // SAFETY: By the type invariant they are a `T`'s bytes.
        unsafe { from_repr(old) }
    }

    /// Sets the value to `new` if it is `old`, byte by byte. C: `atomic_cmpxchg()`, `atomic_try_cmpxchg()`.
    ///
    /// If it is not, nothing is ordered.
    ///
    /// # Errors
    ///
    /// The value, if it is not `old`.
    #[inline(always)]
    pub fn cmpxchg<O: Ordering>(&self, old: T, new: T, _: O) -> Result<T, T> {
        let mut value = into_repr(old);

        // SAFETY: By the type invariant it is valid, and used atomically.
        let changed = unsafe { T::Repr::try_cmpxchg::<O>(self.repr(), &mut value, into_repr(new)) };
        if changed {
            Ok(old)
        } else {
            // SAFETY: By the type invariant they are a `T`'s bytes.
            Err(unsafe { from_repr(value) })
        }
    }

    /// Adds, with wrap-around. C: `atomic_add()`.
    #[inline(always)]
    pub fn add<Rhs>(&self, rhs: Rhs, _: Relaxed)
    where
        T: AtomicAdd<Rhs>,
        T::Repr: AtomicArithmetic,
    {
        // SAFETY: By the type invariant it is valid, and used atomically; the result is a `T`.
        unsafe { T::Repr::add(self.repr(), T::rhs_into_delta(rhs)) };
    }

    /// Subtracts, with wrap-around. C: `atomic_sub()`.
    #[inline(always)]
    pub fn sub<Rhs>(&self, rhs: Rhs, _: Relaxed)
    where
        T: AtomicAdd<Rhs>,
        T::Repr: AtomicArithmetic,
    {
        // SAFETY: By the type invariant it is valid, and used atomically; the result is a `T`.
        unsafe { T::Repr::sub(self.repr(), T::rhs_into_delta(rhs)) };
    }

    /// Adds, with wrap-around, and returns the old value. C: `atomic_fetch_add()`.
    #[inline(always)]
    pub fn fetch_add<Rhs, O: Ordering>(&self, rhs: Rhs, _: O) -> T
    where
        T: AtomicAdd<Rhs>,
        T::Repr: AtomicArithmetic,
    {
        // SAFETY: By the type invariant it is valid, and used atomically; the result is a `T`.
        let old = unsafe { T::Repr::fetch_add::<O>(self.repr(), T::rhs_into_delta(rhs)) };
        // SAFETY: By the type invariant they are a `T`'s bytes.
        unsafe { from_repr(old) }
    }

    /// Subtracts, with wrap-around, and returns the old value. C: `atomic_fetch_sub()`.
    #[inline(always)]
    pub fn fetch_sub<Rhs, O: Ordering>(&self, rhs: Rhs, _: O) -> T
    where
        T: AtomicAdd<Rhs>,
        T::Repr: AtomicArithmetic,
    {
        // SAFETY: By the type invariant it is valid, and used atomically; the result is a `T`.
        let old = unsafe { T::Repr::fetch_sub::<O>(self.repr(), T::rhs_into_delta(rhs)) };
        // SAFETY: By the type invariant they are a `T`'s bytes.
        unsafe { from_repr(old) }
    }
}

impl<T: AtomicType + Default> Default for Atomic<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: AtomicType + fmt::Debug> fmt::Debug for Atomic<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.load(Relaxed).fmt(f)
    }
}
