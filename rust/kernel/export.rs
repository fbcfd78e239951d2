// SPDX-License-Identifier: GPL-2.0-only

//! Symbols for other modules: what [`interface`](macros::interface) and
//! [`export_symbol`](macros::export_symbol) build on.
//!
//! An interface is a file that both sides compile, as C's modules share a header: the exporting module
//! defines what the file declares, the others call it. A module that imports holds a reference
//! to the one that exports for as long as it is loaded, so `&'static` from there is as good as its own.
//! The other direction is what types have to guard: see [`Detached`].
//!
//! C header: `include/linux/export.h`.

mod c_type;
mod declared;
mod record;

pub use c_type::CType;
#[doc(hidden)]
pub use c_type::Text;
#[doc(hidden)]
pub use declared::declared;
#[doc(hidden)]
pub use declared::Declared;
#[doc(hidden)]
pub use record::Record;

use crate::alloc::Allocator;
use crate::alloc::Box;
use crate::alloc::Vec;
use crate::error::Error;
use crate::str::BStr;
use crate::str::CStr;
use crate::str::CString;
use crate::sync::Arc;

/// A type whose values hold nothing that goes when the module that made them does.
///
/// A module may be unloaded as soon as nobody imports from it, whatever it has passed to modules
/// below. So no owned value that crosses the border may hold a function, a method table or a reference to
/// a static: it must be numbers, memory of the kernel's allocator, and structures of these. References
/// may cross only for the time of a call.
///
/// [`interface`](macros::interface) implements it for what it marks, after a look at each field or method.
///
/// # Safety
///
/// A value must stay valid, whatever is done with it, after the module that made it is gone. For a
/// type that is not [`Sized`] that means: for what can be done through a reference to it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot cross the border between modules",
    label = "may hold what goes with the module that made it",
    note = "numbers, `KBox`, `KVec`, `Arc` and `CString` can, as can what `#[interface]` marks, and references \
            to these that last for a call"
)]
pub unsafe trait Detached {}

macro_rules! detached {
    ($($type:ty),* $(,)?) => {
        $(
            // SAFETY: It is plain data.
            unsafe impl Detached for $type {}
        )*
    };
}

detached!(
    u8,
    u16,
    u32,
    u64,
    u128,
    usize,
    i8,
    i16,
    i32,
    i64,
    i128,
    isize,
    bool,
    char,
    (),
    str
);
detached!(Error, CStr, BStr, core::time::Duration);
// No code of the module stays in it: it is memory of the kernel's.
detached!(CString);

// SAFETY: Its elements are.
unsafe impl<T: Detached> Detached for [T] {}
// SAFETY: Its elements are.
unsafe impl<T: Detached, const N: usize> Detached for [T; N] {}
// SAFETY: What it holds is.
unsafe impl<T: Detached> Detached for Option<T> {}
// SAFETY: What it holds is.
unsafe impl<T: Detached, E: Detached> Detached for core::result::Result<T, E> {}
// SAFETY: Both parts are.
unsafe impl<A: Detached, B: Detached> Detached for (A, B) {}
// SAFETY: All parts are.
unsafe impl<A: Detached, B: Detached, C: Detached> Detached for (A, B, C) {}
// SAFETY: The memory is the kernel's, and each side frees it by code of its own, as `T` is `Sized`.
unsafe impl<T: Detached, A: Allocator> Detached for Box<T, A> {}
// SAFETY: As for `Box`.
unsafe impl<T: Detached, A: Allocator> Detached for Vec<T, A> {}
// SAFETY: As for `Box`.
unsafe impl<T: Detached> Detached for Arc<T> {}

/// The address of the symbol that stands for an interface's version.
#[doc(hidden)]
pub struct Anchor(pub *const u8);

// SAFETY: Nobody reads it: it is there for its relocation.
unsafe impl Sync for Anchor {}

/// Compiles where `T` may cross.
#[doc(hidden)]
pub const fn detached<T: Detached + ?Sized>() {}

/// Compiles where C knows `T`.
#[doc(hidden)]
pub const fn c_type<T: CType>() {}
