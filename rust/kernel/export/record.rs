// SPDX-License-Identifier: GPL-2.0-only

//! What the build reads from an object about its exports.

use super::Text;

/// A text in the section that the module command reads and takes out.
#[doc(hidden)]
#[repr(transparent)]
pub struct Record<const N: usize>([u8; N]);

impl<const N: usize> Record<N> {
    /// Makes the record of `text`, which has `N` bytes.
    pub const fn new(text: &Text) -> Self {
        let mut bytes = [0; N];
        let mut at = 0;
        while at < N {
            bytes[at] = text.as_bytes()[at];
            at += 1;
        }
        Self(bytes)
    }
}
