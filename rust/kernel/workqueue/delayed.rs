// SPDX-License-Identifier: GPL-2.0-only

//! Work that starts after a while.

use super::HasWork;
use super::Work;
use super::WorkItem;
use super::WorkItemPointer;
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

/// Makes the initialiser of a [`DelayedWork`], with classes of its own and the given name, or this place's.
#[macro_export]
macro_rules! new_delayed_work {
    () => {
        $crate::workqueue::DelayedWork::new(
            $crate::optional_name!(),
            $crate::static_lock_class!(),
            $crate::c_str!(::core::concat!(
                ::core::file!(),
                ":",
                ::core::line!(),
                "_timer"
            )),
            $crate::static_lock_class!(),
        )
    };
    ($name:literal) => {
        $crate::workqueue::DelayedWork::new(
            $crate::c_str!($name),
            $crate::static_lock_class!(),
            $crate::c_str!(::core::concat!($name, "_timer")),
            $crate::static_lock_class!(),
        )
    };
}
pub use new_delayed_work;

/// The field by which a `T` waits to be in a queue (`struct delayed_work`).
///
/// # Examples
///
/// ```
/// use kernel::sync::{Arc, Completion};
/// use kernel::time::msecs_to_jiffies;
/// use kernel::workqueue::{self, impl_has_delayed_work, new_delayed_work, DelayedWork, WorkItem};
///
/// #[pin_data]
/// struct Reminder {
///     #[pin]
///     due: Completion,
///     #[pin]
///     work: DelayedWork<Reminder>,
/// }
///
/// impl_has_delayed_work! {
///     impl HasDelayedWork<Self> for Reminder { self.work }
/// }
///
/// impl WorkItem for Reminder {
///     type Pointer = Arc<Self>;
///
///     fn run(this: Arc<Self>) {
///         this.due.complete_all();
///     }
/// }
///
/// let reminder = Arc::pin_init(
///     pin_init!(Reminder {
///         due <- Completion::new(),
///         work <- new_delayed_work!("Reminder::work"),
///     }),
///     GFP_KERNEL,
/// )?;
///
/// let _ = workqueue::system().enqueue_delayed(reminder.clone(), msecs_to_jiffies(20));
/// reminder.due.wait_for_completion();
///
/// let _ = workqueue::system().enqueue_delayed(reminder.clone(), msecs_to_jiffies(3_600_000));
/// assert!(DelayedWork::cancel_sync(&reminder));
/// # Ok::<(), Error>(())
/// ```
///
/// Work without a delay cannot be delayed:
///
/// ```compile_fail,E0277
/// use kernel::{sync::Arc, workqueue::*};
///
/// #[pin_data]
/// struct Item {
///     #[pin]
///     work: Work<Item>,
/// }
///
/// impl_has_work! { impl HasWork<Self> for Item { self.work } }
///
/// impl WorkItem for Item {
///     type Pointer = Arc<Self>;
///
///     fn run(_this: Arc<Self>) {}
/// }
///
/// fn enqueue(item: Arc<Item>) {
///     let _ = system().enqueue_delayed(item, 5);
/// }
/// ```
///
/// # Invariants
///
/// `dwork` is initialised, with the function of `T`'s `Pointer`.
#[pin_data]
#[repr(transparent)]
pub struct DelayedWork<T: ?Sized, const ID: u64 = 0> {
    #[pin]
    dwork: Opaque<bindings::delayed_work>,
    _inner: PhantomData<T>,
}

// SAFETY: There is no `T` in it, and C's work may be used in any thread.
unsafe impl<T: ?Sized, const ID: u64> Send for DelayedWork<T, ID> {}

// SAFETY: As for `Send`; C changes it atomically.
unsafe impl<T: ?Sized, const ID: u64> Sync for DelayedWork<T, ID> {}

impl<T: ?Sized, const ID: u64> DelayedWork<T, ID> {
    /// Makes the initialiser of one; [`new_delayed_work!`] gives names and classes. C: `INIT_DELAYED_WORK()`.
    #[inline]
    pub fn new(
        work_name: &'static CStr,
        work_key: Pin<&'static LockClassKey>,
        timer_name: &'static CStr,
        timer_key: Pin<&'static LockClassKey>,
    ) -> impl PinInit<Self>
    where
        T: WorkItem<ID>,
    {
        // INVARIANT: C initialises both parts, the work with that function.
        pin_init!(Self {
            dwork <- Opaque::ffi_init(|slot: *mut bindings::delayed_work| {
                callbacks::prepare();
                // SAFETY: `slot` is a place for it; name and key live for ever.
                unsafe {
                    bindings::init_work_with_key(
                        &raw mut (*slot).work,
                        Some(T::Pointer::run),
                        false,
                        work_name.as_char_ptr(),
                        work_key.as_ptr(),
                    )
                }
                // SAFETY: As above; C's own function enqueues the work when the timer fires.
                unsafe {
                    bindings::timer_setup_named(
                        &raw mut (*slot).timer,
                        Some(bindings::delayed_work_timer_fn),
                        bindings::TIMER_IRQSAFE,
                        timer_name.as_char_ptr(),
                        timer_key.as_ptr(),
                    )
                }
            }),
            _inner: PhantomData,
        })
    }

    /// Returns the pointer to the work in it.
    ///
    /// # Safety
    ///
    /// `ptr` must point to memory for a `Self`.
    #[inline]
    pub unsafe fn raw_as_work(ptr: *const Self) -> *mut Work<T, ID> {
        // SAFETY: The caller promises that the field is in memory.
        let dwork = Opaque::cast_into(unsafe { &raw const (*ptr).dwork });
        // SAFETY: As above.
        let work = unsafe { &raw mut (*dwork).work };
        // `Work` is `repr(transparent)`.
        work.cast()
    }
}

impl<T, const ID: u64> DelayedWork<T, ID>
where
    T: WorkItem<ID, Pointer = Arc<T>> + HasDelayedWork<T, ID> + Send + Sync,
{
    /// As [`Work::cancel_sync`], also while the delay has not passed. C: `cancel_delayed_work_sync()`.
    pub fn cancel_sync(this: &Arc<T>) -> bool {
        let item = Arc::as_ptr(this);
        // SAFETY: `item` points to a `T`.
        let work = unsafe { Work::raw_get(T::raw_get_work(item.cast_mut())) };
        let offset = core::mem::offset_of!(bindings::delayed_work, work);
        // SAFETY: By the requirements of `HasDelayedWork` the work is in a `delayed_work`.
        let dwork = unsafe { work.byte_sub(offset) }.cast::<bindings::delayed_work>();

        // SAFETY: By the type invariant it is initialised; `this` keeps it.
        let queued = unsafe { bindings::cancel_delayed_work_sync(dwork) };
        if queued {
            // SAFETY: The queue had an `Arc`, whose function will not be called.
            drop(unsafe { Arc::from_raw(item) });
            callbacks::end();
        }
        queued
    }
}

/// Types with a field [`DelayedWork<T, ID>`]; [`impl_has_delayed_work!`] implements it.
///
/// # Safety
///
/// The [`Work`] of [`HasWork`] must be the one in a `DelayedWork<T, ID>`.
pub unsafe trait HasDelayedWork<T, const ID: u64 = 0>: HasWork<T, ID> {}

/// Says which field of a struct is its [`DelayedWork`]; as [`impl_has_work!`](super::impl_has_work).
#[macro_export]
macro_rules! impl_has_delayed_work {
    ($(
        impl $({$($generics:tt)*})? HasDelayedWork<$work_type:ty $(, $id:tt)?> for $self:ty
        { self.$field:ident }
    )*) => {$(
        $crate::only_generics! { $({$($generics)*})? }

        // SAFETY: The work is the one in the field, as the implementation of `HasWork` shows.
        unsafe impl $(<$($generics)+>)?
            $crate::workqueue::HasDelayedWork<$work_type $(, $id)?> for $self {}

        // SAFETY: Both use the offset of the field, which has the right type, as `raw_get_work` shows.
        unsafe impl $(<$($generics)+>)? $crate::workqueue::HasWork<$work_type $(, $id)?> for $self {
            const IS_DELAYED: bool = true;

            #[inline]
            unsafe fn raw_get_work(
                ptr: *mut Self,
            ) -> *mut $crate::workqueue::Work<$work_type $(, $id)?> {
                // `offset_of!` does not look into what `Self` dereferences to.
                let _ = ::core::mem::offset_of!(Self, $field);

                // SAFETY: The caller promises memory for a `Self`.
                let field: *const $crate::workqueue::DelayedWork<$work_type $(, $id)?> =
                    unsafe { &raw const (*ptr).$field };
                // SAFETY: As above.
                unsafe { $crate::workqueue::DelayedWork::raw_as_work(field) }
            }

            #[inline]
            unsafe fn work_container_of(
                ptr: *mut $crate::workqueue::Work<$work_type $(, $id)?>,
            ) -> *mut Self {
                let offset = ::core::mem::offset_of!($crate::bindings::delayed_work, work)
                    + ::core::mem::offset_of!(Self, $field);

                // SAFETY: The caller promises that it is in this field of a `Self`.
                unsafe { ptr.byte_sub(offset) }.cast()
            }
        }
    )*};
}
pub use impl_has_delayed_work;
