// SPDX-License-Identifier: GPL-2.0-only

//! Owned C strings.

use super::CStr;
use super::CStrExt as _;
use super::Formatter;
use super::RawFormatter;
use crate::alloc::flags::GFP_KERNEL;
use crate::alloc::AllocError;
use crate::alloc::KVec;
use crate::error::code::EINVAL;
use crate::error::Result;
use crate::fmt;
use core::fmt::Write as _;
use core::ops::Deref;
use core::ops::DerefMut;

/// An owned string that is guaranteed to have one NUL byte, at its end.
///
/// # Invariants
///
/// `buf` ends with a NUL byte and has no other one.
///
/// # Examples
///
/// ```
/// use kernel::fmt;
/// use kernel::str::CString;
///
/// let name = CString::try_from_fmt(fmt!("port{}", 3))?;
/// assert_eq!(&*name, c"port3");
/// # Ok::<(), kernel::error::Error>(())
/// ```
pub struct CString {
    buf: KVec<u8>,
}

impl CString {
    /// Formats into a new string: `CString::try_from_fmt(fmt!("port{}", 3))`.
    ///
    /// It formats twice: first to learn the size. Context: process, may sleep.
    ///
    /// # Errors
    ///
    /// - [`ENOMEM`](crate::error::code::ENOMEM) if there is no memory.
    /// - [`EINVAL`] if the text has a NUL byte, if formatting fails, or if it does not give the same
    ///   size again.
    pub fn try_from_fmt(args: fmt::Arguments<'_>) -> Result<Self> {
        let mut counter = RawFormatter::new(&mut []);
        counter.write_fmt(args)?;
        let size = counter.bytes_written();

        let mut buf = KVec::from_elem(0u8, size.checked_add(1).ok_or(EINVAL)?, GFP_KERNEL)?;
        let mut f = Formatter::new(&mut buf[..size]);
        f.write_fmt(args)?;
        // A text that became shorter leaves NUL bytes as well.
        if buf[..size].contains(&0) {
            return Err(EINVAL);
        }
        // INVARIANT: The last byte was not formatted into, and the others were checked.
        Ok(Self { buf })
    }
}

impl Deref for CString {
    type Target = CStr;

    fn deref(&self) -> &Self::Target {
        // SAFETY: By the type invariant the bytes end with the only NUL byte.
        unsafe { CStr::from_bytes_with_nul_unchecked(&self.buf) }
    }
}

impl DerefMut for CString {
    fn deref_mut(&mut self) -> &mut Self::Target {
        // SAFETY: By the type invariant the bytes end with the only NUL byte, and a `CStr` cannot
        // be changed in a way that would break that.
        unsafe { CStr::from_bytes_with_nul_unchecked_mut(&mut self.buf) }
    }
}

impl TryFrom<&CStr> for CString {
    type Error = AllocError;

    fn try_from(string: &CStr) -> Result<Self, AllocError> {
        let mut buf = KVec::new();
        buf.extend_from_slice(string.to_bytes_with_nul(), GFP_KERNEL)?;
        // INVARIANT: The bytes are those of a C string.
        Ok(Self { buf })
    }
}

impl fmt::Debug for CString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl fmt::Display for CString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}
