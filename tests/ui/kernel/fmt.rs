// SPDX-License-Identifier: GPL-2.0-only

//! Formatting: `Display` of the stand-in covers one type that core's does not.

use core::ffi::CStr;
use core::fmt::Debug;
use core::fmt::Formatter;
use core::fmt::LowerHex;
use core::fmt::Result;

pub struct Adapter<T>(pub T);

pub trait Display {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result;
}

impl<T: ?Sized + Display> core::fmt::Display for Adapter<&T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        Display::fmt(self.0, f)
    }
}

impl<T: ?Sized + Debug> Debug for Adapter<&T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        Debug::fmt(self.0, f)
    }
}

impl<T: ?Sized + LowerHex> LowerHex for Adapter<&T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        LowerHex::fmt(self.0, f)
    }
}

macro_rules! display {
    ($($type:ty)*) => {$(
        impl Display for $type {
            fn fmt(&self, f: &mut Formatter<'_>) -> Result {
                core::fmt::Display::fmt(self, f)
            }
        }
    )*};
}

display!(u32 bool str);

impl<T: ?Sized + Display> Display for &T {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        Display::fmt(*self, f)
    }
}

impl Display for CStr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        core::fmt::Display::fmt(&self.to_string_lossy(), f)
    }
}
