// SPDX-License-Identifier: GPL-2.0-only

//! What the kernel adds to core's [`CStr`].

use super::bstr::write_escaped;
use super::CStr;
use super::CString;
use crate::alloc::AllocError;
use crate::ffi::c_char;
use crate::fmt;

mod private {
    pub trait Sealed {}

    impl Sealed for super::CStr {}
}

/// Methods of [`CStr`] with the kernel's `char`, which is unsigned.
pub trait CStrExt: private::Sealed {
    /// Wraps a C string.
    ///
    /// # Safety
    ///
    /// `ptr` must point to a NUL-terminated string that nobody changes or frees during `'a`.
    unsafe fn from_char_ptr<'a>(ptr: *const c_char) -> &'a Self;

    /// Wraps a byte slice that is known to end with a NUL byte, to change it.
    ///
    /// # Safety
    ///
    /// The last byte of `bytes` must be NUL, and no other one.
    unsafe fn from_bytes_with_nul_unchecked_mut(bytes: &mut [u8]) -> &mut Self;

    /// Returns what C takes; see also [`as_char_ptr_in_const_context()`].
    fn as_char_ptr(&self) -> *const c_char;

    /// Returns a copy that is owned. Context: process, may sleep.
    ///
    /// # Errors
    ///
    /// If there is no memory.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut name = c"ttyS0".to_cstring()?;
    /// name.make_ascii_uppercase();
    ///
    /// assert_eq!(&*name, c"TTYS0");
    /// # Ok::<(), Error>(())
    /// ```
    fn to_cstring(&self) -> Result<CString, AllocError>;

    /// Turns the ASCII letters of the string into lower case.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut name = c"COM1".to_cstring()?;
    /// name.make_ascii_lowercase();
    /// assert_eq!(&*name, c"com1");
    /// # Ok::<(), Error>(())
    /// ```
    fn make_ascii_lowercase(&mut self);

    /// Turns the ASCII letters of the string into upper case.
    fn make_ascii_uppercase(&mut self);

    /// Returns a copy with the ASCII letters in lower case.
    ///
    /// # Errors
    ///
    /// If there is no memory.
    fn to_ascii_lowercase(&self) -> Result<CString, AllocError>;

    /// Returns a copy with the ASCII letters in upper case.
    ///
    /// # Errors
    ///
    /// If there is no memory.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(&*c"com1".to_ascii_uppercase()?, c"COM1");
    /// # Ok::<(), Error>(())
    /// ```
    fn to_ascii_uppercase(&self) -> Result<CString, AllocError>;
}

/// What [`CStrExt::as_char_ptr()`] returns, for constants.
#[inline]
pub const fn as_char_ptr_in_const_context(string: &CStr) -> *const c_char {
    string.as_ptr().cast()
}

impl CStrExt for CStr {
    #[inline]
    unsafe fn from_char_ptr<'a>(ptr: *const c_char) -> &'a Self {
        // SAFETY: The safety requirement is the same.
        unsafe { CStr::from_ptr(ptr.cast()) }
    }

    #[inline]
    unsafe fn from_bytes_with_nul_unchecked_mut(bytes: &mut [u8]) -> &mut Self {
        // SAFETY: By the safety requirement `bytes` is what a `CStr` consists of, and both are
        // slices of bytes with the same metadata.
        unsafe { &mut *(core::ptr::from_mut(bytes) as *mut CStr) }
    }

    #[inline]
    fn as_char_ptr(&self) -> *const c_char {
        self.as_ptr().cast()
    }

    fn to_cstring(&self) -> Result<CString, AllocError> {
        CString::try_from(self)
    }

    fn make_ascii_lowercase(&mut self) {
        content(self).make_ascii_lowercase();
    }

    fn make_ascii_uppercase(&mut self) {
        content(self).make_ascii_uppercase();
    }

    fn to_ascii_lowercase(&self) -> Result<CString, AllocError> {
        let mut copy = self.to_cstring()?;
        copy.make_ascii_lowercase();
        Ok(copy)
    }

    fn to_ascii_uppercase(&self) -> Result<CString, AllocError> {
        let mut copy = self.to_cstring()?;
        copy.make_ascii_uppercase();
        Ok(copy)
    }
}

/// The bytes of a string without its end. They must not become NUL.
fn content(string: &mut CStr) -> &mut [u8] {
    let len = string.count_bytes();
    let bytes = core::ptr::from_mut(string) as *mut [u8];
    // SAFETY: A `CStr` is its bytes and the NUL byte, so the first `len` are within it; the
    // result borrows `string`.
    unsafe { core::slice::from_raw_parts_mut(bytes.cast::<u8>(), len) }
}

impl fmt::Display for CStr {
    /// Prints ASCII as it is, and each other byte or control character as `\x…`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_escaped(f, self.to_bytes(), |byte| {
            byte.is_ascii_graphic() || byte == b' '
        })
    }
}
