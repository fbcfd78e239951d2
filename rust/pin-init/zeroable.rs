// SPDX-License-Identifier: GPL-2.0-only

//! The trait `Zeroable` of `pinned-init` with a derive of the same name that names this crate.

// The derive hides the one that the glob brings.
pub use ::macros::Zeroable;
pub use pinned_init::*;
