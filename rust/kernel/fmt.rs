// SPDX-License-Identifier: GPL-2.0-only

//! Formatting.
//!
//! `{}` in the kernel's macros goes through [`Display`] of this module: types of `core` such as
//! `CStr`, which core does not display, can have it here. `{:p}` goes through [`Pointer`], which hides
//! addresses. All other formats are core's.

use crate::bindings;
use crate::ffi::c_int;
use crate::ffi::c_void;
use crate::str::CStrExt as _;

pub use core::fmt::Arguments;
pub use core::fmt::Binary;
pub use core::fmt::Debug;
pub use core::fmt::Error;
pub use core::fmt::Formatter;
pub use core::fmt::LowerExp;
pub use core::fmt::LowerHex;
pub use core::fmt::Octal;
pub use core::fmt::Result;
pub use core::fmt::UpperExp;
pub use core::fmt::UpperHex;
pub use core::fmt::Write;

/// What [`fmt!`](macros::fmt) wraps each argument into.
#[doc(hidden)]
pub struct Adapter<T>(pub T);

macro_rules! forward {
    ($($format:ident),* $(,)?) => {$(
        impl<T: ?Sized + $format> $format for Adapter<&T> {
            #[inline]
            fn fmt(&self, f: &mut Formatter<'_>) -> Result {
                $format::fmt(self.0, f)
            }
        }
    )*};
}

forward!(Binary, Debug, LowerExp, LowerHex, Octal, UpperExp, UpperHex);

/// What `{:p}` prints in the kernel: not the address, unless the kernel was booted with `no_hash_pointers`.
pub trait Pointer {
    /// Writes `self` to `f`.
    ///
    /// # Errors
    ///
    /// Those of `f`.
    fn fmt(&self, f: &mut Formatter<'_>) -> Result;
}

impl<T: Pointer> core::fmt::Pointer for Adapter<&T> {
    #[inline]
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        Pointer::fmt(self.0, f)
    }
}

/// A pointer that is printed as a number made of its address, the same each time until the next boot.
///
/// So the log tells pointers apart but no addresses. C: `%p`.
///
/// # Examples
///
/// ```
/// use kernel::fmt;
/// use kernel::str::CString;
///
/// let text = CString::try_from_fmt(fmt!("{:p}", &10))?;
/// assert_eq!(text.count_bytes(), "0x0123456789abcdef".len());
/// # Ok::<(), Error>(())
/// ```
pub struct HashedPtr<T: ?Sized>(pub *const T);

impl<T: ?Sized> Pointer for HashedPtr<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        const SIZE: usize = 32;
        /// `0x` and all digits.
        const WIDTH: usize = 2 + 2 * size_of::<usize>();

        let zero_padded = f.sign_aware_zero_pad();
        let width = match f.width() {
            Some(width) if zero_padded && width > 0 => width.min(SIZE - 1),
            _ => WIDTH,
        };
        let mut buf = [0_u8; SIZE];
        // SAFETY: `buf` is as large as C is told; the format takes an `int` and a pointer that is not used.
        let len = unsafe {
            bindings::scnprintf(
                buf.as_mut_ptr().cast(),
                SIZE,
                c"%#0*p".as_char_ptr(),
                width as c_int,
                self.0.cast::<c_void>(),
            )
        };
        // C writes ASCII.
        let text = core::str::from_utf8(buf.get(..len as usize).unwrap_or(&[])).unwrap_or("");
        if zero_padded {
            f.write_str(text)
        } else {
            f.pad(text)
        }
    }
}

macro_rules! hashed {
    ($($type:ty, $this:ident => $ptr:expr;)*) => {$(
        impl<T: ?Sized> Pointer for $type {
            #[inline]
            fn fmt(&self, f: &mut Formatter<'_>) -> Result {
                let $this = self;
                Pointer::fmt(&HashedPtr($ptr), f)
            }
        }
    )*};
}

hashed! {
    *const T, this => *this;
    *mut T, this => this.cast_const();
    &T, this => *this;
    &mut T, this => core::ptr::from_ref::<T>(this);
    core::ptr::NonNull<T>, this => this.as_ptr().cast_const();
}

/// What `{}` prints in the kernel: [`core::fmt::Display`] with more types.
///
/// # Examples
///
/// ```
/// use kernel::fmt;
/// use kernel::str::CString;
///
/// struct Baud(u32);
///
/// impl fmt::Display for Baud {
///     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
///         write!(f, "{} baud", self.0)
///     }
/// }
///
/// let text = CString::try_from_fmt(fmt!("{}", Baud(9600)))?;
/// assert_eq!(&*text, c"9600 baud");
/// # Ok::<(), Error>(())
/// ```
pub trait Display {
    /// Writes `self` to `f`.
    ///
    /// # Errors
    ///
    /// Those of `f`: a message has no error of its own.
    fn fmt(&self, f: &mut Formatter<'_>) -> Result;
}

impl<T: ?Sized + Display> core::fmt::Display for Adapter<&T> {
    #[inline]
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        Display::fmt(self.0, f)
    }
}

impl<T: ?Sized + Display> Display for &T {
    #[inline]
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        Display::fmt(*self, f)
    }
}

impl<T: ?Sized + Display> Display for &mut T {
    #[inline]
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        Display::fmt(&**self, f)
    }
}

/// Gives types that core displays the kernel's [`Display`] too.
macro_rules! display_as_core {
    ($($type:ty),* $(,)?) => {$(
        impl Display for $type {
            #[inline]
            fn fmt(&self, f: &mut Formatter<'_>) -> Result {
                core::fmt::Display::fmt(self, f)
            }
        }
    )*};
}

display_as_core!(bool, char, str, Arguments<'_>, core::panic::PanicInfo<'_>);
display_as_core!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);
