// SPDX-License-Identifier: GPL-2.0-only

//! Steps with values: text, numbers, counts, references on the module, and parameters that the guest writes meanwhile.

use crate::state::Context::Atomic;
use crate::state::Context::Locked;
use crate::state::Context::Task;
use crate::state::State;
use crate::state::Step;
use crate::world::check;
use core::fmt::Write as _;
use core::hint::black_box;
use kernel::b_str;
use kernel::bits::genmask_checked_u64;
use kernel::module_param::ModuleParam as _;
use kernel::prelude::*;
use kernel::str::kstrtobool_bytes;
use kernel::str::BStr;
use kernel::str::CString;
use kernel::str::Formatter;
use kernel::str::ParseInt;
use kernel::str::RawFormatter;
use kernel::sync::atomic::Acquire;
use kernel::sync::atomic::Atomic as AtomicNumber;
use kernel::sync::atomic::Full;
use kernel::sync::atomic::Relaxed;
use kernel::sync::atomic::Release;
use kernel::sync::Refcount;
use kernel::time::jiffies;
use kernel::time::msecs_to_jiffies;
use kernel::time::BootTime;
use kernel::time::Delta;
use kernel::time::Instant;
use kernel::time::Monotonic;
use kernel::time::RealTime;
use kernel::time::Tai;

pub(crate) const STEPS: &[Step] = &[
    Step("string", 20, Locked, string),
    Step("format", 30, Atomic, format),
    Step("parse", 20, Atomic, parse),
    Step("error", 20, Atomic, error),
    Step("delta", 20, Atomic, delta),
    Step("clocks", 10, Atomic, clocks),
    Step("bits", 10, Atomic, bits),
    Step("atomics", 20, Atomic, atomics),
    Step("refcount", 10, Atomic, refcount),
    Step("module", 20, Atomic, module),
    Step("parameters", 20, Atomic, parameters),
    Step("locked_parameters", 10, Task, locked_parameters),
    Step("sleep", 1, Task, sleep),
];

fn string(s: &mut State<'_>) -> Result {
    let (number, width) = (s.rng.number(), s.rng.below(200));
    match s.rng.below(4) {
        0 => {
            // A NUL byte in the middle is refused.
            let nul = CString::try_from_fmt(fmt!("{number}\0{number}"));
            check(nul.is_err(), "a string with a NUL byte");
        }
        1 => {
            let text = CString::try_from_fmt(fmt!("{number:>width$}"))?;
            let len = text.to_bytes().len();
            check(
                len >= width && text.to_bytes_with_nul()[len] == 0,
                "a string",
            );
            let copy = CString::try_from(&*text)?;
            check(*copy == *text, "a copied string");
        }
        _ => {
            let text = CString::try_from_fmt(fmt!("{number}"))?;
            let back = u64::from_str(BStr::from_bytes(text.to_bytes()));
            check(back == Ok(number), "a number in a string");
        }
    }
    Ok(())
}

/// Text that does not fit is cut off or refused, never written behind the buffer.
fn format(s: &mut State<'_>) -> Result {
    let mut buffer = [0xaa_u8; 64];
    let (size, number, width) = (s.rng.below(33), s.rng.number(), s.rng.below(60));
    let (inside, behind) = buffer.split_at_mut(size);
    let written = match s.rng.below(4) {
        0 => {
            let mut f = RawFormatter::new(inside);
            let _ = write!(f, "{number:#0width$x} {:?}", number as i64);
            f.bytes_written() <= width + 60
        }
        1 => {
            let mut f = Formatter::new(inside);
            let fits = write!(f, "{number}").is_ok();
            f.bytes_written() <= size && (!fits || f.bytes_written() > 0)
        }
        2 => {
            let mut f = RawFormatter::new(inside);
            let bytes = number.to_le_bytes();
            let _ = write!(f, "{:?}", BStr::from_bytes(&bytes));
            f.bytes_written() >= 8
        }
        _ => {
            let mut f = RawFormatter::new(inside);
            let _ = write!(f, "{:?} {:e}", c"a\"\n", number);
            f.bytes_written() > 0
        }
    };
    check(
        written && behind.iter().all(|byte| *byte == 0xaa),
        "text is behind its buffer",
    );
    Ok(())
}

fn parse(s: &mut State<'_>) -> Result {
    let mut text = s.rng.next().to_le_bytes();
    for byte in &mut text {
        *byte = b"0123456789+-xXob_aF \0\n"[usize::from(*byte) % 22];
    }
    let text = &text[..s.rng.below(9)];
    let (small, large) = (
        u8::from_str(BStr::from_bytes(text)),
        i64::from_str(BStr::from_bytes(text)),
    );
    let agree = small.is_err() || large == small.map(i64::from);
    check(agree, "two types do not read a number alike");
    let _ = black_box(kstrtobool_bytes(text));
    let _ = black_box(BStr::from_bytes(text).strip_prefix(b_str!("0x")));
    let _ = black_box(CStr::from_bytes_until_nul(text));
    let _ = black_box(bool::try_from_param_arg(BStr::from_bytes(text)));
    Ok(())
}

fn error(s: &mut State<'_>) -> Result {
    let errno = s.rng.number() as i32;
    match Error::try_from_errno(errno) {
        Some(error) => {
            black_box(error.name());
            check(error.to_errno() == errno, "an errno");
        }
        None => check(!(-4095..0).contains(&errno), "an errno is none"),
    }
    Ok(())
}

fn delta(s: &mut State<'_>) -> Result {
    let (a, b) = (s.rng.number() as i64, s.rng.number() as i64);
    let (left, right) = (Delta::from_nanos(a), Delta::from_nanos(b));
    let clamp = |exact: i128| exact.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
    let (exact_a, exact_b) = (i128::from(a), i128::from(b));
    let right_all = (left + right).as_nanos() == clamp(exact_a + exact_b)
        && (left - right).as_nanos() == clamp(exact_a - exact_b)
        && (left * b).as_nanos() == clamp(exact_a * exact_b)
        && Delta::from_micros(a).as_nanos() == clamp(exact_a * 1000)
        && (b == 0 || left / right == clamp(exact_a / exact_b));
    check(right_all, "a span's arithmetic");
    black_box((
        left.as_micros_ceil(),
        left.as_millis(),
        left.rem_nanos(b as i32),
    ));
    black_box(msecs_to_jiffies(a as u32));
    Ok(())
}

fn clocks(s: &mut State<'_>) -> Result {
    let (before, ticks) = (Instant::<Monotonic>::now(), jiffies());
    let span = s.rng.delta();
    let later = before + span;
    black_box((later - before, later.elapsed(), later - span));
    black_box((
        Instant::<BootTime>::now(),
        Instant::<RealTime>::now() + span,
        Instant::<Tai>::now() - span,
    ));
    check(
        !before.elapsed().is_negative() && jiffies().wrapping_sub(ticks) < 1 << 40,
        "a clock goes back",
    );
    Ok(())
}

fn bits(s: &mut State<'_>) -> Result {
    let (low, high) = (s.rng.number() as u32, s.rng.number() as u32);
    let mask = genmask_checked_u64(low..=high);
    let right = match mask {
        Some(mask) => mask.count_ones() == high - low + 1 && mask.trailing_zeros() == low,
        None => low > high || high > 63,
    };
    check(right, "a mask");
    Ok(())
}

fn atomics(s: &mut State<'_>) -> Result {
    let (a, b) = (s.rng.number(), s.rng.number());
    let number = AtomicNumber::new(a);
    let right = number.fetch_add(b, Full) == a
        && number.load(Acquire) == a.wrapping_add(b)
        && number.xchg(b, Relaxed) == a.wrapping_add(b)
        && number.cmpxchg(b, a, Release) == Ok(b)
        && (a == b || number.cmpxchg(b, b, Full) == Err(a));
    number.sub(b, Relaxed);
    check(
        right && number.load(Relaxed) == a.wrapping_sub(b),
        "an atomic number",
    );
    Ok(())
}

fn refcount(s: &mut State<'_>) -> Result {
    let most = s.rng.below(20) as i32 + 1;
    let count = Refcount::new(1);
    (1..most).for_each(|_| count.inc());
    check(count.as_atomic().load(Relaxed) == most, "a count");
    let last = (0..most).filter(|_| count.dec_and_test()).count();
    check(last == 1, "a count has several ends");
    Ok(())
}

fn module(s: &mut State<'_>) -> Result {
    let modules = &mut s.modules;
    match (s.rng.below(3), modules.first()) {
        (0, _) => {
            let _ = s
                .world
                .module
                .try_get()
                .map(|module| modules.push_within_capacity(module));
        }
        (1, Some(first)) => {
            let same = first.clone();
            let _ = modules.push_within_capacity(same);
        }
        _ => drop(modules.pop()),
    }
    Ok(())
}

fn parameters(s: &mut State<'_>) -> Result {
    use crate::module_parameters::*;

    black_box((number.value(), flag.value()));
    if s.rng.one_in(4) {
        number.set_value(s.rng.number() as i64);
        flag.set_value(s.rng.one_in(2));
    }
    Ok(())
}

/// What is reached through a lock is whole: the guest writes texts of one letter and lists of one number.
fn locked_parameters(s: &mut State<'_>) -> Result {
    use crate::module_parameters::*;

    match s.rng.below(3) {
        0 => {
            let guard = text.lock()?;
            let bytes = guard.as_c_str().unwrap_or(c"").to_bytes();
            check(
                bytes.windows(2).all(|two| two[0] == two[1]),
                "a text is torn",
            );
            check(short.lock().is_err(), "a lock is taken twice");
        }
        1 => {
            let guard = list.lock()?;
            let numbers = &guard[..];
            check(
                numbers.windows(2).all(|two| two[0] == two[1]),
                "a list is torn",
            );
        }
        _ => {
            let guard = short.lock()?;
            let bytes = guard.to_bytes();
            check(
                bytes.windows(2).all(|two| two[0] == two[1]),
                "a text is torn",
            );
        }
    }
    Ok(())
}

fn sleep(s: &mut State<'_>) -> Result {
    let span = Delta::from_micros(s.rng.within(0..200));
    kernel::time::delay::fsleep(span);
    Ok(())
}
