// SPDX-License-Identifier: GPL-2.0-only

//! Kernel errors: a negative errno as a type.
//!
//! C headers: `include/linux/err.h`, `include/linux/errno.h`.

use crate::bindings;
use crate::ffi::c_int;
use crate::fmt;
use crate::str::CStr;
use crate::str::CStrExt as _;
use core::convert::Infallible;
use core::num::NonZeroI32;
use core::num::TryFromIntError;
use core::str::Utf8Error;

pub mod code;

/// A kernel error.
///
/// # Invariants
///
/// The number is in the range `-MAX_ERRNO..=-1`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Error(NonZeroI32);

/// The result of what can fail in the kernel.
///
/// A function that returns it must say which errors there are, and what each means.
pub type Result<T = (), E = Error> = core::result::Result<T, E>;

/// What the default body of an optional operation passes to [`build_error!`](crate::build_error):
/// it must never be called.
pub const VTABLE_DEFAULT_ERROR: &str =
    "an operation was called that its implementation of the #[vtable] trait does not have";

impl Error {
    /// Makes an error of a negative errno.
    ///
    /// A number out of range is a bug of the caller: the result is [`code::EINVAL`] and the log has
    /// a warning.
    pub fn from_errno(errno: c_int) -> Error {
        #[cold]
        fn out_of_range(errno: c_int) -> Error {
            crate::pr_warn!("{errno} is no negative errno, taken for EINVAL\n");
            code::EINVAL
        }

        Self::try_from_errno(errno).unwrap_or_else(|| out_of_range(errno))
    }

    /// Makes an error of a negative errno, or nothing if the number is out of range.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(Error::try_from_errno(-22), Some(EINVAL));
    /// assert_eq!(Error::try_from_errno(22), None);
    /// ```
    pub const fn try_from_errno(errno: c_int) -> Option<Error> {
        if errno < -(bindings::MAX_ERRNO as i32) || errno >= 0 {
            return None;
        }
        match NonZeroI32::new(errno) {
            // INVARIANT: The range was checked above.
            Some(errno) => Some(Error(errno)),
            None => None,
        }
    }

    /// Returns the negative errno.
    pub const fn to_errno(self) -> c_int {
        self.0.get()
    }

    /// Returns the error as a pointer, as C returns it. C: `ERR_PTR()`.
    pub fn to_ptr<T>(self) -> *mut T {
        core::ptr::without_provenance_mut(self.0.get() as isize as usize)
    }

    /// Returns the name that C has for the error, if it has one. C: `errname()`.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(EPERM.name(), Some(c"EPERM"));
    /// ```
    pub fn name(&self) -> Option<&'static CStr> {
        // SAFETY: `errname` takes any number.
        let name = unsafe { bindings::errname(self.0.get().wrapping_neg()) };
        if name.is_null() {
            return None;
        }
        // SAFETY: What is not null is a string literal of the kernel.
        Some(unsafe { CStr::from_char_ptr(name) })
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name().map(CStr::to_bytes).map(core::str::from_utf8) {
            Some(Ok(name)) => f.write_str(name),
            _ => f.debug_tuple("Error").field(&self.0).finish(),
        }
    }
}

impl From<TryFromIntError> for Error {
    #[inline]
    fn from(_: TryFromIntError) -> Error {
        code::EINVAL
    }
}

impl From<Utf8Error> for Error {
    #[inline]
    fn from(_: Utf8Error) -> Error {
        code::EINVAL
    }
}

impl From<core::alloc::LayoutError> for Error {
    #[inline]
    fn from(_: core::alloc::LayoutError) -> Error {
        code::ENOMEM
    }
}

impl From<fmt::Error> for Error {
    #[inline]
    fn from(_: fmt::Error) -> Error {
        code::EINVAL
    }
}

impl From<Infallible> for Error {
    #[inline]
    fn from(never: Infallible) -> Error {
        match never {}
    }
}

/// Turns what C returns, a negative errno or else success, into a [`Result`].
///
/// # Errors
///
/// The errno, if `err` is negative.
///
/// # Examples
///
/// ```
/// use kernel::error::to_result;
///
/// assert_eq!(to_result(-12), Err(ENOMEM));
/// assert_eq!(to_result(0), Ok(()));
/// ```
#[inline]
pub fn to_result(err: c_int) -> Result {
    if err < 0 {
        Err(Error::from_errno(err))
    } else {
        Ok(())
    }
}

/// Turns a pointer that may be an error into a [`Result`]. C: `IS_ERR()`, `PTR_ERR()`.
///
/// A null pointer is no error.
///
/// # Errors
///
/// The errno that the pointer stands for.
///
/// # Examples
///
/// ```
/// use kernel::error::from_err_ptr;
///
/// assert_eq!(from_err_ptr(EBUSY.to_ptr::<u8>()), Err(EBUSY));
/// assert_eq!(from_err_ptr(core::ptr::null_mut::<u8>()), Ok(core::ptr::null_mut()));
/// ```
#[inline]
pub fn from_err_ptr<T>(ptr: *mut T) -> Result<*mut T> {
    let errno = ptr.addr() as isize;
    match c_int::try_from(errno).ok().and_then(Error::try_from_errno) {
        Some(error) => Err(error),
        None => Ok(ptr),
    }
}

/// Runs a closure and returns its result as C wants it: the value, or a negative errno.
///
/// For callbacks that C calls.
///
/// # Examples
///
/// ```
/// use kernel::error::from_result;
///
/// assert_eq!(from_result(|| Ok::<i32, Error>(7)), 7);
/// assert_eq!(from_result(|| Err::<i32, Error>(ENODEV)), -19);
/// ```
#[inline]
pub fn from_result<T, F>(f: F) -> T
where
    T: From<i16>,
    F: FnOnce() -> Result<T>,
{
    // No errno is below -4095, so it fits into 16 bits.
    f().unwrap_or_else(|error| T::from(error.to_errno() as i16))
}
