// SPDX-License-Identifier: GPL-2.0-only

//! Types that Rust code over C needs everywhere.

use core::marker::PhantomData;

mod foreign;
mod opaque;
mod scope_guard;

#[doc(no_inline)]
pub use crate::sync::aref::ARef;
#[doc(no_inline)]
pub use crate::sync::aref::AlwaysRefCounted;
pub use foreign::ForeignOwnable;
pub use opaque::Opaque;
pub use scope_guard::ScopeGuard;

/// A field of this type makes a type stay in its thread: neither `Send` nor `Sync`.
///
/// # Examples
///
/// ```
/// use kernel::types::NotThreadSafe;
///
/// struct OfThisTask {
///     _not_send: NotThreadSafe,
/// }
///
/// let _value = OfThisTask { _not_send: NotThreadSafe };
/// ```
///
/// ```compile_fail,E0277
/// fn send<T: Send>(_: T) {}
/// send(kernel::types::NotThreadSafe);
/// ```
pub type NotThreadSafe = PhantomData<*mut ()>;

/// The value of the type of this name.
#[allow(non_upper_case_globals)]
pub const NotThreadSafe: NotThreadSafe = PhantomData;
