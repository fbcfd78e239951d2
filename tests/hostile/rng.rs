// SPDX-License-Identifier: GPL-2.0-only

//! Pseudo-random numbers: splitmix64.
//!
//! Each step has a generator of its own, made of the seed and the step's number. So a step draws the same numbers in a
//! replay even if an earlier one drew more or fewer, as when a lock was held by somebody else.

use core::ops::Range;
use kernel::time::Delta;
use kernel::time::Jiffies;

pub(crate) struct Rng(u64);

impl Rng {
    /// The generator of a step.
    pub(crate) fn new(seed: u64, step: u64) -> Self {
        let mut of_seed = Self(seed);
        let start = of_seed.next();
        Self(start ^ step.wrapping_mul(0xd134_2543_de82_ef95))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub(crate) fn within(&mut self, range: Range<i64>) -> i64 {
        range.start + (self.next() % (range.end - range.start) as u64) as i64
    }

    pub(crate) fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    /// Any number, with a liking for those at which things break: 0, powers of two, and their neighbours.
    pub(crate) fn number(&mut self) -> u64 {
        let near = 1u64 << self.below(64);
        match self.below(8) {
            0 => 0,
            1 => u64::MAX - self.next() % 3,
            2 => near,
            3 => near - 1,
            4 => near.wrapping_add(1),
            5 => near.wrapping_neg(),
            6 => self.next() % 300,
            _ => self.next(),
        }
    }

    /// A span of time: mostly one that is over soon, else any.
    pub(crate) fn delta(&mut self) -> Delta {
        if self.one_in(4) {
            Delta::from_nanos(self.number() as i64)
        } else {
            Delta::from_nanos(self.within(0..3_000_000))
        }
    }

    pub(crate) fn jiffies(&mut self) -> Jiffies {
        if self.one_in(4) {
            self.number() as Jiffies
        } else {
            self.below(4) as Jiffies
        }
    }

    /// One of several values.
    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}
