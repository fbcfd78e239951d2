// SPDX-License-Identifier: GPL-2.0-only

//! Tests bits, sizes, warnings and checked promises.

use core::cell::Cell;
use kernel::bindings;
use kernel::bits::*;
use kernel::prelude::*;
use kernel::sizes::*;
use kernel::str::CString;
use kernel::unsafe_precondition_assert;
use kernel::warn_on;

#[macro_use]
mod ktap;
use ktap::Outcome;

ktap_module! {
    name: "test_bits",
    description: "Tests bits, sizes and warnings",
    cases: [single_bits, masks, sizes, warnings, promises],
}

const TOP: u64 = bit_u64(63);

fn single_bits() -> Outcome {
    check_eq!(TOP, 1 << 63);
    check_eq!(bit_u8(0), 1);
    check_eq!(bit_u16(15), 0x8000);
    for n in 0..100 {
        check_eq!(checked_bit_u8(n), (n < 8).then(|| 1 << (n % 8)));
        check_eq!(checked_bit_u32(n), (n < 32).then(|| 1 << (n % 32)));
    }
    Ok(())
}

fn masks() -> Outcome {
    const ALL: u64 = genmask_u64(0..=63);

    check_eq!(ALL, u64::MAX);
    check_eq!(genmask_u32(31..=31), 0x8000_0000);
    check_eq!(genmask_u8(0..=7), 0xff);
    for start in 0..20 {
        for end in 0..20 {
            let bits = (start..=end).fold(0_u32, |mask, n| mask | 1 << n);
            let expected = u16::try_from(bits).ok().filter(|&mask| mask != 0);
            check_eq!(genmask_checked_u16(start..=end), expected);
        }
    }
    check_eq!(genmask_checked_u64(0..=64), None);
    check_eq!(genmask_checked_u64(0..=u32::MAX), None);
    Ok(())
}

fn sizes() -> Outcome {
    check_eq!(SZ_1K, 1 << 10);
    check_eq!(SZ_128K, 1 << 17);
    check_eq!(SZ_2G, 1 << 31);
    check_eq!(u32::SZ_2G, 1 << 31);
    check_eq!(u64::SZ_512M, 1 << 29);
    check_eq!(<usize as SizeConstants>::SZ_64K, 1 << 16);
    Ok(())
}

/// How many lines of the kernel's log have `text`.
fn logged(text: &[u8]) -> usize {
    let mut iter = bindings::kmsg_dump_iter {
        cur_seq: 0,
        next_seq: 0,
    };
    let (mut buffer, mut len, mut count) = ([0_u8; 1024], 0, 0);

    // SAFETY: `iter` is valid.
    unsafe { bindings::kmsg_dump_rewind(&mut iter) };
    loop {
        let (line, size) = (buffer.as_mut_ptr(), buffer.len());
        // SAFETY: C writes at most `size` bytes to `line`, and how many to `len`.
        if !unsafe { bindings::kmsg_dump_get_line(&mut iter, false, line, size, &mut len) } {
            break;
        }
        let line = &buffer[..len];
        count += usize::from(line.windows(text.len()).any(|part| part == text));
    }
    count
}

fn warnings() -> Outcome {
    let trues = Cell::new(0);
    let is_true = || {
        trues.set(trues.get() + 1);
        true
    };
    let warned = logged(b"WARNING: ");

    check!(!warn_on!(1 + 1 == 3));
    check_eq!(logged(b"WARNING: "), warned);
    let line = line!() + 1;
    check!(warn_on!(is_true()));
    check_eq!(trues.get(), 1);
    check_eq!(logged(b"WARNING: "), warned + 1);
    let place = CString::try_from_fmt(fmt!("test_bits.rs:{line}: is_true()"))?;
    check_eq!(logged(place.to_bytes()), 1);
    // SAFETY: It only looks at a bit of the kernel's.
    check!(unsafe { bindings::test_taint(bindings::TAINT_WARN) } != 0);
    Ok(())
}

fn promises() -> Outcome {
    let evaluated = Cell::new(false);
    unsafe_precondition_assert!({
        evaluated.set(true);
        true
    });
    unsafe_precondition_assert!(
        evaluated.get() == cfg!(debug_assertions),
        "it is {evaluated:?}"
    );
    check_eq!(evaluated.get(), cfg!(debug_assertions));
    Ok(())
}
