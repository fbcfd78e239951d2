// SPDX-License-Identifier: GPL-2.0-only

//! `impl_has_delayed_work!` makes no other `unsafe impl` of what stands in the place of generic parameters.

//~ error: expected one of `where` or `{`, found `::`
//~ error[E0119]: conflicting implementations of trait `Zeroable` for type `Evil<_>`

use kernel::prelude::*;

pub struct Evil<T>(T);

kernel::impl_has_delayed_work! {
    impl{T> ::pin_init::Zeroable for Evil<T> {} #[cfg(any())] impl<U} HasDelayedWork<Self> for Evil<u8> { self.field }
}
