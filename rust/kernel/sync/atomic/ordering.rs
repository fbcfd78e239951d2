// SPDX-License-Identifier: GPL-2.0-only

//! How an atomic operation is ordered against other memory accesses.
//!
//! They are those of the kernel's memory model (`tools/memory-model/`), not of C11's.

/// Not ordered, but for the same variable.
pub struct Relaxed;

/// What follows in the program happens after the load.
pub struct Acquire;

/// What precedes in the program happens before the store.
pub struct Release;

/// As if a full memory barrier came before and after.
pub struct Full;

/// An [`Ordering`] as a value.
#[doc(hidden)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum OrderingType {
    /// [`Full`]
    Full,
    /// [`Acquire`]
    Acquire,
    /// [`Release`]
    Release,
    /// [`Relaxed`]
    Relaxed,
}

mod sealed {
    pub trait Sealed {}

    impl Sealed for super::Relaxed {}
    impl Sealed for super::Acquire {}
    impl Sealed for super::Release {}
    impl Sealed for super::Full {}
}

/// An ordering of an operation that reads and writes: any.
pub trait Ordering: sealed::Sealed {
    /// It as a value.
    #[doc(hidden)]
    const TYPE: OrderingType;
}

impl Ordering for Relaxed {
    const TYPE: OrderingType = OrderingType::Relaxed;
}

impl Ordering for Acquire {
    const TYPE: OrderingType = OrderingType::Acquire;
}

impl Ordering for Release {
    const TYPE: OrderingType = OrderingType::Release;
}

impl Ordering for Full {
    const TYPE: OrderingType = OrderingType::Full;
}

/// An ordering of a load.
pub trait AcquireOrRelaxed: Ordering {}

impl AcquireOrRelaxed for Acquire {}
impl AcquireOrRelaxed for Relaxed {}

/// An ordering of a store.
pub trait ReleaseOrRelaxed: Ordering {}

impl ReleaseOrRelaxed for Release {}
impl ReleaseOrRelaxed for Relaxed {}
