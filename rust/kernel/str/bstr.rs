// SPDX-License-Identifier: GPL-2.0-only

//! Byte strings.

use super::CStr;
use crate::fmt;
use core::fmt::Write;
use core::ops::Deref;
use core::ops::Index;

/// A string of bytes without a promised encoding.
#[repr(transparent)]
#[derive(PartialEq, Eq)]
pub struct BStr([u8]);

impl BStr {
    /// Wraps bytes.
    #[inline]
    pub const fn from_bytes(bytes: &[u8]) -> &Self {
        // SAFETY: `BStr` is a transparent wrapper of a byte slice.
        unsafe { &*(core::ptr::from_ref(bytes) as *const BStr) }
    }

    /// Returns the length in bytes.
    #[inline]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether it has no bytes.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns what comes after `pattern`, if the string starts with that.
    ///
    /// # Examples
    ///
    /// ```
    /// use kernel::b_str;
    ///
    /// assert_eq!(b_str!("ttyS0").strip_prefix(b_str!("tty")), Some(b_str!("S0")));
    /// assert_eq!(b_str!("ttyS0").strip_prefix(b_str!("hvc")), None);
    /// ```
    pub fn strip_prefix(&self, pattern: impl AsRef<Self>) -> Option<&BStr> {
        self.0
            .strip_prefix(&pattern.as_ref().0)
            .map(Self::from_bytes)
    }
}

/// Writes bytes as they are where `plain` says so, the others as escapes.
pub(super) fn write_escaped(
    f: &mut fmt::Formatter<'_>,
    bytes: &[u8],
    plain: impl Fn(u8) -> bool,
) -> fmt::Result {
    for &byte in bytes {
        if plain(byte) {
            f.write_char(byte.into())?;
        } else {
            write!(f, "\\x{byte:02x}")?;
        }
    }
    Ok(())
}

impl fmt::Display for BStr {
    /// Prints ASCII as it is; line feed, tab and carriage return as in Rust; other bytes as `\x…`.
    ///
    /// # Examples
    ///
    /// ```
    /// use kernel::{b_str, fmt, str::{BStr, CString}};
    ///
    /// let string = BStr::from_bytes(b"a\tb\xff");
    /// let text = CString::try_from_fmt(fmt!("{string}"))?;
    /// assert_eq!(text.to_bytes(), b"a\\tb\\xff");
    /// # Ok::<(), kernel::error::Error>(())
    /// ```
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &byte in &self.0 {
            match byte {
                b'\t' => f.write_str("\\t")?,
                b'\n' => f.write_str("\\n")?,
                b'\r' => f.write_str("\\r")?,
                _ => write_escaped(f, &[byte], |byte| byte.is_ascii_graphic() || byte == b' ')?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for BStr {
    /// Prints as `{}` does, in double quotes, with `"` and `\` escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for &byte in &self.0 {
            match byte {
                b'"' => f.write_str("\\\"")?,
                b'\\' => f.write_str("\\\\")?,
                _ => fmt::Display::fmt(Self::from_bytes(&[byte]), f)?,
            }
        }
        f.write_char('"')
    }
}

impl Deref for BStr {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// A part of a byte string is one too.
///
/// # Examples
///
/// ```
/// use kernel::b_str;
///
/// assert_eq!(&b_str!("ttyS0")[3..], b_str!("S0"));
/// ```
impl<Idx> Index<Idx> for BStr
where
    [u8]: Index<Idx, Output = [u8]>,
{
    type Output = Self;

    #[inline]
    fn index(&self, index: Idx) -> &Self::Output {
        Self::from_bytes(&self.0[index])
    }
}

impl PartialEq<[u8]> for BStr {
    fn eq(&self, other: &[u8]) -> bool {
        self.0 == *other
    }
}

impl AsRef<BStr> for [u8] {
    fn as_ref(&self) -> &BStr {
        BStr::from_bytes(self)
    }
}

impl AsRef<BStr> for CStr {
    /// The bytes without the NUL byte at the end.
    fn as_ref(&self) -> &BStr {
        BStr::from_bytes(self.to_bytes())
    }
}

impl AsRef<BStr> for BStr {
    fn as_ref(&self) -> &BStr {
        self
    }
}
