// SPDX-License-Identifier: GPL-2.0-only

//! Pointers that a queue can own.

use super::HasDelayedWork;
use super::HasWork;
use super::RawDelayedWorkItem;
use super::RawWorkItem;
use super::Work;
use super::WorkItem;
use super::WorkItemPointer;
use crate::alloc::KBox;
use crate::bindings;
use crate::module::callbacks;
use crate::sync::Arc;
use core::pin::Pin;

/// Finds the item that a `work_struct` is in.
///
/// # Safety
///
/// `ptr` must be the `work_struct` of the field `Work<T, ID>` of a `T`.
#[inline]
unsafe fn item<T: HasWork<T, ID>, const ID: u64>(ptr: *mut bindings::work_struct) -> *mut T {
    // SAFETY: `Work` is `repr(transparent)`, and the caller promises that it is the field.
    unsafe { T::work_container_of(ptr.cast::<Work<T, ID>>()) }
}

// SAFETY: The queue owns the `Arc`, which keeps the item, until the function is called, which takes it back.
unsafe impl<T, const ID: u64> RawWorkItem<ID> for Arc<T>
where
    T: WorkItem<ID, Pointer = Self> + HasWork<T, ID>,
{
    /// The `Arc`, if the item is queued already.
    type EnqueueOutput = Result<(), Self>;

    #[inline]
    unsafe fn __enqueue<F>(self, queue_work_on: F) -> Self::EnqueueOutput
    where
        F: FnOnce(*mut bindings::work_struct) -> bool,
    {
        let ptr = Arc::into_raw(self);
        // SAFETY: `ptr` points to a `T`.
        let work = unsafe { Work::raw_get(T::raw_get_work(ptr.cast_mut())) };

        callbacks::begin();
        if queue_work_on(work) {
            Ok(())
        } else {
            callbacks::end();
            // SAFETY: The queue did not take it.
            Err(unsafe { Arc::from_raw(ptr) })
        }
    }
}

// SAFETY: `__enqueue` passes the field's `work_struct`, whose function is `run` by `Work`'s invariant.
unsafe impl<T, const ID: u64> WorkItemPointer<ID> for Arc<T>
where
    T: WorkItem<ID, Pointer = Self> + HasWork<T, ID>,
{
    unsafe extern "C" fn run(ptr: *mut bindings::work_struct) {
        // SAFETY: C calls it with the `work_struct` that `__enqueue` passed.
        let item = unsafe { item::<T, ID>(ptr) };
        // SAFETY: `__enqueue` left an `Arc`, and C calls once for it.
        let arc = unsafe { Arc::from_raw(item) };

        T::run(arc);
        callbacks::end();
    }
}

// SAFETY: The queue owns the box until the function is called, which takes it back.
unsafe impl<T, const ID: u64> RawWorkItem<ID> for Pin<KBox<T>>
where
    T: WorkItem<ID, Pointer = Self> + HasWork<T, ID>,
{
    /// Who has the box knows that it is not queued.
    type EnqueueOutput = ();

    #[inline]
    unsafe fn __enqueue<F>(self, queue_work_on: F) -> Self::EnqueueOutput
    where
        F: FnOnce(*mut bindings::work_struct) -> bool,
    {
        // SAFETY: It stays where it is, and is pinned again.
        let ptr = KBox::into_raw(unsafe { Pin::into_inner_unchecked(self) });
        // SAFETY: `ptr` points to a `T`.
        let work = unsafe { Work::raw_get(T::raw_get_work(ptr)) };

        callbacks::begin();
        if !queue_work_on(work) {
            // It cannot be: a queue that has it would own the box. The box is leaked.
            callbacks::end();
        }
    }
}

// SAFETY: `__enqueue` passes the field's `work_struct`, whose function is `run` by `Work`'s invariant.
unsafe impl<T, const ID: u64> WorkItemPointer<ID> for Pin<KBox<T>>
where
    T: WorkItem<ID, Pointer = Self> + HasWork<T, ID>,
{
    unsafe extern "C" fn run(ptr: *mut bindings::work_struct) {
        // SAFETY: C calls it with the `work_struct` that `__enqueue` passed.
        let item = unsafe { item::<T, ID>(ptr) };
        // SAFETY: `__enqueue` left a box, and C calls once for it.
        let boxed = unsafe { KBox::from_raw(item) };

        T::run(KBox::into_pin(boxed));
        callbacks::end();
    }
}

// SAFETY: By the requirements of `HasDelayedWork` its `work_struct` is in a `delayed_work`.
unsafe impl<T, const ID: u64> RawDelayedWorkItem<ID> for Arc<T> where
    T: WorkItem<ID, Pointer = Self> + HasDelayedWork<T, ID>
{
}

// SAFETY: By the requirements of `HasDelayedWork` its `work_struct` is in a `delayed_work`.
unsafe impl<T, const ID: u64> RawDelayedWorkItem<ID> for Pin<KBox<T>> where
    T: WorkItem<ID, Pointer = Self> + HasDelayedWork<T, ID>
{
}
