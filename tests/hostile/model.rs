// SPDX-License-Identifier: GPL-2.0-only

//! A vector beside an array that must have the same numbers.

use crate::rng::Rng;
use crate::world::check;
use crate::world::Counted;
use crate::world::ALIVE;
use kernel::alloc::allocator::KVmalloc;
use kernel::alloc::Allocator;
use kernel::alloc::Flags;
use kernel::alloc::Vec;
use kernel::prelude::*;
use kernel::sync::atomic::Relaxed;

/// How many elements there are at most.
const MOST: usize = 48;

pub(crate) struct Modelled<A: Allocator> {
    vec: Vec<Counted, A>,
    model: [u64; MOST],
    len: usize,
}

impl<A: Allocator> Modelled<A> {
    pub(crate) fn new(capacity: usize, flags: Flags) -> Result<Self> {
        Ok(Self {
            vec: Vec::with_capacity(capacity % MOST, flags)?,
            model: [0; MOST],
            len: 0,
        })
    }

    fn check(&self) {
        let values = self.vec.iter().map(Counted::value);
        check(
            values.eq(self.model[..self.len].iter().copied()),
            "a vector and its model differ",
        );
        check(
            self.vec.len() <= self.vec.capacity() && self.vec.is_empty() == (self.len == 0),
            "a vector has no room for its elements",
        );
    }

    fn push(&mut self, value: u64) {
        self.model[self.len] = value;
        self.len += 1;
    }

    /// Does one operation, any of them.
    pub(crate) fn edit(&mut self, rng: &mut Rng, flags: Flags) -> Result {
        let result = match rng.below(8) {
            0 => self.grow(rng, flags),
            1 => self.grow_by_many(rng, flags),
            2 => self.insert(rng),
            3 => self.remove(rng),
            4 => self.shorten(rng),
            5 => self.drain(rng),
            6 => self.pass_through(rng, flags),
            _ => self.change(rng, flags),
        };
        self.check();
        result
    }

    fn grow(&mut self, rng: &mut Rng, flags: Flags) -> Result {
        let value = rng.next();
        if self.len == MOST {
            return Ok(());
        }
        if rng.one_in(2) {
            self.vec.push(Counted::new(value), flags)?;
        } else if self.vec.push_within_capacity(Counted::new(value)).is_err() {
            check(
                self.vec.capacity() == self.len,
                "a vector with room takes nothing",
            );
            return Ok(());
        }
        self.push(value);
        Ok(())
    }

    fn grow_by_many(&mut self, rng: &mut Rng, flags: Flags) -> Result {
        let (count, value) = (rng.below(MOST - self.len + 1), rng.next());
        match rng.below(3) {
            0 => self.vec.extend_with(count, Counted::new(value), flags)?,
            1 => {
                let many = [const { None::<Counted> }; 4].map(|_| Counted::new(value));
                let many = &many[..count.min(4)];
                self.vec.extend_from_slice(many, flags)?;
                many.iter().for_each(|_| self.push(value));
                return Ok(());
            }
            _ => {
                let len = self.len + count;
                self.vec.resize(len, Counted::new(value), flags)?;
            }
        }
        for _ in 0..count {
            self.push(value);
        }
        Ok(())
    }

    fn insert(&mut self, rng: &mut Rng) -> Result {
        let at = self.place(rng);
        let value = rng.next();
        let fits = at <= self.len && self.len < self.vec.capacity();
        if self.len == MOST {
            return Ok(());
        }
        let inserted = self.vec.insert_within_capacity(at, Counted::new(value));
        check(inserted.is_ok() == fits, "an insertion at the wrong place");
        if fits {
            self.model.copy_within(at..self.len, at + 1);
            self.model[at] = value;
            self.len += 1;
        }
        Ok(())
    }

    /// An index, maybe one that there is not.
    fn place(&self, rng: &mut Rng) -> usize {
        match rng.below(4) {
            0 => rng.number() as usize,
            _ => rng.below(self.len + 1),
        }
    }

    fn remove(&mut self, rng: &mut Rng) -> Result {
        let at = self.place(rng);
        if rng.one_in(3) {
            let last = self.vec.pop().map(|last| last.value());
            self.len -= usize::from(last.is_some());
            let right = last.is_none() || last == Some(self.model[self.len]);
            check(right, "another element is popped");
            return Ok(());
        }
        match self.vec.remove(at) {
            Ok(value) => {
                check(self.model[at] == value.value(), "another one is removed");
                self.model.copy_within(at + 1..self.len, at);
                self.len -= 1;
            }
            Err(_) => check(at >= self.len, "an element is not removed"),
        }
        Ok(())
    }

    fn shorten(&mut self, rng: &mut Rng) -> Result {
        let len = self.place(rng);
        match rng.below(3) {
            0 => {
                self.vec.truncate(len);
                self.len = self.len.min(len);
            }
            1 if rng.one_in(4) => {
                self.vec.clear();
                self.len = 0;
            }
            _ => {
                let mask = rng.next() & rng.next();
                let is_kept = |value: u64| value & mask != 0;
                self.vec.retain(|value| is_kept(value.value()));
                let old = core::mem::take(&mut self.len);
                for at in 0..old {
                    if is_kept(self.model[at]) {
                        self.push(self.model[at]);
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes all elements, some of them, or forgets them.
    fn drain(&mut self, rng: &mut Rng) -> Result {
        if !rng.one_in(4) {
            return Ok(());
        }
        let taken = rng.below(self.len + 1);
        let mut drain = self.vec.drain_all();
        for (at, value) in drain.by_ref().take(taken).enumerate() {
            check(value.value() == self.model[at], "another one is drained");
        }
        check(
            drain.len() == self.len - taken,
            "a drain has another length",
        );
        if rng.one_in(2) {
            ALIVE.sub(drain.len() as i64, Relaxed);
            core::mem::forget(drain);
        }
        self.len = 0;
        Ok(())
    }

    /// Makes it an iterator, and a vector again.
    fn pass_through(&mut self, rng: &mut Rng, flags: Flags) -> Result {
        let skipped = rng.below(self.len + 1);
        let mut iter = core::mem::take(&mut self.vec).into_iter();
        for (at, value) in iter.by_ref().take(skipped).enumerate() {
            check(value.value() == self.model[at], "another one is next");
        }
        self.model.copy_within(skipped..self.len, 0);
        self.len -= skipped;
        if rng.one_in(6) {
            self.len = 0;
            return Ok(());
        }
        self.vec = iter.collect(flags);
        Ok(())
    }

    fn change(&mut self, rng: &mut Rng, flags: Flags) -> Result {
        let additional = match rng.below(4) {
            0 => usize::MAX - rng.below(4096),
            _ => rng.below(4 * MOST),
        };
        let room = self.vec.reserve(additional, flags | __GFP_NOWARN);
        check(
            room.is_err() || self.vec.capacity() - self.len >= additional,
            "less is reserved",
        );
        if let Some(value) = self.vec.first_mut() {
            self.model[0] = rng.next();
            *value = Counted::new(self.model[0]);
        }
        if self.len > 1 {
            let (a, b) = (rng.below(self.len), rng.below(self.len));
            self.vec.swap(a, b);
            self.model.swap(a, b);
        }
        Ok(())
    }
}

impl Modelled<KVmalloc> {
    pub(crate) fn shrink(&mut self, rng: &mut Rng, flags: Flags) -> Result {
        let result = self.vec.shrink_to(rng.number() as usize, flags);
        self.check();
        Ok(result?)
    }
}
