// SPDX-License-Identifier: GPL-2.0-only

//! Synchronisation and shared ownership.

pub mod arc;
pub mod aref;
pub mod refcount;

pub use self::arc::Arc;
pub use self::arc::ArcBorrow;
pub use self::arc::UniqueArc;
pub use self::refcount::Refcount;
