// SPDX-License-Identifier: GPL-2.0-only

//! What `#[interface]` and `#[export_symbol]` refer to: the real names of C, and a few detached types.

#[path = "../../../rust/kernel/export/c_type.rs"]
mod c_type;
#[path = "../../../rust/kernel/export/declared.rs"]
mod declared;
#[path = "../../../rust/kernel/export/record.rs"]
mod record;

pub use c_type::CType;
pub use c_type::Text;
pub use declared::declared;
pub use declared::Declared;
pub use record::Record;

/// # Safety
///
/// As in the kernel.
#[diagnostic::on_unimplemented(message = "`{Self}` cannot cross the border between modules")]
pub unsafe trait Detached {}

macro_rules! detached {
    ($($type:ty),*) => {$(
        // SAFETY: It is plain data.
        unsafe impl Detached for $type {}
    )*};
}

detached!((), u8, u32, u64, i32, bool, str);
// SAFETY: What they hold is.
unsafe impl<T: Detached> Detached for [T] {}
// SAFETY: What they hold is.
unsafe impl<T: Detached> Detached for Option<T> {}
// SAFETY: What they hold is.
unsafe impl<T: Detached> Detached for Box<T> {}

pub struct Anchor(pub *const u8);

// SAFETY: Nobody reads it.
unsafe impl Sync for Anchor {}

pub const fn detached<T: Detached + ?Sized>() {}
pub const fn c_type<T: CType>() {}
