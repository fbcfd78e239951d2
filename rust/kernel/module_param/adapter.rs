// SPDX-License-Identifier: GPL-2.0-only

//! Parameters with a range, with functions of their own, or of a driver's own type.

use super::access::Mode;
use super::access::ModuleParamAccess;
use super::kind::arg;
use super::kind::Kind;
use super::lock::ParamLock;
use crate::bindings;
use crate::error::code::EBUSY;
use crate::error::code::EOPNOTSUPP;
use crate::error::from_result;
use crate::error::to_result;
use crate::error::Result;
use crate::ffi::c_char;
use crate::ffi::c_int;
use crate::fmt;
use core::cell::UnsafeCell;
use core::marker::PhantomData;
use core::mem::size_of;
use core::mem::ManuallyDrop;
use core::mem::MaybeUninit;
use core::ptr;

/// What `module!` knows of such a parameter.
///
/// # Safety
///
/// Each of the statics must be for this parameter alone, the lock that of its module.
#[doc(hidden)]
pub unsafe trait Spec: 'static {
    /// What the parameter's type stands for.
    type Kind: Kind;
    /// When it changes.
    type Mode: Mode;

    /// Whether the module has code of its own for any of its parameters: what that starts has to be waited for.
    const HAS_CODE: bool;

    /// Whether [`Spec::get`] prints the value.
    const HAS_GET: bool = false;

    /// Where the value is.
    fn access() -> &'static ModuleParamAccess<Value<Self>, Self::Mode>;

    /// Where a new value is until it is known to be good.
    fn staging() -> &'static Staging<Value<Self>>;

    /// The lock of the module's parameters.
    fn lock() -> &'static ParamLock;

    /// Refuses a new value, or does not.
    fn check(_value: &Value<Self>) -> Result {
        Ok(())
    }

    /// Prints the value.
    fn get(_value: &Value<Self>, _out: &mut Writer<'_>) -> Result {
        Ok(())
    }
}

type Value<S> = <<S as Spec>::Kind as Kind>::Value;

/// A place for a value that is not yet known to be good. It is zero while it is not used.
#[doc(hidden)]
pub struct Staging<T>(UnsafeCell<MaybeUninit<T>>);

// SAFETY: Only the adapter uses it, under the lock of the module's parameters.
unsafe impl<T: Send> Sync for Staging<T> {}

impl<T> Staging<T> {
    /// Makes an empty one.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self(UnsafeCell::new(MaybeUninit::zeroed()))
    }
}

/// C's side of a [`Spec`].
#[doc(hidden)]
pub struct Adapter<S>(PhantomData<S>);

impl<S: Spec> Adapter<S> {
    /// C's table of the parameter.
    pub(super) const OPS: &'static bindings::kernel_param_ops = &bindings::kernel_param_ops {
        flags: if <S::Kind as Kind>::NO_ARG {
            bindings::KERNEL_PARAM_OPS_FL_NOARG
        } else {
            0
        },
        set: Some(Self::set),
        get: Some(Self::get),
        free: Some(Self::free),
    };

    /// Reads a value into the staging place, has it checked, and only then changes the value.
    ///
    /// # Safety
    ///
    /// C calls it for this parameter, with the lock held; `val` is as the kind wants it.
    unsafe extern "C" fn set(val: *const c_char, kp: *const bindings::kernel_param) -> c_int {
        from_result(|| {
            S::lock().held(S::HAS_CODE, || {
                let access = S::access();
                if access.mode().is_lent() {
                    return Err(EBUSY);
                }
                let new: *mut Value<S> = S::staging().0.get().cast();
                let ops = S::Kind::ops();
                if ops.free.is_none() {
                    // What owns nothing is seen by the kind's `set` as it was.
                    // SAFETY: Both places are valid, and C holds the lock.
                    unsafe { copy::<S>(access.as_ptr(), new) };
                }
                // SAFETY: C gave a valid entry.
                let mut kp = unsafe { *kp };
                kp.__bindgen_anon_1.arg = new.cast();
                let set = ops.set.ok_or(EOPNOTSUPP)?;
                // SAFETY: `val` is C's, and the staging place is ours alone while C has the lock.
                to_result(unsafe { set(val, &kp) })
                    // SAFETY: `set` has succeeded, so there is a value now.
                    .and_then(|()| S::check(unsafe { &*new }))
                    // The old value may have been lent by what was called meanwhile.
                    .and_then(|()| {
                        if access.mode().is_lent() {
                            Err(EBUSY)
                        } else {
                            Ok(())
                        }
                    })
                    .inspect_err(|_| {
                        // SAFETY: The kind's `free` takes what its `set` left there.
                        unsafe { Self::free_value(new) };
                        // SAFETY: The place is valid for writes.
                        unsafe { ptr::write_bytes(new, 0, 1) };
                    })?;
                // SAFETY: C holds the lock, and the value is not lent.
                unsafe { Self::free_value(access.as_ptr()) };
                // SAFETY: As above; the value moves, and the two places are not the same.
                unsafe { copy::<S>(new, access.as_ptr()) };
                // SAFETY: The place is valid for writes; its value has moved.
                unsafe { ptr::write_bytes(new, 0, 1) };
                Ok(0)
            })
        })
    }

    /// Prints the value.
    ///
    /// # Safety
    ///
    /// C calls it for this parameter, with the lock held and a page of room in `buffer`.
    unsafe extern "C" fn get(buffer: *mut c_char, kp: *const bindings::kernel_param) -> c_int {
        from_result(|| {
            S::lock().held(S::HAS_CODE, || {
                if S::HAS_GET {
                    // SAFETY: There is a page of room.
                    let mut out = unsafe { Writer::new(buffer, bindings::PAGE_SIZE) };
                    // SAFETY: C gave a valid entry.
                    let value: *const Value<S> = unsafe { arg(kp) };
                    if size_of::<Value<S>>() <= size_of::<u64>() {
                        // The module may write a number meanwhile, so the function gets a copy.
                        // SAFETY: The value is valid; the copy is not dropped.
                        let copy = ManuallyDrop::new(unsafe { value.read_volatile() });
                        S::get(&copy, &mut out)?;
                    } else {
                        // SAFETY: The value is valid, and C holds the lock, so nobody changes it.
                        S::get(unsafe { &*value }, &mut out)?;
                    }
                    return Ok(out.finish());
                }
                let get = S::Kind::ops().get.ok_or(EOPNOTSUPP)?;
                // SAFETY: The entry is as the kind wants it.
                Ok(unsafe { get(buffer, kp) })
            })
        })
    }

    /// Frees what the value owns when the module goes. If it goes before `init`, what the module's code has
    /// started may use the value yet.
    ///
    /// # Safety
    ///
    /// C calls it once, with the parameter's value, when sysfs has ended.
    unsafe extern "C" fn free(value: *mut crate::ffi::c_void) {
        if S::HAS_CODE {
            S::lock().settle();
        }
        // SAFETY: By the safety requirement it is the value, and nothing of the module runs that could use it.
        unsafe { Self::free_value(value.cast()) };
    }

    /// # Safety
    ///
    /// `value` must be a value of the kind that nobody uses any more, or zero.
    unsafe fn free_value(value: *mut Value<S>) {
        if let Some(free) = S::Kind::ops().free {
            // SAFETY: By the safety requirement.
            unsafe { free(value.cast()) };
        }
    }
}

/// Copies a value; a number whole, since the module may read or write it meanwhile.
///
/// # Safety
///
/// Both places must be valid and not the same, and the value must be moved or own nothing.
unsafe fn copy<S: Spec>(from: *const Value<S>, to: *mut Value<S>) {
    if size_of::<Value<S>>() <= size_of::<u64>() {
        // SAFETY: By the safety requirement.
        unsafe { to.write_volatile(from.read_volatile()) };
    } else {
        // SAFETY: By the safety requirement.
        unsafe { ptr::copy_nonoverlapping(from, to, 1) };
    }
}

/// Where a parameter is printed for sysfs: a page, for a type of the driver's own 256 bytes. What
/// does not fit is left out.
///
/// The text ends with a newline, which need not be written.
///
/// # Invariants
///
/// `written` is at most `room - 2`, and `buffer` is valid for `room` bytes.
pub struct Writer<'a> {
    buffer: *mut c_char,
    room: usize,
    written: usize,
    _buffer: PhantomData<&'a mut [u8]>,
}

impl Writer<'_> {
    /// Starts at `buffer`.
    ///
    /// # Safety
    ///
    /// There must be `room` bytes there, at least two, which nobody else uses.
    pub(super) unsafe fn new(buffer: *mut c_char, room: usize) -> Self {
        // INVARIANT: By the safety requirement.
        Self {
            buffer,
            room,
            written: 0,
            _buffer: PhantomData,
        }
    }

    /// Ends the text, and returns its length.
    pub(super) fn finish(mut self) -> c_int {
        let ends = self.written > 0 && {
            // SAFETY: By the type invariant this byte is within the buffer, and it was written.
            unsafe { self.buffer.add(self.written - 1).read() == b'\n' }
        };
        if !ends {
            // One byte was kept for this.
            // SAFETY: By the type invariant there is a byte left, before the NUL byte.
            unsafe { self.buffer.add(self.written).write(b'\n') };
            self.written += 1;
        }
        // SAFETY: `write_str` has left two bytes free.
        unsafe { self.buffer.add(self.written).write(0) };
        self.written as c_int
    }
}

impl fmt::Write for Writer<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // Two bytes are kept for the newline and NUL.
        let len = text.len().min(self.room - 2 - self.written);
        // SAFETY: By the type invariant and the line above there is room for so many bytes.
        unsafe {
            ptr::copy_nonoverlapping(text.as_ptr(), self.buffer.add(self.written).cast(), len);
        }
        // INVARIANT: At least two bytes are left.
        self.written += len;
        Ok(())
    }
}
