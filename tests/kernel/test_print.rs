// SPDX-License-Identifier: GPL-2.0-only

//! Tests the printing macros: each case prints, and then reads the kernel's log back.

use core::fmt::Write as _;
use kernel::bindings;
use kernel::fmt;
use kernel::pr_alert_once;
use kernel::pr_cont;
use kernel::prelude::*;

#[macro_use]
mod ktap;
use ktap::Outcome;

ktap_module! {
    name: "test_print",
    description: "Tests the printing macros",
    cases: [
        levels, prefix, continued, nothing_is_cut, no_line_is_cut, characters_stay_whole,
        what_c_would_interpret, once, debug_only_with_assertions, dbg_returns_the_value,
        arguments_are_kept,
    ],
}

/// What starts the name of this module in a line of the log.
const PREFIX: &[u8] = b"test_print: ";

/// As much as a console or `syslog()` takes of one record.
const CONSOLE: usize = 1024;

/// Passes the records that this module logged after the last `marker` to `f`, with their levels.
///
/// A record of several lines comes as it is, with the kernel's prefix before each line but the first.
fn read_log(marker: &str, mut f: impl FnMut(u8, &[u8])) {
    let mut markers = 0;
    read_all(|_, text| markers += usize::from(text == marker.as_bytes()));
    read_all(|level, text| {
        if text == marker.as_bytes() {
            markers -= 1;
        } else if markers == 0 {
            f(level, text);
        }
    });
}

/// Passes the records that this module logged to `f`.
fn read_all(mut f: impl FnMut(u8, &[u8])) {
    let mut iter = bindings::kmsg_dump_iter {
        cur_seq: 0,
        next_seq: 0,
    };
    let mut buffer = [0u8; CONSOLE];
    let mut len = 0;

    // SAFETY: `iter` is valid.
    unsafe { bindings::kmsg_dump_rewind(&mut iter) };
    loop {
        // SAFETY: C writes at most the size of `buffer` there.
        let more = unsafe {
            bindings::kmsg_dump_get_line(&mut iter, true, buffer.as_mut_ptr(), CONSOLE, &mut len)
        };
        if !more {
            break;
        }
        if let Some((level, text)) = parse(&buffer[..len]) {
            f(level, text.strip_suffix(b"\n").unwrap_or(text));
        }
    }
}

/// Takes `<6>[    1.234567] test_print: text` apart.
fn parse(record: &[u8]) -> Option<(u8, &[u8])> {
    let end = record.iter().position(|&byte| byte == b'>')?;
    let level = core::str::from_utf8(record.get(1..end)?)
        .ok()?
        .parse()
        .ok()?;
    let end = record.iter().position(|&byte| byte == b']')?;
    Some((level, record.get(end + 2..)?.strip_prefix(PREFIX)?))
}

/// Returns whether a line of exactly this level and text was logged after `marker`.
fn logged(marker: &str, level: u8, text: &[u8]) -> bool {
    let mut count = 0;
    read_log(marker, |found, line| {
        if line == text {
            count += if found == level { 1 } else { 100 };
        }
    });
    count == 1
}

fn levels() -> Outcome {
    pr_info!("levels\n");
    pr_emerg!("emerg\n");
    pr_alert!("alert\n");
    pr_crit!("crit\n");
    pr_err!("err\n");
    pr_warn!("warn\n");
    pr_notice!("notice\n");
    pr_info!("info\n");
    for (level, text) in ["emerg", "alert", "crit", "err", "warn", "notice", "info"]
        .iter()
        .enumerate()
    {
        check!(logged("levels", level as u8, text.as_bytes()));
    }
    Ok(())
}

fn prefix() -> Outcome {
    pr_info!("prefix\n");
    pr_info!("");
    pr_info!("no line feed");
    pr_info!("line feed\n");
    check!(logged("prefix", 6, b"no line feed"));
    check!(logged("prefix", 6, b"line feed"));
    check!(!logged("prefix", 6, b""));
    Ok(())
}

fn continued() -> Outcome {
    pr_info!("continued\n");
    pr_info!("one");
    pr_cont!(", {}", "two");
    pr_cont!(", three\n");
    check!(logged("continued", 6, b"one, two, three"));
    Ok(())
}

/// A text of this many five-byte numbers.
struct Numbers(usize);

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for i in 0..self.0 {
            write!(f, "{i:04},")?;
        }
        Ok(())
    }
}

fn nothing_is_cut() -> Outcome {
    // Around the sizes of a piece, of a record and of the kernel's buffer, and far beyond.
    for count in [50, 51, 52, 150, 160, 170, 200, 250, 400, 2000] {
        pr_info!("numbers {count}\n");
        pr_warn!("{}\n", Numbers(count));
        let marker = kernel::str::CString::try_from_fmt(fmt!("numbers {count}"))?;
        let mut all = KVec::new();
        let mut result = Ok(());
        let mut levels = true;
        read_log(marker.to_str().map_err(Error::from)?, |level, line| {
            if all.len() < count * 5 {
                result = result.and(all.extend_from_slice(line, GFP_KERNEL));
                levels &= level == 4;
            }
        });
        result?;
        let mut expected = KVec::from_elem(0, count * 5, GFP_KERNEL)?;
        write!(
            kernel::str::Formatter::new(&mut expected),
            "{}",
            Wrap(Numbers(count))
        )
        .map_err(Error::from)?;
        check!(levels);
        check!(all[..] == expected[..]);
    }
    Ok(())
}

/// For core's `write!`.
struct Wrap<T>(T);

impl<T: fmt::Display> core::fmt::Display for Wrap<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Lines with nothing but their number.
struct Lines(usize);

impl fmt::Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for i in 0..self.0 {
            writeln!(f, "L{i:03}")?;
        }
        Ok(())
    }
}

fn no_line_is_cut() -> Outcome {
    pr_info!("lines\n");
    pr_info!("{}", Lines(300));
    let mut next = 0;
    read_log("lines", |_, record| {
        // Each line's number, wherever the kernel's prefixes are.
        for at in 0..record.len() {
            let number = || {
                core::str::from_utf8(record.get(at + 1..at + 4)?)
                    .ok()?
                    .parse()
                    .ok()
            };
            if record[at] == b'L' && number() == Some(next) {
                next += 1;
            }
        }
    });
    check_eq!(next, 300);
    Ok(())
}

fn characters_stay_whole() -> Outcome {
    struct Accents;
    impl fmt::Display for Accents {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            (0..1500).try_for_each(|_| f.write_str("é"))
        }
    }

    pr_info!("accents\n");
    pr_info!("{}\n", Accents);
    pr_info!("x{}\n", Accents);
    let mut whole = true;
    let mut count = 0;
    read_log("accents", |_, line| match core::str::from_utf8(line) {
        Ok(text) => count += text.chars().filter(|&c| c == 'é').count(),
        Err(_) => whole = false,
    });
    check!(whole);
    check_eq!(count, 3000);
    Ok(())
}

fn what_c_would_interpret() -> Outcome {
    pr_info!("interpret\n");
    pr_info!("100% of %s %d %n {}\n", "%p");
    pr_info!("a\0b\n");
    check!(logged("interpret", 6, b"100% of %s %d %n %p"));
    check!(logged("interpret", 6, b"a\\x00b"));
    Ok(())
}

fn once() -> Outcome {
    pr_info!("once\n");
    for i in 0..3 {
        pr_alert_once!("only the {i}th\n");
    }
    check!(logged("once", 1, b"only the 0th"));
    check!(!logged("once", 1, b"only the 1th"));
    Ok(())
}

fn debug_only_with_assertions() -> Outcome {
    pr_info!("debug\n");
    pr_debug!("seldom\n");
    check_eq!(logged("debug", 7, b"seldom"), cfg!(debug_assertions));
    Ok(())
}

fn dbg_returns_the_value() -> Outcome {
    pr_info!("dbg\n");
    let line = line!() + 1;
    let value = dbg!(2 * 21) - 40;
    check_eq!(value, 2);
    let mut found = 0;
    read_log("dbg", |level, text| {
        let number = kernel::str::CString::try_from_fmt(fmt!(":{line}:"));
        let has_line = |number: &CStr| {
            text.windows(number.count_bytes())
                .any(|part| part == number.to_bytes())
        };
        if level == 6 && text.ends_with(b"] 2 * 21 = 42") && number.is_ok_and(|n| has_line(&n)) {
            found += 1;
        }
    });
    check_eq!(found, 1);
    Ok(())
}

fn arguments_are_kept() -> Outcome {
    let name = "captured";
    pr_info!("arguments\n");
    // A temporary, a captured and a named argument, a width, and two numbers of one argument.
    pr_info!(
        "{} {name} {last:>4} {0:#x} {:?}\n",
        *KBox::new(255, GFP_KERNEL)?,
        Some(1),
        last = 7
    );
    check!(logged("arguments", 6, b"255 captured    7 0xff Some(1)"));
    Ok(())
}
