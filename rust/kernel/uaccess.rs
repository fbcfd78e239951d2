// SPDX-License-Identifier: GPL-2.0-only

//! Memory of user space.
//!
//! C header: `include/linux/uaccess.h`.

use crate::alloc::Allocator;
use crate::alloc::Flags;
use crate::alloc::Vec;
use crate::bindings;
use crate::error::code::EFAULT;
use crate::error::Result;
use crate::ffi::c_void;

/// An address in user space. It may be anything.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct UserPtr(*mut c_void);

impl UserPtr {
    /// Makes one of the pointer that C has.
    pub fn from_ptr(ptr: *mut c_void) -> Self {
        Self(ptr)
    }

    /// Returns the pointer that C takes.
    pub fn as_ptr(self) -> *mut c_void {
        self.0
    }
}

/// A range in user space. Whether there is memory shows when it is used.
///
/// To read twice from the same place would be a mistake, as another thread may write meanwhile; so a
/// reader only goes forward.
pub struct UserSlice {
    ptr: UserPtr,
    length: usize,
}

impl UserSlice {
    /// Makes one of an address and a number of bytes.
    pub fn new(ptr: UserPtr, length: usize) -> Self {
        Self { ptr, length }
    }

    /// Returns a reader of it.
    pub fn reader(self) -> UserSliceReader {
        UserSliceReader {
            ptr: self.ptr,
            length: self.length,
        }
    }
}

/// Reads a range of user space from its start to its end.
pub struct UserSliceReader {
    ptr: UserPtr,
    length: usize,
}

impl UserSliceReader {
    /// How many bytes are left.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Leaves out some bytes.
    ///
    /// # Errors
    ///
    /// [`EFAULT`] if less are left.
    pub fn skip(&mut self, bytes: usize) -> Result {
        self.length = self.length.checked_sub(bytes).ok_or(EFAULT)?;
        self.ptr = UserPtr(self.ptr.0.wrapping_byte_add(bytes));
        Ok(())
    }

    /// Fills a slice.
    ///
    /// Context: process, may sleep. C: `copy_from_user()`.
    ///
    /// # Errors
    ///
    /// [`EFAULT`] if less is left, or there is no memory that may be read. What is in `out` then is
    /// not said.
    pub fn read_slice(&mut self, out: &mut [u8]) -> Result {
        if out.len() > self.length {
            return Err(EFAULT);
        }
        let to = out.as_mut_ptr().cast();
        // SAFETY: `out` is valid for writes of its length; C checks the address in user space.
        if unsafe { bindings::copy_from_user(to, self.ptr.0, out.len()) } != 0 {
            return Err(EFAULT);
        }
        self.skip(out.len())
    }

    /// Appends all that is left to a vector.
    ///
    /// # Errors
    ///
    /// As for [`read_slice()`](Self::read_slice); [`ENOMEM`](crate::error::code::ENOMEM) if there is no
    /// memory.
    pub fn read_all<A: Allocator>(mut self, buf: &mut Vec<u8, A>, flags: Flags) -> Result {
        let old = buf.len();
        // Fails if the sum below overflows.
        buf.reserve(self.length, flags)?;
        buf.resize(old + self.length, 0, flags)?;
        self.read_slice(&mut buf[old..])
            .inspect_err(|_| buf.truncate(old))
    }
}
