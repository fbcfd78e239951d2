// SPDX-License-Identifier: GPL-2.0-only

//! What lockdep, the kernel's checker of lock orders, tells locks apart by.
//!
//! C header: `include/linux/lockdep.h`.

use crate::bindings;
use crate::init::PinInit;
use crate::types::Opaque;
use core::pin::Pin;
use pin_init::pin_data;
use pin_init::pin_init;
use pin_init::pinned_drop;

/// The class of a lock (`struct lock_class_key`): what lockdep knows of one lock holds for its whole class.
///
/// It has no size where the kernel is built without lockdep. [`static_lock_class!`] makes one in the
/// module's memory, where lockdep finds it and forgets it when the module is unloaded.
///
/// # Invariants
///
/// It is in static memory and never dropped, or `lockdep_register_key` was called on it where it is.
#[pin_data(PinnedDrop)]
#[repr(transparent)]
pub struct LockClassKey {
    #[pin]
    inner: Opaque<bindings::lock_class_key>,
}

// SAFETY: lockdep takes its own lock in every call, and binds a key to no thread.
unsafe impl Send for LockClassKey {}

// SAFETY: As for `Send`; Rust code reads nothing of it.
unsafe impl Sync for LockClassKey {}

impl LockClassKey {
    /// Makes a key for a `static`; [`static_lock_class!`] does it all.
    ///
    /// # Safety
    ///
    /// The result must become the value of a `static`, or a part of one, that is never dropped.
    pub const unsafe fn new_static() -> Self {
        // INVARIANT: The caller promises it.
        Self {
            inner: Opaque::zeroed(),
        }
    }

    /// Makes a key in memory that is freed some day; it is unregistered when it is dropped.
    ///
    /// Context of making and dropping it: process, dropping it may sleep. C: `lockdep_register_key()`,
    /// `lockdep_unregister_key()`.
    ///
    /// # Examples
    ///
    /// What uses a key wants it for ever, so somebody must promise that it is gone before the key:
    ///
    /// ```
    /// use core::pin::Pin;
    /// use kernel::sync::{LockClassKey, Mutex};
    ///
    /// let key = KBox::pin_init(LockClassKey::new_dynamic(), GFP_KERNEL)?;
    /// // SAFETY: The mutex, the only one that has this reference, is dropped before `key`.
    /// let borrowed: Pin<&'static LockClassKey> = unsafe { core::mem::transmute(key.as_ref()) };
    /// let mutex: Pin<KBox<Mutex<u32>>> =
    ///     KBox::pin_init(Mutex::new(1, c"example", borrowed), GFP_KERNEL)?;
    ///
    /// assert_eq!(*mutex.lock(), 1);
    /// drop(mutex);
    /// drop(key);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn new_dynamic() -> impl PinInit<Self> {
        let inner = Opaque::ffi_init(|key: *mut bindings::lock_class_key| {
            // SAFETY: `key` is a place for a key; lockdep only keeps its address in a list.
            unsafe { key.write_bytes(0, 1) };
            // SAFETY: `key` is pinned, and `drop` takes it out of lockdep's list.
            unsafe { bindings::lockdep_register_key(key) }
        });

        // INVARIANT: `inner` registers the key in its place.
        pin_init!(Self { inner <- inner })
    }

    /// For [`static_lock_class!`]. What is in static memory never moves.
    #[doc(hidden)]
    pub fn pin_static(key: &'static Self) -> Pin<&'static Self> {
        // SAFETY: Nobody gets a static value by `&mut`, or by value, while this reference lives: for ever.
        unsafe { Pin::new_unchecked(key) }
    }

    /// Returns the pointer that C takes as a key.
    pub fn as_ptr(&self) -> *mut bindings::lock_class_key {
        self.inner.get()
    }
}

#[pinned_drop]
impl PinnedDrop for LockClassKey {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: By the type invariant it is registered, as a static one is not dropped.
        unsafe { bindings::lockdep_unregister_key(self.as_ptr()) }
    }
}

/// Makes a class of locks that belongs to this place in the source, and returns the pinned key.
///
/// # Examples
///
/// ```
/// use kernel::sync::{static_lock_class, Arc, SpinLock};
///
/// fn number(n: u32) -> Result<Arc<SpinLock<u32>>> {
///     Arc::pin_init(SpinLock::new(n, c"number", static_lock_class!()), GFP_KERNEL)
/// }
///
/// assert_eq!(*number(3)?.lock(), 3);
/// # Ok::<(), Error>(())
/// ```
#[macro_export]
macro_rules! static_lock_class {
    () => {{
        static CLASS: $crate::sync::LockClassKey =
            // SAFETY: It becomes the value of a `static`.
            unsafe { $crate::sync::LockClassKey::new_static() };

        $crate::sync::LockClassKey::pin_static(&CLASS)
    }};
}
pub use static_lock_class;

/// The given name of a lock, or the place in the source.
#[doc(hidden)]
#[macro_export]
macro_rules! optional_name {
    () => {
        $crate::c_str!(::core::concat!(::core::file!(), ":", ::core::line!()))
    };
    ($name:literal) => {
        $crate::c_str!($name)
    };
}
