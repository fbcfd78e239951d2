// SPDX-License-Identifier: GPL-2.0-only

//! Work items.

use crate::bindings;
use crate::init::PinInit;
use crate::module::callbacks;
use crate::str::CStr;
use crate::str::CStrExt as _;
use crate::sync::Arc;
use crate::sync::LockClassKey;
use crate::types::Opaque;
use core::marker::PhantomData;
use core::pin::Pin;
use pin_init::pin_data;
use pin_init::pin_init;

/// Makes the initialiser of a [`Work`], with a class of its own and the given name, or this place's.
#[macro_export]
macro_rules! new_work {
    ($($name:literal)?) => {
        $crate::workqueue::Work::new(
            $crate::optional_name!($($name)?),
            $crate::static_lock_class!(),
        )
    };
}
pub use new_work;

/// What a queue can own.
///
/// # Safety
///
/// What [`__enqueue`](Self::__enqueue) passes to its closure must be as documented there. Unloading waits for the
/// pointers that implement it here; another implementation must see to it that the module stays until its function
/// has returned.
pub unsafe trait RawWorkItem<const ID: u64> {
    /// What [`Queue::enqueue`](super::Queue::enqueue) returns.
    type EnqueueOutput;

    /// Gives `queue_work_on` the item's `work_struct`, which is valid while that runs; if it returns `true`,
    /// until the function in it is called.
    ///
    /// # Safety
    ///
    /// The closure may return `false` only if the item is queued already. If it returns `true`, the item's
    /// function must be called before a lifetime in `Self` ends, and if `Self` is not [`Send`], in this thread.
    unsafe fn __enqueue<F>(self, queue_work_on: F) -> Self::EnqueueOutput
    where
        F: FnOnce(*mut bindings::work_struct) -> bool;
}

/// What a queue can own, and start after a while.
///
/// # Safety
///
/// The `work_struct` that `__enqueue` passes must be the one in a `delayed_work`, and all that is said of it
/// must be true of that.
pub unsafe trait RawDelayedWorkItem<const ID: u64>: RawWorkItem<ID> {}

/// Pointers to a [`WorkItem`]: `Arc<T>` and `Pin<KBox<T>>`.
///
/// # Safety
///
/// `__enqueue` must pass a `work_struct` whose function is [`run`](Self::run).
pub unsafe trait WorkItemPointer<const ID: u64>: RawWorkItem<ID> {
    /// Runs the item.
    ///
    /// # Safety
    ///
    /// `ptr` must come from a call of `__enqueue` whose closure returned `true`, once for each such call.
    unsafe extern "C" fn run(ptr: *mut bindings::work_struct);
}

/// What runs in a queue's thread.
///
/// Context of `run`: process, may sleep, except in `system_bh()`; of one item, never twice at a time.
pub trait WorkItem<const ID: u64 = 0> {
    /// What is enqueued: `Arc<Self>` or `Pin<KBox<Self>>`.
    type Pointer: WorkItemPointer<ID>;

    /// Runs. It may enqueue `this` again.
    fn run(this: Self::Pointer);
}

/// The field by which a `T` is in a queue (`struct work_struct`).
///
/// # Examples
///
/// A type whose work has no [`WorkItem`] cannot have one:
///
/// ```compile_fail,E0277
/// struct Nothing;
/// let _ = <kernel::workqueue::Work<Nothing>>::new(c"", kernel::static_lock_class!());
/// ```
///
/// What is not `Send` cannot be enqueued:
///
/// ```compile_fail,E0277
/// use kernel::{sync::Arc, types::NotThreadSafe, workqueue::*};
///
/// #[pin_data]
/// struct OfThread {
///     value: NotThreadSafe,
///     #[pin]
///     work: Work<OfThread>,
/// }
///
/// impl_has_work! { impl HasWork<Self> for OfThread { self.work } }
///
/// impl WorkItem for OfThread {
///     type Pointer = Arc<Self>;
///
///     fn run(_this: Arc<Self>) {}
/// }
///
/// fn enqueue(item: Arc<OfThread>) {
///     let _ = system().enqueue(item);
/// }
/// ```
///
/// # Invariants
///
/// `work` is initialised, with the function of `T`'s `Pointer`.
#[pin_data]
#[repr(transparent)]
pub struct Work<T: ?Sized, const ID: u64 = 0> {
    #[pin]
    work: Opaque<bindings::work_struct>,
    _inner: PhantomData<T>,
}

// SAFETY: There is no `T` in it, and C's work may be used in any thread.
unsafe impl<T: ?Sized, const ID: u64> Send for Work<T, ID> {}

// SAFETY: As for `Send`; C changes it atomically.
unsafe impl<T: ?Sized, const ID: u64> Sync for Work<T, ID> {}

impl<T: ?Sized, const ID: u64> Work<T, ID> {
    /// Makes the initialiser of one; [`new_work!`] gives a name and a class. C: `INIT_WORK()`.
    #[inline]
    pub fn new(name: &'static CStr, key: Pin<&'static LockClassKey>) -> impl PinInit<Self>
    where
        T: WorkItem<ID>,
    {
        // INVARIANT: C initialises it with that function.
        pin_init!(Self {
            work <- Opaque::ffi_init(|slot: *mut bindings::work_struct| {
                callbacks::prepare();
                // SAFETY: `slot` is a place for it; name and key live for ever.
                unsafe {
                    bindings::init_work_with_key(
                        slot,
                        Some(T::Pointer::run),
                        false,
                        name.as_char_ptr(),
                        key.as_ptr(),
                    )
                }
            }),
            _inner: PhantomData,
        })
    }

    /// Returns the pointer to C's work.
    ///
    /// # Safety
    ///
    /// `ptr` must point to memory for a `Self`.
    #[inline]
    pub unsafe fn raw_get(ptr: *const Self) -> *mut bindings::work_struct {
        // SAFETY: The caller promises that the field is in memory.
        Opaque::cast_into(unsafe { &raw const (*ptr).work })
    }
}

impl<T, const ID: u64> Work<T, ID>
where
    T: WorkItem<ID, Pointer = Arc<T>> + HasWork<T, ID> + Send + Sync,
{
    /// Takes the item out of its queue if it has not started yet, and waits until it does not run.
    ///
    /// Returns whether it was queued. An item that enqueues itself may be queued again. From its own `run` it
    /// would wait for ever. Context: process, may sleep. C: `cancel_work_sync()`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kernel::workqueue::{self, impl_has_work, new_work, Work, WorkItem};
    /// # use kernel::sync::Arc;
    /// # #[pin_data]
    /// # struct Item { #[pin] work: Work<Item> }
    /// # impl_has_work! { impl HasWork<Self> for Item { self.work } }
    /// # impl WorkItem for Item {
    /// #     type Pointer = Arc<Self>;
    /// #     fn run(_this: Arc<Self>) {}
    /// # }
    /// let item = Arc::pin_init(pin_init!(Item { work <- new_work!() }), GFP_KERNEL)?;
    ///
    /// let _ = workqueue::system().enqueue(item.clone());
    /// Work::cancel_sync(&item);
    /// assert!(Arc::into_unique_or_drop(item).is_some());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn cancel_sync(this: &Arc<T>) -> bool {
        let item = Arc::as_ptr(this);
        // SAFETY: `item` points to a `T`.
        let work = unsafe { Self::raw_get(T::raw_get_work(item.cast_mut())) };

        // SAFETY: By the type invariant it is initialised; `this` keeps it. `IS_DELAYED` says what it is part of.
        let queued = unsafe {
            if T::IS_DELAYED {
                // C would wait for the timer, and do nothing else.
                let offset = core::mem::offset_of!(bindings::delayed_work, work);
                bindings::cancel_delayed_work_sync(work.byte_sub(offset).cast())
            } else {
                bindings::cancel_work_sync(work)
            }
        };
        if queued {
            // SAFETY: The queue had an `Arc`, whose function will not be called.
            drop(unsafe { Arc::from_raw(item) });
            callbacks::end();
        }
        queued
    }
}

/// Types with a field [`Work<T, ID>`]; [`impl_has_work!`] implements it.
///
/// # Safety
///
/// Both functions must convert between a pointer to a `Self` and one to that same field, which must be the one in a
/// [`DelayedWork`](super::DelayedWork) if `IS_DELAYED` says so.
pub unsafe trait HasWork<T, const ID: u64 = 0> {
    /// Whether the work may wait for its time before it is queued.
    const IS_DELAYED: bool = false;

    /// Returns the pointer to the field.
    ///
    /// # Safety
    ///
    /// `ptr` must point to memory for a `Self`.
    unsafe fn raw_get_work(ptr: *mut Self) -> *mut Work<T, ID>;

    /// Returns the pointer to what the field is in.
    ///
    /// # Safety
    ///
    /// `ptr` must point to that field of a `Self`.
    unsafe fn work_container_of(ptr: *mut Work<T, ID>) -> *mut Self;
}

/// Says which field of a struct is its [`Work`].
///
/// Generic parameters are in braces: `impl{T} HasWork<Item<T>> for Item<T> { self.work }`.
///
/// A field of another type is refused:
///
/// ```compile_fail,E0308
/// struct Item {
///     work: u32,
/// }
///
/// kernel::workqueue::impl_has_work! {
///     impl HasWork<Self> for Item { self.work }
/// }
/// ```
///
/// And a field of something that the struct dereferences to:
///
/// ```compile_fail,E0609
/// struct Item {
///     inner: KBox<Inner>,
/// }
///
/// struct Inner {
///     work: kernel::workqueue::Work<Item>,
/// }
///
/// impl core::ops::Deref for Item {
///     type Target = Inner;
///
///     fn deref(&self) -> &Inner {
///         &self.inner
///     }
/// }
///
/// kernel::workqueue::impl_has_work! {
///     impl HasWork<Self> for Item { self.work }
/// }
/// ```
#[macro_export]
macro_rules! impl_has_work {
    ($(
        impl $({$($generics:tt)*})? HasWork<$work_type:ty $(, $id:tt)?> for $self:ty
        { self.$field:ident }
    )*) => {$(
        $crate::only_generics! { $({$($generics)*})? }

        // SAFETY: Both use the offset of the field, which has the right type, as `raw_get_work` shows.
        unsafe impl $(<$($generics)+>)? $crate::workqueue::HasWork<$work_type $(, $id)?> for $self {
            #[inline]
            unsafe fn raw_get_work(
                ptr: *mut Self,
            ) -> *mut $crate::workqueue::Work<$work_type $(, $id)?> {
                // `offset_of!` does not look into what `Self` dereferences to.
                let _ = ::core::mem::offset_of!(Self, $field);

                // SAFETY: The caller promises memory for a `Self`.
                unsafe { &raw mut (*ptr).$field }
            }

            #[inline]
            unsafe fn work_container_of(
                ptr: *mut $crate::workqueue::Work<$work_type $(, $id)?>,
            ) -> *mut Self {
                // SAFETY: The caller promises that it is this field of a `Self`.
                unsafe { ptr.byte_sub(::core::mem::offset_of!(Self, $field)) }.cast()
            }
        }
    )*};
}
pub use impl_has_work;
