// SPDX-License-Identifier: GPL-2.0-only

//! `impl_has_work!` makes no other `unsafe impl` of what stands in the place of generic parameters.

//~ error: expected one of `where` or `{`, found `::`

use kernel::prelude::*;

pub struct Evil<T>(T);

kernel::impl_has_work! {
    impl{T> ::pin_init::Zeroable for Evil<T> {} #[cfg(any())] impl<U} HasWork<Self> for Evil<u8> { self.field }
}
