// SPDX-License-Identifier: GPL-2.0-only

//! What `stack_lower` exports: each kind of function, in each kind of export.

use kernel::prelude::*;

/// What went wrong.
#[interface]
#[derive(Debug, PartialEq)]
pub enum Failure {
    /// Nothing to work on.
    Empty,
    /// Too much, and how much.
    Large {
        /// How much.
        by: usize,
    },
}

/// Works on text.
#[interface]
pub trait Text: Sync {
    /// A copy in memory that each side may free.
    fn upper(&self, text: &str) -> Result<KVec<u8>>;

    /// Writes through a reference.
    fn fill(&self, to: &mut [u8]) -> core::result::Result<usize, Failure>;

    /// Lends what belongs to it.
    fn name<'a>(&'a self, prefix: &str) -> &'a str;
}

/// Part of `Large`.
#[interface(struct stack_lower_pair)]
#[repr(C)]
#[derive(Clone, Copy, Default)]
#[allow(missing_docs)]
pub struct Pair {
    pub low: u32,
    pub high: u32,
}

/// A structure of many fields, all of which C compares.
#[interface(struct stack_lower_large)]
#[repr(C)]
#[derive(Clone, Copy, Default)]
#[allow(missing_docs)]
pub struct Large {
    pub tag: u8,
    pub set: bool,
    pub first: i16,
    pub flags: u32,
    pub start: u64,
    pub end: u64,
    pub count: i32,
    pub index: u16,
    pub line: u8,
    pub parity: u8,
    pub size: usize,
    pub offset: isize,
    pub nested_a: Pair,
    pub nested_b: Pair,
}

#[interface]
extern "Rust" {
    /// Not for GPL only.
    pub fn text() -> &'static dyn Text;
    /// In a namespace.
    pub fn boxed(value: KBox<u64>) -> Option<KBox<u64>>;
}

#[interface]
extern "C" {
    /// For GPL only, in a namespace.
    pub fn stack_lower_mixed(a: i8, b: u16, c: bool, d: &mut u64, e: usize) -> i64;
    /// What the last field has.
    pub fn stack_lower_last(large: &Large) -> u32;
    /// Nothing in, nothing out.
    pub fn stack_lower_nothing();
}
