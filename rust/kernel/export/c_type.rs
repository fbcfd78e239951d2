// SPDX-License-Identifier: GPL-2.0-only

//! C's names for Rust's types.

use crate::ffi::c_void;

/// Text that is made at compile time.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Text {
    bytes: [u8; Self::MAX],
    len: usize,
}

impl Text {
    const MAX: usize = 32 * 1024;

    /// Makes an empty one.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self {
            bytes: [0; Self::MAX],
            len: 0,
        }
    }

    /// Adds `text`.
    pub const fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    /// Adds another one.
    pub const fn and(self, other: &Self) -> Self {
        self.bytes(other.as_bytes())
    }

    /// Adds a number.
    pub const fn number(self, number: usize) -> Self {
        let this = if number >= 10 {
            self.number(number / 10)
        } else {
            self
        };
        this.bytes(&[b'0' + (number % 10) as u8])
    }

    const fn bytes(mut self, bytes: &[u8]) -> Self {
        assert!(
            self.len + bytes.len() <= Self::MAX,
            "a structure of too many fields crosses to C"
        );
        let mut at = 0;
        while at < bytes.len() {
            self.bytes[self.len] = bytes[at];
            self.len += 1;
            at += 1;
        }
        self
    }

    /// Returns what has been added.
    pub const fn as_bytes(&self) -> &[u8] {
        self.bytes.split_at(self.len).0
    }
}

/// A type that a function called by C can take or return.
///
/// `#[interface(struct name)]` implements it for a structure that a C header defines; numbers and pointers
/// have it.
///
/// # Safety
///
/// C's type of the name in `NAME` must have the same layout and be passed in the same way.
#[diagnostic::on_unimplemented(
    message = "C has no name for `{Self}`",
    note = "numbers and `bool` have one, pointers and references to what has one, and a `#[repr(C)]` structure \
            with `#[interface(struct its_name_in_c)]`"
)]
pub unsafe trait CType {
    /// The name in C.
    #[doc(hidden)]
    const NAME: Text;

    /// C's assertions that the layout is what Rust believes.
    #[doc(hidden)]
    const LAYOUT: Text = Text::new();
}

macro_rules! c_types {
    ($($type:ty => $name:literal,)*) => {
        $(
            // SAFETY: They are the same type on x86-64.
            unsafe impl CType for $type {
                const NAME: Text = Text::new().text($name);
            }
        )*
    };
}

c_types! {
    () => "void",
    c_void => "void",
    bool => "_Bool",
    i8 => "signed char",
    u8 => "unsigned char",
    i16 => "short",
    u16 => "unsigned short",
    i32 => "int",
    u32 => "unsigned int",
    i64 => "long long",
    u64 => "unsigned long long",
    isize => "long",
    usize => "unsigned long",
}

macro_rules! pointers {
    ($($type:ty => $suffix:literal,)*) => {
        $(
            // SAFETY: It is a pointer to a `Sized` type, null where that is possible.
            unsafe impl<T: CType> CType for $type {
                const NAME: Text = Text::new().and(&T::NAME).text($suffix);
                const LAYOUT: Text = T::LAYOUT;
            }
        )*
    };
}

pointers! {
    *const T => " const *",
    *mut T => " *",
    &T => " const *",
    &mut T => " *",
    Option<&T> => " const *",
    Option<&mut T> => " *",
}
