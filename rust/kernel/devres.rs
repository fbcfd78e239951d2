// SPDX-License-Identifier: GPL-2.0-only

//! What a device's driver has only as long as it is bound to the device.
//!
//! C header: `include/linux/device.h` (`devres_add()`).

use crate::alloc::flags::GFP_KERNEL;
use crate::alloc::Flags;
use crate::alloc::InPlaceInit as _;
use crate::alloc::KBox;
use crate::bindings;
use crate::device::Bound;
use crate::device::Device;
use crate::error::code::EINVAL;
use crate::error::code::ENOMEM;
use crate::error::code::ENXIO;
use crate::error::Error;
use crate::error::Result;
use crate::ffi::c_int;
use crate::ffi::c_void;
use crate::init::PinInit;
use crate::revocable::Revocable;
use crate::revocable::RevocableGuard;
use crate::str::CStrExt as _;
use crate::sync::aref::ARef;
use crate::sync::Arc;
use crate::types::ForeignOwnable;
use crate::types::Opaque;
use core::pin::Pin;
use core::ptr::null_mut;
use core::ptr::NonNull;
use core::sync::atomic::AtomicPtr;
use core::sync::atomic::Ordering;
use pin_init::pin_data;

mod group;

pub(crate) use self::group::release_group;
pub(crate) use self::group::while_bound;
pub(crate) use self::group::with_group;

pub(crate) type Release = unsafe extern "C" fn(*mut bindings::device, *mut c_void);

/// Makes what [`add()`] adds.
fn node(release: Release, payload: *mut c_void) -> Result<NonNull<c_void>> {
    let (size, flags, name) = (size_of::<*mut c_void>(), GFP_KERNEL.as_raw(), c"Rust");
    // SAFETY: It allocates, nothing else; the name is static and only for debugging.
    let node = unsafe {
        bindings::__devres_alloc_node(
            Some(release),
            size,
            flags,
            bindings::NUMA_NO_NODE,
            name.as_char_ptr(),
        )
    };
    let node = NonNull::new(node).ok_or(ENOMEM)?;
    // SAFETY: There is room for a pointer, aligned as any allocation.
    unsafe { node.cast::<*mut c_void>().write(payload) };
    Ok(node)
}

/// Whether it is a node of the payload.
unsafe extern "C" fn is_it(
    _dev: *mut bindings::device,
    node: *mut c_void,
    payload: *mut c_void,
) -> c_int {
    // SAFETY: C asks only about nodes with the `release` that it was given, and these are from `node()`.
    c_int::from(unsafe { node.cast::<*mut c_void>().read() } == payload)
}

/// Has `release` called with a pointer to `payload` when the device loses its driver.
///
/// # Errors
///
/// [`ENOMEM`] if there is no memory.
///
/// # Safety
///
/// The call must be sound then, unless [`remove()`] comes first.
pub(crate) unsafe fn add(dev: &Device<Bound>, release: Release, payload: *mut c_void) -> Result {
    let node = node(release, payload)?;
    // SAFETY: `dev` is valid, and C has it release what it has before its driver is gone.
    unsafe { bindings::devres_add(dev.as_raw(), node.as_ptr()) };
    Ok(())
}

/// As [`add()`], once for a release and its payload.
///
/// # Errors
///
/// [`EINVAL`] if it was added already; [`ENOMEM`] if there is no memory.
///
/// # Safety
///
/// As for [`add()`].
pub(crate) unsafe fn add_once(
    dev: &Device<Bound>,
    release: Release,
    payload: *mut c_void,
) -> Result {
    let node = node(release, payload)?.as_ptr();
    // SAFETY: As in `add()`; C frees the node if there is one already.
    let there = unsafe { bindings::devres_get(dev.as_raw(), node, Some(is_it), payload) };
    if there == node {
        Ok(())
    } else {
        Err(EINVAL)
    }
}

/// Whether [`add()`] was called, and `release` not yet.
#[cfg(CONFIG_PCI)]
pub(crate) fn has(dev: &Device, release: Release, payload: *mut c_void) -> bool {
    // SAFETY: `dev` is valid.
    let node = unsafe { bindings::devres_find(dev.as_raw(), Some(release), Some(is_it), payload) };
    !node.is_null()
}

/// Undoes [`add()`]. Returns whether there was anything to undo: else `release` was called.
pub(crate) fn remove(dev: &Device, release: Release, payload: *mut c_void) -> bool {
    // SAFETY: `dev` is valid; C takes what it finds out of its list.
    let node =
        unsafe { bindings::devres_remove(dev.as_raw(), Some(release), Some(is_it), payload) };
    if node.is_null() {
        return false;
    }
    // SAFETY: It is in no list any more.
    unsafe { bindings::devres_free(node) };
    true
}

#[pin_data]
struct Inner<T> {
    #[pin]
    data: Revocable<T>,
    /// Completed when the value has been dropped.
    #[pin]
    revocation: Opaque<bindings::completion>,
    /// The task in which C has called [`Devres::release()`].
    releases: AtomicPtr<bindings::task_struct>,
    /// The task that drops the [`Devres`].
    drops: AtomicPtr<bindings::task_struct>,
}

impl<T> Inner<T> {
    /// Notes that this task is about to revoke the value.
    fn note_task(task: &AtomicPtr<bindings::task_struct>) {
        // SAFETY: There is a task always.
        task.store(unsafe { bindings::get_current() }, Ordering::Relaxed);
    }

    /// Waits until the value has been dropped by `other`. If that is this task, the value's own drop has led here: it goes
    /// on when this returns.
    fn wait(&self, other: &AtomicPtr<bindings::task_struct>) {
        // SAFETY: There is a task always.
        if other.load(Ordering::Relaxed) != unsafe { bindings::get_current() } {
            // SAFETY: It was initialised, and is pinned.
            unsafe { bindings::wait_for_completion(self.revocation.get()) };
        }
    }

    /// Ends the waiting.
    fn complete(&self) {
        // SAFETY: It was initialised, and is pinned.
        unsafe { bindings::complete_all(self.revocation.get()) };
    }
}

/// A value that is dropped when the device loses its driver, if not before.
///
/// It can be kept anywhere: after that nobody gets at the value. Dropping it waits for a drop of the value that is under way
/// in another task; the value itself may have what keeps it.
///
/// # Examples
///
/// ```
/// use kernel::device::{Bound, Device};
/// use kernel::devres::Devres;
///
/// fn example(dev: &Device<Bound>) -> Result {
///     let value = Devres::new(dev, 42)?;
///     // With a device that is known to have its driver, nothing has to be asked.
///     assert_eq!(*value.access(dev)?, 42);
///     assert_eq!(value.try_access().map(|value| *value), Some(42));
///     Ok(())
/// }
/// ```
///
/// What is to be dropped later cannot borrow:
///
/// ```compile_fail,E0597
/// use kernel::device::{Bound, Device};
/// use kernel::devres::Devres;
///
/// fn example(dev: &Device<Bound>) {
///     let local = 42;
///     let _ = Devres::new(dev, &local);
/// }
/// ```
pub struct Devres<T: Send + 'static> {
    dev: ARef<Device>,
    inner: Arc<Inner<T>>,
}

// SAFETY: As for a box of a `T`, which any thread may drop.
unsafe impl<T: Send> Send for Devres<T> {}

// SAFETY: It gives shared references to a `T`.
unsafe impl<T: Send + Sync> Sync for Devres<T> {}

impl<T: Send + 'static> Devres<T> {
    /// Makes one of an initialiser.
    ///
    /// Context: process, may sleep. C: `devres_add()`.
    ///
    /// # Errors
    ///
    /// The initialiser's; [`ENOMEM`] if there is no memory.
    pub fn new<E>(dev: &Device<Bound>, data: impl PinInit<T, E>) -> Result<Self>
    where
        Error: From<E>,
    {
        let inner = Arc::pin_init::<Error>(
            crate::try_pin_init!(Inner {
                data <- Revocable::new(data),
                revocation <- Opaque::ffi_init(|completion: *mut bindings::completion| {
                    // SAFETY: It is the place of a completion.
                    unsafe { bindings::devres_init_completion(completion) }
                }),
                releases: AtomicPtr::new(null_mut()),
                drops: AtomicPtr::new(null_mut()),
            }),
            GFP_KERNEL,
        )?;
        let payload = Arc::into_raw(inner.clone()).cast_mut().cast();
        // SAFETY: `payload` is a reference of its own, which `release()` takes.
        if let Err(error) = unsafe { add(dev, Self::release, payload) } {
            // SAFETY: Nobody else has taken it.
            drop(unsafe { Arc::<Inner<T>>::from_raw(payload.cast()) });
            return Err(error);
        }
        Ok(Self {
            dev: dev.into(),
            inner,
        })
    }

    unsafe extern "C" fn release(_dev: *mut bindings::device, node: *mut c_void) {
        // SAFETY: The node is from `add()`.
        let payload = unsafe { node.cast::<*mut c_void>().read() };
        // SAFETY: C calls this once.
        let inner = unsafe { Arc::<Inner<T>>::from_raw(payload.cast()) };
        Inner::<T>::note_task(&inner.releases);
        if inner.data.revoke() {
            inner.complete();
        } else {
            // The drop of `Devres` is at it: the device must not be gone before it is done.
            inner.wait(&inner.drops);
        }
    }

    /// The device.
    pub fn device(&self) -> &Device {
        &self.dev
    }

    /// Gets at the value: that the device has its driver shows that it is there.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if it is another device; [`ENXIO`] if the device has lost its driver since, and has
    /// one again.
    pub fn access<'a>(&'a self, dev: &'a Device<Bound>) -> Result<&'a T> {
        if self.dev.as_raw() != dev.as_raw() {
            return Err(EINVAL);
        }
        if !self.inner.data.is_available() {
            return Err(ENXIO);
        }
        // SAFETY: It is revoked when the device loses its driver, or `self` is dropped.
        Ok(unsafe { self.inner.data.access() })
    }

    /// As [`Revocable::try_access()`].
    pub fn try_access(&self) -> Option<RevocableGuard<'_, T>> {
        self.inner.data.try_access()
    }

    /// As [`Revocable::try_access_with()`].
    pub fn try_access_with<R, F: FnOnce(&T) -> R>(&self, f: F) -> Option<R> {
        self.inner.data.try_access_with(f)
    }
}

impl<T: Send + 'static> Drop for Devres<T> {
    fn drop(&mut self) {
        Inner::<T>::note_task(&self.inner.drops);
        // SAFETY: Nobody borrows `self`, so nobody has a guard.
        if unsafe { self.inner.data.revoke_nosync() } {
            self.inner.complete();
            let payload = Arc::as_ptr(&self.inner).cast_mut().cast();
            if remove(&self.dev, Self::release, payload) {
                // SAFETY: `release()` has not taken it, and will not.
                drop(unsafe { Arc::<Inner<T>>::from_raw(payload.cast()) });
            }
        } else {
            // `release()` is at it: the value must be gone when this returns.
            self.inner.wait(&self.inner.releases);
        }
    }
}

/// Keeps a value until the device loses its driver.
///
/// Context: process, may sleep. C: `devm_add_action()`.
///
/// # Errors
///
/// The initialiser's; [`ENOMEM`] if there is no memory.
///
/// # Examples
///
/// ```
/// use kernel::device::{Bound, Device};
/// use kernel::devres;
/// use kernel::types::ScopeGuard;
///
/// fn say_goodbye(dev: &Device<Bound>) -> Result {
///     let guard = ScopeGuard::new(|| pr_info!("goodbye\n"));
///     devres::register(dev, guard, GFP_KERNEL)
/// }
/// ```
pub fn register<T, E>(dev: &Device<Bound>, data: impl PinInit<T, E>, flags: Flags) -> Result
where
    T: Send + 'static,
    Error: From<E>,
{
    unsafe extern "C" fn release<T>(_dev: *mut bindings::device, node: *mut c_void) {
        // SAFETY: The node is from `add()`, and C calls this once.
        drop(unsafe { Pin::<KBox<T>>::from_foreign(node.cast::<*mut c_void>().read()) });
    }

    let payload = KBox::pin_init(data, flags)?.into_foreign();
    // SAFETY: The box is given to `release()`.
    unsafe { add(dev, release::<T>, payload) }.inspect_err(|_| {
        // SAFETY: Nobody else has taken it.
        drop(unsafe { Pin::<KBox<T>>::from_foreign(payload) });
    })
}
