// SPDX-License-Identifier: GPL-2.0-only

//! The settings of before are C's.

//~ error[E0596]: cannot borrow `*old` as mutable, as it is behind a `&` reference

#[path = "null.rs"]
mod null;

use null::*;

pub fn set_termios(old: Option<&Termios>) {
    if let Some(old) = old {
        old.encode_baud_rate(9600);
    }
}
