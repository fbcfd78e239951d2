// SPDX-License-Identifier: GPL-2.0-only

//! Integers from strings.

use super::BStr;
use crate::error::code::EINVAL;
use crate::error::Result;

mod private {
    pub trait Sealed: Sized + TryFrom<i128> {}
}

/// Integers that can be read from a string, in the base that its prefix tells.
///
/// | prefix | base |
/// |---|---|
/// | `0x`, `0X` | 16 |
/// | `0o`, `0O`, or another `0` | 8 |
/// | `0b`, `0B` | 2 |
/// | none | 10 |
///
/// A sign may come first: `+`, and `-` for signed types. No other character may be there.
pub trait ParseInt: private::Sealed {
    /// Reads the whole of `src`.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if it is not an integer, or not one that fits.
    ///
    /// # Examples
    ///
    /// ```
    /// use kernel::b_str;
    /// use kernel::str::ParseInt;
    ///
    /// assert_eq!(i8::from_str(b_str!("-0x80")), Ok(-128));
    /// assert_eq!(u16::from_str(b_str!("017")), Ok(15));
    /// assert_eq!(u8::from_str(b_str!("256")), Err(EINVAL));
    /// ```
    fn from_str(src: &BStr) -> Result<Self>;
}

macro_rules! parse_int {
    ($($type:ty),*) => {$(
        impl private::Sealed for $type {}

        impl ParseInt for $type {
            fn from_str(src: &BStr) -> Result<Self> {
                let signed = <$type>::MIN != 0;
                parse(src, signed)?.try_into().map_err(|_| EINVAL)
            }
        }
    )*};
}

parse_int!(i8, i16, i32, i64, isize, u8, u16, u32, u64, usize);

/// Reads a sign, a prefix and a number of at most 64 bits.
fn parse(src: &[u8], signed: bool) -> Result<i128> {
    let (negative, src) = match src {
        [b'-', rest @ ..] if signed => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, src),
    };
    let (radix, digits) = match src {
        [b'0', b'x' | b'X', rest @ ..] => (16, rest),
        [b'0', b'o' | b'O', rest @ ..] => (8, rest),
        [b'0', b'b' | b'B', rest @ ..] => (2, rest),
        [b'0', rest @ ..] if !rest.is_empty() => (8, rest),
        _ => (10, src),
    };
    if digits.is_empty() {
        return Err(EINVAL);
    }
    let mut value: u64 = 0;
    for &digit in digits {
        let digit = char::from(digit).to_digit(radix).ok_or(EINVAL)?;
        value = value
            .checked_mul(radix.into())
            .and_then(|value| value.checked_add(digit.into()))
            .ok_or(EINVAL)?;
    }
    let value = i128::from(value);
    Ok(if negative { -value } else { value })
}
