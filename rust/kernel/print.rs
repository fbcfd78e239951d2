// SPDX-License-Identifier: GPL-2.0-only

//! The kernel's log.
//!
//! A message may have any length: what does not fit into one record of the log goes on in the next
//! one. Printing allocates nothing and takes about 400 bytes of stack. Context: any.
//!
//! C header: `include/linux/printk.h`.

use crate::bindings;
use crate::ffi::c_int;
use crate::ffi::c_uint;
use crate::str::CStrExt as _;
use core::fmt;
use core::fmt::Write;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering;

mod levels;

/// How urgent a message is: the digit that C's `KERN_…` has.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Level(u8);

#[doc(hidden)]
#[allow(missing_docs)]
impl Level {
    pub const EMERG: Self = Self(b'0');
    pub const ALERT: Self = Self(b'1');
    pub const CRIT: Self = Self(b'2');
    pub const ERR: Self = Self(b'3');
    pub const WARNING: Self = Self(b'4');
    pub const NOTICE: Self = Self(b'5');
    pub const INFO: Self = Self(b'6');
    pub const DEBUG: Self = Self(b'7');
}

/// What is passed to C at once. Longer messages cost more calls, not more stack.
const PIECE: usize = 256;

/// The most bytes that one record gets, counting what the kernel prints before each of its lines.
///
/// A record holds 976 bytes on the oldest kernel; consoles and `syslog()` have 1024 bytes for it.
const RECORD: usize = 960;

/// What the kernel may print before a line: `<6>[ 1234.567890][ T1234567] `.
const LINE: usize = 36;

/// What a piece may cost before it ends early: many short lines take more room than their bytes.
const MANY_LINES: usize = 800;

/// How a message starts.
#[derive(Clone, Copy)]
enum Start<'a> {
    /// It continues the last record.
    Cont,
    /// With a level; each record starts with a name.
    Name(Level, &'a [u8]),
    /// With a level; each record starts with the names of a device, which is valid, and its driver.
    Device(Level, *const bindings::device),
}

/// Collects a message and passes it to C in pieces.
struct Printer<'a> {
    start: Start<'a>,
    /// What the current record has so far; `None` if there is none yet.
    record: Option<usize>,
    /// The piece, of which `len` bytes are used.
    piece: [u8; PIECE],
    len: usize,
    /// What the piece will take of a record.
    cost: usize,
}

impl Printer<'_> {
    /// Appends one byte. A character always stays in one piece.
    fn push(&mut self, byte: u8) {
        let starts_character = byte & 0xc0 != 0x80;
        if starts_character && (self.len > PIECE - 4 || self.cost > MANY_LINES) {
            self.flush();
        }
        // There is room now. No index that could panic: a panic prints.
        if let Some(place) = self.piece.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
        let cost = if byte == b'\n' { LINE + 1 } else { 1 };
        self.cost = self.cost.saturating_add(cost);
    }

    /// Passes the piece to C.
    fn flush(&mut self) {
        let piece = self.piece.get(..self.len).unwrap_or(&self.piece);
        if piece.is_empty() {
            return;
        }
        // A line feed that is left over ends the record, it does not start one.
        let record = self
            .record
            .filter(|used| used.saturating_add(self.cost) <= RECORD || piece == b"\n");

        let text = piece.as_ptr();
        // The precisions keep C inside of the slices, at most `PIECE` and the prefix's length.
        let len = piece.len() as c_int;
        let used = match (self.start, record) {
            (Start::Cont, _) => {
                // SAFETY: The format takes an `int` and a pointer to as many bytes.
                unsafe { bindings::_printk(c"\x01c%.*s".as_char_ptr(), len, text) };
                0
            }
            // If someone else printed in between, C starts a record: then the level counts.
            (Start::Name(level, _), Some(used)) => {
                let level = c_uint::from(level.0);
                // SAFETY: The format takes a character, an `int` and a pointer to as many bytes.
                unsafe { bindings::_printk(c"\x01c\x01%c%.*s".as_char_ptr(), level, len, text) };
                used
            }
            // What is printed of a device cannot be continued: each piece is a record.
            (Start::Device(..), Some(_)) if piece == b"\n" => 0,
            (Start::Device(level, device), _) => {
                let level = [1, level.0, 0];
                // SAFETY: `level` is as C's `KERN_…`, `device` is valid by what `Start` promises; the
                // format takes an `int` and a pointer to as many bytes.
                unsafe {
                    bindings::_dev_printk(level.as_ptr(), device, c"%.*s".as_char_ptr(), len, text)
                };
                0
            }
            (Start::Name(level, prefix), None) => {
                let level = c_uint::from(level.0);
                let prefix_len = prefix.len() as c_int;
                // SAFETY: The format takes a character, and twice an `int` and a pointer to as many
                // bytes.
                unsafe {
                    bindings::_printk(
                        c"\x01%c%.*s: %.*s".as_char_ptr(),
                        level,
                        prefix_len,
                        prefix.as_ptr(),
                        len,
                        text,
                    )
                };
                prefix.len().saturating_add(LINE)
            }
        };
        // C ends a record at a line feed that comes last.
        self.record = (!piece.ends_with(b"\n")).then_some(used.saturating_add(self.cost));
        self.len = 0;
        self.cost = 0;
    }
}

impl Write for Printer<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for &byte in text.as_bytes() {
            // 0 would end the piece in C, and 1 at its start would give it another level.
            // `/dev/kmsg` shows other such bytes like this.
            if byte <= 1 {
                b"\\x0".iter().for_each(|&byte| self.push(byte));
                self.push(b'0' + byte);
            } else {
                self.push(byte);
            }
        }
        Ok(())
    }
}

fn print(start: Start<'_>, args: fmt::Arguments<'_>) {
    let mut printer = Printer {
        start,
        record: None,
        piece: [0; PIECE],
        len: 0,
        cost: 0,
    };
    // `write_str` never fails; a failing `fmt()` of the caller's type ends the message there.
    let _ = printer.write_fmt(args);
    printer.flush();
}

/// Prints a message with a level, after the module's name.
///
/// `prefix` ends at its first NUL byte, if it has one.
#[doc(hidden)]
#[inline(never)]
pub fn call_printk(level: Level, prefix: &[u8], args: fmt::Arguments<'_>) {
    print(Start::Name(level, prefix), args);
}

/// Prints a message with a level, after the names of a device and its driver.
///
/// A message of more than about 250 bytes makes several records.
///
/// # Safety
///
/// `device` must be valid.
#[inline(never)]
pub(crate) unsafe fn call_dev_printk(
    level: Level,
    device: *const bindings::device,
    args: fmt::Arguments<'_>,
) {
    print(Start::Device(level, device), args);
}

/// Prints on at the end of the last message.
#[doc(hidden)]
#[inline(never)]
pub fn call_printk_cont(args: fmt::Arguments<'_>) {
    print(Start::Cont, args);
}

/// A flag that can be taken once, for what should happen a single time. C: `DO_ONCE_LITE()`.
///
/// # Examples
///
/// ```
/// use kernel::print::OnceLite;
///
/// static ONCE: OnceLite = OnceLite::new();
///
/// assert!(ONCE.call_once(|| pr_info!("first\n")));
/// assert!(!ONCE.call_once(|| pr_info!("never\n")));
/// ```
pub struct OnceLite(AtomicBool);

impl OnceLite {
    /// Makes a flag that nobody has taken.
    #[inline(always)]
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// Calls `f` unless this was called before. Returns whether it did.
    ///
    /// Another caller does not wait until `f` is done. Context: any.
    pub fn call_once<F: FnOnce()>(&self, f: F) -> bool {
        let first = !self.0.load(Ordering::Relaxed) && !self.0.swap(true, Ordering::Relaxed);
        if first {
            f();
        }
        first
    }
}

/// Runs a closure the first time that this place is reached. C: `DO_ONCE_LITE()`.
#[macro_export]
macro_rules! do_once_lite {
    { $($e:tt)* } => {{
        static __ONCE: $crate::print::OnceLite = $crate::print::OnceLite::new();
        __ONCE.call_once(|| { $($e)* })
    }};
}

/// Prints with a level; the message goes after the name in the caller's `__LOG_PREFIX`.
#[doc(hidden)]
#[macro_export]
#[allow(clippy::crate_in_macro_def)]
macro_rules! print_macro {
    ($level:ident, $($arg:tt)+) => {
        // `match` keeps temporaries of the arguments alive until the call is over.
        match $crate::prelude::fmt!($($arg)+) {
            args => $crate::print::call_printk(
                $crate::print::Level::$level,
                crate::__LOG_PREFIX,
                args,
            ),
        }
    };
}
