// SPDX-License-Identifier: GPL-2.0-only

//! Formatting into memory.

use crate::fmt;
use core::fmt::Write;

/// Formats into a buffer, drops what does not fit, and counts it all the same.
///
/// # Invariants
///
/// `pos` is the count of bytes so far; those up to `buf.len()` are in the buffer.
///
/// # Examples
///
/// ```
/// use core::fmt::Write as _;
/// use kernel::str::RawFormatter;
///
/// let mut buf = [0; 4];
/// let mut f = RawFormatter::new(&mut buf);
/// let _ = write!(f, "{}", 12345);
/// assert_eq!(f.bytes_written(), 5);
/// assert_eq!(&buf, b"1234");
/// ```
pub struct RawFormatter<'a> {
    buf: &'a mut [u8],
    pos: usize,
}

impl<'a> RawFormatter<'a> {
    /// Starts at the beginning of `buf`.
    pub fn new(buf: &'a mut [u8]) -> Self {
        // INVARIANT: Nothing was written yet.
        Self { buf, pos: 0 }
    }

    /// Returns how many bytes were written or dropped so far.
    pub fn bytes_written(&self) -> usize {
        self.pos
    }
}

impl Write for RawFormatter<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let bytes = text.as_bytes();
        if let Some(free) = self.buf.get_mut(self.pos..) {
            let len = free.len().min(bytes.len());
            free[..len].copy_from_slice(&bytes[..len]);
        }
        // INVARIANT: As many bytes as fit were copied.
        self.pos = self.pos.saturating_add(bytes.len());
        Ok(())
    }
}

/// Formats into a buffer, and fails if it is too small.
///
/// # Examples
///
/// ```
/// use core::fmt::Write as _;
/// use kernel::str::Formatter;
///
/// let mut buf = [0; 4];
/// let mut f = Formatter::new(&mut buf);
/// assert!(write!(f, "{}", 123).is_ok());
/// assert!(write!(f, "{}", 45).is_err());
/// ```
pub struct Formatter<'a>(RawFormatter<'a>);

impl<'a> Formatter<'a> {
    /// Starts at the beginning of `buf`.
    pub fn new(buf: &'a mut [u8]) -> Self {
        Self(RawFormatter::new(buf))
    }

    /// Returns how many bytes were written so far.
    pub fn bytes_written(&self) -> usize {
        self.0.pos.min(self.0.buf.len())
    }
}

impl Write for Formatter<'_> {
    /// # Errors
    ///
    /// If the text does not fit; what fits of it is written.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write_str(text)?;
        if self.0.pos > self.0.buf.len() {
            Err(fmt::Error)
        } else {
            Ok(())
        }
    }
}

/// Formats into a buffer that always holds a NUL-terminated string, and fails if it is too small.
///
/// # Invariants
///
/// `buf` is not empty, `len` is less than its length, and the byte at `len` is NUL.
///
/// # Examples
///
/// ```
/// use core::fmt::Write as _;
/// use kernel::str::NullTerminatedFormatter;
///
/// let mut buf = [0xff; 8];
/// let mut f = NullTerminatedFormatter::new(&mut buf).ok_or(EINVAL)?;
/// write!(f, "tty{}", 0)?;
/// assert_eq!(CStr::from_bytes_until_nul(&buf), Ok(c"tty0"));
/// # Ok::<(), Error>(())
/// ```
pub struct NullTerminatedFormatter<'a> {
    buf: &'a mut [u8],
    len: usize,
}

impl<'a> NullTerminatedFormatter<'a> {
    /// Makes `buf` the empty string; `None` if there is no room for that.
    pub fn new(buf: &'a mut [u8]) -> Option<Self> {
        *buf.first_mut()? = 0;
        // INVARIANT: The first byte is there and NUL.
        Some(Self { buf, len: 0 })
    }
}

impl Write for NullTerminatedFormatter<'_> {
    /// # Errors
    ///
    /// If the text and a NUL byte do not fit; then nothing of it is written.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let bytes = text.as_bytes();
        let end = self.len.checked_add(bytes.len()).ok_or(fmt::Error)?;
        if end >= self.buf.len() {
            return Err(fmt::Error);
        }
        self.buf[self.len..end].copy_from_slice(bytes);
        self.buf[end] = 0;
        // INVARIANT: `end` was checked, and its byte is NUL.
        self.len = end;
        Ok(())
    }
}
