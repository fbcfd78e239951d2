// SPDX-License-Identifier: GPL-2.0-only

//! Formatting.
//!
//! `{}` in the kernel's macros goes through [`Display`] of this module: types of `core` such as
//! `CStr`, which core does not display, can have it here. All other formats are core's.

pub use core::fmt::Arguments;
pub use core::fmt::Binary;
pub use core::fmt::Debug;
pub use core::fmt::Error;
pub use core::fmt::Formatter;
pub use core::fmt::LowerExp;
pub use core::fmt::LowerHex;
pub use core::fmt::Octal;
pub use core::fmt::Pointer;
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

forward!(Binary, Debug, LowerExp, LowerHex, Octal, Pointer, UpperExp, UpperHex);

/// What `{}` prints in the kernel: [`core::fmt::Display`] with more types.
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
